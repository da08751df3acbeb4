"""Pointing at the map: against PROJ, and back and forth through a calibration."""

import math
from dataclasses import dataclass

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from pyproj import Geod

from stream_gateway.domain.ptz.aiming import (
    CalibrationInvalid,
    NotAimable,
    Optics,
    Reference,
    calibrate,
    turned,
)
from stream_gateway.domain.ptz.geodesy import Place, elevation_deg, sight

WGS84 = Geod(ellps="WGS84")
CAMERA = Place(2.30, 48.99)
bearings = st.floats(0, 360)
pans, tilts = st.floats(-1, 1), st.floats(-1, 1)


def place_at(bearing_deg: float, distance_m: float, start: Place = CAMERA) -> Place:
    lon, lat, _ = WGS84.fwd(start.lon, start.lat, bearing_deg, distance_m)
    return Place(lon, lat)


@dataclass(frozen=True)
class Mount:
    """How a dome really hangs."""

    pan_zero: float
    pan_gain: float
    tilt_zero: float
    tilt_gain: float
    height_m: float

    def seen_at(self, pan: float, distance_m: float) -> Reference:
        tilt = (elevation_deg(self.height_m, distance_m) - self.tilt_zero) / self.tilt_gain
        return Reference(pan, tilt, place_at(self.pan_zero + self.pan_gain * pan, distance_m))


mounts = st.builds(
    Mount,
    pan_zero=bearings,
    pan_gain=st.one_of(st.floats(120, 180), st.floats(-180, -120)),
    tilt_zero=st.floats(-50, -40),
    tilt_gain=st.one_of(st.floats(45, 60), st.floats(-60, -45)),
    height_m=st.floats(4, 25),
)


@given(lon=st.floats(-179, 179), lat=st.floats(-70, 70), bearing=bearings, distance=st.floats(5, 2000))
def test_direction_and_distance_are_those_of_the_geodesic(
    lon: float, lat: float, bearing: float, distance: float
) -> None:
    start = Place(lon, lat)
    end = place_at(bearing, distance, start)
    ahead, _, metres = WGS84.inv(start.lon, start.lat, end.lon, end.lat)
    found = sight(start, end)
    assert abs(turned(found.bearing_deg - ahead)) < 0.01
    assert found.distance_m == pytest.approx(metres, abs=0.02)


def test_the_date_line_is_no_wall() -> None:
    found = sight(Place(179.999, 0.0), Place(-179.999, 0.0))
    assert found.bearing_deg == pytest.approx(90.0)
    assert found.distance_m == pytest.approx(222.6, abs=0.2)


@pytest.mark.parametrize(
    ("height_m", "distance_m", "expected"),
    [
        (8.0, 8.0, -45.0),
        (8.0, 8.0 * math.sqrt(3), -30.0),
        (8.0, 8.0 / math.sqrt(3), -60.0),
        # 5 km: the ground falls away by 1.96 m, light bends back 13 % of it, as surveyors' tables have it
        (8.0, 5_000.0, -math.degrees((8.0 + 1.707) / 5_000.0)),
    ],
)
def test_the_ground_is_seen_under_the_angle_of_height_and_distance(
    height_m: float, distance_m: float, expected: float
) -> None:
    assert elevation_deg(height_m, distance_m) == pytest.approx(expected, abs=1e-4)


@given(mount=mounts, pan=st.floats(-1, 1), distance=st.floats(15, 800))
def test_two_references_give_the_mount_back_and_every_target_is_hit(mount: Mount, pan: float, distance: float) -> None:
    first, second = mount.seen_at(-0.3, 20.0), mount.seen_at(0.4, 250.0)
    found = calibrate(CAMERA, mount.height_m, [first, second])
    assert found.residual_deg < 0.02
    target = mount.seen_at(pan, distance)
    assume(abs(target.tilt) <= 1.0)
    move = found.aim(target.place, camera=CAMERA)
    assert -1.0 <= move.pan <= 1.0
    assert -1.0 <= move.tilt <= 1.0
    wanted = sight(CAMERA, target.place)
    assert abs(turned(found.bearing_deg(move.pan) - wanted.bearing_deg)) < 0.1
    assert found.elevation_deg(move.tilt) == pytest.approx(elevation_deg(mount.height_m, wanted.distance_m), abs=0.1)
    assert abs(turned(mount.pan_zero + mount.pan_gain * move.pan - wanted.bearing_deg)) < 0.1


@given(mount=mounts, noise=st.lists(st.floats(-0.2, 0.2), min_size=5, max_size=5))
def test_more_references_even_out_what_a_hand_misses(mount: Mount, noise: list[float]) -> None:
    places = [(-0.8, 15.0), (-0.4, 40.0), (0.0, 90.0), (0.4, 200.0), (0.8, 400.0)]
    seen = [mount.seen_at(pan, distance) for pan, distance in places]
    blurred = [
        Reference(one.pan + turn / mount.pan_gain, one.tilt, one.place) for one, turn in zip(seen, noise, strict=True)
    ]
    found = calibrate(CAMERA, mount.height_m, blurred)
    assert found.residual_deg < 0.5
    assert abs(turned(found.pan_zero_deg - mount.pan_zero)) < 0.5


@given(mount=mounts)
def test_a_dead_angle_of_the_pan_axis_is_said(mount: Mount) -> None:
    assume(abs(mount.pan_gain) < 175)
    found = calibrate(CAMERA, mount.height_m, [mount.seen_at(-0.3, 20.0), mount.seen_at(0.4, 250.0)])
    behind = place_at(mount.pan_zero + 180.0, 100.0)
    with pytest.raises(NotAimable, match="hors de la course"):
        found.aim(behind, camera=CAMERA)


def test_both_ends_of_a_full_turn_are_reached() -> None:
    mount = Mount(pan_zero=350.0, pan_gain=180.0, tilt_zero=-45.0, tilt_gain=50.0, height_m=8.0)
    found = calibrate(CAMERA, 8.0, [mount.seen_at(-0.3, 20.0), mount.seen_at(0.4, 250.0)])
    for turn in (-180.0, -179.999, 179.999, 180.0):
        move = found.aim(place_at(350.0 + turn, 100.0), camera=CAMERA)
        assert abs(move.pan) == pytest.approx(1.0, abs=1e-3)


@pytest.mark.parametrize(
    ("references", "words"),
    [
        ([(0.1, 0.2, 10.0, 50.0)], "2 à 32"),
        ([(0.1, 0.2, 10.0, 50.0), (0.1, 0.9, 10.0, 500.0)], "même direction"),
        ([(0.1, 0.2, 10.0, 50.0), (0.5, 0.2, 80.0, 60.0)], "même inclinaison"),
        ([(0.1, 0.2, 10.0, 300.0), (0.5, 0.5, 80.0, 305.0)], "même distance"),
        ([(-0.9, 0.2, 10.0, 20.0), (0.9, 0.8, 150.0, 300.0)], "Deux calages"),
        ([(0.1, 0.2, 10.0, 0.2), (0.5, 0.9, 80.0, 300.0)], "pied de la caméra"),
    ],
)
def test_references_that_say_too_little_are_refused(
    references: list[tuple[float, float, float, float]], words: str
) -> None:
    seen = [Reference(pan, tilt, place_at(bearing, metres)) for pan, tilt, bearing, metres in references]
    with pytest.raises(CalibrationInvalid, match=words):
        calibrate(CAMERA, 8.0, seen)


def test_a_third_reference_settles_what_two_leave_open() -> None:
    mount = Mount(pan_zero=80.0, pan_gain=170.0, tilt_zero=-45.0, tilt_gain=50.0, height_m=8.0)
    seen = [mount.seen_at(-0.9, 20.0), mount.seen_at(0.9, 300.0), mount.seen_at(0.1, 60.0)]
    assert calibrate(CAMERA, 8.0, seen).pan_gain_deg == pytest.approx(170.0, abs=0.1)


def test_a_camera_that_moved_and_places_out_of_sight_are_told() -> None:
    mount = Mount(pan_zero=0.0, pan_gain=180.0, tilt_zero=-45.0, tilt_gain=50.0, height_m=8.0)
    found = calibrate(CAMERA, 8.0, [mount.seen_at(-0.3, 20.0), mount.seen_at(0.4, 250.0)])
    with pytest.raises(NotAimable, match="déplacée"):
        found.aim(place_at(0, 100), camera=place_at(90, 6))
    with pytest.raises(NotAimable, match="pied"):
        found.aim(CAMERA, camera=CAMERA)
    with pytest.raises(NotAimable, match="5 km"):
        found.aim(place_at(0, 6000), camera=CAMERA)


@given(wide=st.floats(20, 110), share=st.floats(0.02, 1), zoom=st.floats(0, 1))
def test_zoom_and_opening_are_each_others_inverse(wide: float, share: float, zoom: float) -> None:
    optics = Optics(wide, max(0.5, wide * share))
    magnification = math.tan(math.radians(wide / 2)) / math.tan(math.radians(optics.tele_deg / 2))
    assume(magnification > 1.01)
    opening = 2 * math.degrees(math.atan(math.tan(math.radians(wide / 2)) / (1 + (magnification - 1) * zoom)))
    assert optics.zoom_for(opening) == pytest.approx(zoom, abs=1e-6)


@pytest.mark.parametrize("value", [math.nan, math.inf, -200.0])
def test_no_place_is_made_of_nonsense(value: float) -> None:
    with pytest.raises(ValueError, match="not a place"):
        Place(value, 0.0)
