"""Masks of a camera that turns: what is private stays covered wherever the head points; what is unknown is black."""

import math
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st

from stream_gateway.domain.moving_masks import (
    BLACK,
    LONGEST_UNKNOWN,
    HeadPosition,
    MovingMasks,
    Pinhole,
    SignedView,
    hull,
    track_for,
)

NOW = datetime(2026, 12, 1, 8, tzinfo=UTC)
DOME = Pinhole(
    pan_degrees=360.0, tilt_degrees=90.0, openings=((0.0, 60.0), (0.5, 20.0), (1.0, 3.0)), aspect=16 / 9, level_tilt=1.0
)
WINDOW = ((0.4, 0.4), (0.6, 0.35), (0.62, 0.6), (0.38, 0.55))
units, zooms = st.floats(-1, 1), st.floats(0, 1)
shares = st.floats(0, 1)


def at(pan: float, tilt: float, zoom: float, after: float = 0.0) -> HeadPosition:
    return HeadPosition(pan, tilt, zoom, NOW + timedelta(seconds=after))


heads = st.builds(at, units, units, zooms)
nearby = st.floats(-0.15, 0.15)


def point_of(area: tuple[tuple[float, float], ...], a: float, b: float) -> tuple[float, float]:
    """A point of a convex quadrilateral, by two shares."""
    (x1, y1), (x2, y2), (x3, y3), (x4, y4) = area
    left = (x1 + a * (x4 - x1), y1 + a * (y4 - y1))
    right = (x2 + a * (x3 - x2), y2 + a * (y3 - y2))
    return left[0] + b * (right[0] - left[0]), left[1] + b * (right[1] - left[1])


# --- by hand: what follows from the angles alone

MIDDLE = (0.5, 0.5)
WIDE = 0.0
LENS = Pinhole(pan_degrees=180.0, tilt_degrees=90.0, openings=((0.0, 60.0), (1.0, 20.0)), aspect=16 / 9)
"""A pan of 1 is 90° to the right, a tilt of 1 is 45° above the horizon."""


def tan(degrees: float) -> float:
    return math.tan(math.radians(degrees))


def turned(
    point: tuple[float, float], signed: tuple[float, float, float], now: tuple[float, float, float], lens: Pinhole
) -> tuple[float, float]:
    """Return where a point of the picture of one reading (pan, tilt, zoom) is in that of another."""
    x, y = point
    spot = [(x, y), (x + 1e-9, y), (x, y + 1e-9)]
    return lens.corners(at(*now), [lens.direction(at(*signed), corner) for corner in spot])[0]


@pytest.mark.parametrize(
    ("point", "signed", "now", "expected"),
    [
        # 30° to the right of the middle is the right edge of 60°, 30° to the left its left edge
        (MIDDLE, (0, 0, WIDE), (-30 / 90, 0, WIDE), (1.0, 0.5)),
        (MIDDLE, (0, 0, WIDE), (30 / 90, 0, WIDE), (0.0, 0.5)),
        (MIDDLE, (0.2, 0, WIDE), (0.2 - 15 / 90, 0, WIDE), (0.5 + 0.5 * tan(15) / tan(30), 0.5)),
        ((1.0, 0.5), (0, 0, WIDE), (30 / 90, 0, WIDE), MIDDLE),
        ((0.0, 0.5), (0, 0, WIDE), (30 / 90, 0, WIDE), (0.5 - 0.5 * tan(60) / tan(30), 0.5)),
        # a head that looks up lets what it saw sink, by the tangent and the shape of the picture
        (MIDDLE, (0, 0, WIDE), (0, 10 / 45, WIDE), (0.5, 0.5 + 0.5 * (16 / 9) * tan(10) / tan(30))),
        (MIDDLE, (0, 0, WIDE), (0, -10 / 45, WIDE), (0.5, 0.5 - 0.5 * (16 / 9) * tan(10) / tan(30))),
        # the long end shows 20°; half-way the focal length is the mean of both
        (MIDDLE, (0, 0, 1.0), (-5 / 90, 0, 1.0), (0.5 + 0.5 * tan(5) / tan(10), 0.5)),
        ((1.0, 0.5), (0, 0, 1.0), (0, 0, WIDE), (0.5 + 0.5 * tan(10) / tan(30), 0.5)),
        (MIDDLE, (0, 0, 0.5), (-5 / 90, 0, 0.5), (0.5 + 0.25 * (1 / tan(30) + 1 / tan(10)) * tan(5), 0.5)),
        # pan turns about the vertical, not about the tilted camera: 30° of both leave (-1/2, √3/4, 3/4) of (0, 0, 1)
        (MIDDLE, (0, 0, WIDE), (30 / 90, -30 / 45, WIDE), (0.5 - math.sqrt(3) / 3, 0.5 - 0.5 * 16 / 9)),
    ],
)
def test_a_turn_moves_the_picture_as_a_pinhole_does(
    point: tuple[float, float],
    signed: tuple[float, float, float],
    now: tuple[float, float, float],
    expected: tuple[float, float],
) -> None:
    assert turned(point, signed, now, LENS) == pytest.approx(expected, abs=1e-6)


def test_a_dome_that_looks_straight_down_turns_its_picture_about_the_middle() -> None:
    """Its tilt of 1 is the horizon and -1 the ground below; what was ahead is to the left after a quarter to the right.

    Half of the picture's height above the middle is 9/32 of its width.
    """
    below, quarter = -1.0, 90 / 180
    assert turned((0.5, 0.0), (0, below, WIDE), (quarter, below, WIDE), DOME) == pytest.approx((7 / 32, 0.5), abs=1e-6)
    assert turned(MIDDLE, (0, below, WIDE), (quarter, below, WIDE), DOME) == pytest.approx(MIDDLE, abs=1e-6)
    horizon, down = 1.0, 1.0 - 10 / 45
    seen = turned(MIDDLE, (0, horizon, WIDE), (0, down, WIDE), DOME)
    assert seen == pytest.approx((0.5, 0.5 - 0.5 * (16 / 9) * tan(10) / tan(30)), abs=1e-6)


def test_a_mask_signed_in_one_view_lies_where_the_angles_say_in_another() -> None:
    """A strip from 10° to 20° right of the middle, seen 15° further to the right: 5° left to 5° right of it."""
    left, right = 0.5 + 0.5 * tan(10) / tan(30), 0.5 + 0.5 * tan(20) / tan(30)
    strip = ((left, 0.5), (right, 0.5), (right, 0.50001), (left, 0.50001))
    masks = MovingMasks("cam", (SignedView(at(0, 0, WIDE), (strip,)),), LENS)
    (shown,) = masks.areas([at(15 / 90, 0, WIDE)])
    assert min(x for x, _ in shown) == pytest.approx(0.5 - 0.5 * tan(5) / tan(30), abs=1e-6)
    assert max(x for x, _ in shown) == pytest.approx(0.5 + 0.5 * tan(5) / tan(30), abs=1e-6)
    assert masks.areas([at(1, 0, WIDE)]) == (), "a quarter away it is not in the picture"


# --- for any head: nothing is lost on the way there and back


@given(heads, st.tuples(shares, shares))
def test_a_point_of_the_picture_is_found_again_where_it_was(head: HeadPosition, corner: tuple[float, float]) -> None:
    direction = DOME.direction(head, corner)
    # the three points are in front of the lens: an outline needs a shape
    found = DOME.corners(head, [direction, DOME.direction(head, (0.5, 0.5)), DOME.direction(head, (0.1, 0.9))])
    assert found[0] == pytest.approx(corner, abs=1e-6)


@given(heads, nearby, nearby, st.floats(0, 0.6), shares, shares)
def test_what_is_private_is_covered_wherever_the_head_points(
    signed: HeadPosition, pan: float, tilt: float, zoom: float, a: float, b: float
) -> None:
    """A point under the mask as drawn, looked up in another view: when it is in the picture, it is under the mask."""
    now = at(signed.pan + pan, signed.tilt + tilt, zoom)
    direction = DOME.direction(signed, point_of(WINDOW, a, b))
    seen = seen_at(now, direction)
    if seen is None or not (0 <= seen[0] <= 1 and 0 <= seen[1] <= 1):
        return
    hidden = MovingMasks("cam", (SignedView(signed, (WINDOW,)),), DOME).areas([now])
    assert any(shapely.Polygon(area).buffer(1e-3).covers(shapely.Point(seen)) for area in hidden)


def seen_at(head: HeadPosition, direction: tuple[float, float, float]) -> tuple[float, float] | None:
    """Where one direction is in the picture, by a tiny triangle around it."""
    x, y, z = direction
    tiny = [direction, (x + 1e-9, y, z), (x, y + 1e-9, z)]
    found = DOME.corners(head, tiny)
    return found[0] if len(found) == 3 else None


@given(heads, nearby, nearby, st.floats(-0.1, 0.1), st.floats(-0.1, 0.1), shares, shares, shares)
def test_while_the_head_moves_the_whole_way_is_covered(
    signed: HeadPosition, pan: float, tilt: float, dpan: float, dtilt: float, along: float, a: float, b: float
) -> None:
    """Hypothesis picks an instant between two readings that nobody saw: what was private then is hidden as well."""
    pan, tilt = signed.pan + pan, signed.tilt + tilt
    start, end = at(pan, tilt, 0.0), at(pan + dpan, tilt + dtilt, 0.0, 0.2)
    between = at(pan + along * dpan, tilt + along * dtilt, 0.0, 0.1)
    direction = DOME.direction(signed, point_of(WINDOW, a, b))
    seen = seen_at(between, direction)
    if seen is None or not (0 <= seen[0] <= 1 and 0 <= seen[1] <= 1):
        return
    masks = MovingMasks("cam", (SignedView(signed, (WINDOW,)),), DOME)
    assert any(shapely.Polygon(area).buffer(1e-3).covers(shapely.Point(seen)) for area in masks.areas([start, end]))


@given(heads)
def test_a_view_that_nobody_measured_is_seen_only_where_it_was_signed(head: HeadPosition) -> None:
    signed, quiet = at(0.3, 0.2, 0.1), at(-0.5, 0.0, 0.0)
    masks = MovingMasks("cam", (SignedView(signed, (WINDOW,)), SignedView(quiet, ())))
    assert masks.areas([signed, signed]) == (WINDOW,)
    assert masks.areas([quiet]) == ()
    assert masks.areas([signed, quiet]) == BLACK, "on its way"
    if not head.near(signed) and not head.near(quiet):
        assert masks.areas([head]) == BLACK
        assert masks.areas([signed, head]) == BLACK


def test_no_reading_and_no_signed_view_are_black() -> None:
    assert MovingMasks("cam", (SignedView(at(0, 0, 0), ()),), DOME).areas([]) == BLACK
    assert MovingMasks("cam", ()).areas([at(0, 0, 0)]) == BLACK


readings_at = st.lists(st.integers(-3000, 3000), max_size=20, unique=True).map(sorted)


@given(readings_at)
def test_a_picture_is_painted_only_between_readings_that_enclose_it(instants: list[int]) -> None:
    readings = [at(0, 0, 0, milliseconds / 1000) for milliseconds in instants]
    track = track_for(readings, NOW)
    if not readings or readings[-1].at < NOW:
        assert track is None, "it waits for a reading after it"
    elif track:
        assert track[0].at <= NOW - timedelta(milliseconds=400)
        assert track[-1].at >= NOW
        assert all(b.at - a.at <= LONGEST_UNKNOWN for a, b in pairwise(track))
        assert [one for one in readings if track[0].at <= one.at <= track[-1].at] == list(track)
    else:
        before = max((one for one in instants if one <= -400), default=None)
        after = min(one for one in instants if one >= 0)
        known = [one for one in instants if before is not None and before <= one <= after]
        assert before is None or any(b - a > 500 for a, b in pairwise(known)), "black only where too little is known"


@given(st.lists(st.tuples(st.floats(-5, 5), st.floats(-5, 5)), min_size=1, max_size=30), st.floats(0.001, 0.1))
def test_a_hull_covers_its_points_with_their_margin(points: list[tuple[float, float]], margin: float) -> None:
    shape = shapely.Polygon(hull(points, margin)).buffer(1e-9)
    for x, y in points:
        assert shape.covers(shapely.box(x - margin, y - margin, x + margin, y + margin))
