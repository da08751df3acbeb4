"""The commands of the incident service: load, ask the domain, save. Time and ids are arguments."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from contracts.dispatch import DispatchChanged
from contracts.incident import IncidentStatus, Priority
from incident import repository
from incident.domain import Author, Declaration, Incident, Origin, number_year
from incident.errors import FieldRefused, IncidentUnknown, KeyUsedForAnotherRequest
from incident.nomenclature import NOMENCLATURE
from incident.wording import (
    ADDRESS_LENGTH,
    FACTS_LENGTH,
    MESSAGE_LENGTH,
    NOTE_LENGTH,
    readable_text,
    text_without_link,
)


@dataclass(frozen=True, slots=True)
class IdempotencyKey:
    """The key a client chose, with a fingerprint of what it asked."""

    key: str
    request_sha256: str


@dataclass(frozen=True, slots=True)
class OpenIncident:
    """What an agent asks to open; communes and cameras were judged visible. ``priority`` None: the default."""

    code: str
    priority: Priority | None
    insee: str
    commune: str | None
    camera_ids: tuple[str, ...]
    address: str
    lon: float | None
    lat: float | None
    origin: Origin
    facts: str
    detected_at: datetime | None


async def open_incident(
    conn: AsyncConnection,
    *,
    command: OpenIncident,
    key: IdempotencyKey | None,
    incident_id: UUID,
    at: datetime,
    by: Author,
) -> UUID:
    """Open an incident; returns its id, which is an older one's when the key has been used for it.

    Raises:
        FieldRefused: a value is not acceptable.
        KeyUsedForAnotherRequest: the key belongs to another request.
    """
    declaration = _declaration(command, at)
    used = await _used_before(conn, key, incident_id=incident_id, at=at, by=by)
    if used is not None:
        return used
    number = await repository.next_number(conn, year=number_year(at), insee=declaration.insee)
    opened = Incident.open(incident_id=incident_id, number=number, declaration=declaration, at=at, by=by)
    await repository.save(conn, opened)
    return incident_id


async def change_status(
    conn: AsyncConnection,
    *,
    incident_id: UUID,
    to: IncidentStatus,
    note: str,
    version: int,
    at: datetime,
    by: Author,
) -> None:
    """Go one step along the life-cycle, as decided on ``version``; raises what the domain refuses."""
    incident = await _load(conn, incident_id)
    incident.expect_version(version)
    told = readable_text("note", note, NOTE_LENGTH)
    await repository.save(conn, incident.transition(to, at=at, by=by, note=told))


async def transmit_incident(
    conn: AsyncConnection,
    *,
    incident_id: UUID,
    partner_ids: tuple[str, ...],
    message: str,
    key: IdempotencyKey | None,
    transmission_id: UUID,
    at: datetime,
    by: Author,
) -> None:
    """Ask for partners to be warned with a text, once per key; raises what the domain refuses."""
    incident = await _load(conn, incident_id)
    if await _used_before(conn, key, incident_id=incident_id, at=at, by=by) is not None:
        return
    told = text_without_link("message", message, MESSAGE_LENGTH)
    recipients = tuple(dict.fromkeys(partner_ids))
    transmitted = incident.transmit(recipients, told, transmission_id=transmission_id, at=at, by=by)
    await repository.save(conn, transmitted)


async def follow_dispatch(conn: AsyncConnection, *, change: DispatchChanged) -> None:
    """Take in what became of a message to a partner; raises IncidentUnknown."""
    incident = await _load(conn, change.incident_id)
    await repository.save(conn, incident.follow_dispatch(change))


async def _used_before(
    conn: AsyncConnection, key: IdempotencyKey | None, *, incident_id: UUID, at: datetime, by: Author
) -> UUID | None:
    """Bind the key to this request; return the incident it served when it was used before."""
    if key is None:
        return None
    used = await repository.remember_key(
        conn,
        agent_id=by.agent_id,
        key=key.key,
        request_sha256=key.request_sha256,
        incident_id=incident_id,
        at=at,
    )
    if used is None:
        return None
    if used.request_sha256 != key.request_sha256:
        raise KeyUsedForAnotherRequest(key.key, used.incident_id)
    return used.incident_id


async def _load(conn: AsyncConnection, incident_id: UUID) -> Incident:
    incident = await repository.load(conn, incident_id, for_change=True)
    if incident is None:
        raise IncidentUnknown(incident_id)
    return incident


def _declaration(command: OpenIncident, at: datetime) -> Declaration:
    entry = NOMENCLATURE.get(command.code)
    if entry is None:
        raise FieldRefused("code", "ce code n'est pas dans la nomenclature.")
    return Declaration(
        code=entry.code,
        title=entry.label,
        priority=command.priority or entry.priority,
        insee=command.insee,
        commune=command.commune,
        camera_ids=tuple(dict.fromkeys(command.camera_ids)),
        address=text_without_link("address", command.address, ADDRESS_LENGTH),
        lon=command.lon,
        lat=command.lat,
        origin=command.origin,
        facts=readable_text("facts", command.facts, FACTS_LENGTH),
        detected_at=command.detected_at or at,
    )
