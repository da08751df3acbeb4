"""Keeps cold cameras' small streams open for a while, as a viewer who throws the pictures away."""

import asyncio
from collections.abc import Callable, Iterable
from contextlib import suppress
from datetime import datetime

from common.clock import Clock
from stream_gateway.live.feeds import LiveFeeds

MOST_CAMERAS = 64
"""Pulls that pre-warming may hold open at once in one process."""

_TICK_SECONDS = 0.5


class FeedWarmth:
    """One reader per camera, gone when the last wish for it is over. ``lawful`` tells what may be pulled at all."""

    def __init__(self, feeds: LiveFeeds, lawful: Callable[[str], bool], clock: Clock) -> None:
        self._feeds = feeds
        self._lawful = lawful
        self._clock = clock
        self._until: dict[str, datetime] = {}
        self._tasks: dict[str, asyncio.Task[None]] = {}

    @property
    def cameras(self) -> frozenset[str]:
        """Cameras that are kept warm now."""
        return frozenset(self._tasks)

    def want(self, camera_ids: Iterable[str], until: datetime) -> frozenset[str]:
        """Keep these warm until then at least."""
        kept: set[str] = set()
        for camera_id in camera_ids:
            if camera_id not in self._tasks and (len(self._tasks) >= MOST_CAMERAS or not self._lawful(camera_id)):
                continue
            self._until[camera_id] = max(until, self._until.get(camera_id, until))
            if camera_id not in self._tasks:
                self._tasks[camera_id] = self._start(camera_id)
            kept.add(camera_id)
        return frozenset(kept)

    async def close(self) -> None:
        """Let every camera go."""
        tasks = list(self._tasks.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def _start(self, camera_id: str) -> asyncio.Task[None]:
        def forget(_: asyncio.Task[None]) -> None:
            self._tasks.pop(camera_id, None)
            self._until.pop(camera_id, None)

        task = asyncio.create_task(self._keep(camera_id))
        task.add_done_callback(forget)
        return task

    async def _keep(self, camera_id: str) -> None:
        async with self._feeds.watch(camera_id, "sub") as viewer:
            while self._clock.now() < self._until[camera_id]:
                with suppress(TimeoutError):
                    async with asyncio.timeout(_TICK_SECONDS):
                        await viewer.next_part()
