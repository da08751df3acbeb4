"""Live feeds, the watch over sessions, WebRTC and rondes live as long as the process serves viewers."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

from fastapi import FastAPI

from common.service import keep_running
from guard import Guard
from stream_gateway.domain.sessions import Quality
from stream_gateway.followed_stills import Stills
from stream_gateway.ingest.cameras import CameraHubs
from stream_gateway.ingest.hub import StreamHub
from stream_gateway.live.far import FarNodes
from stream_gateway.live.feed import FeedLimits
from stream_gateway.live.feeds import LiveFeeds
from stream_gateway.live.marked import MarkedFeeds
from stream_gateway.live.showing import Showing
from stream_gateway.live.watch import SessionWatch
from stream_gateway.masking.wire import Coding
from stream_gateway.rondes.assembly import serve_rondes
from stream_gateway.webrtc.assembly import whep_peers


@asynccontextmanager
async def serve_live(app: FastAPI) -> AsyncGenerator[None, None]:
    """Open them before the first request, close every peer and feed after the last one."""
    state = app.state
    guard: Guard = state.guard

    def local(camera_id: str, quality: Quality) -> StreamHub | None:
        hubs: CameraHubs | None = getattr(state, "hubs", None)
        return hubs.hub(camera_id, quality) if hubs is not None else None

    limits = FeedLimits(warm_seconds=state.settings.live_warm_seconds)
    far = FarNodes(state.media_nodes.url_of, state.service_key)
    state.feeds = LiveFeeds(local, far, limits)
    state.stills = Stills(lambda camera_id: state.feeds.group_at_hand(camera_id, "main"))
    state.watch = SessionWatch(database=state.database, guard=guard, feeds=state.feeds, clock=state.clock)
    marked = MarkedFeeds(state.feeds, state.burning, Coding(), limits=limits, clock=state.clock)
    state.showing = Showing(state.feeds, marked, guard=guard, watch=state.watch)
    state.whep = whep_peers(state)
    watching = asyncio.create_task(keep_running("watch", state.watch.run))
    try:
        async with serve_rondes(app):
            yield
    finally:
        await state.whep.close()
        watching.cancel()
        await asyncio.gather(watching, return_exceptions=True)
        await state.stills.close()
        await state.feeds.close()
