"""Who holds the motors of a camera, and the facts about it."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import func, select, update
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.ext.asyncio import AsyncConnection

from common import outbox
from common.ids import new_id
from contracts.envelope import Payload
from contracts.stream import FACT_PTZ_RELEASED, FACT_PTZ_TAKEN, OWNER, PtzReleased, PtzTaken
from stream_gateway.domain.ptz.lock import IDLE_AFTER, PtzLock, Rank, ReleaseReason
from stream_gateway.repository.envelopes import fact_envelope
from stream_gateway.tables.ptz import ptz_locks


async def lock_ptz(connection: AsyncConnection, camera_id: str) -> PtzLock | None:
    """Return the present or last holder, with the camera's motors locked until the transaction ends."""
    query = select(ptz_locks).where(ptz_locks.c.camera_id == camera_id).with_for_update()
    row = (await connection.execute(query)).mappings().first()
    if row is None:  # nothing to lock yet
        key = func.hashtext(f"ptz:{camera_id}")
        await connection.execute(select(func.pg_advisory_xact_lock(key)))
        row = (await connection.execute(query)).mappings().first()
    return _lock(row) if row else None


async def read_ptz(connection: AsyncConnection, camera_id: str) -> PtzLock | None:
    """Return the present or last holder."""
    row = (await connection.execute(select(ptz_locks).where(ptz_locks.c.camera_id == camera_id))).mappings().first()
    return _lock(row) if row else None


async def save_ptz(connection: AsyncConnection, lock: PtzLock) -> None:
    """Store the holder."""
    values = {column.name: getattr(lock, column.name) for column in ptz_locks.columns}
    row = upsert(ptz_locks).values(**values)
    await connection.execute(row.on_conflict_do_update(index_elements=[ptz_locks.c.camera_id], set_=values))


async def save_renewed(connection: AsyncConnection, lock: PtzLock) -> None:
    """Store a holder's next command without waiting for the disk.

    Ten times a second that would be most of the way to the camera. Should the database server itself crash within
    that second, the last command's time is lost, and nothing that anybody must be able to prove.
    """
    await connection.execute(select(func.set_config("synchronous_commit", "off", True)))
    values = {column.name: getattr(lock, column.name) for column in ptz_locks.columns}
    await connection.execute(update(ptz_locks).where(ptz_locks.c.camera_id == lock.camera_id).values(**values))


async def say_taken(connection: AsyncConnection, lock: PtzLock, lost: PtzLock | None) -> None:
    """Tell that somebody moves the camera now, and who lost it to them."""
    fact = PtzTaken(
        camera_id=lock.camera_id,
        holder_id=lock.holder_id,
        holder_name=lock.holder_name,
        rank=Rank(lock.rank).name.lower(),
        taken_at=lock.taken_at,
        held_until=lock.free_at,
        lost_by_id=lost.holder_id if lost else None,
        lost_by_name=lost.holder_name if lost else None,
    )
    await _say(connection, lock, fact, FACT_PTZ_TAKEN, lock.taken_at)


async def say_released(connection: AsyncConnection, lock: PtzLock, reason: ReleaseReason, at: datetime) -> None:
    """Tell that nobody moves the camera any more."""
    fact = PtzReleased(
        camera_id=lock.camera_id,
        holder_id=lock.holder_id,
        holder_name=lock.holder_name,
        released_at=lock.released_at or at,
        reason=reason.value,
    )
    await _say(connection, lock, fact, FACT_PTZ_RELEASED, at)


async def note_stopped(connection: AsyncConnection, camera_id: str, fence: int) -> None:
    """Note that a camera was seen standing after the command with this fence; a later move is not touched."""
    seen = (ptz_locks.c.camera_id == camera_id) & (ptz_locks.c.fence <= fence)
    await connection.execute(update(ptz_locks).where(seen).values(moving_until=None))


async def nominate_idle(connection: AsyncConnection, at: datetime, *, at_most: int = 200) -> list[str]:
    """Return cameras whose holder seems to have gone; confirmed under lock."""
    idle = ptz_locks.c.released_at.is_(None) & (ptz_locks.c.commanded_at <= at - IDLE_AFTER)
    query = select(ptz_locks.c.camera_id).where(idle).order_by(ptz_locks.c.commanded_at).limit(at_most)
    return list((await connection.execute(query)).scalars())


async def unstopped(connection: AsyncConnection, before: datetime, *, at_most: int = 200) -> list[PtzLock]:
    """Return cameras whose continuous move should have ended before an instant and was not seen ending."""
    query = select(ptz_locks).where(ptz_locks.c.moving_until <= before).order_by(ptz_locks.c.moving_until)
    return [_lock(row) for row in (await connection.execute(query.limit(at_most))).mappings()]


async def nominate_homeward(
    connection: AsyncConnection, at: datetime, least_wait: timedelta, *, at_most: int = 200
) -> list[PtzLock]:
    """Return cameras that a person left at least ``least_wait`` ago and that were not sent home yet."""
    left = (
        ptz_locks.c.released_at.is_not(None)
        & ptz_locks.c.homed_at.is_(None)
        & (ptz_locks.c.rank > int(Rank.RONDE))
        & (ptz_locks.c.commanded_at <= at - least_wait)
    )
    query = select(ptz_locks).where(left).order_by(ptz_locks.c.commanded_at).limit(at_most)
    return [_lock(row) for row in (await connection.execute(query)).mappings()]


async def _say(connection: AsyncConnection, lock: PtzLock, fact: Payload, name: str, at: datetime) -> None:
    envelope = fact_envelope(
        fact,
        event_id=new_id(),
        owner=OWNER,
        fact=name,
        aggregate=f"camera:{lock.camera_id}",
        insee=lock.insee,
        at=at,
    )
    await outbox.append(connection, [envelope])


def _lock(row: Mapping[Any, Any]) -> PtzLock:
    return PtzLock(**{str(name): value for name, value in row.items()})
