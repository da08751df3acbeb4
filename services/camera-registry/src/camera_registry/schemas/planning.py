"""Requests and responses about surveyed needs and yearly envelopes. Money in cents, whole numbers."""

from datetime import date
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from camera_registry.domain.authorisation import Finalite
from camera_registry.domain.planning import (
    FIRST_YEAR,
    LAST_YEAR,
    MAX_COST_CENTS,
    NEXT,
    Need,
    NeedStatus,
    Works,
    WorksKind,
)
from camera_registry.domain.position import Position
from camera_registry.domain.programme import YearBudget
from contracts.envelope import Insee
from contracts.registry import CameraKind

Sentence = Annotated[str, StringConstraints(max_length=500, pattern=r"^[^\x00]*$")]
Reference = Annotated[str, StringConstraints(max_length=40, pattern=r"^[^\x00]*$")]
CameraId = Annotated[str, StringConstraints(max_length=100, pattern=r"^[^\x00]*$")]
Cents = Annotated[int, Field(ge=0, le=MAX_COST_CENTS)]
Year = Annotated[int, Field(ge=FIRST_YEAR, le=LAST_YEAR)]


class PlaceBody(BaseModel):
    """A point in WGS 84 degrees."""

    model_config = ConfigDict(extra="forbid", from_attributes=True)

    lon: float = Field(ge=-180, le=180)
    lat: float = Field(ge=-90, le=90)


class WorksBody(BaseModel):
    """Works linked to a need."""

    model_config = ConfigDict(extra="forbid", from_attributes=True)

    kind: WorksKind
    label: Annotated[str, StringConstraints(max_length=200, pattern=r"^[^\x00]*$")] = ""
    cost_cents: Cents = 0


class NeedIn(BaseModel):
    """A need to survey; without ``reference`` it gets the commune's next one."""

    model_config = ConfigDict(extra="forbid")

    insee: Insee
    reference: Reference | None = None
    place: Sentence
    position: PlaceBody | None = None
    camera_kind: CameraKind
    finalite: Finalite
    motive: Sentence
    requested_by: Sentence = ""
    surveyed_on: date
    priority: int
    cost_cents: Cents
    works: list[WorksBody] = Field(default_factory=list[WorksBody], max_length=20)
    status: NeedStatus = NeedStatus.RECENSE
    budget_year: Year | None = None
    year_fixed: bool = False
    note: Sentence = ""

    def to_domain(self, need_id: str, reference: str) -> Need:
        """Return the need; raises domain.NeedInvalid."""
        return Need(
            need_id=need_id,
            insee=self.insee,
            reference=self.reference or reference,
            place=self.place,
            position=_position(self.position),
            camera_kind=self.camera_kind,
            finalite=self.finalite,
            motive=self.motive,
            requested_by=self.requested_by,
            surveyed_on=self.surveyed_on,
            priority=self.priority,
            cost_cents=self.cost_cents,
            works=_works(self.works),
            status=self.status,
            budget_year=self.budget_year,
            year_fixed=self.year_fixed,
            note=self.note,
        )


class NeedPatch(BaseModel):
    """What to change of a need; what is absent stays. ``revision`` is the one that was read."""

    model_config = ConfigDict(extra="forbid")

    revision: int = Field(ge=0)
    reference: Reference | None = None
    place: Sentence | None = None
    position: PlaceBody | None = None
    camera_kind: CameraKind | None = None
    finalite: Finalite | None = None
    motive: Sentence | None = None
    requested_by: Sentence | None = None
    surveyed_on: date | None = None
    priority: int | None = None
    cost_cents: Cents | None = None
    works: list[WorksBody] | None = Field(default=None, max_length=20)
    status: NeedStatus | None = None
    budget_year: Year | None = None
    year_fixed: bool | None = None
    camera_id: CameraId | None = None
    note: Sentence | None = None

    def changes(self) -> dict[str, object]:
        """Return the fields of domain.Need to change; null empties the place, the year or the camera."""
        given = self.model_fields_set - {"revision"}
        nullable = {"position", "budget_year", "camera_id"}
        return {
            name: _DOMAIN_VALUE.get(name, _same)(value)
            for name in sorted(given)
            if (value := getattr(self, name)) is not None or name in nullable
        }


class NeedOut(BaseModel):
    """A need. ``proposed_year``: what the planner proposes; None where people chose, or where no year holds it."""

    need_id: str
    insee: str
    commune: str
    reference: str
    place: str
    position: PlaceBody | None
    camera_kind: CameraKind
    finalite: Finalite
    motive: str
    requested_by: str
    surveyed_on: date
    priority: int
    cost_cents: int
    works: list[WorksBody]
    total_cents: int
    status: NeedStatus
    next: list[NeedStatus]
    budget_year: int | None
    year_fixed: bool
    proposed_year: int | None
    camera_id: str | None
    note: str
    revision: int

    @classmethod
    def of(cls, one: Need, commune: str, proposed_year: int | None = None) -> "NeedOut":
        return cls(
            need_id=one.need_id,
            insee=one.insee,
            commune=commune,
            reference=one.reference,
            place=one.place,
            position=PlaceBody.model_validate(one.position) if one.position else None,
            camera_kind=one.camera_kind,
            finalite=one.finalite,
            motive=one.motive,
            requested_by=one.requested_by,
            surveyed_on=one.surveyed_on,
            priority=one.priority,
            cost_cents=one.cost_cents,
            works=[WorksBody.model_validate(works) for works in one.works],
            total_cents=one.total_cents,
            status=one.status,
            next=[status for status in NeedStatus if status in NEXT[one.status]],
            budget_year=one.budget_year,
            year_fixed=one.year_fixed,
            proposed_year=proposed_year,
            camera_id=one.camera_id,
            note=one.note,
            revision=one.revision,
        )


class YearBudgetOut(BaseModel):
    """One commune's year, in cents; ``left_cents`` is below 0 when people put more into it than it holds."""

    model_config = ConfigDict(from_attributes=True)

    insee: str
    year: int
    envelope_cents: int
    committed_cents: int
    proposed_cents: int
    left_cents: int

    @classmethod
    def of(cls, one: YearBudget) -> "YearBudgetOut":
        return cls.model_validate(one)


class PlanningOut(BaseModel):
    """Needs with the year proposed for each, every year's money, and the kept needs that no year holds."""

    needs: list[NeedOut]
    budgets: list[YearBudgetOut]
    unplaced: list[str]


class NeedList(BaseModel):
    """Needs by commune, priority, day of survey, reference."""

    items: list[NeedOut]
    next_cursor: str | None = None


class EnvelopeIn(BaseModel):
    """The envelope of a commune's year."""

    model_config = ConfigDict(extra="forbid")

    amount_cents: Cents


class AdoptIn(BaseModel):
    """The commune and the year whose proposal is adopted."""

    model_config = ConfigDict(extra="forbid")

    insee: Insee
    year: Year


def _same(value: object) -> object:
    return value


def _position(place: PlaceBody | None) -> Position | None:
    return Position(place.lon, place.lat) if place else None


def _works(bodies: list[WorksBody]) -> tuple[Works, ...]:
    return tuple(Works(one.kind, one.label, one.cost_cents) for one in bodies)


_DOMAIN_VALUE: dict[str, Any] = {"position": _position, "works": _works}
