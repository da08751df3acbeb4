"""Who holds the motors of a camera."""

from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.ext.asyncio import AsyncConnection

from stream_gateway.domain.ptz_lock import PtzLock
from stream_gateway.tables import ptz_locks


async def lock_ptz(connection: AsyncConnection, camera_id: str) -> PtzLock | None:
    """Return the present or last holder, with the camera's motors locked until the transaction ends."""
    key = func.hashtext(f"ptz:{camera_id}")
    await connection.execute(select(func.pg_advisory_xact_lock(key)))
    row = (await connection.execute(select(ptz_locks).where(ptz_locks.c.camera_id == camera_id))).mappings().first()
    return PtzLock(**{str(name): value for name, value in row.items()}) if row else None


async def save_ptz(connection: AsyncConnection, lock: PtzLock) -> None:
    """Store the holder."""
    values = {column.name: getattr(lock, column.name) for column in ptz_locks.columns}
    row = upsert(ptz_locks).values(**values)
    await connection.execute(row.on_conflict_do_update(index_elements=[ptz_locks.c.camera_id], set_=values))
