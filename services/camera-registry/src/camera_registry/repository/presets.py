"""Presets and tours of cameras."""

from typing import Any

from sqlalchemy import delete, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.engine import Row
from sqlalchemy.ext.asyncio import AsyncConnection

from camera_registry.domain.presets import Preset, Tour, TourStep
from camera_registry.tables import camera_presets, camera_tours


async def presets_of(conn: AsyncConnection, camera_id: str) -> dict[int, Preset]:
    """Return a camera's presets by number, in the order of the numbers."""
    query = select(camera_presets).where(camera_presets.c.camera_id == camera_id).order_by(camera_presets.c.number)
    return {row.number: _preset(row) for row in await conn.execute(query)}


async def tours_of(conn: AsyncConnection, camera_id: str) -> dict[str, Tour]:
    """Return a camera's tours by id, in the order of their names."""
    query = (
        select(camera_tours)
        .where(camera_tours.c.camera_id == camera_id)
        .order_by(camera_tours.c.name, camera_tours.c.tour_id)
    )
    return {row.tour_id: _tour(row) for row in await conn.execute(query)}


async def one_tour(conn: AsyncConnection, tour_id: str) -> Tour | None:
    """Return a tour of whatever camera."""
    row = (await conn.execute(select(camera_tours).where(camera_tours.c.tour_id == tour_id))).one_or_none()
    return _tour(row) if row else None


async def save_preset(conn: AsyncConnection, preset: Preset) -> None:
    """Insert or replace a preset, by its camera and number; its id stays."""
    values = {
        "preset_id": preset.preset_id,
        "camera_id": preset.camera_id,
        "number": preset.number,
        "name": preset.name,
        "token": preset.token,
        "pan": preset.pan,
        "tilt": preset.tilt,
        "zoom": preset.zoom,
    }
    statement = insert(camera_presets).values(values)
    changed = {name: statement.excluded[name] for name in ("name", "token", "pan", "tilt", "zoom")}
    await conn.execute(statement.on_conflict_do_update(index_elements=["camera_id", "number"], set_=changed))


async def delete_preset(conn: AsyncConnection, camera_id: str, number: int) -> None:
    """Forget a preset."""
    await conn.execute(
        delete(camera_presets).where(camera_presets.c.camera_id == camera_id, camera_presets.c.number == number)
    )


async def save_tour(conn: AsyncConnection, tour: Tour) -> None:
    """Insert or replace a tour."""
    values = {
        "tour_id": tour.tour_id,
        "camera_id": tour.camera_id,
        "name": tour.name,
        "steps": [[step.preset, step.dwell_s] for step in tour.steps],
    }
    statement = insert(camera_tours).values(values)
    changed = {name: statement.excluded[name] for name in ("name", "steps")}
    await conn.execute(statement.on_conflict_do_update(index_elements=["tour_id"], set_=changed))


async def delete_tour(conn: AsyncConnection, tour_id: str) -> None:
    """Forget a tour."""
    await conn.execute(delete(camera_tours).where(camera_tours.c.tour_id == tour_id))


def _preset(row: Row[Any]) -> Preset:
    return Preset(row.preset_id, row.camera_id, row.number, row.name, row.token, row.pan, row.tilt, row.zoom)


def _tour(row: Row[Any]) -> Tour:
    steps = tuple(TourStep(preset, dwell_s) for preset, dwell_s in row.steps)
    return Tour(row.tour_id, row.camera_id, row.name, steps)
