"""How the fleet does: states, what is wrong, availability of a month as a table and as a file."""

import csv
import io
from datetime import UTC, datetime
from typing import Annotated

from fastapi import APIRouter, Query
from sqlalchemy.ext.asyncio import AsyncConnection
from starlette.responses import Response

from camera_registry.api.access import Readable
from camera_registry.api.cameras import PRINTABLE, CameraId
from camera_registry.domain.availability import MonthInvalid, month_span
from camera_registry.health_rules_file import health_rules
from camera_registry.repository import fleet_health
from camera_registry.repository.fleet_health import MAX_PAGE, CameraAvailability
from camera_registry.schemas.health import (
    AvailabilityOut,
    AvailabilityTable,
    CameraHealthOut,
    FleetCounts,
    FleetHealth,
    NewView,
    by_camera,
    by_commune,
    in_all,
)
from camera_registry.use_cases.cameras import CameraUnknown
from camera_registry.use_cases.health import adopt_view
from common.problems import Invalid, NotFound
from common.web import Caller, Now, Station, Tx
from contracts.envelope import Insee
from guard import Motive
from guard.web import TheGuard
from policy import Action

router = APIRouter(prefix="/health")
Month = Annotated[str, Query(pattern=r"^\d{4}-\d{2}$", examples=["2026-11"])]
_COLUMNS = (
    *("mois", "code INSEE", "commune", "caméra", "libellé", "caméras"),
    *("suivi (s)", "travaux prévus (s)", "indisponible (s)", "disponible (s)", "taux (%)"),
)


@router.get("")
async def read_fleet_health(
    tx: Tx,
    readable: Readable,
    clock: Now,
    insee: Insee | None = None,
    troubled: bool = True,  # noqa: FBT001, FBT002 - a query parameter
    q: Annotated[str, Query(max_length=200, pattern=PRINTABLE)] = "",
    cursor: Annotated[str | None, Query(max_length=64, pattern=r"^[A-Za-z0-9_-]*$")] = None,
    limit: Annotated[int, Query(ge=1, le=MAX_PAGE)] = 500,
) -> FleetHealth:
    """Return the counts and, by page, the cameras that something is wrong with (all of them with ``troubled=false``).

    ``insee`` bounds both. A cursor is the id of the last camera of the page before.
    """
    codes = _bounded(readable, insee)
    found = await fleet_health.page(tx, codes, troubled_only=troubled, text=q, after=cursor or None, limit=limit + 1)
    items = [CameraHealthOut.of(health, health_rules()) for health in found[:limit]]
    return FleetHealth(
        at=clock.now(),
        counts=FleetCounts.of(await fleet_health.counts(tx, codes)),
        items=items,
        next_cursor=items[-1].camera_id if len(found) > limit else None,
    )


@router.get("/availability")
async def read_availability(
    tx: Tx,
    readable: Readable,
    clock: Now,
    month: Month,
    insee: Insee | None = None,
    cameras: bool = False,  # noqa: FBT001, FBT002 - a query parameter
) -> AvailabilityTable:
    """Return the availability of a month by commune, or by camera with ``cameras=true``."""
    accounts, until = await _accounts(tx, _bounded(readable, insee), month, clock.now())
    items = by_camera(accounts) if cameras else by_commune(accounts)
    return AvailabilityTable(month=month, until=until, total=in_all(accounts), items=items)


@router.get("/availability.csv", response_class=Response, responses={200: {"content": {"text/csv": {}}}})
async def export_availability(
    tx: Tx,
    readable: Readable,
    clock: Now,
    month: Month,
    insee: Insee | None = None,
    cameras: bool = False,  # noqa: FBT001, FBT002 - a query parameter
) -> Response:
    """Return the same table as a file that French spreadsheets open: ``;``, decimal comma, UTF-8 with its mark."""
    accounts, _ = await _accounts(tx, _bounded(readable, insee), month, clock.now())
    rows = by_camera(accounts) if cameras else by_commune(accounts)
    written = io.StringIO()
    writer = csv.writer(written, delimiter=";", lineterminator="\r\n")
    writer.writerow(_COLUMNS)
    writer.writerows(_cells(month, row) for row in [*rows, in_all(accounts)])
    return Response(
        content="\ufeff" + written.getvalue(),
        media_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="disponibilite-{month}.csv"'},
    )


@router.get("/cameras/{camera_id}")
async def read_camera_health(
    camera_id: CameraId, tx: Tx, clock: Now, caller: Caller, guard: TheGuard, station: Station, readable: Readable
) -> CameraHealthOut:
    """Return how one camera does; one of another commune does not exist for the caller."""
    found = await fleet_health.one(tx, readable, camera_id)
    if found is None:
        if caller.kind == "agent":
            await guard.check(
                tx, principal=caller, action=Action.VIEW_CAMERA, camera_id=camera_id, at=clock.now(), station=station
            )
        raise NotFound("Une caméra avec un flux", camera_id)
    return CameraHealthOut.of(found, health_rules())


@router.post("/cameras/{camera_id}/view", status_code=204)
async def adopt_camera_view(
    camera_id: CameraId, body: NewView, tx: Tx, clock: Now, caller: Caller, guard: TheGuard, station: Station
) -> None:
    """Take what the camera shows now as the view it must keep, after works or a wanted move; leaves a register row."""
    at = clock.now()
    await guard.check(
        tx,
        principal=caller,
        action=Action.CONFIGURE,
        camera_id=camera_id,
        at=at,
        station=station,
        motive=Motive("vue_de_reference", body.reason),
    )
    try:
        await adopt_view(conn=tx, camera_id=camera_id, at=at, rules=health_rules())
    except CameraUnknown as error:
        raise NotFound("La caméra", camera_id) from error


async def _accounts(
    tx: AsyncConnection, codes: frozenset[str], month: str, at: datetime
) -> tuple[list[CameraAvailability], datetime]:
    try:
        span = month_span(month)
    except MonthInvalid:
        message = "Écrivez le mois sous la forme 2026-11."
        raise Invalid(message, [{"field": "month", "message": month}]) from None
    until = min(datetime.fromtimestamp(span.end, UTC), max(at, datetime.fromtimestamp(span.start, UTC)))
    return await fleet_health.accounts(tx, codes, span, at), until


def _bounded(readable: frozenset[str], insee: str | None) -> frozenset[str]:
    return readable if insee is None else readable & {insee}


def _cells(month: str, row: AvailabilityOut) -> list[str | int]:
    rate = "" if row.rate is None else f"{row.rate * 100:.4f}".replace(".", ",")
    return [
        month,
        row.insee or "",
        _inert(row.commune or ""),
        _inert(row.camera_id or ""),
        _inert(row.label),
        row.cameras,
        row.followed_s,
        row.planned_s,
        row.unavailable_s,
        row.available_s,
        rate,
    ]


def _inert(text: str) -> str:
    """Keep a spreadsheet from taking a label for a formula."""
    return f"'{text}" if text[:1] in {"=", "+", "-", "@", "\t", "\r"} else text
