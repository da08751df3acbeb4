"""When a viewer shows a picture: RTP times that put the newest picture at once on screen."""

from stream_gateway.domain.access_units import CLOCK_HZ

_NEXT_TICKS = 90
"""Between pictures that come all at once: 1 ms, so that a decoder runs through them without waiting."""

_LATE_TICKS = CLOCK_HZ
"""A picture later than this (1 s) did not dawdle on its way: the camera paused, or a group is sent again."""


class Timeline:
    """Maps a camera's times to RTP times.

    A viewer that joins gets a whole group of pictures in one go. With the camera's own times a player would show it
    at the camera's pace and stay a group behind. So the clock of the stream follows the *fastest* picture seen: what
    comes ahead of the wall clock is stamped with it, what comes at its pace keeps the camera's times, and with them
    the smoothness. Times never go back, also when a group is sent a second time; after a pause of the camera, whose own
    times go on as if there had been none, they jump as the wall clock did.
    """

    def __init__(self) -> None:
        self._offset: float | None = None
        self._last: int | None = None

    def stamp(self, time: int, now: float) -> int:
        """Return the RTP time, unwrapped, of a picture of media ``time`` (ticks) that is sent at ``now`` (seconds)."""
        offset = now * CLOCK_HZ - time
        if self._offset is None or offset < self._offset or offset - self._offset > _LATE_TICKS:
            self._offset = offset
        stamped = round(time + self._offset)
        if self._last is not None and stamped <= self._last:
            stamped = self._last + _NEXT_TICKS
        self._last = stamped
        return stamped
