"""Planning of cameras: surveyed needs, yearly envelopes, the proposed programme."""

from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Annotated

from fastapi import APIRouter, Depends, Path, Query, Response

from camera_registry.api.access import SCOPE_READ, SCOPE_WRITE, Desk, TheDesk
from camera_registry.domain.needs_csv import euros, needs_csv
from camera_registry.domain.planning import FIRST_YEAR, LAST_YEAR, Need, NeedInvalid, NeedStatus
from camera_registry.repository.communes import all_communes, insee_codes
from camera_registry.repository.planning import NeedFilters, needs_of, one_need, save_envelope
from camera_registry.schemas.planning import (
    AdoptIn,
    EnvelopeIn,
    NeedIn,
    NeedList,
    NeedOut,
    NeedPatch,
    PlanningOut,
    YearBudgetOut,
)
from camera_registry.use_cases.planning import (
    NeedChangedMeanwhile,
    NeedUnknown,
    adopt_programme,
    change_need,
    next_reference,
    proposal,
    survey_need,
)
from common.ids import new_id
from common.problems import Conflict, Invalid, NotFound
from contracts.envelope import Insee
from guard import Motive
from policy import Action

router = APIRouter(prefix="/planning")
_MOTIVE = "planification"
NeedId = Annotated[str, Path(pattern=r"^[^\x00]*$", max_length=100)]
AnYear = Annotated[int, Path(ge=FIRST_YEAR, le=LAST_YEAR)]


@dataclass(frozen=True, slots=True)
class AskedNeeds:
    """Which needs are asked for."""

    insee: str | None
    filters: NeedFilters


def asked_needs(
    insee: Insee | None = None,
    status: NeedStatus | None = None,
    year: Annotated[int | None, Query(ge=FIRST_YEAR, le=LAST_YEAR)] = None,
    priority: Annotated[int | None, Query(ge=1, le=3)] = None,
) -> AskedNeeds:
    """Return the filters of a list."""
    return AskedNeeds(insee, NeedFilters(status.value if status else None, year, priority))


TheAskedNeeds = Annotated[AskedNeeds, Depends(asked_needs)]


@router.get("/needs")
async def list_needs(desk: TheDesk, asked: TheAskedNeeds) -> NeedList:
    """Return the needs of the caller's communes, the most urgent first within each commune."""
    found = await needs_of(desk.connection, await _readable(desk, asked.insee), asked.filters)
    return NeedList(items=await _shown(desk, found, {}))


@router.get(
    "/needs.csv",
    response_class=Response,
    responses={200: {"content": {"text/csv": {"schema": {"type": "string"}}}}},
)
async def export_needs(desk: TheDesk, asked: TheAskedNeeds) -> Response:
    """Return the same needs as a CSV file for a spreadsheet."""
    found = await needs_of(desk.connection, await _readable(desk, asked.insee), asked.filters)
    name = f"besoins-{desk.at:%Y-%m-%d}.csv"
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return Response(needs_csv(found), media_type="text/csv; charset=utf-8", headers=headers)


@router.get("/programme")
async def read_programme(desk: TheDesk, insee: Insee | None = None) -> PlanningOut:
    """Return every need with the year proposed for it, and each year's money."""
    communes = await _readable(desk, insee)
    found = await needs_of(desk.connection, communes)
    programme = await proposal(desk.connection, found, communes, desk.at.year)
    return PlanningOut(
        needs=await _shown(desk, found, programme.years),
        budgets=[YearBudgetOut.of(one) for one in programme.budgets],
        unplaced=list(programme.unplaced),
    )


@router.post("/needs", status_code=201)
async def post_need(desk: TheDesk, body: NeedIn) -> NeedOut:
    """Survey a need."""
    await _write(desk, body.insee, f"besoin recensé : {body.place[:100]}")
    with _in_words():
        reference = body.reference or await next_reference(desk.connection, body.insee)
        need = await survey_need(desk.connection, body.to_domain(str(new_id()), reference), desk.at)
    return (await _shown(desk, [need], {}))[0]


@router.patch("/needs/{need_id}")
async def patch_need(need_id: NeedId, desk: TheDesk, body: NeedPatch) -> NeedOut:
    """Change a need: its content, its status, its year, the camera that realises it."""
    known = await one_need(desk.connection, need_id)
    if known is None:
        raise NotFound("Le besoin", need_id)
    changes = body.changes()
    why = f"besoin {known.reference} modifié : {', '.join(changes) or 'rien'}"
    await _write(desk, known.insee, why, subject=f"Le besoin « {need_id} »")
    with _in_words():
        need = await change_need(desk.connection, need_id=need_id, changes=changes, revision=body.revision, at=desk.at)
    return (await _shown(desk, [need], {}))[0]


@router.put("/envelopes/{insee}/{year}")
async def put_envelope(insee: Insee, year: AnYear, desk: TheDesk, body: EnvelopeIn) -> EnvelopeIn:
    """Set the envelope of a commune's year."""
    await _write(desk, insee, f"enveloppe {year} : {euros(body.amount_cents)} €")
    if insee not in await insee_codes(desk.connection):
        raise NotFound("La commune", insee)
    await save_envelope(desk.connection, insee, year, body.amount_cents)
    return body


@router.post("/programme/adopt")
async def adopt(desk: TheDesk, body: AdoptIn) -> NeedList:
    """Put what is proposed for a commune's year into its programme."""
    await _write(desk, body.insee, f"programme {body.year} adopté")
    adopted = await adopt_programme(
        desk.connection, insee=body.insee, year=body.year, from_year=desk.at.year, at=desk.at
    )
    return NeedList(items=await _shown(desk, adopted, {}))


async def _readable(desk: Desk, only: str | None) -> list[str]:
    """Return the communes whose planning the caller may read (``only`` this one, if it is the caller's)."""
    why = Motive(_MOTIVE, "consultation de la planification")
    communes = await desk.reads((Action.VIEW_STATISTICS, Action.CONFIGURE), SCOPE_READ, SCOPE_WRITE, why=why)
    return sorted(insee for insee in communes if only in {None, insee})


async def _write(desk: Desk, insee: str, why: str, *, subject: str = "Cette commune") -> None:
    """Let pass who may change the planning of a commune; the register row comes first."""
    await desk.configure(insee, why, subject=subject, code=_MOTIVE)


async def _shown(desk: Desk, needs: list[Need], years: dict[str, int]) -> list[NeedOut]:
    communes = await all_communes(desk.connection, {need.insee for need in needs})
    return [NeedOut.of(need, communes[need.insee].name, years.get(need.need_id)) for need in needs]


@contextmanager
def _in_words() -> Generator[None]:
    try:
        yield
    except NeedInvalid as error:
        raise Invalid(error.message, [{"field": error.field, "message": error.message}]) from error
    except NeedUnknown as error:
        raise NotFound("Le besoin", error.need_id) from error
    except NeedChangedMeanwhile as error:
        raise Conflict(
            "Quelqu'un a modifié ce besoin entre-temps : rechargez la page, puis refaites votre modification.",
            revision=error.revision,
        ) from error
