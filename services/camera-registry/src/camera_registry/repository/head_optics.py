"""Measures of orientable cameras: SQL only."""

from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from camera_registry.domain.head_optics import HeadOptics
from camera_registry.tables import head_optics


async def measured_heads(conn: AsyncConnection, camera_ids: Sequence[str]) -> dict[str, HeadOptics]:
    """Return the measures of those of the cameras that were measured."""
    query = select(head_optics).where(head_optics.c.camera_id.in_(camera_ids))
    return {
        row.camera_id: HeadOptics(
            pan_degrees=row.pan_degrees,
            tilt_degrees=row.tilt_degrees,
            aspect=row.aspect,
            openings=tuple((float(zoom), float(degrees)) for zoom, degrees in row.openings),
            level_tilt=row.level_tilt,
        )
        for row in await conn.execute(query)
    }


async def save_head(conn: AsyncConnection, camera_id: str, head: HeadOptics) -> None:
    """Keep a camera's measures in the place of those before."""
    values = {
        "pan_degrees": head.pan_degrees,
        "tilt_degrees": head.tilt_degrees,
        "level_tilt": head.level_tilt,
        "aspect": head.aspect,
        "openings": [list(opening) for opening in head.openings],
    }
    statement = insert(head_optics).values(camera_id=camera_id, **values)
    await conn.execute(statement.on_conflict_do_update(index_elements=["camera_id"], set_=values))
