"""Who may still write when the local disk fills up: nothing is deleted, so new footage waits outside (DOMAIN §3)."""

from collections.abc import Callable

from stream_gateway.recording.recorder import DISK_FULL

ROUTINE_UNTIL = 0.97
"""Used part of the disk from which only cameras of open incidents are written."""

ANYTHING_UNTIL = 0.99


class SpoolRoom:
    """Says whether a camera may be written. ``look`` is to be called every few seconds."""

    def __init__(
        self, *, disk_ratio: Callable[[], float], spooled_bytes: Callable[[], int], limit_bytes: int | None
    ) -> None:
        self._disk_ratio = disk_ratio
        self._spooled_bytes = spooled_bytes
        self._limit_bytes = limit_bytes
        self._ratio = 0.0

    @property
    def ratio(self) -> float:
        """The used part of what the spool may take, 0 to 1, as last looked at."""
        return self._ratio

    def look(self) -> float:
        """Measure again and return the ratio: of the disk, or of the spool's own bound when that is nearer."""
        bound = self._spooled_bytes() / self._limit_bytes if self._limit_bytes else 0.0
        self._ratio = max(self._disk_ratio(), bound)
        return self._ratio

    def refusal(self, *, urgent: bool) -> str | None:
        """Return why a camera may not be written now, None when it may. ``urgent``: an open incident names it."""
        return DISK_FULL if self._ratio >= (ANYTHING_UNTIL if urgent else ROUTINE_UNTIL) else None
