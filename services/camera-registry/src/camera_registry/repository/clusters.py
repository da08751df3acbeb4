"""Cameras of a box counted by the cells of a grid: what a map draws of a large town."""

import math
from dataclasses import dataclass

from sqlalchemy import Float, bindparam, case, func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from camera_registry.repository.scope import in_communes
from camera_registry.tables import cameras

Degrees = tuple[float, float, float, float]

_WORLD = 360.0
_FLATTEST = 0.1
_CELLS_PER_TILE = 4
"""A map tile is 256 pixels wide: cells of 64 pixels leave room for a number."""


@dataclass(frozen=True, slots=True)
class Cluster:
    """The cameras of one cell: how many, how many known online and offline, their middle in degrees."""

    lon: float
    lat: float
    count: int
    online: int
    offline: int
    camera_id: str | None


async def clusters_in(conn: AsyncConnection, insee_codes: list[str], box: Degrees, zoom: int) -> list[Cluster]:
    """Count the cameras of these communes by cells as wide as 64 pixels of a web map at ``zoom`` (0 to 22)."""
    west, south, east, north = box
    wide = _WORLD / 2**zoom / _CELLS_PER_TILE
    high = wide * max(_FLATTEST, math.cos(math.radians((south + north) / 2)))
    known_online = func.count().filter(cameras.c.online)
    query = (
        select(
            (func.sum(cameras.c.lon) / func.count()).label("lon"),  # avg() of floats costs half as much again
            (func.sum(cameras.c.lat) / func.count()).label("lat"),
            func.count().label("count"),
            known_online.label("online"),
            (func.count(cameras.c.online) - known_online).label("offline"),
            case((func.count() == 1, func.any_value(cameras.c.camera_id))).label("camera_id"),
        )
        .where(in_communes(), cameras.c.lat.between(south, north), cameras.c.lon.between(west, east))
        .group_by(
            func.floor(cameras.c.lon / bindparam("wide", wide, Float)),
            func.floor(cameras.c.lat / bindparam("high", high, Float)),
        )
    )
    return [Cluster(*row) for row in (await conn.execute(query, {"insee_codes": insee_codes})).all()]
