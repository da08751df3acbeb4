"""The cameras that this process moves: one driver each, made when it is first commanded, kept for the next command."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass

from stream_gateway.domain.ptz.orders import Order
from stream_gateway.ports import CameraSource, Motor
from stream_gateway.ptz.driver import OnStopped, Outcome, PtzDriver

OpenMotor = Callable[[CameraSource], Motor]
OnMoved = Callable[[str], None]
"""Told a camera that may be moving from now on."""


@dataclass(slots=True)
class _Head:
    source: CameraSource
    driver: PtzDriver


class PtzHeads:
    """Drivers by camera. ``open_motor`` raises PtzFailed for a camera without an address for commands."""

    def __init__(self, open_motor: OpenMotor, on_stopped: OnStopped) -> None:
        self._open_motor = open_motor
        self._on_stopped = on_stopped
        self._heads: dict[str, _Head] = {}
        self._closing: set[asyncio.Task[None]] = set()
        self._on_moved: list[OnMoved] = []

    def tell_of_moves(self, listener: OnMoved) -> None:
        """Have a listener told of every camera that is given an order."""
        self._on_moved.append(listener)

    async def order(self, camera_id: str, source: CameraSource, fence: int, order: Order) -> Outcome:
        """Give a camera an order; raises PtzFailed."""
        driver = self._driver(camera_id, source)
        for listener in self._on_moved:
            listener(camera_id)
        return await driver.order(fence, order)

    def motor(self, camera_id: str, source: CameraSource) -> Motor:
        """Return a camera's motor, for questions; raises PtzFailed."""
        return self._driver(camera_id, source).motor

    async def close(self) -> None:
        """Stop what moves and close every connection."""
        heads, self._heads = list(self._heads.values()), {}
        await asyncio.gather(*(head.driver.close() for head in heads), *self._closing, return_exceptions=True)

    def _driver(self, camera_id: str, source: CameraSource) -> PtzDriver:
        known = self._heads.get(camera_id)
        if known is not None and known.source == source:
            return known.driver
        driver = PtzDriver(camera_id, self._open_motor(source), self._on_stopped)
        self._heads[camera_id] = _Head(source, driver)
        if known is not None:  # it has another address or password now
            closing = asyncio.create_task(known.driver.close())
            self._closing.add(closing)
            closing.add_done_callback(self._closing.discard)
        return driver
