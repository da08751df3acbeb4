"""The memory card of a camera: it keeps the film of the main stream, whatever happens to the network.

A film is a loop shown by a clock, so the card keeps no picture: what was filmed at an instant can be told at any later
one. What a moved PTZ head showed, or a test spoiled, is not on it.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from camera_simulator.rtp import PacketisedUnit
from camera_simulator.stream import CameraStream

_WRITING_SECONDS = 0.2
"""The newest pictures are not on the card yet."""


@dataclass(frozen=True, slots=True)
class FilmedUnit:
    """A picture on the card: when it was filmed, by the event loop's clock, and its place in the film's ticks."""

    unit: PacketisedUnit
    at: float
    tick: int


class Card:
    """A card that was put in at an instant and keeps so many seconds, the newest; instants are the event loop's."""

    def __init__(self, stream: CameraStream, *, inserted_at: float, capacity_s: float) -> None:
        self.capacity_s = capacity_s
        self._stream = stream
        self._inserted_at = inserted_at

    def kept(self, now: float) -> tuple[float, float] | None:
        """From when until when it has pictures, both included; None while it has none."""
        oldest = max(self._inserted_at, now - self.capacity_s)
        first = self._keyframe_from(oldest)
        last = self._stream.tick_at(now - _WRITING_SECONDS)
        return (self._stream.time_of(first), self._stream.time_of(last)) if first <= last else None

    def film(self, begin: float, end: float, now: float) -> Iterator[FilmedUnit]:
        """Yield the pictures of a window, from the key frame before its begin on, as far as they are kept."""
        kept = self.kept(now)
        if kept is None or end < kept[0] or begin > kept[1]:
            return
        tick = self._stream.tick_at(max(begin, kept[0]) + 1e-6)
        tick -= self._stream.index_at(tick) % self._stream.clip.gop
        while (at := self._stream.time_of(tick)) <= min(end, kept[1]):
            yield FilmedUnit(self._stream.unit_at(tick), at, tick)
            tick += 1

    def _keyframe_from(self, at: float) -> int:
        tick = self._stream.tick_at(at) + 1
        return tick + -self._stream.index_at(tick) % self._stream.clip.gop
