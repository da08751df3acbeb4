"""The cameras of some communes as the count of an arrêté needs them: who stands where, since when."""

from collections.abc import Iterable

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from camera_registry.domain.camera import NOT_COUNTED, Camera
from camera_registry.domain.position import Position, PositionPrecision
from camera_registry.tables import cameras
from contracts.registry import CameraKind, CameraStatus

_NOT_COUNTED = [status.value for status in NOT_COUNTED]


async def counted_in(conn: AsyncConnection, insee_codes: Iterable[str]) -> int:
    """Return how many cameras of these communes take a place of an arrêté."""
    query = select(func.count()).where(cameras.c.insee.in_(sorted(insee_codes)), cameras.c.status.not_in(_NOT_COUNTED))
    return (await conn.execute(query)).scalar_one()


async def roll_of(conn: AsyncConnection, insee_codes: Iterable[str]) -> list[Camera]:
    """Return the counted cameras of these communes, bare: no equipment, address or password. Never to be saved."""
    query = select(
        cameras.c.camera_id,
        cameras.c.insee,
        cameras.c.site_id,
        cameras.c.kind,
        cameras.c.status,
        cameras.c.lon,
        cameras.c.lat,
        cameras.c.position_precision,
        cameras.c.registered_at,
    ).where(cameras.c.insee.in_(sorted(insee_codes)), cameras.c.status.not_in(_NOT_COUNTED))
    return [
        Camera(
            camera_id=row.camera_id,
            code=row.camera_id,
            label=row.camera_id,
            insee=row.insee,
            site_id=row.site_id,
            kind=CameraKind(row.kind),
            status=CameraStatus(row.status),
            position=Position(row.lon, row.lat),
            registered_at=row.registered_at,
            precision=PositionPrecision(row.position_precision),
        )
        for row in await conn.execute(query)
    ]
