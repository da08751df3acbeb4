"""Plane coordinates as French inventories have them, back to WGS 84 degrees.

Sources. Lambert conformal conic and its inverse: IGN, technical note NTG_71 (algorithms ALG0002, ALG0004), constants
of Lambert-93 and of the nine zones CC42-CC50 from the notice of RGF93. Lambert II étendu: NTG_71 on Clarke 1880 IGN,
then the three-parameter shift NTF to RGF93 (-168, -60, 320 m) of the same note, good to a few metres. Web Mercator:
EPSG Guidance Note 7-2, method 1024.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass

from camera_registry.domain.position import Position, PositionInvalid

_GRS80_A = 6_378_137.0
_GRS80_E = 0.0818191910428158
_CLARKE_A = 6_378_249.2
_CLARKE_E = 0.08248325676
_GREENWICH_OF_PARIS_DEG = 2.337229166667
_NTF_TO_WGS84_M = (-168.0, -60.0, 320.0)
_FALSE_ORIGIN_CC = 41
"""CC zone ``n`` has its false northing at (n - 41) million metres + 200 km."""


@dataclass(frozen=True, slots=True)
class _Cone:
    """A Lambert cone: exponent, constant (m), false origin (m), central meridian (degrees), first eccentricity."""

    n: float
    c: float
    xs: float
    ys: float
    lon0_deg: float
    e: float

    def geographic(self, east_m: float, north_m: float) -> tuple[float, float]:
        """Return longitude and latitude in degrees on the cone's own ellipsoid (ALG0004)."""
        radius = math.hypot(east_m - self.xs, north_m - self.ys)
        gamma = math.atan2(east_m - self.xs, self.ys - north_m)
        isometric = -math.log(radius / abs(self.c)) / self.n
        return self.lon0_deg + math.degrees(gamma / self.n), math.degrees(_latitude(isometric, self.e))


def _latitude(isometric: float, e: float) -> float:
    """Return the latitude (radians) of an isometric latitude (ALG0002), to 1e-12."""
    phi = 2 * math.atan(math.exp(isometric)) - math.pi / 2
    for _ in range(20):
        sine = e * math.sin(phi)
        after = 2 * math.atan(((1 + sine) / (1 - sine)) ** (e / 2) * math.exp(isometric)) - math.pi / 2
        if abs(after - phi) < 1e-12:  # noqa: PLR2004 - radians: a few micrometres
            return after
        phi = after
    return phi


def _isometric(phi: float, e: float) -> float:
    sine = e * math.sin(phi)
    return math.log(math.tan(math.pi / 4 + phi / 2) * ((1 - sine) / (1 + sine)) ** (e / 2))


def _secant_cone(lat1: float, lat2: float, lat0: float, lon0: float, x0: float, y0: float) -> _Cone:
    """Return a secant cone on GRS 80 from its parallels (degrees) and false origin (NTG_71, ALG0054)."""
    phi0, phi1, phi2 = math.radians(lat0), math.radians(lat1), math.radians(lat2)
    normal1 = _GRS80_A / math.sqrt(1 - (_GRS80_E * math.sin(phi1)) ** 2)
    normal2 = _GRS80_A / math.sqrt(1 - (_GRS80_E * math.sin(phi2)) ** 2)
    n = math.log((normal2 * math.cos(phi2)) / (normal1 * math.cos(phi1)))
    n /= _isometric(phi1, _GRS80_E) - _isometric(phi2, _GRS80_E)
    c = normal1 * math.cos(phi1) / n * math.exp(n * _isometric(phi1, _GRS80_E))
    return _Cone(n, c, x0, y0 + c * math.exp(-n * _isometric(phi0, _GRS80_E)), lon0, _GRS80_E)


_LAMBERT93 = _Cone(0.7256077650532670, 11_754_255.426096, 700_000.0, 12_655_612.049876, 3.0, _GRS80_E)
_LAMBERT2E = _Cone(0.7289686274, 11_745_793.39, 600_000.0, 8_199_695.768, _GREENWICH_OF_PARIS_DEG, _CLARKE_E)
_CC = {
    zone: _secant_cone(
        zone - 0.75, zone + 0.75, float(zone), 3.0, 1_700_000.0, (zone - _FALSE_ORIGIN_CC) * 1_000_000.0 + 200_000.0
    )
    for zone in range(42, 51)
}


def from_lambert93(east_m: float, north_m: float) -> Position:
    """Return the WGS 84 position of Lambert-93 metres, inverse of `position.lambert93` to less than a millimetre."""
    return _position(*_LAMBERT93.geographic(east_m, north_m))


def from_cc(zone: int, east_m: float, north_m: float) -> Position:
    """Return the WGS 84 position of metres in the conic zone CC42-CC50."""
    return _position(*_CC[zone].geographic(east_m, north_m))


def from_lambert2e(east_m: float, north_m: float) -> Position:
    """Return the WGS 84 position of Lambert II étendu metres, good to a few metres (three-parameter shift)."""
    lon, lat = _LAMBERT2E.geographic(east_m, north_m)
    phi, lam = math.radians(lat), math.radians(lon)
    normal = _CLARKE_A / math.sqrt(1 - (_CLARKE_E * math.sin(phi)) ** 2)
    x = normal * math.cos(phi) * math.cos(lam) + _NTF_TO_WGS84_M[0]
    y = normal * math.cos(phi) * math.sin(lam) + _NTF_TO_WGS84_M[1]
    z = normal * (1 - _CLARKE_E**2) * math.sin(phi) + _NTF_TO_WGS84_M[2]
    return _position(math.degrees(math.atan2(y, x)), math.degrees(_from_cartesian(math.hypot(x, y), z)))


def _from_cartesian(radius: float, z: float) -> float:
    phi = math.atan2(z, radius * (1 - _GRS80_E**2))
    for _ in range(10):
        normal = _GRS80_A / math.sqrt(1 - (_GRS80_E * math.sin(phi)) ** 2)
        phi = math.atan2(z + _GRS80_E**2 * normal * math.sin(phi), radius)
    return phi


def from_web_mercator(east_m: float, north_m: float) -> Position:
    """Return the WGS 84 position of Web Mercator metres (EPSG:3857)."""
    lat = math.degrees(2 * math.atan(math.exp(north_m / _GRS80_A)) - math.pi / 2)
    return _position(math.degrees(east_m / _GRS80_A), lat)


def _position(lon: float, lat: float) -> Position:
    return Position(round(lon, 9), round(lat, 9))


def _wgs84(lon: float, lat: float) -> Position:
    return Position(lon, lat)


@dataclass(frozen=True, slots=True)
class Crs:
    """A way of writing positions: EPSG code, the name people know, and the way back to degrees from (x, y)."""

    code: str
    name: str
    to_position: Callable[[float, float], Position]

    def position(self, x: float, y: float) -> Position | None:
        """Return the position, or None where these numbers are none in this system."""
        try:
            return self.to_position(x, y)
        except (PositionInvalid, ValueError, OverflowError, ZeroDivisionError):
            return None


def _cc(zone: int) -> Crs:
    return Crs(f"EPSG:{3900 + zone}", f"CC{zone}", lambda x, y: from_cc(zone, x, y))


WGS84 = Crs("EPSG:4326", "WGS 84", _wgs84)
LAMBERT93 = Crs("EPSG:2154", "Lambert-93", from_lambert93)
SYSTEMS: tuple[Crs, ...] = (
    WGS84,
    LAMBERT93,
    *(_cc(zone) for zone in _CC),
    Crs("EPSG:27572", "Lambert II étendu", from_lambert2e),
    Crs("EPSG:3857", "Web Mercator", from_web_mercator),
)
"""Known systems, the likeliest first."""
