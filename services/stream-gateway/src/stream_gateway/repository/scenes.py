"""Scenes and screens. Access is in the query: a scene by all of its communes, a screen by any of its own."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, delete, func, or_, select
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.ext.asyncio import AsyncConnection

from common import outbox
from common.ids import new_id
from contracts.envelope import CENTRE
from contracts.rondes import FACT_SCREEN_CHANGED, ScreenChanged
from contracts.stream import OWNER
from stream_gateway.domain.scenes import Scene, Screen, Seat, Tile, Tiles
from stream_gateway.repository.envelopes import fact_envelope
from stream_gateway.tables import scenes, screens


async def list_scenes(connection: AsyncConnection, agent_id: str, communes: frozenset[str]) -> list[Scene]:
    """Return the scenes an agent may use, by name."""
    query = select(scenes).where(_usable(agent_id, communes)).order_by(func.lower(scenes.c.name), scenes.c.scene_id)
    return [_scene(row) for row in (await connection.execute(query)).mappings()]


async def find_scene(
    connection: AsyncConnection, scene_id: UUID, agent_id: str, communes: frozenset[str]
) -> Scene | None:
    """Return a scene the agent may use, locked until the transaction ends."""
    query = select(scenes).where(scenes.c.scene_id == scene_id, _usable(agent_id, communes)).with_for_update()
    row = (await connection.execute(query)).mappings().first()
    return _scene(row) if row else None


async def save_scene(connection: AsyncConnection, scene: Scene) -> None:
    """Store a scene, new or changed."""
    values: dict[str, Any] = {
        "scene_id": scene.scene_id,
        "name": scene.name,
        "layout": scene.layout,
        "tiles": _tile_rows(scene.tiles),
        "communes": sorted(scene.communes),
        "owner_id": scene.owner_id,
        "owner_name": scene.owner_name,
        "shared": scene.shared,
        "changed_at": scene.changed_at,
    }
    row = upsert(scenes).values(**values)
    await connection.execute(row.on_conflict_do_update(index_elements=[scenes.c.scene_id], set_=values))


async def delete_scene(connection: AsyncConnection, scene_id: UUID) -> None:
    """Forget a scene; a screen that shows it goes on."""
    await connection.execute(delete(scenes).where(scenes.c.scene_id == scene_id))


async def list_screens(connection: AsyncConnection, communes: frozenset[str]) -> list[Screen]:
    """Return the screens of an agent's communes, by wall and label."""
    query = select(screens).where(_near(communes)).order_by(screens.c.wall, screens.c.label, screens.c.screen_id)
    return [_screen(row) for row in (await connection.execute(query)).mappings()]


async def find_screen(
    connection: AsyncConnection, screen_id: str, communes: frozenset[str] | None, *, for_update: bool = False
) -> Screen | None:
    """Return a screen of these communes (None: of any), locked until the transaction ends if it is to be changed."""
    query = select(screens).where(screens.c.screen_id == screen_id)
    if communes is not None:
        query = query.where(_near(communes))
    row = (await connection.execute(query.with_for_update() if for_update else query)).mappings().first()
    return _screen(row) if row else None


async def save_screen(connection: AsyncConnection, screen: Screen) -> None:
    """Store what a screen shows and say that it changed."""
    values: dict[str, Any] = {
        "screen_id": screen.screen_id,
        "label": screen.label,
        "wall": screen.wall,
        "communes": sorted(screen.communes),
        "layout": screen.layout,
        "tiles": _tile_rows(screen.tiles),
        "origin": screen.origin,
        "pushed_by": screen.pushed_by,
        "pushed_by_name": screen.pushed_by_name,
        "pushed_at": screen.pushed_at,
        "revision": screen.revision,
        "scene_id": screen.scene_id,
        "scene_name": screen.scene_name,
        "seat": _seat_row(screen.seat),
    }
    row = upsert(screens).values(**values)
    await connection.execute(row.on_conflict_do_update(index_elements=[screens.c.screen_id], set_=values))
    await _say_changed(connection, screen)


async def seat_agent(connection: AsyncConnection, screen_id: str, seat: Seat) -> None:
    """Note who sits at a screen; what it shows is unchanged, so nobody is told."""
    await connection.execute(screens.update().where(screens.c.screen_id == screen_id).values(seat=_seat_row(seat)))


async def delete_screen(connection: AsyncConnection, screen: Screen) -> None:
    """Take a screen off the wall."""
    await connection.execute(delete(screens).where(screens.c.screen_id == screen.screen_id))
    await _say_changed(connection, screen)


async def _say_changed(connection: AsyncConnection, screen: Screen) -> None:
    fact = ScreenChanged(
        screen_id=screen.screen_id,
        communes=tuple(sorted(screen.communes)),
        revision=screen.revision,
        origin=screen.origin,
        pushed_by=screen.pushed_by,
        pushed_at=screen.pushed_at,
    )
    envelope = fact_envelope(
        fact,
        event_id=new_id(),
        owner=OWNER,
        fact=FACT_SCREEN_CHANGED,
        aggregate=f"screen:{screen.screen_id}",
        insee=insee_of(screen.communes),
        at=screen.pushed_at,
    )
    await outbox.append(connection, [envelope])


def insee_of(communes: frozenset[str]) -> str:
    """Return the one commune, or the centre's code for several."""
    return next(iter(communes)) if len(communes) == 1 else CENTRE


def _usable(agent_id: str, communes: frozenset[str]) -> ColumnElement[bool]:
    mine = or_(scenes.c.shared, scenes.c.owner_id == agent_id)
    return mine & scenes.c.communes.contained_by(sorted(communes))


def _near(communes: frozenset[str]) -> ColumnElement[bool]:
    return screens.c.communes.overlap(sorted(communes))


def _tile_rows(tiles: Tiles) -> list[dict[str, Any] | None]:
    return [
        None if tile is None else {"camera_id": tile.camera_id, "insee": tile.insee, "preset": tile.preset}
        for tile in tiles
    ]


def _tiles(rows: list[dict[str, Any] | None]) -> Tiles:
    return tuple(None if row is None else Tile(**row) for row in rows)


def _scene(row: Mapping[Any, Any]) -> Scene:
    values: dict[str, Any] = {str(name): value for name, value in row.items() if name != "communes"}
    values["tiles"] = _tiles(values["tiles"])
    return Scene(**values)


def _screen(row: Mapping[Any, Any]) -> Screen:
    values: dict[str, Any] = {str(name): value for name, value in row.items()}
    values |= {
        "communes": frozenset(values["communes"]),
        "tiles": _tiles(values["tiles"]),
        "seat": _seat(values["seat"]),
    }
    return Screen(**values)


def _seat_row(seat: Seat | None) -> dict[str, Any] | None:
    if seat is None:
        return None
    return {
        "agent_id": seat.agent_id,
        "agent_name": seat.agent_name,
        "login_id": seat.login_id,
        "epoch": seat.epoch,
        "station": seat.station,
        "until": seat.until.isoformat(),
    }


def _seat(row: Mapping[str, Any] | None) -> Seat | None:
    if row is None:
        return None
    values = dict(row)
    values["until"] = datetime.fromisoformat(values["until"])
    return Seat(**values)
