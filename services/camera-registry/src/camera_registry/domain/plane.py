"""The ground around a place as a plane in metres: what angles, cones and shadows are reckoned in."""

import math
from dataclasses import dataclass

from camera_registry.domain.position import Position

# GRS 80 ellipsoid (the one of RGF93 and, to a tenth of a millimetre, of WGS 84): semi-major axis, eccentricity squared.
_AXIS_M = 6_378_137.0
_E2 = 0.006_694_380_022_90
_TURN = 360.0


@dataclass(frozen=True, slots=True)
class Plane:
    """Metres east and north of ``origin``, with the ellipsoid's own radii there.

    The plane leaves the ellipsoid by about d²/R: 1 cm at 200 m, 20 cm at 1 km, 5 m at 5 km. Straight lines stay
    straight both ways.
    """

    origin: Position
    east_m_per_degree: float
    north_m_per_degree: float

    @classmethod
    def around(cls, origin: Position) -> "Plane":
        """Lay the plane on the ellipsoid at a place; at a pole, at 89.9 degrees."""
        latitude = math.radians(max(-89.9, min(89.9, origin.lat)))
        bend = 1.0 - _E2 * math.sin(latitude) ** 2
        across = _AXIS_M / math.sqrt(bend) * math.cos(latitude)
        along = _AXIS_M * (1.0 - _E2) / bend**1.5
        return cls(origin, math.radians(across), math.radians(along))

    def metres(self, position: Position) -> tuple[float, float]:
        """Return (east, north) of the origin, in metres."""
        return self.metres_of(position.lon, position.lat)

    def metres_of(self, lon: float, lat: float) -> tuple[float, float]:
        """Return (east, north) of the origin, in metres."""
        return (lon - self.origin.lon) * self.east_m_per_degree, (lat - self.origin.lat) * self.north_m_per_degree

    def degrees_of(self, east_m: float, north_m: float) -> tuple[float, float]:
        """Return (longitude, latitude) of a point of the plane."""
        lon = self.origin.lon + east_m / self.east_m_per_degree
        lat = self.origin.lat + north_m / self.north_m_per_degree
        return lon, lat


def bearing_of(east_m: float, north_m: float) -> float:
    """Return the bearing of a direction: degrees from true north, clockwise, in [0, 360)."""
    return math.degrees(math.atan2(east_m, north_m)) % _TURN % _TURN
