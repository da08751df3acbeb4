"""The clock that makes streams send: one timer for all the streams of a rate and a slot."""

import asyncio
import math
from fractions import Fraction
from typing import Protocol

MAX_CATCH_UP_SECONDS = 2.0


class Paced(Protocol):
    """Something that sends a picture at each tick."""

    def on_tick(self, tick: int, now: float) -> None:
        """Send the picture of `tick`, due at `now` (event loop time)."""
        ...

    def on_gap(self) -> None:
        """Ticks were lost (the machine slept): what follows does not continue what came before."""
        ...


class Pacer:
    """Ticks `fps` times a second, counted from the origin of the event loop's clock; sleeps when nobody listens."""

    def __init__(self, fps: Fraction, phase: Fraction) -> None:
        """Make a pacer at rest.

        Args:
            fps: ticks per second.
            phase: shift of the ticks, as a share of the interval (0 to 1), which spreads the load.
        """
        self._fps = fps
        self._phase = phase
        self._paced: dict[Paced, None] = {}
        self._timer: asyncio.TimerHandle | None = None
        self._next_tick = 0

    def add(self, paced: Paced) -> None:
        self._paced[paced] = None
        if self._timer is None:
            loop = asyncio.get_running_loop()
            self._next_tick = self.tick_at(loop.time()) + 1
            self._sleep(loop)

    def discard(self, paced: Paced) -> None:
        self._paced.pop(paced, None)
        if not self._paced and self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def tick_at(self, now: float) -> int:
        """The last tick up to `now`."""
        return math.floor(now * float(self._fps) - float(self._phase))

    def time_of(self, tick: int) -> float:
        """When a tick is due, on the event loop's clock."""
        return float((tick + self._phase) / self._fps)

    def _sleep(self, loop: asyncio.AbstractEventLoop) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._timer = loop.call_at(self.time_of(self._next_tick), self._ring, loop)

    def _ring(self, loop: asyncio.AbstractEventLoop) -> None:
        due = max(self._next_tick, self.tick_at(loop.time()))
        if due - self._next_tick > MAX_CATCH_UP_SECONDS * float(self._fps):
            self._next_tick = due
            for paced in self._paced:
                paced.on_gap()
        try:
            while self._next_tick <= due:
                tick, now = self._next_tick, self.time_of(self._next_tick)
                self._next_tick += 1
                for paced in tuple(self._paced):
                    paced.on_tick(tick, now)
        finally:
            if self._paced:
                self._sleep(loop)


class PacerSlots:
    """Hands out pacers so that the pictures of many cameras do not all leave at the same instant."""

    def __init__(self, slots: int = 8) -> None:
        self._slots = slots
        self._pacers: dict[tuple[Fraction, int], Pacer] = {}

    def pacer(self, fps: Fraction, number: int) -> Pacer:
        """The pacer of the given rate for camera `number`."""
        key = (fps, number % self._slots)
        if key not in self._pacers:
            self._pacers[key] = Pacer(fps, Fraction(key[1], self._slots))
        return self._pacers[key]
