"""Where nomad cameras stood. The table refuses two stays of one camera that overlap."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.engine import Row
from sqlalchemy.ext.asyncio import AsyncConnection

from camera_registry.domain.placement import Placement
from camera_registry.domain.position import Position
from camera_registry.tables import camera_placements


async def placements_of(conn: AsyncConnection, camera_id: str) -> list[Placement]:
    """Return a camera's stays by time; a camera that never moved has none."""
    query = (
        select(camera_placements)
        .where(camera_placements.c.camera_id == camera_id)
        .order_by(camera_placements.c.from_at)
    )
    return [_placement(row) for row in await conn.execute(query)]


async def save_placements(conn: AsyncConnection, items: Sequence[Placement]) -> None:
    """Insert stays, or end those that were open; in the order of time, so that none overlaps meanwhile."""
    for one in items:
        values = {
            "placement_id": one.placement_id,
            "camera_id": one.camera_id,
            "site_id": one.site_id,
            "label": one.label,
            "lon": one.position.lon,
            "lat": one.position.lat,
            "from_at": one.from_at,
            "until_at": one.until_at,
            "prefet_informed_on": one.prefet_informed_on,
            "authorisation_id": one.authorisation_id,
            "moved_by": one.moved_by,
        }
        statement = insert(camera_placements).values(values)
        await conn.execute(
            statement.on_conflict_do_update(
                index_elements=["placement_id"], set_={"until_at": statement.excluded.until_at}
            )
        )


def _placement(row: Row[Any]) -> Placement:
    return Placement(
        placement_id=row.placement_id,
        camera_id=row.camera_id,
        site_id=row.site_id,
        label=row.label,
        position=Position(row.lon, row.lat),
        from_at=row.from_at,
        until_at=row.until_at,
        prefet_informed_on=row.prefet_informed_on,
        authorisation_id=row.authorisation_id,
        moved_by=row.moved_by,
    )
