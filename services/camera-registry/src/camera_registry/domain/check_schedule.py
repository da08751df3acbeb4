"""When each camera is looked at: spread over the period, never in a burst.

Cameras are ordered by a hash of their id and each gets one slot of ``period / n``; within its slot it starts at a
place that its hash also decides. Two neighbours may come close together, three may not: within any window of ``w``
seconds at most ``w · n / period + 2`` looks start.
"""

import math
import zlib
from bisect import bisect_right
from collections.abc import Iterable
from dataclasses import dataclass

_HASHES = 1 << 32
MAX_LATE_S = 2.0
"""After a pause of the process older starts are left out: those cameras wait for their next turn."""


@dataclass(frozen=True, slots=True)
class CheckSchedule:
    """Starts that repeat every ``period`` seconds; ``offsets`` rise from 0 to ``period``, ``camera_ids`` alongside."""

    period: float
    offsets: tuple[float, ...]
    camera_ids: tuple[str, ...]

    @classmethod
    def of(cls, camera_ids: Iterable[str], period: float) -> "CheckSchedule":
        """Return the schedule of some cameras: the same for the same ids, in whatever order they come.

        A period of zero starts nothing, ever.
        """
        if period <= 0:
            return cls(1.0, (), ())
        ordered = sorted(set(camera_ids), key=lambda camera_id: (_hash(camera_id), camera_id))
        slot = period / max(len(ordered), 1)
        offsets = tuple((rank + _hash("jitter " + one) / _HASHES) * slot for rank, one in enumerate(ordered))
        return cls(period, offsets, tuple(ordered))

    def starts(self, after: float, until: float) -> list[tuple[float, str]]:
        """Return who starts in ``(after, until]`` (seconds of one clock), in order; late starts are left out."""
        if not self.camera_ids or until <= after:
            return []
        since = max(after, until - min(MAX_LATE_S, self.period))
        found: list[tuple[float, str]] = []
        for turn in range(math.floor(since / self.period), math.floor(until / self.period) + 1):
            base = turn * self.period
            first = bisect_right(self.offsets, since - base)
            last = bisect_right(self.offsets, until - base)
            found.extend((base + self.offsets[rank], self.camera_ids[rank]) for rank in range(first, last))
        return found


def next_try(failures: int, period: float, longest: float) -> float:
    """Return how long to leave a camera alone after ``failures`` in a row: twice as long each time, bounded."""
    return min(period * 2 ** min(max(failures - 1, 0), 16), longest)


def _hash(text: str) -> int:
    return zlib.crc32(text.encode())
