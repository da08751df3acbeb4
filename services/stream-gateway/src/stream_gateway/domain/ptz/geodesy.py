"""Direction and distance between two near places on the WGS 84 ellipsoid.

The radii of curvature at the middle latitude (Gauss mid-latitude method): up to 10 km and 80° of latitude the azimuth
is within 0.01° and the distance within 1 m of the geodesic; tested against PROJ.
"""

import math
from dataclasses import dataclass

_A_M = 6_378_137.0
_E2 = 6.694_379_990_14e-3
_EARTH_M = 6_371_000.0
_FARTHEST_LON, _FARTHEST_LAT = 180.0, 90.0
_REFRACTION = 0.13
"""Usual coefficient of refraction of light near the ground (Gauss)."""


@dataclass(frozen=True, slots=True)
class Place:
    """Degrees, WGS 84."""

    lon: float
    lat: float

    def __post_init__(self) -> None:
        if not (abs(self.lon) <= _FARTHEST_LON and abs(self.lat) <= _FARTHEST_LAT):  # also refuses NaN
            raise ValueError("not a place on earth")


@dataclass(frozen=True, slots=True)
class Sight:
    """A line of sight: ``bearing_deg`` 0-360 from north clockwise, ``distance_m`` on the ground."""

    bearing_deg: float
    distance_m: float


def sight(from_place: Place, to_place: Place) -> Sight:
    """Return in which direction and how far a place lies."""
    middle = math.radians((from_place.lat + to_place.lat) / 2)
    curve = 1.0 - _E2 * math.sin(middle) ** 2
    east_radius = _A_M / math.sqrt(curve)
    north_radius = _A_M * (1.0 - _E2) / curve**1.5
    turn = math.radians((to_place.lon - from_place.lon + 180.0) % 360.0 - 180.0)
    east = east_radius * math.cos(middle) * turn
    north = north_radius * math.radians(to_place.lat - from_place.lat)
    # the azimuth at the middle, turned back to the meridian of the start
    bearing = math.degrees(math.atan2(east, north) - turn * math.sin(middle) / 2)
    return Sight(bearing % 360.0, math.hypot(east, north))


def elevation_deg(height_m: float, distance_m: float) -> float:
    """Return the angle above the horizon (below: negative) of ground ``distance_m`` away, seen from ``height_m``."""
    drop = distance_m**2 * (1.0 - _REFRACTION) / (2.0 * _EARTH_M)
    return -math.degrees(math.atan2(height_m + drop, distance_m))
