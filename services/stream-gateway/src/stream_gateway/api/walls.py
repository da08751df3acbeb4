"""The screens of a wall: what each shows, by whose hand, and who sits at it."""

import asyncio
from dataclasses import replace
from typing import Annotated

from fastapi import APIRouter, Path, Response

from common.problems import Invalid
from common.web import Tx
from guard import Motive
from guard.web import TheGuard
from policy import Agent
from stream_gateway.api.asked import TheAsked
from stream_gateway.api.scenes import tiles_out, wishes_of
from stream_gateway.api.state import TheDatabase
from stream_gateway.api.wall_state import ThePresets
from stream_gateway.domain.ronde_runs import PresetOutcome
from stream_gateway.domain.scenes import Screen, Tile, UnusableLayout
from stream_gateway.rondes.ports import Holder, PresetMover
from stream_gateway.schemas.walls import (
    PlaceIn,
    PresetOut,
    PushIn,
    PushOut,
    ScreenId,
    ScreenIn,
    ScreenList,
    ScreenOut,
    SeatOut,
)
from stream_gateway.use_cases import walls
from stream_gateway.use_cases.asking import Asked

router = APIRouter(prefix="/api/stream", tags=["mur d'images"])

Place = Annotated[int, Path(ge=0, le=15)]


@router.get("/screens")
async def list_screens(tx: Tx, guard: TheGuard, asked: TheAsked) -> ScreenList:
    """Return the screens of the own communes and what they show."""
    found = await walls.list_screens(tx, guard=guard, asked=asked)
    return ScreenList(items=[_screen_out(screen, guard, asked) for screen in found])


@router.get("/screens/{screen_id}")
async def read_screen(screen_id: ScreenId, tx: Tx, guard: TheGuard, asked: TheAsked) -> ScreenOut:
    """Return what a screen shows."""
    screen = await walls.find_screen(tx, guard=guard, asked=asked, screen_id=screen_id)
    return _screen_out(screen, guard, asked)


@router.put("/screens/{screen_id}")
async def define_screen(screen_id: ScreenId, body: ScreenIn, tx: Tx, guard: TheGuard, asked: TheAsked) -> ScreenOut:
    """Put a screen on the wall, or change its name and communes."""
    screen = await walls.define_screen(
        tx,
        guard=guard,
        asked=asked,
        screen_id=screen_id,
        label=body.label,
        wall=body.wall,
        communes=frozenset(body.communes),
    )
    return _screen_out(screen, guard, asked)


@router.delete("/screens/{screen_id}", status_code=204)
async def remove_screen(screen_id: ScreenId, tx: Tx, guard: TheGuard, asked: TheAsked) -> Response:
    """Take a screen off the wall."""
    await walls.remove_screen(tx, guard=guard, asked=asked, screen_id=screen_id)
    return Response(status_code=204)


@router.post("/screens/{screen_id}/push")
async def push_to_screen(
    screen_id: ScreenId, body: PushIn, database: TheDatabase, guard: TheGuard, asked: TheAsked, presets: ThePresets
) -> PushOut:
    """Put a scene or a layout on a screen at once; cameras with a position are sent there in the caller's name."""
    try:
        async with database.transaction() as connection:  # what is shown stays even if a camera does not move
            if body.scene_id is not None:
                screen = await walls.push_scene(
                    connection, guard=guard, asked=asked, screen_id=screen_id, scene_id=body.scene_id
                )
            else:
                content = body.content
                assert content is not None  # noqa: S101 - the schema wants one of both
                screen = await walls.push_tiles(
                    connection,
                    guard=guard,
                    asked=asked,
                    screen_id=screen_id,
                    layout=content.layout,
                    wishes=wishes_of(content),
                )
    except UnusableLayout as error:
        raise Invalid(str(error)) from error
    moved = await _positioned(screen, guard.agent(asked.principal), asked, presets)
    return PushOut(screen=_screen_out(screen, guard, asked), presets=moved)


@router.put("/screens/{screen_id}/tiles/{place}")
async def push_tile(
    screen_id: ScreenId, place: Place, body: PlaceIn, tx: Tx, guard: TheGuard, asked: TheAsked
) -> ScreenOut:
    """Show a camera in one place (from 0) of a screen, or empty it."""
    wish = walls.TileWish(body.tile.camera_id, body.tile.preset) if body.tile else None
    try:
        screen = await walls.push_tile(tx, guard=guard, asked=asked, screen_id=screen_id, place=place, wish=wish)
    except UnusableLayout as error:
        raise Invalid(str(error)) from error
    return _screen_out(screen, guard, asked)


@router.post("/screens/{screen_id}/presence")
async def sit_down(screen_id: ScreenId, tx: Tx, guard: TheGuard, asked: TheAsked) -> ScreenOut:
    """Say that the caller is logged in at this screen; its browser does so every 10 s. Returns what to show."""
    screen = await walls.sit_down(tx, guard=guard, asked=asked, screen_id=screen_id)
    return _screen_out(screen, guard, asked)


async def _positioned(screen: Screen, agent: Agent, asked: Asked, presets: PresetMover) -> list[PresetOut]:
    named = replace(asked, motive=Motive("scene", f"Scène « {screen.scene_name or screen.label} »"))
    holder = Holder(agent.agent_id, agent.name, agent.role)
    wanted = [tile for tile in screen.tiles if tile is not None and tile.preset is not None]

    async def go(tile: Tile) -> tuple[PresetOutcome, str]:
        return await presets.go(named, tile.camera_id, tile.preset or "", holder)

    outcomes = await asyncio.gather(*map(go, wanted))
    return [
        PresetOut(camera_id=tile.camera_id, outcome=outcome.value, reason=reason)
        for tile, (outcome, reason) in zip(wanted, outcomes, strict=True)
    ]


def _screen_out(screen: Screen, guard: TheGuard, asked: Asked) -> ScreenOut:
    communes = guard.visible_communes(asked.principal)
    seat = screen.seat if screen.seat and screen.seat.taken_at(asked.at) else None
    return ScreenOut(
        screen_id=screen.screen_id,
        label=screen.label,
        wall=screen.wall,
        communes=sorted(screen.communes & communes),
        layout=screen.layout,
        tiles=tiles_out(screen.tiles, communes),
        origin=screen.origin,
        scene_id=screen.scene_id,
        scene_name=screen.scene_name,
        pushed_by=screen.pushed_by,
        pushed_by_name=screen.pushed_by_name,
        pushed_at=screen.pushed_at,
        revision=screen.revision,
        seat=SeatOut(agent_id=seat.agent_id, agent_name=seat.agent_name, until=seat.until) if seat else None,
    )
