"""Time as an argument: only edges ask a clock, and a test can move it."""

from datetime import UTC, datetime, timedelta
from typing import Protocol


class Clock(Protocol):
    """Tells the present instant."""

    def now(self) -> datetime:
        """Return the present instant, aware, in UTC."""
        ...


class SystemClock:
    """The machine's clock."""

    def now(self) -> datetime:
        return datetime.now(UTC)


class SteppedClock:
    """A clock that stands still until somebody moves it: for tests of retention, leases and expiry."""

    def __init__(self, start: datetime) -> None:
        self._now = start.astimezone(UTC)

    def now(self) -> datetime:
        return self._now

    def advance(self, by: timedelta) -> None:
        """Move forward by ``by``; a negative step is refused, time does not run backwards here."""
        if by < timedelta(0):
            msg = f"a clock cannot go back by {by}"
            raise ValueError(msg)
        self._now += by

    def set(self, to: datetime) -> None:
        """Jump to an instant."""
        self._now = to.astimezone(UTC)
