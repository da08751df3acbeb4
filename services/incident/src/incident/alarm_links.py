"""Which alarm opened which incident: one row an alarm, so that none opens two."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from incident.tables import alarm_incidents, incidents


@dataclass(frozen=True, slots=True)
class AlarmLink:
    """The incident of an alarm; ``ended_at`` once its end was told there."""

    alarm_id: UUID
    incident_id: UUID
    ended_at: datetime | None


async def claim(conn: AsyncConnection, alarm_id: UUID, incident_id: UUID) -> bool:
    """Bind an alarm to an incident that was just opened for it; False when it already has one."""
    statement = insert(alarm_incidents).values(alarm_id=alarm_id, incident_id=incident_id)
    return (await conn.execute(statement.on_conflict_do_nothing())).rowcount == 1


async def link_of(conn: AsyncConnection, alarm_id: UUID) -> AlarmLink | None:
    """Return the incident of an alarm, or None; the row stays locked until the transaction ends."""
    query = select(alarm_incidents).where(alarm_incidents.c.alarm_id == alarm_id).with_for_update()
    row = (await conn.execute(query)).one_or_none()
    return AlarmLink(row.alarm_id, row.incident_id, row.ended_at) if row else None


async def note_end(conn: AsyncConnection, alarm_id: UUID, ended_at: datetime) -> None:
    """Keep that an alarm's end was told in its incident."""
    statement = update(alarm_incidents).where(alarm_incidents.c.alarm_id == alarm_id)
    await conn.execute(statement.values(ended_at=ended_at))


async def incident_of_alarm(conn: AsyncConnection, alarm_id: UUID, communes: frozenset[str]) -> UUID | None:
    """Return the incident that an alarm opened in one of these communes, or None."""
    query = (
        select(alarm_incidents.c.incident_id)
        .join(incidents, incidents.c.incident_id == alarm_incidents.c.incident_id)
        .where(alarm_incidents.c.alarm_id == alarm_id, incidents.c.insee.in_(sorted(communes)))
    )
    return (await conn.execute(query)).scalar_one_or_none()
