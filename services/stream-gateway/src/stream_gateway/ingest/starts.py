"""A turn to open a pull: after a power cut two thousand cameras come back at once, and none likes a crowd."""

import asyncio

from stream_gateway.domain.start_schedule import StartBudget

_LOOK_SECONDS = 0.05


class Starts:
    """Lets pulls open at a rate, first come first served. ``rate`` a second, ``burst`` at once."""

    def __init__(self, *, rate: float, burst: float) -> None:
        self._rate = rate
        self._burst = burst
        self._budget: StartBudget | None = None
        self._turn = asyncio.Lock()

    async def turn(self) -> None:
        """Wait for a turn."""
        loop = asyncio.get_running_loop()
        if self._budget is None:
            self._budget = StartBudget.full(rate=self._rate, burst=self._burst, at=loop.time())
        async with self._turn:
            while not self._budget.take(loop.time()):  # noqa: ASYNC110 - a budget fills with time, not by an event
                await asyncio.sleep(_LOOK_SECONDS)
