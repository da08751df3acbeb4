"""When a picture was taken, by our own clock: from when pictures arrive and what they say of their distances.

A picture arrives late by the network and by how often we look, never early. So the least delay seen lately is the
best guess of the true one, and all pictures of that while are placed by it.
"""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from stream_gateway.domain.access_units import CLOCK_HZ

_WINDOW_SECONDS = 60.0


@dataclass(slots=True)
class WallClock:
    """Maps the times of one pull to instants. Follows a drift of the camera's clock within one to two minutes."""

    _least: float | None = None
    _least_before: float | None = None
    _window_from: float = 0.0

    def observe(self, time: int, arrived_at: datetime) -> None:
        """Take in that the picture of a time (ticks) had arrived by an instant."""
        arrived = arrived_at.timestamp()
        delay = arrived - time / CLOCK_HZ
        if self._least is None:
            self._window_from = arrived
        elif not 0 <= arrived - self._window_from <= _WINDOW_SECONDS:  # below 0: our own clock was set back
            self._least_before, self._least, self._window_from = self._least, None, arrived
        self._least = delay if self._least is None else min(self._least, delay)

    @property
    def begun(self) -> bool:
        """Whether a picture has arrived yet."""
        return self._least is not None

    def at(self, time: int) -> datetime:
        """Return the instant of a time in UTC; raises ValueError before the first observation."""
        known = [delay for delay in (self._least, self._least_before) if delay is not None]
        if not known:
            raise ValueError("no picture has arrived yet")
        return datetime.fromtimestamp(0, UTC) + timedelta(seconds=min(known) + time / CLOCK_HZ)
