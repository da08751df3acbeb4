"""The incident aggregate: a frozen value whose every change returns a new one with what is to be recorded."""

from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID
from zoneinfo import ZoneInfo

from contracts.access import OrganisationKind
from contracts.dispatch import DispatchChanged, DispatchStatus
from contracts.envelope import Payload
from contracts.incident import (
    IncidentOpened,
    IncidentStatus,
    IncidentTransitioned,
    IncidentTransmitted,
    Priority,
)
from incident.errors import (
    FieldRefused,
    IncidentAlreadyClosed,
    IncidentChangedMeanwhile,
    TransitionNotAllowed,
)
from incident.life_cycle import ALLOWED_AFTER, STEPS_OF_TRANSMISSION

CIVIL_TIME = ZoneInfo("Europe/Paris")
CLOCK_TOLERANCE = timedelta(minutes=2)
OLDEST_DETECTION = timedelta(days=366)
LAST_SEQUENCE = 999_999


class Origin(StrEnum):
    """How the centre learnt of the incident (DOMAIN §5)."""

    RONDE = "ronde"
    APPEL_17 = "appel_17"
    APPEL_18 = "appel_18"
    APPEL_15 = "appel_15"
    RADIO = "radio"
    BOUTON = "bouton"
    CITOYEN = "citoyen"
    PARTENAIRE = "partenaire"
    ANALYTIQUE = "analytique"
    SURVEILLANCE_TECHNIQUE = "surveillance_technique"


class EntryKind(StrEnum):
    """What a line of the timeline tells."""

    OPENED = "opened"
    TRANSITION = "transition"
    TRANSMISSION = "transmission"
    DISPATCH = "dispatch"
    ALARM = "alarm"


@dataclass(frozen=True, slots=True)
class Author:
    """Who did it: an agent, or ``dispatch:<partner>`` when a partner's system did."""

    agent_id: str
    name: str


@dataclass(frozen=True, slots=True)
class TimelineEntry:
    """One line of the timeline; ``seq`` counts from 1 without gaps within its incident."""

    seq: int
    at: datetime
    by: str
    by_name: str
    kind: EntryKind
    before: IncidentStatus | None
    after: IncidentStatus | None
    note: str


@dataclass(frozen=True, slots=True)
class PartnerDispatch:
    """The last that is known of one message to one partner."""

    dispatch_id: UUID
    partner_id: str
    partner_name: str
    status: DispatchStatus
    at: datetime
    detail: str


@dataclass(frozen=True, slots=True)
class Declaration:
    """What a person declares. ``insee`` and texts are already judged; ``detected_at`` aware UTC."""

    code: str
    title: str
    priority: Priority
    insee: str
    commune: str | None
    camera_ids: tuple[str, ...]
    address: str
    lon: float | None
    lat: float | None
    origin: Origin
    facts: str
    detected_at: datetime


@dataclass(frozen=True, slots=True)
class Changes:
    """What was decided since the incident was read, for ``repository.save`` to write in one transaction."""

    entries: tuple[TimelineEntry, ...] = ()
    dispatches: tuple[PartnerDispatch, ...] = ()
    events: tuple[Payload, ...] = ()


@dataclass(frozen=True, slots=True)
class Incident:
    """An incident. ``version`` counts saved changes (0: never); ``entry_count`` is the length of its timeline."""

    incident_id: UUID
    number: str
    declaration: Declaration
    status: IncidentStatus
    opened_at: datetime
    opened_by: Author
    closed_at: datetime | None = None
    version: int = 0
    entry_count: int = 0
    dispatches: tuple[PartnerDispatch, ...] = ()
    changes: Changes = field(default_factory=Changes)

    @classmethod
    def open(cls, *, incident_id: UUID, number: str, declaration: Declaration, at: datetime, by: Author) -> "Incident":
        """Declare an incident.

        Raises:
            FieldRefused: it was detected in the future, or over a year ago, or has half a position.
        """
        _judge_detection(declaration.detected_at, at)
        if (declaration.lon is None) != (declaration.lat is None):
            raise FieldRefused("lon", "longitude et latitude vont ensemble.")
        opened = cls(incident_id, number, declaration, IncidentStatus.NOUVEAU, at, by)
        event = IncidentOpened(
            incident_id=incident_id,
            number=number,
            insee=declaration.insee,
            code=declaration.code,
            title=declaration.title,
            priority=declaration.priority,
            camera_ids=declaration.camera_ids,
            detected_at=declaration.detected_at,
            opened_at=at,
            opened_by=by.agent_id,
        )
        told = _with_entry(opened, at, by, EntryKind.OPENED, "", after=IncidentStatus.NOUVEAU)
        return _with_event(told, event)

    def expect_version(self, version: int) -> None:
        """Refuse a decision taken on an older state; raises IncidentChangedMeanwhile."""
        if version != self.version:
            raise IncidentChangedMeanwhile(self.incident_id, expected=version, present=self.version)

    def transition(self, to: IncidentStatus, *, at: datetime, by: Author, note: str) -> "Incident":
        """Go one step along the life-cycle.

        Raises:
            IncidentAlreadyClosed: it is closed and the step is not a reopening.
            TransitionNotAllowed: the life-cycle has no such step.
        """
        allowed = ALLOWED_AFTER[self.status]
        if to not in allowed:
            if self.status is IncidentStatus.CLOS:
                raise IncidentAlreadyClosed(self.incident_id, self.closed_at)
            raise TransitionNotAllowed(self.incident_id, self.status, to, allowed)
        return _step(self, to, at=at, by=by, note=note)

    def transmit(
        self, partner_ids: tuple[str, ...], message: str, *, transmission_id: UUID, at: datetime, by: Author
    ) -> "Incident":
        """Ask for partners to be warned, writing the steps this implies.

        Raises:
            IncidentAlreadyClosed: nobody is sent to a closed incident.
            TransitionNotAllowed: it was found baseless.
        """
        steps = STEPS_OF_TRANSMISSION.get(self.status)
        if steps is None:
            if self.status is IncidentStatus.CLOS:
                raise IncidentAlreadyClosed(self.incident_id, self.closed_at)
            allowed = ALLOWED_AFTER[self.status]
            raise TransitionNotAllowed(self.incident_id, self.status, IncidentStatus.TRANSMIS, allowed)
        moved = self
        for step in steps:
            moved = _step(moved, step, at=at, by=by, note="Étape portée par la transmission aux partenaires.")
        note = f"{message}\nDestinataires : {', '.join(partner_ids)}"
        told = _with_entry(moved, at, by, EntryKind.TRANSMISSION, note)
        return _with_event(told, _transmitted(moved, partner_ids, message, transmission_id, at, by))

    def follow_dispatch(self, change: DispatchChanged) -> "Incident":
        """Take in what became of a message to a partner, in whatever order the news come.

        The newest news wins, and an acknowledgement is never taken back. The first acknowledgement of a public
        service moves TRANSMIS to PRIS_EN_CHARGE; from any other status it moves nothing. An association is only told:
        its acknowledgement stands in the timeline and leaves the incident waiting for a service that can intervene.
        """
        by = Author(f"dispatch:{change.partner_id}", change.partner_name)
        note = f"{change.partner_name} : {change.detail}"
        followed = _with_entry(_with_dispatch(self, change), change.at, by, EntryKind.DISPATCH, note)
        takes_charge = (
            change.status is DispatchStatus.ACCUSE and change.partner_kind is not OrganisationKind.ASSOCIATION
        )
        if takes_charge and self.status is IncidentStatus.TRANSMIS:
            return _step(followed, IncidentStatus.PRIS_EN_CHARGE, at=change.at, by=by, note=change.detail)
        return followed

    def alarm_ended(self, *, at: datetime, by: Author, closes_untouched: bool) -> "Incident":
        """Tell that the alarm which opened it is over; ``closes_untouched``: close it if nobody has begun with it.

        The steps that the life-cycle wants between NOUVEAU and CLOS are written too, by the same author.
        """
        told = _with_entry(self, at, by, EntryKind.ALARM, "L'alarme a pris fin.")
        if not closes_untouched or self.status is not IncidentStatus.NOUVEAU:
            return told
        for step in (IncidentStatus.LEVEE_DE_DOUTE, IncidentStatus.INFONDE, IncidentStatus.CLOS):
            told = _step(told, step, at=at, by=by, note="L'alarme a pris fin avant toute intervention.")
        return told


def number_year(at: datetime) -> int:
    """Return the civil year (Europe/Paris) that numbers an incident opened at this instant."""
    return at.astimezone(CIVIL_TIME).year


def incident_number(*, year: int, insee: str, sequence: int) -> str:
    """Return ``AAAA-INSEE-NNNNNN``; ``sequence`` from 1 to 999 999.

    Raises:
        ValueError: the sequence does not fit in six digits.
    """
    if not 1 <= sequence <= LAST_SEQUENCE:
        raise ValueError(f"no incident number for sequence {sequence}")
    return f"{year:04d}-{insee}-{sequence:06d}"


def _judge_detection(detected_at: datetime, now: datetime) -> None:
    if detected_at > now + CLOCK_TOLERANCE:
        raise FieldRefused("detected_at", "l'heure de détection est dans le futur.")
    if detected_at < now - OLDEST_DETECTION:
        raise FieldRefused("detected_at", "l'heure de détection remonte à plus d'un an.")


def _is_news(known: PartnerDispatch, change: DispatchChanged) -> bool:
    if known.status is DispatchStatus.ACCUSE:
        return False
    return change.status is DispatchStatus.ACCUSE or change.at >= known.at


def _step(incident: Incident, to: IncidentStatus, *, at: datetime, by: Author, note: str) -> Incident:
    event = IncidentTransitioned(
        incident_id=incident.incident_id,
        number=incident.number,
        before=incident.status,
        after=to,
        at=at,
        by=by.agent_id,
        note=note,
    )
    moved = replace(incident, status=to, closed_at=at if to is IncidentStatus.CLOS else None)
    told = _with_entry(moved, at, by, EntryKind.TRANSITION, note, before=incident.status, after=to)
    return _with_event(told, event)


def _transmitted(
    incident: Incident, partner_ids: tuple[str, ...], message: str, transmission_id: UUID, at: datetime, by: Author
) -> IncidentTransmitted:
    declared = incident.declaration
    return IncidentTransmitted(
        incident_id=incident.incident_id,
        number=incident.number,
        insee=declared.insee,
        code=declared.code,
        title=declared.title,
        priority=declared.priority,
        address=declared.address,
        lon=declared.lon,
        lat=declared.lat,
        message=message,
        partner_ids=partner_ids,
        transmission_id=transmission_id,
        at=at,
        by=by.agent_id,
    )


def _with_entry(
    incident: Incident,
    at: datetime,
    by: Author,
    kind: EntryKind,
    note: str,
    *,
    before: IncidentStatus | None = None,
    after: IncidentStatus | None = None,
) -> Incident:
    entry = TimelineEntry(incident.entry_count + 1, at, by.agent_id, by.name, kind, before, after, note)
    changes = replace(incident.changes, entries=(*incident.changes.entries, entry))
    return replace(incident, entry_count=entry.seq, changes=changes)


def _with_event(incident: Incident, event: Payload) -> Incident:
    return replace(incident, changes=replace(incident.changes, events=(*incident.changes.events, event)))


def _with_dispatch(incident: Incident, change: DispatchChanged) -> Incident:
    known = next((item for item in incident.dispatches if item.dispatch_id == change.dispatch_id), None)
    if known is not None and not _is_news(known, change):
        return incident
    told = PartnerDispatch(
        change.dispatch_id, change.partner_id, change.partner_name, change.status, change.at, change.detail
    )
    others = tuple(item for item in incident.dispatches if item.dispatch_id != change.dispatch_id)
    changes = replace(incident.changes, dispatches=(*incident.changes.dispatches, told))
    return replace(incident, dispatches=(*others, told), changes=changes)
