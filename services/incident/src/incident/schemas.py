"""Requests and responses of the incident API. Limits of texts belong to ``wording``, which answers in French."""

from typing import Annotated
from uuid import UUID

from pydantic import AwareDatetime, BaseModel, Field, StringConstraints

from contracts.access import OrganisationKind
from contracts.dispatch import DispatchStatus
from contracts.envelope import Insee
from contracts.incident import IncidentStatus, Priority
from incident.domain import EntryKind, Origin
from incident.nomenclature import NomenclatureEntry
from incident.repository import Record

Identifier = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$")]
TypedText = Annotated[str, StringConstraints(max_length=20_000)]
Longitude = Annotated[float, Field(ge=-180, le=180, allow_inf_nan=False)]
Latitude = Annotated[float, Field(ge=-90, le=90, allow_inf_nan=False)]


class OpenIncidentRequest(BaseModel):
    """A declaration. Without ``insee`` the commune is the first camera's; without ``priority`` the code's."""

    code: Annotated[str, StringConstraints(max_length=100)]
    camera_ids: Annotated[list[Identifier], Field(max_length=16)] = []
    insee: Insee | None = None
    address: TypedText | None = None
    lon: Longitude | None = None
    lat: Latitude | None = None
    origin: Origin
    facts: TypedText
    detected_at: AwareDatetime | None = None
    priority: Priority | None = None


class TransitionRequest(BaseModel):
    """One step, decided on ``version`` of the incident."""

    to: IncidentStatus
    note: TypedText = ""
    version: int


class TransmissionRequest(BaseModel):
    """Partners to warn with a text."""

    partner_ids: Annotated[list[Identifier], Field(min_length=1, max_length=20)]
    message: TypedText


class TimelineEntryView(BaseModel):
    """One line of the timeline."""

    seq: int
    at: AwareDatetime
    by: str
    by_name: str
    kind: EntryKind
    before: IncidentStatus | None
    after: IncidentStatus | None
    note: str


class DispatchView(BaseModel):
    """What became of one message to one partner."""

    dispatch_id: UUID
    partner_id: str
    partner_name: str
    status: DispatchStatus
    at: AwareDatetime
    detail: str


class IncidentView(BaseModel):
    """An incident with its timeline and the messages sent for it."""

    incident_id: UUID
    number: str
    status: IncidentStatus
    code: str
    title: str
    priority: Priority
    insee: str
    commune: str | None
    camera_ids: list[str]
    address: str
    lon: float | None
    lat: float | None
    origin: Origin
    facts: str
    detected_at: AwareDatetime
    opened_at: AwareDatetime
    opened_by: str
    opened_by_name: str
    closed_at: AwareDatetime | None
    version: int
    timeline: list[TimelineEntryView]
    dispatches: list[DispatchView]

    @classmethod
    def of(cls, record: Record) -> "IncidentView":
        """Show a record."""
        incident, declared = record.incident, record.incident.declaration
        return cls(
            incident_id=incident.incident_id,
            number=incident.number,
            status=incident.status,
            code=declared.code,
            title=declared.title,
            priority=declared.priority,
            insee=declared.insee,
            commune=declared.commune,
            camera_ids=list(declared.camera_ids),
            address=declared.address,
            lon=declared.lon,
            lat=declared.lat,
            origin=declared.origin,
            facts=declared.facts,
            detected_at=declared.detected_at,
            opened_at=incident.opened_at,
            opened_by=incident.opened_by.agent_id,
            opened_by_name=incident.opened_by.name,
            closed_at=incident.closed_at,
            version=incident.version,
            timeline=[TimelineEntryView.model_validate(entry, from_attributes=True) for entry in record.timeline],
            dispatches=[DispatchView.model_validate(told, from_attributes=True) for told in incident.dispatches],
        )


class IncidentPage(BaseModel):
    """Newest first; ``next_cursor`` asks for the older ones."""

    items: list[IncidentView]
    next_cursor: str | None


class NomenclatureEntryView(BaseModel):
    """One kind of incident, with its default priority and addressees."""

    code: str
    family: str
    label: str
    priority: Priority
    default_partner_kinds: list[OrganisationKind]

    @classmethod
    def of(cls, entry: NomenclatureEntry) -> "NomenclatureEntryView":
        """Show an entry."""
        return cls(
            code=entry.code,
            family=entry.family,
            label=entry.label,
            priority=entry.priority,
            default_partner_kinds=list(entry.partner_kinds),
        )


class NomenclaturePage(BaseModel):
    """The whole nomenclature, in its order."""

    items: list[NomenclatureEntryView]
    next_cursor: None = None
