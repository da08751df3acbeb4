"""Reports of recorders: what each does at this moment, on which node."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import delete, insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from stream_gateway.tables import recorders

FORGET_REPORTS_AFTER = timedelta(hours=1)
"""A node that reported nothing for so long is gone; placement tells of the dead much earlier."""


async def save_recorders(
    connection: AsyncConnection, node_id: str, rows: Sequence[Mapping[str, Any]], *, at: datetime
) -> None:
    """Replace the report of every recorder of a node, and forget those of nodes that are long gone."""
    await connection.execute(
        delete(recorders).where((recorders.c.node_id == node_id) | (recorders.c.seen_at < at - FORGET_REPORTS_AFTER))
    )
    if rows:
        await connection.execute(insert(recorders), [dict(row) for row in rows])


async def list_recorders(connection: AsyncConnection, communes: frozenset[str] | None) -> list[Mapping[str, Any]]:
    """Return the newest report of each camera, of some communes or (None) of all."""
    query = (
        select(recorders).distinct(recorders.c.camera_id).order_by(recorders.c.camera_id, recorders.c.seen_at.desc())
    )
    if communes is not None:
        query = query.where(recorders.c.insee.in_(sorted(communes)))
    return [dict(row) for row in (await connection.execute(query)).mappings()]
