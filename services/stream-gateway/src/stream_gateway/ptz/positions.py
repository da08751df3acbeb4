"""Where cameras point: asked of those that move, and of those that somebody must know about even when they stand."""

import asyncio
from collections import Counter
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime

from common.clock import Clock
from stream_gateway.domain.ptz.orders import Pointing
from stream_gateway.ports import Motor, PtzFailed, SourceUnavailable

MOVING_SECONDS = 0.2
IDLE_SECONDS = 2.0
_SETTLING_SECONDS = 1.0
"""After an order a camera is asked quickly for that long even while it says that it stands: it may be about to go."""
_AWAY_SECONDS = 1.0

MotorOf = Callable[[str], Awaitable[Motor]]


@dataclass(frozen=True, slots=True)
class Position:
    """Where a camera pointed at ``at`` (an instant before it answered, never after): ONVIF's generic spaces."""

    pan: float
    tilt: float
    zoom: float
    at: datetime
    moving: bool


class PtzPositions:
    """The last known position of each camera; who reads it judges its age.

    Only cameras that this process commands, or that somebody follows, are asked: five times a second while they move,
    every ``idle_seconds`` while they stand and are followed.
    """

    def __init__(self, motor_of: MotorOf, clock: Clock, *, idle_seconds: float = IDLE_SECONDS) -> None:
        self._motor_of = motor_of
        self._clock = clock
        self._idle_seconds = idle_seconds
        self._known: dict[str, Position] = {}
        self._followers: Counter[str] = Counter()
        self._asking: dict[str, asyncio.Task[None]] = {}
        self._hurry: dict[str, asyncio.Event] = {}

    def current(self, camera_id: str) -> Position | None:
        """Return where a camera pointed when it last told; None when it never did, or could not be asked just now."""
        return self._known.get(camera_id)

    @asynccontextmanager
    async def followed(self, camera_id: str) -> AsyncGenerator[None]:
        """Keep knowing where a camera points for as long as the context lasts: for masks that move with it."""
        self._followers[camera_id] += 1
        self.moved(camera_id)
        try:
            yield
        finally:
            self._followers[camera_id] -= 1

    def moved(self, camera_id: str) -> None:
        """Ask a camera that may be moving from now on."""
        self._hurry.setdefault(camera_id, asyncio.Event()).set()
        if camera_id not in self._asking:
            self._asking[camera_id] = asyncio.create_task(self._ask(camera_id))

    async def close(self) -> None:
        """Ask no more."""
        tasks = list(self._asking.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _ask(self, camera_id: str) -> None:
        """Ask one camera until it stands and nobody follows it."""
        loop = asyncio.get_running_loop()
        hurry = self._hurry[camera_id]
        settled_at = loop.time()
        try:
            while True:
                if hurry.is_set():
                    hurry.clear()
                    settled_at = loop.time() + _SETTLING_SECONDS
                position = await self._read(camera_id)
                quick = loop.time() < settled_at or (position is not None and position.moving)
                if not quick and self._followers[camera_id] <= 0:
                    return
                pause = MOVING_SECONDS if quick else self._idle_seconds
                await _until_set(hurry, _AWAY_SECONDS if position is None else pause, at_least=MOVING_SECONDS)
        finally:
            self._asking.pop(camera_id, None)

    async def _read(self, camera_id: str) -> Position | None:
        at = self._clock.now()
        try:
            told = await (await self._motor_of(camera_id)).pointing()
        except (PtzFailed, SourceUnavailable):
            self._known.pop(camera_id, None)
            return None
        position = Position(told.pan, told.tilt, told.zoom, at, self._moves(camera_id, told))
        self._known[camera_id] = position
        return position

    def _moves(self, camera_id: str, told: Pointing) -> bool:
        if told.moving is not None:
            return told.moving
        before = self._known.get(camera_id)
        return before is None or (before.pan, before.tilt, before.zoom) != (told.pan, told.tilt, told.zoom)


async def _until_set(event: asyncio.Event, seconds: float, *, at_least: float) -> None:
    """Wait, and less long when something moves; never less than ``at_least``."""
    await asyncio.sleep(at_least)
    if seconds > at_least and not event.is_set():
        try:
            async with asyncio.timeout(seconds - at_least):
                await event.wait()
        except TimeoutError:
            return
