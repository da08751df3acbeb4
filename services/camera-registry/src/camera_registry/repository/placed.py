"""Cameras as places only: what an area is compared with."""

from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from camera_registry.domain.position import Position, PositionPrecision
from camera_registry.repository.scope import in_communes
from camera_registry.tables import cameras


@dataclass(frozen=True, slots=True)
class PlacedCamera:
    """Where a camera stands, and how well that is known."""

    camera_id: str
    insee: str
    position: Position
    precision: PositionPrecision


async def placed_in(
    conn: AsyncConnection, insee_codes: list[str], bounds: tuple[float, float, float, float] | None
) -> list[PlacedCamera]:
    """Return the located cameras of communes in the order of their ids; ``bounds`` (degrees) leaves others out."""
    located = [precision.value for precision in PositionPrecision if precision.located]
    columns = (cameras.c.camera_id, cameras.c.insee, cameras.c.lon, cameras.c.lat, cameras.c.position_precision)
    query = select(*columns).where(in_communes(), cameras.c.position_precision.in_(located))
    if bounds is not None:
        west, south, east, north = bounds
        query = query.where(cameras.c.lat.between(south, north), cameras.c.lon.between(west, east))
    rows = (await conn.execute(query.order_by(cameras.c.camera_id), {"insee_codes": insee_codes})).all()
    return [
        PlacedCamera(camera_id, insee, Position(lon, lat), PositionPrecision(precision))
        for camera_id, insee, lon, lat, precision in rows
    ]
