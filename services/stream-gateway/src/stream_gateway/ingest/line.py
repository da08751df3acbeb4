"""What a hub hands on, and to whom."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Protocol

from stream_gateway.domain.access_units import AccessUnit, ParameterSets
from stream_gateway.domain.wall_clock import WallClock


@dataclass(slots=True)
class Line:
    """One pull from its beginning to its end. ``clock_offset`` is the camera's clock minus ours, in seconds."""

    engine: str
    wall: WallClock = field(default_factory=WallClock)
    clock_offset: float | None = None


class PictureTaker(Protocol):
    """Somebody who uses the pictures of a hub. Called in the event loop, in order; returns at once, never raises."""

    @property
    def hurried(self) -> bool:
        """Whether it wants every picture as it arrives."""
        ...

    def begin(self, parameters: ParameterSets, line: Line) -> None:
        """Take what a decoder must know; a key frame follows. Times have nothing to do with those of before."""
        ...

    def take(self, units: Sequence[AccessUnit]) -> None:
        """Take pictures in order of decoding."""
        ...

    def lost(self, cause: str) -> None:
        """Take that pictures went missing here; the next one is a key frame of the same line."""
        ...

    def broken(self, reason: str) -> None:
        """Take that the line ended; ``begin`` comes before the next picture."""
        ...
