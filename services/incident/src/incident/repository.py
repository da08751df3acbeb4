"""All SQL of the incident service. ``save`` writes the row, its timeline and its events in one transaction."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.engine import RowMapping
from sqlalchemy.ext.asyncio import AsyncConnection

from common import outbox
from common.ids import new_id
from contracts.dispatch import DispatchStatus
from contracts.envelope import Envelope, Payload, make_envelope
from contracts.incident import (
    FACT_INCIDENT_OPENED,
    FACT_INCIDENT_TRANSITIONED,
    FACT_INCIDENT_TRANSMITTED,
    OWNER,
    IncidentOpened,
    IncidentState,
    IncidentStatus,
    IncidentTransitioned,
    IncidentTransmitted,
    Priority,
)
from contracts.streams import BUCKET_INCIDENTS
from incident.domain import (
    Author,
    Changes,
    Declaration,
    EntryKind,
    Incident,
    Origin,
    PartnerDispatch,
    TimelineEntry,
    incident_number,
)
from incident.errors import IncidentChangedMeanwhile
from incident.life_cycle import OPEN_STATUSES
from incident.tables import idempotency_keys, incidents, number_counters, partner_dispatches, timeline_entries

_FACTS: Mapping[type[Payload], str] = {
    IncidentOpened: FACT_INCIDENT_OPENED,
    IncidentTransitioned: FACT_INCIDENT_TRANSITIONED,
    IncidentTransmitted: FACT_INCIDENT_TRANSMITTED,
}


@dataclass(frozen=True, slots=True)
class Record:
    """An incident as a person reads it: with its whole timeline."""

    incident: Incident
    timeline: tuple[TimelineEntry, ...]


@dataclass(frozen=True, slots=True)
class UsedKey:
    """What an Idempotency-Key was used for."""

    request_sha256: str
    incident_id: UUID


async def next_number(conn: AsyncConnection, *, year: int, insee: str) -> str:
    """Take the next number of a commune's year.

    The counter's row stays locked until the caller's transaction ends: one that rolls back gives its number
    back, and the next in the queue takes it. That is why there is never a gap.
    """
    taken = insert(number_counters).values(year=year, insee=insee, last=1)
    statement = taken.on_conflict_do_update(
        index_elements=["year", "insee"], set_={"last": number_counters.c.last + 1}
    ).returning(number_counters.c.last)
    sequence = int((await conn.execute(statement)).scalar_one())
    return incident_number(year=year, insee=insee, sequence=sequence)


async def remember_key(
    conn: AsyncConnection, *, agent_id: str, key: str, request_sha256: str, incident_id: UUID, at: datetime
) -> UsedKey | None:
    """Bind a key to a new incident; return what it was used for when it already was.

    A second request with the same key waits here until the first one's transaction ends.
    """
    bound = insert(idempotency_keys).values(
        agent_id=agent_id, key=key, request_sha256=request_sha256, incident_id=incident_id, at=at
    )
    if (await conn.execute(bound.on_conflict_do_nothing())).rowcount == 1:
        return None
    used = select(idempotency_keys.c.request_sha256, idempotency_keys.c.incident_id).where(
        idempotency_keys.c.agent_id == agent_id, idempotency_keys.c.key == key
    )
    row = (await conn.execute(used)).one()
    return UsedKey(row.request_sha256, row.incident_id)


async def save(conn: AsyncConnection, incident: Incident) -> Incident:
    """Write an incident with what changed and its events; returns it as it now stands.

    Raises:
        IncidentChangedMeanwhile: somebody saved it since it was read.
    """
    saved = replace(incident, version=incident.version + 1, changes=Changes())
    if incident.version == 0:
        await conn.execute(insert(incidents).values(_row(saved)))
    else:
        await _replace_row(conn, saved, expected=incident.version)
    await _record(conn, incident)
    await outbox.append(conn, [_envelope(incident, event) for event in incident.changes.events])
    if incident.changes.events:
        await outbox.append_states(conn, [_state_row(saved, state_of(saved))])
    return saved


async def republish_state(conn: AsyncConnection, incident_id: UUID, *, forget_before: datetime) -> None:
    """Put what services must know of an incident into the bucket again, or take it out if it was closed before then.

    The row is locked first, so that this never overtakes a transition.
    """
    incident = await load(conn, incident_id, for_change=True)
    if incident is None:
        return
    forgotten = incident.closed_at is not None and incident.closed_at <= forget_before
    await outbox.append_states(conn, [_state_row(incident, None if forgotten else state_of(incident))])


async def ids_still_invoked(conn: AsyncConnection, *, closed_after: datetime) -> set[UUID]:
    """Return the incidents that are open, or were closed after an instant: those a person may act in the name of."""
    among = incidents.c.status.in_([value.value for value in OPEN_STATUSES])
    wanted = select(incidents.c.incident_id).where(among | (incidents.c.closed_at > closed_after))
    return set((await conn.execute(wanted)).scalars())


def state_of(incident: Incident) -> IncidentState:
    """Return what other services must know of an incident to decide in its context."""
    return IncidentState(
        incident_id=str(incident.incident_id),
        number=incident.number,
        insee=incident.declaration.insee,
        camera_ids=incident.declaration.camera_ids,
        status=incident.status,
        opened_at=incident.opened_at,
        closed_at=incident.closed_at,
    )


async def load(conn: AsyncConnection, incident_id: UUID, *, for_change: bool = False) -> Incident | None:
    """Read an incident; ``for_change`` keeps its row locked until the transaction ends."""
    statement = select(incidents).where(incidents.c.incident_id == incident_id)
    row = (await conn.execute(statement.with_for_update() if for_change else statement)).mappings().one_or_none()
    if row is None:
        return None
    dispatches = await _dispatches(conn, [incident_id])
    return _incident(row, dispatches.get(incident_id, ()))


async def read(conn: AsyncConnection, incident_id: UUID) -> Record | None:
    """Read an incident with its timeline."""
    incident = await load(conn, incident_id)
    if incident is None:
        return None
    timelines = await _timelines(conn, [incident_id])
    return Record(incident, timelines[incident_id])


async def page(
    conn: AsyncConnection,
    *,
    communes: frozenset[str],
    status: IncidentStatus | None,
    is_open: bool | None,
    before: UUID | None,
    limit: int,
) -> list[Record]:
    """Read the newest incidents of some communes, from just before the incident ``before``."""
    statement = select(incidents).where(incidents.c.insee.in_(sorted(communes)))
    if status is not None:
        statement = statement.where(incidents.c.status == status.value)
    if is_open is not None:
        among = incidents.c.status.in_([value.value for value in OPEN_STATUSES])
        statement = statement.where(among if is_open else ~among)
    if before is not None:
        statement = statement.where(incidents.c.incident_id < before)
    newest = statement.order_by(incidents.c.incident_id.desc()).limit(limit)
    rows = (await conn.execute(newest)).mappings().all()
    ids: list[UUID] = [row["incident_id"] for row in rows]
    dispatches, timelines = await _dispatches(conn, ids), await _timelines(conn, ids)
    return [
        Record(_incident(row, dispatches.get(ident, ())), timelines[ident])
        for ident, row in zip(ids, rows, strict=True)
    ]


async def _replace_row(conn: AsyncConnection, saved: Incident, *, expected: int) -> None:
    statement = update(incidents).where(incidents.c.incident_id == saved.incident_id, incidents.c.version == expected)
    changed = await conn.execute(
        statement.values(
            status=saved.status.value,
            closed_at=saved.closed_at,
            version=saved.version,
            entry_count=saved.entry_count,
        )
    )
    if changed.rowcount == 0:
        raise IncidentChangedMeanwhile(saved.incident_id, expected=expected, present=-1)


async def _record(conn: AsyncConnection, incident: Incident) -> None:
    changes = incident.changes
    if changes.entries:
        rows = [{"incident_id": incident.incident_id, **asdict(entry)} for entry in changes.entries]
        await conn.execute(insert(timeline_entries), rows)
    for told in changes.dispatches:
        row = {"incident_id": incident.incident_id, **asdict(told)}
        stored = insert(partner_dispatches).values(row)
        news = {name: row[name] for name in ("status", "at", "detail")}
        await conn.execute(stored.on_conflict_do_update(index_elements=["dispatch_id"], set_=news))


def _state_row(incident: Incident, state: IncidentState | None) -> outbox.StateRow:
    key = str(incident.incident_id)
    return outbox.StateRow(BUCKET_INCIDENTS, key, state, f"incident/{key}")


def _envelope(incident: Incident, event: Payload) -> Envelope:
    return make_envelope(
        event,
        event_id=new_id(),
        owner=OWNER,
        fact=_FACTS[type(event)],
        source="incident",
        aggregate=f"incident/{incident.incident_id}",
        insee=incident.declaration.insee,
        at=incident.changes.entries[-1].at,
    )


async def _dispatches(conn: AsyncConnection, incident_ids: Sequence[UUID]) -> dict[UUID, tuple[PartnerDispatch, ...]]:
    table = partner_dispatches
    statement = select(table).where(table.c.incident_id.in_(incident_ids)).order_by(table.c.dispatch_id)
    found: dict[UUID, tuple[PartnerDispatch, ...]] = {}
    for row in (await conn.execute(statement)).mappings():
        told = PartnerDispatch(
            row["dispatch_id"],
            row["partner_id"],
            row["partner_name"],
            DispatchStatus(row["status"]),
            row["at"],
            row["detail"],
        )
        found[row["incident_id"]] = (*found.get(row["incident_id"], ()), told)
    return found


async def _timelines(conn: AsyncConnection, incident_ids: Sequence[UUID]) -> dict[UUID, tuple[TimelineEntry, ...]]:
    table = timeline_entries
    statement = select(table).where(table.c.incident_id.in_(incident_ids)).order_by(table.c.seq)
    found: dict[UUID, tuple[TimelineEntry, ...]] = {}
    for row in (await conn.execute(statement)).mappings():
        found[row["incident_id"]] = (*found.get(row["incident_id"], ()), _entry(row))
    return found


def _entry(row: RowMapping) -> TimelineEntry:
    return TimelineEntry(
        seq=row["seq"],
        at=row["at"],
        by=row["by"],
        by_name=row["by_name"],
        kind=EntryKind(row["kind"]),
        before=IncidentStatus(row["before"]) if row["before"] else None,
        after=IncidentStatus(row["after"]) if row["after"] else None,
        note=row["note"],
    )


def _row(incident: Incident) -> dict[str, Any]:
    declared = asdict(incident.declaration) | {"camera_ids": list(incident.declaration.camera_ids)}
    return declared | {
        "incident_id": incident.incident_id,
        "number": incident.number,
        "opened_at": incident.opened_at,
        "opened_by": incident.opened_by.agent_id,
        "opened_by_name": incident.opened_by.name,
        "status": incident.status.value,
        "closed_at": incident.closed_at,
        "version": incident.version,
        "entry_count": incident.entry_count,
    }


def _incident(row: RowMapping, dispatches: tuple[PartnerDispatch, ...]) -> Incident:
    declaration = Declaration(
        code=row["code"],
        title=row["title"],
        priority=Priority(row["priority"]),
        insee=row["insee"],
        commune=row["commune"],
        camera_ids=tuple(row["camera_ids"]),
        address=row["address"],
        lon=row["lon"],
        lat=row["lat"],
        origin=Origin(row["origin"]),
        facts=row["facts"],
        detected_at=row["detected_at"],
    )
    return Incident(
        incident_id=row["incident_id"],
        number=row["number"],
        declaration=declaration,
        status=IncidentStatus(row["status"]),
        opened_at=row["opened_at"],
        opened_by=Author(row["opened_by"], row["opened_by_name"]),
        closed_at=row["closed_at"],
        version=row["version"],
        entry_count=row["entry_count"],
        dispatches=dispatches,
    )
