"""All the live pulls of this process: opened on demand, shared, kept warm for a while, ended by the law."""

import asyncio
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager

import structlog

from stream_gateway.domain.fragments import Fragment, InitSegment
from stream_gateway.domain.sessions import Quality
from stream_gateway.live.feed import FeedLimits, LiveFeed
from stream_gateway.live.viewer import Viewer
from stream_gateway.metrics import LIVE_FEEDS, LIVE_VIEWERS
from stream_gateway.ports import CameraSources, MediaEngine, Pull

_LOG = structlog.get_logger("stream-gateway.live")


class LiveFeeds:
    """One feed per camera and quality.

    ``revision_of`` tells the present revision of a camera, so that a changed address is asked for again.
    """

    def __init__(
        self,
        engine: MediaEngine,
        sources: CameraSources,
        revision_of: Callable[[str], int],
        limits: FeedLimits,
    ) -> None:
        self._engine = engine
        self._sources = sources
        self._revision_of = revision_of
        self._limits = limits
        self._feeds: dict[tuple[str, Quality], LiveFeed] = {}
        self._tasks: dict[tuple[str, Quality], asyncio.Task[None]] = {}

    @property
    def cameras(self) -> frozenset[str]:
        """Cameras with an open pull."""
        return frozenset(camera_id for camera_id, _ in self._feeds)

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

    async def present_group(self, camera_id: str, quality: Quality) -> tuple[InitSegment, tuple[Fragment, ...]]:
        """Return what decodes to the present picture, opening the feed when it is not open yet."""
        feed = self._feed(camera_id, quality)
        try:
            return await feed.present_group()
        finally:
            self._close_later(camera_id, quality, feed)

    def end(self, camera_id: str, reason: str) -> None:
        """Close every pull of a camera at once, for example because its authorisation ended."""
        for quality in ("main", "sub"):
            feed = self._feeds.get((camera_id, quality))
            if feed is not None:
                feed.end(reason)
                self._close(camera_id, quality)

    async def close(self) -> None:
        """Close every pull and wait until their processes are gone."""
        tasks = list(self._tasks.values())
        for camera_id, quality in list(self._feeds):
            self._close(camera_id, quality)
        await asyncio.gather(*tasks, return_exceptions=True)

    def _feed(self, camera_id: str, quality: Quality) -> LiveFeed:
        key = (camera_id, quality)
        feed = self._feeds.get(key)
        if feed is None:

            async def find_pull() -> Pull:
                source = await self._sources.get(camera_id, self._revision_of(camera_id))
                return source.main if quality == "main" else source.sub

            feed = LiveFeed(self._engine, find_pull, self._limits)
            self._feeds[key] = feed
            self._tasks[key] = self._start(key, feed)
            LIVE_FEEDS.inc()
        return feed

    def _start(self, key: tuple[str, Quality], feed: LiveFeed) -> asyncio.Task[None]:
        def forget(task: asyncio.Task[None]) -> None:
            if not task.cancelled() and self._feeds.get(key) is feed:
                _LOG.error("live feed failed", error=repr(task.exception()))
                self._close(*key)

        task = asyncio.create_task(feed.run())
        task.add_done_callback(forget)
        return task

    def _close_later(self, camera_id: str, quality: Quality, feed: LiveFeed) -> None:
        loop = asyncio.get_running_loop()

        def close_if_cold() -> None:
            still_here = self._feeds.get((camera_id, quality)) is feed
            if still_here and feed.viewers == 0 and feed.idle_since <= left_at:
                self._close(camera_id, quality)

        if feed.viewers == 0:
            left_at = feed.idle_since = loop.time()
            loop.call_later(self._limits.warm_seconds, close_if_cold)

    def _close(self, camera_id: str, quality: Quality) -> None:
        key = (camera_id, quality)
        if self._feeds.pop(key, None) is not None:
            self._tasks.pop(key).cancel()
            LIVE_FEEDS.dec()
