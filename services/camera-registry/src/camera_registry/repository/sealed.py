"""Sealed credentials as bytes, for a change of keys: nothing here opens them."""

from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy import bindparam, func, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from camera_registry.tables import cameras, sealing_key


@dataclass(frozen=True, slots=True)
class SealedValue:
    """What a camera's row holds."""

    camera_id: str
    sealed: bytes


async def sealed_by_others(conn: AsyncConnection, mark: bytes, *, after: str, limit: int) -> list[SealedValue]:
    """Return sealed values that begin otherwise than ``mark``, in the order of cameras' ids beyond ``after``."""
    query = (
        select(cameras.c.camera_id, cameras.c.sealed_credentials)
        .where(cameras.c.sealed_credentials.is_not(None), sealing_key != mark, cameras.c.camera_id > after)
        .order_by(cameras.c.camera_id)
        .limit(limit)
    )
    return [SealedValue(row.camera_id, row.sealed_credentials) for row in await conn.execute(query)]


async def put_sealed(conn: AsyncConnection, values: Mapping[str, bytes]) -> None:
    """Replace sealed values by camera; nothing else of a camera changes, so nobody is told."""
    if not values:
        return
    statement = update(cameras).where(cameras.c.camera_id == bindparam("of_camera"))
    statement = statement.values(sealed_credentials=bindparam("sealed"))
    await conn.execute(statement, [{"of_camera": camera, "sealed": sealed} for camera, sealed in values.items()])


async def sealed_otherwise(conn: AsyncConnection, mark: bytes) -> int:
    """Return how many sealed values begin otherwise than ``mark``."""
    query = select(func.count()).where(cameras.c.sealed_credentials.is_not(None), sealing_key != mark)
    return (await conn.execute(query)).scalar_one()
