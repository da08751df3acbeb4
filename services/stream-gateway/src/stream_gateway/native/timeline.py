"""From 32-bit RTP timestamps to a time that never wraps and, where pictures are not reordered, never goes back."""

from stream_gateway.domain.access_units import CLOCK_HZ

MAX_STEP = 10 * CLOCK_HZ
"""A longer step between two pictures is a step of the camera's clock, not a pause."""
_USUAL_STEP = CLOCK_HZ // 25
_WRAP, _HALF = 1 << 32, 1 << 31


class Timeline:
    """Unwraps the timestamps of one stream."""

    __slots__ = ("_begun", "_last_stamp", "_step", "jump", "latest", "reordered", "time")

    def __init__(self) -> None:
        self._last_stamp: int | None = None
        self._step = _USUAL_STEP
        self._begun = False
        self.time = MAX_STEP  # so that no picture shown before the first one is told a negative time
        self.latest = MAX_STEP
        """The largest time told."""
        self.jump = 0
        """The signed step, in ticks, that the last call did not follow; only valid when it returned True."""
        self.reordered = False
        """A picture was told that is shown before an earlier one."""

    def advance(self, stamp: int, keyframe: bool, may_reorder: bool) -> bool:  # noqa: FBT001 named arguments cost more
        """Set ``time`` to that of the next picture, in order of decoding; True: the clock stepped, time goes on.

        A key frame is shown after every picture before it (H.264 §7.4.1.2.4, H.265 §8.3.1): one that is not, or any
        picture that goes back although the stream does not reorder, is a step of the camera's clock.
        """
        last = self._last_stamp
        self._last_stamp = stamp
        if last is not None and 0 < stamp - last <= CLOCK_HZ and self.time == self.latest:  # nearly always
            self._step = stamp - last
            self.time = self.latest = self.time + self._step
            return False
        if last is None:
            if self._begun:
                self.time = self.latest = self.latest + self._step
            self._begun = True
            return False
        step = (stamp - last + _HALF) % _WRAP - _HALF
        time = self.time + step
        late = time <= self.latest
        if -MAX_STEP <= step <= MAX_STEP and not (late and (keyframe or not may_reorder)):
            self.time = time
            if late:
                self.reordered = True
            else:
                self._step = time - self.latest if time - self.latest < CLOCK_HZ else self._step
                self.latest = time
            return False
        self.jump = step
        self.time = self.latest = self.latest + self._step
        return True

    def restart(self) -> None:
        """Take the next timestamp as it is: it comes from another source."""
        self._last_stamp = None

    def at(self, stamp: int) -> int | None:
        """The time that a timestamp near the last picture's means, or None before the first picture."""
        if self._last_stamp is None:
            return None
        return self.time + (stamp - self._last_stamp + _HALF) % _WRAP - _HALF
