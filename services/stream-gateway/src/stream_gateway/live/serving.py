"""Live pulls and the watch over sessions live as long as the process serves viewers."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

from fastapi import FastAPI

from common.service import keep_running
from guard import Guard
from stream_gateway.live.feed import FeedLimits
from stream_gateway.live.feeds import LiveFeeds
from stream_gateway.live.watch import SessionWatch


@asynccontextmanager
async def serve_live(app: FastAPI) -> AsyncGenerator[None, None]:
    """Open them before the first request, close every pull after the last one."""
    state = app.state
    guard: Guard = state.guard

    def revision_of(camera_id: str) -> int:
        camera = guard.cameras.get(camera_id)
        return camera.revision if camera else 0

    limits = FeedLimits(warm_seconds=state.settings.live_warm_seconds)
    state.feeds = LiveFeeds(state.engine, state.sources, revision_of, limits)
    state.watch = SessionWatch(database=state.database, guard=guard, feeds=state.feeds, clock=state.clock)
    watching = asyncio.create_task(keep_running("watch", state.watch.run))
    try:
        yield
    finally:
        watching.cancel()
        await asyncio.gather(watching, return_exceptions=True)
        await state.feeds.close()
