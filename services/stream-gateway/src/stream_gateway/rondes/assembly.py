"""Puts wall and rondes together: they live as long as the process serves viewers."""

import asyncio
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager

from fastapi import FastAPI
from starlette.datastructures import State

from common.service import keep_running
from guard import Guard
from stream_gateway.domain.prewarm import PrewarmBudget
from stream_gateway.domain.recording_right import recording_terms
from stream_gateway.rondes.pictures import FeedPictures
from stream_gateway.rondes.preset_moves import RondeMoves
from stream_gateway.rondes.runner import RondeRunner
from stream_gateway.rondes.warmth import FeedWarmth


@asynccontextmanager
async def serve_rondes(app: FastAPI) -> AsyncGenerator[None, None]:
    """Drive rondes and keep cameras warm; wants ``feeds``, the parts that move cameras, database, guard and clock."""
    state = app.state
    state.prewarm_budget = PrewarmBudget()
    state.warmth = FeedWarmth(state.feeds, _lawful(state), state.clock)
    state.preset_mover = RondeMoves(
        database=state.database,
        guard=state.guard,
        clock=state.clock,
        heads=state.ptz,
        sources=state.sources,
        mountings=state.mountings,
    )
    state.rondes = RondeRunner(
        database=state.database,
        guard=state.guard,
        clock=state.clock,
        presets=state.preset_mover,
        pictures=FeedPictures(state.feeds, state.guard, state.clock),
        warmth=state.warmth,
    )
    loops = [keep_running("rondes", state.rondes.run)] if state.settings.drive_rondes else []
    driving = [asyncio.create_task(loop) for loop in loops]
    try:
        yield
    finally:
        for task in driving:
            task.cancel()
        await asyncio.gather(*driving, return_exceptions=True)
        await state.warmth.close()


def _lawful(state: State) -> Callable[[str], bool]:
    guard: Guard = state.guard

    def lawful(camera_id: str) -> bool:
        camera = guard.cameras.get(camera_id)
        return camera is not None and recording_terms(camera, state.clock.now()) is not None

    return lawful
