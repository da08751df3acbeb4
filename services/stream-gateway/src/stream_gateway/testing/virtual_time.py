"""Event loops whose time somebody else moves: many of them in one thread, each can be held still like a process."""

import asyncio
import selectors
from dataclasses import dataclass


@dataclass(slots=True)
class VirtualClock:
    """The time of a simulated world, in seconds."""

    now: float = 0.0


class _Idle(selectors.SelectSelector):
    """Never waits: tells when the loop has nothing left to do at this instant."""

    loop: "VirtualLoop"

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        if timeout is None or timeout > 0:
            self.loop.idle_for = timeout
            self.loop.stop()
        return []


class VirtualLoop(asyncio.SelectorEventLoop):
    """Runs everything that is due at the clock's instant, then returns. ``idle_for``: seconds to the next timer."""

    def __init__(self, clock: VirtualClock) -> None:
        self._clock = clock
        self.idle_for: float | None = None
        selector = _Idle()
        selector.loop = self
        super().__init__(selector)

    def time(self) -> float:
        return self._clock.now

    def run_due(self) -> None:
        """Run until nothing more is due now."""
        self.run_forever()

    def finish(self) -> None:
        """Cancel all tasks, let them end, close."""
        tasks = asyncio.all_tasks(self)
        for task in tasks:
            task.cancel()
        if tasks:
            self.create_task(asyncio.wait(tasks))
        while asyncio.all_tasks(self):
            self.run_due()
            self._clock.now += self.idle_for or 0.0
        self.close()
