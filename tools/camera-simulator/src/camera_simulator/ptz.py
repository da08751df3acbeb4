"""The pan-tilt-zoom head of a simulated camera: where it points, and which part of the clip that shows.

Times are seconds of one monotonic clock, always given by the caller. Pan and tilt go from -1 to 1 (tilt up is
positive), zoom from 0 to 1, as in ONVIF's generic spaces.
"""

import math
from dataclasses import dataclass, replace

PAN_TILT_SPEED = 0.6  # units of the generic space per second at velocity 1
ZOOM_SPEED = 0.3
TELE_MAGNIFICATION = 4.0  # at zoom 1
DEFAULT_TIMEOUT_SECONDS = 10.0
MAX_PRESETS = 64
HOME_PRESET = "1"


@dataclass(frozen=True, slots=True)
class Position:
    """Where the head points."""

    pan: float = 0.0
    tilt: float = 0.0
    zoom: float = 0.0

    def within_limits(self) -> "Position":
        """The nearest position that the head can reach."""
        return Position(min(1.0, max(-1.0, self.pan)), min(1.0, max(-1.0, self.tilt)), min(1.0, max(0.0, self.zoom)))

    def moved_by(self, pan: float, tilt: float, zoom: float) -> "Position":
        """The position after a translation, stopped at the limits."""
        return Position(self.pan + pan, self.tilt + tilt, self.zoom + zoom).within_limits()


HOME = Position()


@dataclass(frozen=True, slots=True)
class Speed:
    """How fast to go to a place, as shares of the head's greatest speeds, above 0 and up to 1."""

    pan_tilt: float = 1.0
    zoom: float = 1.0


FULL_SPEED = Speed()


@dataclass(frozen=True, slots=True)
class Window:
    """Part of the picture, in shares of its width and height (0 to 1), origin at the top left."""

    left: float
    top: float
    size: float

    def pixels(self, width: int, height: int) -> tuple[int, int, int, int]:
        """Left, top, width and height in pixels, all even (4:2:0 chroma), inside the picture."""
        w, h = (max(16, int(side * self.size) & ~1) for side in (width, height))
        left = min(width - w, int(width * self.left)) & ~1
        top = min(height - h, int(height * self.top)) & ~1
        return left, top, w, h


def window_at(position: Position) -> Window:
    """What the camera sees: everything at home; the farther it points or zooms, the smaller the window.

    The simulated world ends at the edges of the clip, so a head that turns fully to one side shows that half of it.
    """
    size = min(
        1 / (1 + (TELE_MAGNIFICATION - 1) * position.zoom),
        1 - 0.5 * max(abs(position.pan), abs(position.tilt)),
    )
    slack = (1 - size) / 2
    return Window(left=slack * (1 + position.pan), top=slack * (1 - position.tilt), size=size)


@dataclass(frozen=True, slots=True)
class _Move:
    start: Position
    since: float
    until: float
    velocity: tuple[float, float, float]  # units per second on pan, tilt, zoom
    target: Position | None

    def position(self, now: float) -> Position:
        if self.target is not None and now >= self.until:
            return self.target
        elapsed = max(0.0, min(now, self.until) - self.since)
        return self.start.moved_by(*(axis * elapsed for axis in self.velocity))


class PtzHead:
    """Moves, stops and remembers presets; begins at home."""

    def __init__(self) -> None:
        self._move = _Move(HOME, 0.0, 0.0, (0.0, 0.0, 0.0), HOME)
        self._home = HOME
        self._presets: dict[str, tuple[str, Position]] = {HOME_PRESET: ("Accueil", HOME)}

    def position(self, now: float) -> Position:
        return self._move.position(now)

    def moving(self, now: float) -> bool:
        return self.turning(now) or self.zooming(now)

    def turning(self, now: float) -> bool:
        """Whether pan or tilt moves."""
        return now < self._move.until and any(self._move.velocity[:2])

    def zooming(self, now: float) -> bool:
        """Whether zoom moves."""
        return now < self._move.until and self._move.velocity[2] != 0

    def rests_at_home(self, now: float) -> bool:
        """Whether it rests where the whole clip is seen, which is the home position until another is set."""
        return not self.moving(now) and self.position(now) == HOME

    def move_continuously(self, *, pan: float, tilt: float, zoom: float, timeout_seconds: float, now: float) -> None:
        """Move at velocities of -1 to 1 until stopped, or until the timeout."""
        velocity = (pan * PAN_TILT_SPEED, tilt * PAN_TILT_SPEED, zoom * ZOOM_SPEED)
        self._move = _Move(self.position(now), now, now + timeout_seconds, velocity, None)

    def go_to(self, target: Position, now: float, speed: Speed = FULL_SPEED) -> None:
        """Move to a position, no axis faster than its speed; all axes arrive together."""
        start, target = self.position(now), target.within_limits()
        way = (target.pan - start.pan, target.tilt - start.tilt, target.zoom - start.zoom)
        pan_tilt = math.hypot(way[0], way[1]) / (PAN_TILT_SPEED * speed.pan_tilt)
        seconds = max(pan_tilt, abs(way[2]) / (ZOOM_SPEED * speed.zoom))
        velocity = (way[0] / seconds, way[1] / seconds, way[2] / seconds) if seconds else (0.0, 0.0, 0.0)
        self._move = _Move(start, now, now + seconds, velocity, target)

    def go_by(self, *, pan: float, tilt: float, zoom: float, now: float, speed: Speed = FULL_SPEED) -> None:
        """Move by a translation, stopped at the limits."""
        self.go_to(self.position(now).moved_by(pan, tilt, zoom), now, speed)

    def go_home(self, now: float, speed: Speed = FULL_SPEED) -> None:
        """Move to the home position."""
        self.go_to(self._home, now, speed)

    def set_home(self, now: float) -> None:
        """Let where the head points now be its home; preset 1 stays where it was."""
        self._home = self.position(now)

    def stop(self, now: float, *, pan_tilt: bool = True, zoom: bool = True) -> None:
        """Stop the named axes; the others go on."""
        pan_speed, tilt_speed, zoom_speed = self._move.velocity
        velocity = (
            (0.0, 0.0, 0.0 if zoom else zoom_speed)
            if pan_tilt
            else (pan_speed, tilt_speed, 0.0 if zoom else zoom_speed)
        )
        self._move = replace(self._move, start=self.position(now), since=now, velocity=velocity, target=None)

    def presets(self) -> list[tuple[str, str, Position]]:
        """Token, name and position of each preset."""
        return [(token, name, position) for token, (name, position) in self._presets.items()]

    def preset(self, token: str) -> Position | None:
        found = self._presets.get(token)
        return found[1] if found else None

    def set_preset(self, token: str | None, name: str | None, now: float) -> str | None:
        """Remember where the head points now.

        Returns:
            The preset's token, or None when the token is unknown or the memory (64 presets) is full.
        """
        if token is not None and token not in self._presets:
            return None
        if token is None:
            if len(self._presets) >= MAX_PRESETS:
                return None
            token = str(max(int(known) for known in self._presets) + 1)
        old_name = self._presets[token][0] if token in self._presets else f"Position {token}"
        self._presets[token] = (name or old_name, self.position(now))
        return token

    def remove_preset(self, token: str) -> bool:
        """Forget a preset; False when it is unknown or the home preset."""
        return token != HOME_PRESET and self._presets.pop(token, None) is not None
