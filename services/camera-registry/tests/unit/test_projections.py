"""Plane coordinates to degrees: round trips, and PROJ as the peer."""

import pyproj
import pytest
from hypothesis import given
from hypothesis import strategies as st

from camera_registry.domain.position import Position, distance_m, lambert93
from camera_registry.domain.projections import SYSTEMS, from_lambert93

LONGITUDES = st.floats(-5.0, 9.6)
LATITUDES = st.floats(41.3, 51.1)


@given(lon=LONGITUDES, lat=LATITUDES)
def test_lambert93_and_back_is_less_than_a_millimetre(lon: float, lat: float) -> None:
    here = Position(lon, lat)
    assert distance_m(here, from_lambert93(*lambert93(here))) < 0.001


PROJ = {crs.code: pyproj.Transformer.from_crs(crs.code, "EPSG:4326", always_xy=True) for crs in SYSTEMS[1:]}
BACK = {crs.code: pyproj.Transformer.from_crs("EPSG:4326", crs.code, always_xy=True) for crs in SYSTEMS[1:]}
TOLERANCE_M = {"EPSG:27572": 0.05}


@pytest.mark.parametrize("crs", SYSTEMS[1:], ids=lambda crs: crs.name)
@given(lon=LONGITUDES, lat=LATITUDES)
def test_every_system_agrees_with_proj(crs: object, lon: float, lat: float) -> None:
    (system,) = (each for each in SYSTEMS if each is crs)
    if system.name.startswith("CC"):
        lat = int(system.name[2:]) + (lat - 46.2) / 5  # a zone is used one degree either side of its parallel
    east, north = BACK[system.code].transform(lon, lat)
    ours = system.position(east, north)
    assert ours is not None
    assert distance_m(ours, Position(*PROJ[system.code].transform(east, north))) < TOLERANCE_M.get(system.code, 0.001)


@given(x=st.floats(allow_nan=True), y=st.floats(allow_nan=True))
def test_no_number_breaks_a_system(x: float, y: float) -> None:
    for crs in SYSTEMS:
        found = crs.position(x, y)
        assert found is None or abs(found.lat) <= 90
