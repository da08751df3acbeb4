"""What a camera's motors can be told. Numbers are finite and within ONVIF's generic spaces, or ValueError.

Pan, tilt and every speed go from -1 to 1 (right and up positive), zoom positions from 0 (wide) to 1 (tele). Source:
ONVIF PTZ Service Specification, generic spaces (§5.7).
"""

import math
from dataclasses import dataclass
from typing import TypeAlias

LONGEST_MOVE_SECONDS = 2.0
"""A continuous move that nobody renews ends after this at the latest: whoever held the key may be gone."""


@dataclass(frozen=True, slots=True)
class Velocity:
    """Speeds, each in −1…1 of the camera's own maximum."""

    pan: float = 0.0
    tilt: float = 0.0
    zoom: float = 0.0

    def __post_init__(self) -> None:
        for value in (self.pan, self.tilt, self.zoom):
            _within(value, -1.0, 1.0)

    @property
    def still(self) -> bool:
        """Nothing moves: that is a stop."""
        return not (self.pan or self.tilt or self.zoom)


@dataclass(frozen=True, slots=True)
class ContinuousMove:
    """Move at a velocity for ``seconds`` (0 < s ≤ 2)."""

    velocity: Velocity
    seconds: float

    def __post_init__(self) -> None:
        if not 0.0 < self.seconds <= LONGEST_MOVE_SECONDS:
            raise ValueError("a continuous move lasts up to 2 s")


@dataclass(frozen=True, slots=True)
class AbsoluteMove:
    """Point somewhere; ``zoom`` None leaves it as it is."""

    pan: float
    tilt: float
    zoom: float | None = None

    def __post_init__(self) -> None:
        _within(self.pan, -1.0, 1.0)
        _within(self.tilt, -1.0, 1.0)
        if self.zoom is not None:
            _within(self.zoom, 0.0, 1.0)


@dataclass(frozen=True, slots=True)
class RelativeMove:
    """Turn by so much of the whole range."""

    pan: float = 0.0
    tilt: float = 0.0
    zoom: float = 0.0

    def __post_init__(self) -> None:
        for value in (self.pan, self.tilt, self.zoom):
            _within(value, -1.0, 1.0)


@dataclass(frozen=True, slots=True)
class GoToPreset:
    """Go to a position that the camera stored under a token."""

    token: str


@dataclass(frozen=True, slots=True)
class GoHome:
    """Go to the home position, or to preset 1 of a camera without one."""


@dataclass(frozen=True, slots=True)
class Stop:
    """Stand still on every axis."""


Order: TypeAlias = ContinuousMove | AbsoluteMove | RelativeMove | GoToPreset | GoHome | Stop


@dataclass(frozen=True, slots=True)
class Pointing:
    """Where a camera points, as it says itself; ``moving`` None where it does not say."""

    pan: float
    tilt: float
    zoom: float
    moving: bool | None


@dataclass(frozen=True, slots=True)
class StoredPreset:
    """A position that the camera keeps; its place None where the camera does not tell."""

    token: str
    name: str
    pan: float | None = None
    tilt: float | None = None
    zoom: float | None = None


def _within(value: float, least: float, most: float) -> None:
    if not math.isfinite(value) or not least <= value <= most:
        raise ValueError(f"{value} is not in {least}…{most}")
