"""Alarms: stored with the event that tells of them, in one transaction."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import select, text, true
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.engine import RowMapping
from sqlalchemy.ext.asyncio import AsyncConnection

from camera_registry.domain.alarm import Alarm, AlarmStatus, Origin
from camera_registry.domain.position import Position
from camera_registry.tables import alarms
from common import outbox
from common.ids import new_id
from contracts.envelope import make_envelope
from contracts.registry import FACT_ALARM_RAISED, OWNER, AlarmKind, AlarmRaised, AlarmSource

MAX_PAGE = 500


@dataclass(frozen=True, slots=True)
class AlarmFilters:
    """What a list asks for. ``ongoing`` True: not ended yet."""

    kinds: tuple[AlarmKind, ...] = ()
    status: AlarmStatus | None = None
    ongoing: bool | None = None
    camera_id: str | None = None
    insee: str | None = None


async def last_of(conn: AsyncConnection, *, source_id: str, kind: AlarmKind) -> Alarm | None:
    """Return the newest alarm of a source and kind; nobody else weighs a signal of them until the transaction ends."""
    await conn.execute(
        text("SELECT pg_advisory_xact_lock(hashtextextended(:of, 0))"), {"of": f"alarm {kind.value} {source_id}"}
    )
    query = (
        select(alarms)
        .where(alarms.c.source_id == source_id, alarms.c.kind == kind.value)
        .order_by(alarms.c.last_at.desc(), alarms.c.alarm_id.desc())
        .limit(1)
    )
    row = (await conn.execute(query)).mappings().one_or_none()
    return _alarm(row) if row else None


async def save_alarm(conn: AsyncConnection, alarm: Alarm, *, told: bool) -> None:
    """Insert or replace an alarm; ``told`` announces it to the other services as it now stands."""
    values = _columns(alarm)
    statement = insert(alarms).values(values)
    statement = statement.on_conflict_do_update(
        index_elements=["alarm_id"], set_={name: statement.excluded[name] for name in values if name != "alarm_id"}
    )
    await conn.execute(statement)
    if told:
        await announce(conn, alarm)


async def announce(conn: AsyncConnection, alarm: Alarm) -> None:
    """Tell the other services of an alarm as it now stands."""
    position = alarm.origin.position
    payload = AlarmRaised(
        alarm_id=alarm.alarm_id,
        source=alarm.origin.source,
        source_id=alarm.origin.source_id,
        kind=alarm.kind,
        camera_ids=alarm.origin.camera_ids,
        insee=alarm.origin.insee,
        label=alarm.origin.label,
        lon=position.lon if position else None,
        lat=position.lat if position else None,
        raised_at=alarm.raised_at,
        ended_at=alarm.ended_at,
        detail=alarm.detail,
    )
    envelope = make_envelope(
        payload,
        event_id=new_id(),
        owner=OWNER,
        fact=FACT_ALARM_RAISED,
        source="camera-registry",
        aggregate=f"alarm/{alarm.alarm_id}",
        insee=alarm.origin.insee,
        at=alarm.ended_at or alarm.raised_at,
    )
    await outbox.append(conn, [envelope])


async def one_alarm(
    conn: AsyncConnection, alarm_id: UUID, insee_codes: Iterable[str], *, for_change: bool = False
) -> Alarm | None:
    """Return an alarm of these communes; ``for_change`` keeps its row locked until the transaction ends."""
    query = select(alarms).where(alarms.c.alarm_id == alarm_id, alarms.c.insee.in_(sorted(insee_codes)))
    row = (await conn.execute(query.with_for_update() if for_change else query)).mappings().one_or_none()
    return _alarm(row) if row else None


async def commune_of_alarm(conn: AsyncConnection, alarm_id: UUID) -> str | None:
    """Return the INSEE code of an alarm's commune, None for an alarm that there is not."""
    return (await conn.execute(select(alarms.c.insee).where(alarms.c.alarm_id == alarm_id))).scalar_one_or_none()


async def alarms_of(
    conn: AsyncConnection, insee_codes: Iterable[str], filters: AlarmFilters, *, before: UUID | None, limit: int
) -> list[Alarm]:
    """Return the newest alarms of some communes, those older than the alarm ``before``."""
    query = select(alarms).where(alarms.c.insee.in_(sorted(insee_codes)))
    if before is not None:
        query = query.where(alarms.c.alarm_id < before)
    for condition in _conditions(filters):
        query = query.where(condition)
    newest = query.order_by(alarms.c.alarm_id.desc()).limit(min(limit, MAX_PAGE + 1))
    return [_alarm(row) for row in (await conn.execute(newest)).mappings()]


def _conditions(filters: AlarmFilters) -> list[Any]:
    conditions: list[Any] = [true()]
    if filters.kinds:
        conditions.append(alarms.c.kind.in_([kind.value for kind in filters.kinds]))
    if filters.status is not None:
        conditions.append(alarms.c.status == filters.status.value)
    if filters.ongoing is not None:
        over = alarms.c.ended_at.is_not(None)
        conditions.append(~over if filters.ongoing else over)
    if filters.camera_id is not None:
        conditions.append(alarms.c.camera_ids.any(filters.camera_id))
    if filters.insee is not None:
        conditions.append(alarms.c.insee == filters.insee)
    return conditions


def _columns(alarm: Alarm) -> dict[str, Any]:
    position = alarm.origin.position
    return {
        "alarm_id": alarm.alarm_id,
        "source": alarm.origin.source.value,
        "source_id": alarm.origin.source_id,
        "kind": alarm.kind.value,
        "camera_ids": list(alarm.origin.camera_ids),
        "insee": alarm.origin.insee,
        "label": alarm.origin.label,
        "lon": position.lon if position else None,
        "lat": position.lat if position else None,
        "raised_at": alarm.raised_at,
        "device_at": alarm.device_at,
        "last_at": alarm.last_at,
        "repeats": alarm.repeats,
        "ended_at": alarm.ended_at,
        "detail": alarm.detail,
        "status": alarm.status.value,
        "judged_by": alarm.judged_by,
        "judged_by_name": alarm.judged_by_name,
        "judged_at": alarm.judged_at,
        "note": alarm.note,
    }


def _alarm(row: RowMapping) -> Alarm:
    position = Position(row["lon"], row["lat"]) if row["lon"] is not None and row["lat"] is not None else None
    origin = Origin(
        source=AlarmSource(row["source"]),
        source_id=row["source_id"],
        insee=row["insee"],
        label=row["label"],
        position=position,
        camera_ids=tuple(row["camera_ids"]),
    )
    return Alarm(
        alarm_id=row["alarm_id"],
        origin=origin,
        kind=AlarmKind(row["kind"]),
        raised_at=row["raised_at"],
        device_at=row["device_at"],
        last_at=row["last_at"],
        detail=row["detail"],
        ended_at=row["ended_at"],
        repeats=row["repeats"],
        status=AlarmStatus(row["status"]),
        judged_by=row["judged_by"],
        judged_by_name=row["judged_by_name"],
        judged_at=row["judged_at"],
        note=row["note"],
    )
