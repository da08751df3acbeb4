"""Rondes under way."""

from collections.abc import Mapping
from dataclasses import asdict
from datetime import datetime
from typing import Any

from sqlalchemy import delete, select
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.ext.asyncio import AsyncConnection

from stream_gateway.domain.ptz.patrols import Patrol, PatrolStep
from stream_gateway.tables.ptz import ptz_patrols


async def find_patrol(connection: AsyncConnection, camera_id: str) -> Patrol | None:
    """Return the ronde of a camera."""
    query = select(ptz_patrols).where(ptz_patrols.c.camera_id == camera_id)
    row = (await connection.execute(query)).mappings().first()
    return _patrol(row) if row else None


async def save_patrol(connection: AsyncConnection, patrol: Patrol) -> None:
    """Store a ronde, in the place of the camera's one before."""
    values: dict[str, Any] = {name: getattr(patrol, name) for name in ptz_patrols.columns.keys()}  # noqa: SIM118 - names
    values["steps"] = [asdict(step) for step in patrol.steps]
    row = upsert(ptz_patrols).values(**values)
    await connection.execute(row.on_conflict_do_update(index_elements=[ptz_patrols.c.camera_id], set_=values))


async def forget_patrol(connection: AsyncConnection, camera_id: str) -> bool:
    """End the ronde of a camera; False when there is none."""
    ended = await connection.execute(delete(ptz_patrols).where(ptz_patrols.c.camera_id == camera_id))
    return bool(ended.rowcount)


async def nominate_due(connection: AsyncConnection, at: datetime, *, at_most: int = 200) -> list[str]:
    """Return cameras whose ronde seems due for its next step; confirmed under lock."""
    query = select(ptz_patrols.c.camera_id).where(ptz_patrols.c.due_at <= at).order_by(ptz_patrols.c.due_at)
    return list((await connection.execute(query.limit(at_most))).scalars())


def _patrol(row: Mapping[Any, Any]) -> Patrol:
    values: dict[str, Any] = {str(name): value for name, value in row.items()}
    values["steps"] = tuple(PatrolStep(**step) for step in values["steps"])
    return Patrol(**values)
