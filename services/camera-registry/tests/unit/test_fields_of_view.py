"""What cameras cover: geodesy, cones, buildings in the way, and the order in which cameras are proposed."""

import math
from pathlib import Path

import numpy as np
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from camera_registry.domain.camera import Optics
from camera_registry.domain.field_of_view import FieldOfView, Why, best_first, field_of_view, sighting, turned
from camera_registry.domain.plane import Plane, bearing_of
from camera_registry.domain.position import Position
from camera_registry.domain.visibility import cone, coverage_area, hidden, on_plane, visible_part
from camera_registry.usual_optics import UsualOpticsUnusable, load_usual_optics
from contracts.registry import CameraKind

SOISY = Position(2.2996, 48.9876)
USUAL = load_usual_optics()

places = st.builds(Position, st.floats(-4.5, 8.0), st.floats(42.5, 51.0))
angles = st.floats(0, 359.9)
openings = st.floats(5, 360)
ranges = st.floats(10, 400)


def vincenty_m(one: Position, other: Position) -> tuple[float, float]:
    """Distance (m) and first azimuth (deg) on GRS 80, by Vincenty's inverse formula: an oracle without any plane."""
    axis, flat = 6_378_137.0, 1 / 298.257222101
    short = axis * (1 - flat)
    u1, u2 = (math.atan((1 - flat) * math.tan(math.radians(place.lat))) for place in (one, other))
    gap = lam = math.radians(other.lon - one.lon)
    sigma = wobble = azimuth = b = 0.0
    for _ in range(50):
        x = math.cos(u2) * math.sin(lam)
        y = math.cos(u1) * math.sin(u2) - math.sin(u1) * math.cos(u2) * math.cos(lam)
        sin_sigma = math.hypot(x, y)
        if sin_sigma == 0:
            return 0.0, 0.0
        cos_sigma = math.sin(u1) * math.sin(u2) + math.cos(u1) * math.cos(u2) * math.cos(lam)
        sigma, azimuth = math.atan2(sin_sigma, cos_sigma), math.degrees(math.atan2(x, y)) % 360
        sin_alpha = math.cos(u1) * math.cos(u2) * math.sin(lam) / sin_sigma
        cos2 = 1 - sin_alpha**2
        mid = cos_sigma - 2 * math.sin(u1) * math.sin(u2) / cos2 if cos2 else 0.0
        c = flat / 16 * cos2 * (4 + flat * (4 - 3 * cos2))
        lam = gap + (1 - c) * flat * sin_alpha * (sigma + c * sin_sigma * (mid + c * cos_sigma * (2 * mid**2 - 1)))
        u = cos2 * (axis**2 - short**2) / short**2
        b = short * (1 + u / 16384 * (4096 + u * (-768 + u * (320 - 175 * u))))
        fine = u / 1024 * (256 + u * (-128 + u * (74 - 47 * u)))
        wobble = fine * sin_sigma * (mid + fine / 4 * cos_sigma * (2 * mid**2 - 1))
    return b * (sigma - wobble), azimuth


def a_view(azimuth: float | None = 90.0, opening: float = 60.0, reach: float = 100.0, **more: bool) -> FieldOfView:
    return FieldOfView(SOISY, reach, opening, azimuth, more.get("turns", False), True, more.get("placed", True))


def beside(east_m: float, north_m: float, origin: Position = SOISY) -> Position:
    return Position(*Plane.around(origin).degrees_of(east_m, north_m))


def house(east_m: float, north_m: float, side_m: float) -> shapely.Polygon:
    return shapely.box(east_m, north_m, east_m + side_m, north_m + side_m)


houses = st.lists(
    st.builds(house, st.floats(-200, 200), st.floats(-200, 200), st.floats(2, 40)), min_size=1, max_size=12
).map(lambda found: [one for one in found if one.distance(shapely.Point(0, 0)) > 0.5])


@given(origin=places, azimuth=angles, reach=st.floats(1, 1000))
def test_the_plane_is_the_ellipsoid_to_a_centimetre_at_200_m(origin: Position, azimuth: float, reach: float) -> None:
    east, north = reach * math.sin(math.radians(azimuth)), reach * math.cos(math.radians(azimuth))
    away, first = vincenty_m(origin, beside(east, north, origin))
    allowed = 0.015 * (reach / 200) ** 2 + 0.001
    assert away == pytest.approx(reach, abs=allowed)
    assert math.radians(turned(first, azimuth)) * reach <= allowed


@given(origin=places, azimuth=angles, opening=openings)
def test_a_cone_of_200_m_is_right_to_less_than_a_metre(origin: Position, azimuth: float, opening: float) -> None:
    area = coverage_area(FieldOfView(origin, 200.0, opening, azimuth, turns=False, measured=True))
    for lon, lat in shapely.get_coordinates(area.geometry).tolist():
        away, first = vincenty_m(origin, Position(lon, lat))
        assert away < 1 or away == pytest.approx(200, abs=1)
        assert away < 1 or turned(first, azimuth) <= opening / 2 + 0.3
    whole = math.pi * 200**2 * opening / 360
    assert on_plane(Plane.around(origin), area.geometry).area == pytest.approx(whole, rel=3e-3)


@given(azimuth=angles, opening=st.floats(5, 355), reach=ranges, bearing=angles, away=st.floats(1, 500))
def test_covers_says_what_the_polygon_says(
    azimuth: float, opening: float, reach: float, bearing: float, away: float
) -> None:
    view = a_view(azimuth, opening, reach)
    east, north = away * math.sin(math.radians(bearing)), away * math.cos(math.radians(bearing))
    edge = shapely.Point(east, north).distance(cone(view).exterior)
    if edge > reach * 1e-3:  # a chord of the polygon is that much inside the circle
        assert view.covers(beside(east, north)) == cone(view).contains(shapely.Point(east, north))


@given(azimuth=angles, opening=openings, reach=ranges, turns=st.booleans(), around=houses)
def test_what_is_visible_lies_in_the_cone_holds_the_camera_and_no_inside_of_a_building(
    azimuth: float, opening: float, reach: float, *, turns: bool, around: list[shapely.Polygon]
) -> None:
    view = a_view(azimuth, opening, reach, turns=turns)
    whole = cone(view)
    visible = visible_part(whole, around, reach)
    assert visible.is_valid
    assert visible.difference(whole).area < 1e-6
    assert visible.distance(shapely.Point(0, 0)) < 0.01
    assert sum(visible.intersection(one).area for one in around) < 1e-6


@given(around=houses, bearing=angles, away=st.floats(1, 150))
def test_a_place_is_visible_exactly_when_nothing_stands_before_it(
    around: list[shapely.Polygon], bearing: float, away: float
) -> None:
    view = a_view(None, 360.0, 150.0, turns=True)
    east, north = away * math.sin(math.radians(bearing)), away * math.cos(math.radians(bearing))
    place = shapely.Point(east, north)
    visible = visible_part(cone(view), around, 150.0)
    if min(place.distance(edge) for edge in [visible.boundary, *around]) < 0.5:
        return  # on an edge both answers are right
    sight = shapely.LineString([(0, 0), place])
    clear = all(sight.intersection(one).length < 1e-9 for one in around)
    assert visible.contains(place) == clear
    outlines = [shapely.transform(one, _degrees) for one in around]
    assert hidden(view, beside(east, north), outlines) == (not clear)


def _degrees(points: NDArray[np.float64]) -> NDArray[np.float64]:
    plane = Plane.around(SOISY)
    return points / (plane.east_m_per_degree, plane.north_m_per_degree) + (SOISY.lon, SOISY.lat)


def test_a_camera_on_its_own_building_sees_and_a_place_inside_a_building_is_looked_at() -> None:
    view = a_view(None, 360.0, 100.0, turns=True)
    own = shapely.transform(house(-5, -5, 10), _degrees)
    theirs = shapely.transform(house(40, -5, 10), _degrees)
    assert not hidden(view, beside(45, 0), [own, theirs])
    assert hidden(view, beside(80, 0), [own, theirs])


def test_the_reason_comes_before_the_distance() -> None:
    place = beside(50, 0)
    views = {
        "ptz-far": a_view(None, 60.0, 200.0, turns=True),
        "looks": a_view(90.0, 60.0, 100.0),
        "looks-away": a_view(270.0, 60.0, 100.0),
        "too-far": a_view(90.0, 60.0, 49.0),
        "street-only": a_view(90.0, 60.0, 100.0, placed=False),
        "nobody-said": a_view(None, 60.0, 100.0),
    }
    ordered = best_first(sighting(name, view, place) for name, view in views.items())
    assert [(one.camera_id, one.why) for one in ordered][:2] == [("ptz-far", Why.PTZ), ("looks", Why.VOIT)]
    assert {one.why for one in ordered[2:]} == {Why.PROCHE}
    assert all(one.bearing_deg == pytest.approx(90, abs=0.01) for one in ordered)
    assert all(one.distance_m == pytest.approx(50, rel=2e-3) for one in ordered)
    assert sighting("behind", views["ptz-far"], place, hidden=True).why is Why.PROCHE


@given(east=st.floats(-500, 500), north=st.floats(-500, 500))
def test_a_bearing_is_a_compass_bearing(east: float, north: float) -> None:
    bearing = bearing_of(east, north)
    assert 0 <= bearing < 360
    if math.hypot(east, north) > 1:
        assert math.hypot(east, north) * math.sin(math.radians(bearing)) == pytest.approx(east, abs=1e-6)


def test_what_nobody_measured_is_usual_for_the_kind() -> None:
    view = field_of_view(CameraKind.FIXE, SOISY, None, has_ptz=False, usual=USUAL)
    assert (view.range_m, view.opening_deg, view.known, view.measured) == (60, 65, False, False)
    own = field_of_view(CameraKind.FIXE, SOISY, Optics(10, 40, 33), has_ptz=False, usual=USUAL)
    assert (own.azimuth_deg, own.opening_deg, own.range_m, own.known, own.measured) == (10, 40, 33, True, True)
    assert field_of_view(CameraKind.PANORAMIQUE, SOISY, None, has_ptz=False, usual=USUAL).all_round


def test_a_town_may_bring_its_own_usual_optics(tmp_path: Path) -> None:
    file = tmp_path / "optics.toml"
    lines = [f"[{kind.value}]\nrange_m = 42\nopening_deg = 90\n" for kind in CameraKind]
    file.write_text("".join(lines))
    assert {one.range_m for one in load_usual_optics(file).values()} == {42.0}
    file.write_text("".join(lines[1:]))
    with pytest.raises(UsualOpticsUnusable):
        load_usual_optics(file)
    file.write_text("".join(lines).replace("42", "-1"))
    with pytest.raises(UsualOpticsUnusable):
        load_usual_optics(file)
