"""All the live feeds of this process: from the hubs of its own cameras, or from the media node that has the camera."""

import asyncio
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from typing import Protocol

import structlog

from stream_gateway.domain.access_units import Group, ParameterSets
from stream_gateway.domain.sessions import Quality
from stream_gateway.ingest.hub import StreamHub
from stream_gateway.live.feed import FeedLimits, LiveFeed
from stream_gateway.live.viewer import Viewer
from stream_gateway.metrics import LIVE_FEEDS, LIVE_VIEWERS

_LOOK_SECONDS = 0.25
NOT_PLACED = "aucun nœud média ne tient cette caméra pour le moment"
_LOG = structlog.get_logger("stream-gateway.live")

LocalHub = Callable[[str, Quality], StreamHub | None]
"""The hub of a stream that this very process pulls, if it does."""


class FarPictures(Protocol):
    """The way to pictures that another media node pulls."""

    async def follow(self, camera_id: str, quality: Quality, feed: LiveFeed) -> None:
        """Feed from the node that has the camera until the line to it breaks; returns at once when none has it."""
        ...


class LiveFeeds:
    """One feed per camera and quality, made on demand, shared, ended by the law."""

    def __init__(self, local: LocalHub, far: FarPictures, limits: FeedLimits) -> None:
        self._local = local
        self._far = far
        self._limits = limits
        self._feeds: dict[tuple[str, Quality], LiveFeed] = {}
        self._tasks: dict[tuple[str, Quality], asyncio.Task[None]] = {}

    @property
    def cameras(self) -> frozenset[str]:
        """Cameras with an open feed."""
        return frozenset(camera_id for camera_id, _ in self._feeds)

    def viewers(self, camera_id: str) -> int:
        """Return how many connections of this process show a camera now."""
        return sum(feed.viewers for (camera, _), feed in self._feeds.items() if camera == camera_id)

    @asynccontextmanager
    async def watch(self, camera_id: str, quality: Quality) -> AsyncGenerator[Viewer, None]:
        """Join a camera's feed, opening it when nobody watches it yet."""
        feed = self._feed(camera_id, quality)
        viewer = feed.join()
        LIVE_VIEWERS.inc()
        try:
            yield viewer
        finally:
            LIVE_VIEWERS.dec()
            feed.leave(viewer)
            self._close_later(camera_id, quality, feed)

    def group_at_hand(self, camera_id: str, quality: Quality) -> tuple[ParameterSets, Group] | None:
        """Return what decodes to the present picture, None where it would have to be fetched from another node."""
        hub = self._local(camera_id, quality)
        if hub is not None:
            return hub.group
        feed = self._feeds.get((camera_id, quality))
        return feed.group if feed is not None else None

    async def present_group(self, camera_id: str, quality: Quality) -> tuple[ParameterSets, Group]:
        """Return what decodes to the present picture: at once where this process pulls the camera."""
        group = self.group_at_hand(camera_id, quality)
        if group is not None:
            return group
        feed = self._feed(camera_id, quality)
        try:
            return await feed.present_group()
        finally:
            self._close_later(camera_id, quality, feed)

    def end(self, camera_id: str, reason: str) -> None:
        """Close every feed of a camera at once, for example because its authorisation ended."""
        for quality in ("main", "sub"):
            feed = self._feeds.get((camera_id, quality))
            if feed is not None:
                feed.end(reason)
                self._close(camera_id, quality)

    async def close(self) -> None:
        """Close every feed."""
        tasks = list(self._tasks.values())
        for camera_id, quality in list(self._feeds):
            self._close(camera_id, quality)
        await asyncio.gather(*tasks, return_exceptions=True)

    def _feed(self, camera_id: str, quality: Quality) -> LiveFeed:
        key = (camera_id, quality)
        feed = self._feeds.get(key)
        if feed is None:
            feed = LiveFeed(self._limits)
            self._feeds[key] = feed
            hub = self._local(camera_id, quality)
            if hub is not None:
                hub.join(feed)  # before the first viewer: the present group of pictures waits for him
            self._tasks[key] = self._start(key, feed, hub)
            LIVE_FEEDS.inc()
        return feed

    def _start(self, key: tuple[str, Quality], feed: LiveFeed, hub: StreamHub | None) -> asyncio.Task[None]:
        def forget(task: asyncio.Task[None]) -> None:
            if not task.cancelled() and self._feeds.get(key) is feed:
                _LOG.error("live feed failed", error=repr(task.exception()))
                self._close(*key)

        task = asyncio.create_task(self._supply(key, feed, hub))
        task.add_done_callback(forget)
        return task

    async def _supply(self, key: tuple[str, Quality], feed: LiveFeed, hub: StreamHub | None) -> None:
        """Keep a feed joined to whoever has the camera: it may move from node to node while it is watched."""
        joined = hub
        try:
            while True:
                present = self._local(*key)
                if present is not joined and joined is not None:
                    joined.leave(feed)
                    feed.broken("la caméra change de nœud média")
                    joined = None
                if present is not None and joined is None:
                    present.join(feed)
                    joined = present
                if joined is None:
                    await self._far.follow(*key, feed)
                await asyncio.sleep(_LOOK_SECONDS)
        finally:
            if joined is not None:
                joined.leave(feed)

    def _close_later(self, camera_id: str, quality: Quality, feed: LiveFeed) -> None:
        loop = asyncio.get_running_loop()

        def close_if_cold() -> None:
            still_here = self._feeds.get((camera_id, quality)) is feed
            if still_here and feed.viewers == 0 and feed.idle_since <= left_at:
                self._close(camera_id, quality)

        if feed.viewers == 0:
            left_at = feed.idle_since = loop.time()
            local = self._local(camera_id, quality) is not None
            loop.call_later(0 if local else self._limits.warm_seconds, close_if_cold)

    def _close(self, camera_id: str, quality: Quality) -> None:
        key = (camera_id, quality)
        if self._feeds.pop(key, None) is not None:
            self._tasks.pop(key).cancel()
            LIVE_FEEDS.dec()
