"""A session that dies when its client is silent."""

import asyncio
from collections.abc import Callable


class SessionWatch:
    """Calls `die` once no request has come for so many seconds."""

    def __init__(self, seconds: float, die: Callable[[], None]) -> None:
        self._seconds = seconds
        self._die = die
        self._timer: asyncio.TimerHandle | None = None

    def touch(self) -> None:
        """A request came."""
        self.stop()
        self._timer = asyncio.get_running_loop().call_later(self._seconds, self._die)

    def stop(self) -> None:
        """The session ended otherwise."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
