"""Masks of a camera that turns: where something private is in the picture, wherever the head points.

A picture does not say where the head stood when it was taken. So a picture waits for the first reading of the head
*after* it (``settled``), and hides what was private at every reading from a little before it was taken until then:
the head cannot have been anywhere else but between them. What nobody can tell for half a second is black (DOMAIN §3).

Angles are in degrees: pan to the right, tilt upwards. Corners are fractions of the picture from its top left.
"""

import math
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Protocol

Corner = tuple[float, float]
Area = tuple[Corner, ...]
Direction = tuple[float, float, float]

LONGEST_UNKNOWN = timedelta(milliseconds=500)
"""Without a reading of the head for longer, the picture is black."""
LONGEST_WAY = timedelta(milliseconds=400)
"""A picture is at most so old when it arrives: exposure, coding in the camera, network."""
BLACK: tuple[Area, ...] = (((0.0, 0.0), (1.0, 0.0), (1.0, 1.0), (0.0, 1.0)),)
"""The whole picture."""
SAME_VIEW = 0.0005
"""Readings nearer than this to a signed view, on each axis of ONVIF's generic spaces, are that view: 0.1° of a full
turn, a twentieth of the picture of a long lens."""
_MOVING_MARGIN = 0.01
"""Fraction of the picture added around what moves: the path between two readings is not quite straight."""
_BEHIND = 1e-3


@dataclass(frozen=True, slots=True)
class HeadPosition:
    """A reading of the head in ONVIF's generic spaces: pan and tilt −1 to 1, zoom 0 to 1; true at ``at``."""

    pan: float
    tilt: float
    zoom: float
    at: datetime

    def same(self, other: "HeadPosition") -> bool:
        """Whether the head stands exactly as it did."""
        return (self.pan, self.tilt, self.zoom) == (other.pan, other.tilt, other.zoom)

    def near(self, other: "HeadPosition") -> bool:
        """Whether both show the same view."""
        ways = (self.pan - other.pan, self.tilt - other.tilt, self.zoom - other.zoom)
        return all(abs(way) <= SAME_VIEW for way in ways)


class Optics(Protocol):
    """How a head's picture lies in the world."""

    def direction(self, position: HeadPosition, corner: Corner) -> Direction:
        """Return where in the world a point of the picture is, whatever that means to ``corners``."""
        ...

    def corners(self, position: HeadPosition, outline: Sequence[Direction]) -> Area:
        """Return the outline's shape in the picture, beyond its edges too; empty where it is behind the camera."""
        ...


@dataclass(frozen=True, slots=True)
class Pinhole:
    """A camera that turns about its lens: straight lines stay straight, so corners are enough.

    ``pan_degrees`` and ``tilt_degrees``: the angle from −1 to 1 of the generic space, ``level_tilt`` the tilt (generic)
    that looks at the horizon. ``openings``: horizontal angle of view by zoom, ascending, ``(zoom, degrees)``; focal
    lengths in between are interpolated. ``aspect`` is width over height.
    """

    pan_degrees: float
    tilt_degrees: float
    openings: tuple[tuple[float, float], ...]
    aspect: float
    level_tilt: float = 0.0

    def direction(self, position: HeadPosition, corner: Corner) -> Direction:
        focal = self._focal(position.zoom)
        right, up = corner[0] - 0.5, (0.5 - corner[1]) / self.aspect
        sine, cosine = self._turn(self._tilt(position))
        forward, height = focal * cosine - up * sine, focal * sine + up * cosine
        sine, cosine = self._turn(self._pan(position))
        x, y = right * cosine + forward * sine, forward * cosine - right * sine
        length = math.sqrt(x * x + y * y + height * height)
        return x / length, y / length, height / length

    def corners(self, position: HeadPosition, outline: Sequence[Direction]) -> Area:
        focal = self._focal(position.zoom)
        seen = _in_front([self._seen(position, direction) for direction in outline])
        return tuple(
            (0.5 + focal * right / forward, 0.5 - focal * up / forward * self.aspect) for right, up, forward in seen
        )

    def _seen(self, position: HeadPosition, direction: Direction) -> Direction:
        """Return a direction in the camera's own axes: right, up, forward."""
        x, y, z = direction
        sine, cosine = self._turn(self._pan(position))
        right, ahead = x * cosine - y * sine, x * sine + y * cosine
        sine, cosine = self._turn(self._tilt(position))
        return right, z * cosine - ahead * sine, ahead * cosine + z * sine

    def _pan(self, position: HeadPosition) -> float:
        return position.pan * self.pan_degrees / 2

    def _tilt(self, position: HeadPosition) -> float:
        return (position.tilt - self.level_tilt) * self.tilt_degrees / 2

    @staticmethod
    def _turn(degrees: float) -> tuple[float, float]:
        return math.sin(math.radians(degrees)), math.cos(math.radians(degrees))

    def _focal(self, zoom: float) -> float:
        """Return the focal length in widths of the picture."""
        zooms = [known for known, _ in self.openings]
        focals = [0.5 / math.tan(math.radians(degrees) / 2) for _, degrees in self.openings]
        after = bisect_right(zooms, zoom)
        if after == 0 or after == len(zooms):
            return focals[max(after - 1, 0)]
        share = (zoom - zooms[after - 1]) / (zooms[after] - zooms[after - 1])
        return focals[after - 1] + share * (focals[after] - focals[after - 1])


@dataclass(frozen=True, slots=True)
class SignedView:
    """What was signed for one position of the head: its areas, perhaps none."""

    position: HeadPosition
    areas: tuple[Area, ...]


@dataclass(frozen=True, slots=True)
class MovingMasks:
    """All that was signed for a camera that turns.

    With ``optics`` what is private stays hidden wherever the head points. Without them nobody knows where it is but at
    the signed views themselves: everywhere else the picture is black.
    """

    camera_id: str
    views: tuple[SignedView, ...]
    optics: Optics | None = None

    def areas(self, track: Sequence[HeadPosition]) -> tuple[Area, ...]:
        """Return what to hide in a picture taken somewhere along a track of readings, in order of time."""
        if not track:
            return BLACK
        if self.optics is None:
            return self._at_one_view(track)
        return self._followed(track, self.optics)

    def _at_one_view(self, track: Sequence[HeadPosition]) -> tuple[Area, ...]:
        for view in self.views:
            if all(reading.near(view.position) for reading in track):
                return view.areas
        return BLACK

    def _followed(self, track: Sequence[HeadPosition], optics: Optics) -> tuple[Area, ...]:
        """Return each area where it is, or the hull of everywhere it was while the head moved."""
        moved = not all(reading.same(track[0]) for reading in track)
        hidden: list[Area] = []
        for view in self.views:
            for area in view.areas:
                outline = [optics.direction(view.position, corner) for corner in area]
                shapes = [optics.corners(reading, outline) for reading in (track if moved else track[-1:])]
                shape = hull([corner for one in shapes for corner in one], _MOVING_MARGIN) if moved else shapes[0]
                if _touches_picture(shape):
                    hidden.append(_bounded(shape))
        return tuple(hidden)


def track_for(readings: Sequence[HeadPosition], arrived: datetime) -> tuple[HeadPosition, ...] | None:
    """Return the readings between which a picture was taken that arrived then; None while one after it is missing.

    Empty where too much is unknown: the picture is black. ``readings`` in order of time.
    """
    if not readings or readings[-1].at < arrived:
        return None
    taken = arrived - LONGEST_WAY
    first = max((number for number, reading in enumerate(readings) if reading.at <= taken), default=None)
    last = next(number for number, reading in enumerate(readings) if reading.at >= arrived)
    if first is None:
        return ()
    between = tuple(readings[first : last + 1])
    gaps = (after.at - before.at for before, after in pairwise(between))
    return between if all(gap <= LONGEST_UNKNOWN for gap in gaps) else ()


def hull(points: Sequence[Corner], margin: float) -> Area:
    """Return the convex hull of squares of ``margin`` around points (Andrew's monotone chain)."""
    grown = sorted({(x + dx, y + dy) for x, y in points for dx in (-margin, margin) for dy in (-margin, margin)})
    if not grown:
        return ()
    return (*_chain(grown), *_chain(grown[::-1]))


def _chain(points: Sequence[Corner]) -> list[Corner]:
    kept: list[Corner] = []
    for point in points:
        while len(kept) >= 2 and _turns_right(kept[-2], kept[-1], point):  # noqa: PLR2004 - a corner has two legs
            kept.pop()
        kept.append(point)
    return kept[:-1]


def _turns_right(a: Corner, b: Corner, c: Corner) -> bool:
    return (b[0] - a[0]) * (c[1] - a[1]) - (b[1] - a[1]) * (c[0] - a[0]) <= 0


def _in_front(outline: Sequence[Direction]) -> list[Direction]:
    """Cut an outline at the plane just before the lens (Sutherland-Hodgman)."""
    kept: list[Direction] = []
    for before, after in zip((outline[-1], *outline[:-1]), outline, strict=True):
        if (before[2] > _BEHIND) != (after[2] > _BEHIND):
            share = (_BEHIND - before[2]) / (after[2] - before[2])
            right, up = (before[axis] + share * (after[axis] - before[axis]) for axis in (0, 1))
            kept.append((right, up, _BEHIND))
        if after[2] > _BEHIND:
            kept.append(after)
    return kept


_FAR = 4.0


def _touches_picture(shape: Area) -> bool:
    """Whether the box around a shape reaches the picture, a tenth beyond its edges included."""
    if not shape:
        return False
    xs, ys = zip(*shape, strict=True)
    return max(xs) > -0.1 and min(xs) < 1.1 and max(ys) > -0.1 and min(ys) < 1.1  # noqa: PLR2004


def _bounded(shape: Area) -> Area:
    """Cut away what lies far outside of the picture: corners near the lens's plane are almost infinitely far."""
    for axis, low, high in ((0, -_FAR, 1 + _FAR), (1, -_FAR, 1 + _FAR)):
        shape = _clipped(_clipped(shape, axis, low, keep_above=True), axis, high, keep_above=False)
    return shape


def _clipped(shape: Area, axis: int, limit: float, *, keep_above: bool) -> Area:
    kept: list[Corner] = []
    for before, after in zip((shape[-1:] + shape[:-1]), shape, strict=True):
        was, stays = ((corner[axis] >= limit) == keep_above for corner in (before, after))
        if was != stays:
            share = (limit - before[axis]) / (after[axis] - before[axis])
            kept.append((before[0] + share * (after[0] - before[0]), before[1] + share * (after[1] - before[1])))
        if stays:
            kept.append(after)
    return tuple(kept)
