"""Scenes, and the screens of the wall that they are put on.

Putting something on a screen shows no image and writes no register row: each picture is a session that the screen's own
browser opens, under the rights of the agent logged in there, with its row. Who pushed what and when is kept with
the screen and told as a fact.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from common.problems import NotFound
from guard import Guard
from policy import Action, Agent
from stream_gateway.domain.scenes import SEAT_FOR, Scene, Screen, Seat, Tile, arranged
from stream_gateway.repository import scenes as rows
from stream_gateway.use_cases.asking import Asked, note_act, require

_SCREENS = "L'écran"
_SCENES = "La scène"


class SceneOfAnother(Exception):
    """A personal scene belongs to its owner, and a shared one to those who may define them."""


@dataclass(frozen=True, slots=True)
class TileWish:
    """A camera that somebody wants in a place."""

    camera_id: str
    preset: str | None = None


def placed(guard: Guard, agent: Agent, wishes: Sequence[TileWish | None]) -> list[Tile | None]:
    """Return the tiles; raises NotFound for a camera that is unknown or outside the agent's communes."""
    return [None if wish is None else _tile(guard, agent, wish) for wish in wishes]


def _tile(guard: Guard, agent: Agent, wish: TileWish) -> Tile:
    camera = guard.cameras.get(wish.camera_id)
    if camera is None or camera.insee not in agent.communes:
        raise NotFound("La caméra", wish.camera_id)
    return Tile(camera.camera_id, camera.insee, wish.preset)


async def list_scenes(connection: AsyncConnection, *, guard: Guard, asked: Asked) -> list[Scene]:
    """Return the agent's own scenes and the shared ones that lie within the own communes."""
    agent = await require(connection, guard, asked, Action.COMMAND_WALL, subject=_SCENES)
    return await rows.list_scenes(connection, agent.agent_id, agent.communes)


async def save_scene(
    connection: AsyncConnection,
    *,
    guard: Guard,
    asked: Asked,
    scene_id: UUID,
    name: str,
    layout: int,
    wishes: Sequence[TileWish | None],
    shared: bool,
    is_new: bool,
) -> Scene:
    """Keep a scene, new or changed; a shared one is a definition and writes a register row.

    Raises:
        UnusableLayout, NotFound, SceneOfAnother.
    """
    agent = await require(connection, guard, asked, Action.COMMAND_WALL, subject=_SCENES)
    known = None if is_new else await _scene(connection, scene_id, agent)
    if known is not None and not known.shared and known.owner_id != agent.agent_id:
        raise SceneOfAnother
    if shared or (known is not None and known.shared):
        await note_act(connection, guard, asked, Action.MANAGE_RONDES, subject=_SCENES)
    scene = Scene(
        scene_id=scene_id,
        name=name,
        layout=layout,
        tiles=arranged(layout, placed(guard, agent, wishes)),
        owner_id=known.owner_id if known else agent.agent_id,
        owner_name=known.owner_name if known else agent.name,
        shared=shared,
        changed_at=asked.at,
    )
    await rows.save_scene(connection, scene)
    return scene


async def delete_scene(connection: AsyncConnection, *, guard: Guard, asked: Asked, scene_id: UUID) -> None:
    """Forget a scene: one's own, or a shared one with the right to define them; raises NotFound."""
    agent = await require(connection, guard, asked, Action.COMMAND_WALL, subject=_SCENES)
    scene = await _scene(connection, scene_id, agent)
    if scene.shared:
        await note_act(connection, guard, asked, Action.MANAGE_RONDES, subject=_SCENES)
    await rows.delete_scene(connection, scene_id)


async def _scene(connection: AsyncConnection, scene_id: UUID, agent: Agent) -> Scene:
    scene = await rows.find_scene(connection, scene_id, agent.agent_id, agent.communes)
    if scene is None:
        raise NotFound(_SCENES, scene_id)
    return scene


async def list_screens(connection: AsyncConnection, *, guard: Guard, asked: Asked) -> list[Screen]:
    """Return the screens of the own communes."""
    agent = await require(connection, guard, asked, Action.COMMAND_WALL, subject=_SCREENS)
    return await rows.list_screens(connection, agent.communes)


async def find_screen(connection: AsyncConnection, *, guard: Guard, asked: Asked, screen_id: str) -> Screen:
    """Return a screen; raises NotFound."""
    agent = await require(connection, guard, asked, Action.COMMAND_WALL, subject=_SCREENS)
    return await _screen(connection, screen_id, agent, for_update=False)


async def define_screen(
    connection: AsyncConnection,
    *,
    guard: Guard,
    asked: Asked,
    screen_id: str,
    label: str,
    wall: str,
    communes: frozenset[str],
) -> Screen:
    """Put a screen on the wall, or change its name and its communes; what it shows of others goes.

    Raises NotFound for communes outside the agent's own, and for a screen that is there but not the agent's.
    """
    agent = await note_act(connection, guard, asked, Action.MANAGE_RONDES, subject=f"{_SCREENS} {screen_id}")
    foreign = communes - agent.communes
    if foreign:
        raise NotFound("La commune", min(foreign))
    known = await rows.find_screen(connection, screen_id, None, for_update=True)
    if known is not None and not known.communes <= agent.communes:
        raise NotFound(_SCREENS, screen_id)
    screen = replace(known, label=label, wall=wall, communes=communes) if known else None
    if screen is None:
        screen = Screen(screen_id, label, wall, communes, 4, (None,) * 4, "definition", "", "", asked.at, 0)
    kept = [tile if tile and tile.insee in communes else None for tile in screen.tiles]
    changed = screen.showing(
        screen.layout, kept, by=agent.agent_id, by_name=agent.name, at=asked.at, origin="definition"
    )
    await rows.save_screen(connection, changed)
    return changed


async def remove_screen(connection: AsyncConnection, *, guard: Guard, asked: Asked, screen_id: str) -> None:
    """Take a screen off the wall; raises NotFound."""
    agent = await note_act(connection, guard, asked, Action.MANAGE_RONDES, subject=f"{_SCREENS} {screen_id}")
    screen = await _screen(connection, screen_id, agent)
    if not screen.communes <= agent.communes:
        raise NotFound(_SCREENS, screen_id)
    await rows.delete_screen(connection, replace(screen, pushed_by=agent.agent_id, pushed_at=asked.at))


async def push_scene(
    connection: AsyncConnection, *, guard: Guard, asked: Asked, screen_id: str, scene_id: UUID
) -> Screen:
    """Put a scene on a screen at once (*salvo*); raises NotFound."""
    agent = await require(connection, guard, asked, Action.COMMAND_WALL, subject=_SCREENS)
    screen = await _screen(connection, screen_id, agent)
    scene = await _scene(connection, scene_id, agent)
    _refuse_foreign(screen, scene.tiles)
    shown = screen.showing(
        scene.layout, scene.tiles, by=agent.agent_id, by_name=agent.name, at=asked.at, origin="scene", scene=scene
    )
    await rows.save_screen(connection, shown)
    return shown


async def push_tiles(
    connection: AsyncConnection,
    *,
    guard: Guard,
    asked: Asked,
    screen_id: str,
    layout: int,
    wishes: Sequence[TileWish | None],
) -> Screen:
    """Put cameras on a screen; raises NotFound or UnusableLayout."""
    agent = await require(connection, guard, asked, Action.COMMAND_WALL, subject=_SCREENS)
    screen = await _screen(connection, screen_id, agent)
    tiles = placed(guard, agent, wishes)
    _refuse_foreign(screen, tiles)
    shown = screen.showing(layout, tiles, by=agent.agent_id, by_name=agent.name, at=asked.at)
    await rows.save_screen(connection, shown)
    return shown


async def push_tile(
    connection: AsyncConnection,
    *,
    guard: Guard,
    asked: Asked,
    screen_id: str,
    place: int,
    wish: TileWish | None,
) -> Screen:
    """Put one camera in one place (from 0) of a screen, or empty it; raises NotFound or UnusableLayout."""
    agent = await require(connection, guard, asked, Action.COMMAND_WALL, subject=_SCREENS)
    screen = await _screen(connection, screen_id, agent)
    [tile] = placed(guard, agent, [wish])
    _refuse_foreign(screen, [tile])
    shown = screen.with_tile(place, tile, by=agent.agent_id, by_name=agent.name, at=asked.at)
    await rows.save_screen(connection, shown)
    return shown


async def sit_down(connection: AsyncConnection, *, guard: Guard, asked: Asked, screen_id: str) -> Screen:
    """Say that the agent is logged in at a screen; its browser repeats it every 10 s. Raises NotFound."""
    agent = await require(connection, guard, asked, Action.COMMAND_WALL, subject=_SCREENS)
    screen = await _screen(connection, screen_id, agent)
    principal = asked.principal
    until = asked.at + SEAT_FOR
    seat = Seat(agent.agent_id, agent.name, principal.session_id, principal.epoch, asked.station, until)
    await rows.seat_agent(connection, screen_id, seat)
    return screen.seated(seat)


async def show_step(
    connection: AsyncConnection, *, screen_id: str, place: int, tile: Tile, by: str, by_name: str, at: datetime
) -> bool:
    """Put a ronde's camera on its tile; False when the screen is gone or may not show it."""
    screen = await rows.find_screen(connection, screen_id, None, for_update=True)
    if screen is None or tile.insee not in screen.communes or not place < screen.layout:
        return False
    shown = screen.with_tile(place, tile, by=by, by_name=by_name, at=at, origin="ronde")
    await rows.save_screen(connection, shown)
    return True


async def _screen(connection: AsyncConnection, screen_id: str, agent: Agent, *, for_update: bool = True) -> Screen:
    screen = await rows.find_screen(connection, screen_id, agent.communes, for_update=for_update)
    if screen is None:
        raise NotFound(_SCREENS, screen_id)
    return screen


def _refuse_foreign(screen: Screen, tiles: Sequence[Tile | None]) -> None:
    """Raise NotFound for a camera of a commune that this screen does not serve."""
    for tile in tiles:
        if tile is not None and tile.insee not in screen.communes:
            raise NotFound("La caméra", tile.camera_id)
