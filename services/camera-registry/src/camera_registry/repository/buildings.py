"""Building footprints: replaced commune by commune, asked by box."""

from collections.abc import Sequence
from functools import cache
from typing import Any

import shapely
from shapely.geometry.base import BaseGeometry
from sqlalchemy import Float, Select, bindparam, column, delete, func, insert, select
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.ext.asyncio import AsyncConnection

from camera_registry.domain.position import Position, lambert93
from camera_registry.tables import building_box, buildings

_BATCH = 2000
_SIDES = ("wests", "souths", "easts", "norths")

Box = tuple[float, float, float, float]
"""West, south, east, north in Lambert-93 metres."""


async def replace_buildings(conn: AsyncConnection, insee: str, outlines: Sequence[shapely.Polygon]) -> None:
    """Keep these footprints of a commune (polygons in degrees) instead of those it had."""
    await conn.execute(delete(buildings).where(buildings.c.insee == insee))
    rows = [_row(insee, number, outline) for number, outline in enumerate(outlines)]
    for start in range(0, len(rows), _BATCH):
        await conn.execute(insert(buildings), rows[start : start + _BATCH])


async def buildings_in(conn: AsyncConnection, boxes: Sequence[Box]) -> list[BaseGeometry]:
    """Return the footprints, in degrees, that may touch any of the boxes."""
    if not boxes:
        return []
    sides = {name: list(side) for name, side in zip(_SIDES, zip(*boxes, strict=True), strict=True)}
    found = (await conn.execute(_touching(), sides)).scalars().all()
    return list(shapely.from_wkb(found))


@cache
def _touching() -> Select[tuple[bytes]]:
    sides = (bindparam(name, type_=ARRAY(Float)) for name in _SIDES)
    asked = func.unnest(*sides).table_valued(*(column(name, Float) for name in ("w", "s", "e", "n"))).render_derived()
    box = func.box(func.point(asked.c.w, asked.c.s), func.point(asked.c.e, asked.c.n))
    return select(buildings.c.outline).join(asked, building_box.bool_op("&&")(box)).distinct()


def box_between(one: Position, other: Position) -> Box:
    """Return the box around two places."""
    corners = lambert93(one), lambert93(other)
    (west_m, east_m), (south_m, north_m) = (sorted(axis) for axis in zip(*corners, strict=True))
    return west_m, south_m, east_m, north_m


def box_around(place: Position, metres: float) -> Box:
    """Return the box whose sides are at least ``metres`` from a place."""
    east_m, north_m = lambert93(place)
    margin_m = metres * 1.05
    return east_m - margin_m, north_m - margin_m, east_m + margin_m, north_m + margin_m


def _row(insee: str, number: int, outline: shapely.Polygon) -> dict[str, Any]:
    corners = [lambert93(Position(lon, lat)) for lon, lat in shapely.get_coordinates(outline.exterior).tolist()]
    easts, norths = zip(*corners, strict=True)
    return {
        "insee": insee,
        "number": number,
        "outline": shapely.to_wkb(outline),
        "west_m": min(easts),
        "south_m": min(norths),
        "east_m": max(easts),
        "north_m": max(norths),
    }
