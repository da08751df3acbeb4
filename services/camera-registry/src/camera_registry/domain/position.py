"""Places on the ground: a position, its metres, an area."""

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Protocol

import numpy as np
import shapely
from shapely.errors import ShapelyError
from shapely.geometry import mapping, shape
from shapely.geometry.base import BaseGeometry


class PositionInvalid(ValueError):
    """A longitude or latitude outside the Earth's range."""


class PositionPrecision(StrEnum):
    """How well a camera's place is known: the spot, its street, its commune only (shown at the centre), not at all."""

    EXACT = "exact"
    STREET = "street"
    COMMUNE = "commune"
    UNKNOWN = "unknown"

    @property
    def located(self) -> bool:
        """Whether the place is good enough to say that it lies within a perimeter."""
        return self in {PositionPrecision.EXACT, PositionPrecision.STREET}


class AreaInvalid(ValueError):
    """A GeoJSON geometry that is no polygon, is empty, crosses itself, or leaves the Earth's range of degrees."""


@dataclass(frozen=True, slots=True)
class Position:
    """WGS 84 degrees: ``lon`` in [-180, 180], ``lat`` in [-90, 90]. Raises PositionInvalid outside."""

    lon: float
    lat: float

    def __post_init__(self) -> None:
        if not (math.isfinite(self.lon) and -180.0 <= self.lon <= 180.0):  # noqa: PLR2004 - degrees
            raise PositionInvalid(f"longitude {self.lon}")
        if not (math.isfinite(self.lat) and -90.0 <= self.lat <= 90.0):  # noqa: PLR2004 - degrees
            raise PositionInvalid(f"latitude {self.lat}")


# Lambert-93 (EPSG:2154) constants, IGN technical note NTG_71 "Projection cartographique conique conforme de
# Lambert", GRS 80 ellipsoid: exponent, projection constant (m), false origin (m), first eccentricity.
_N = 0.7256077650532670
_C = 11_754_255.426096
_XS = 700_000.0
_YS = 12_655_612.049876
_E = 0.0818191910428158
_LON0 = math.radians(3.0)
_LAT_LIMIT = 89.0


def lambert93(position: Position) -> tuple[float, float]:
    """Project to Lambert-93 metres (east, north); exact to a millimetre in metropolitan France.

    Distances are true to about 1 ‰ there, and equally so in every direction (the projection is conformal), so
    that the nearest camera in these metres is the nearest on the ground. Latitudes beyond ±89° are brought to
    89°: the cone has no image of the poles.
    """
    phi = math.radians(max(-_LAT_LIMIT, min(_LAT_LIMIT, position.lat)))
    sine = _E * math.sin(phi)
    isometric = math.log(math.tan(math.pi / 4 + phi / 2) * ((1 - sine) / (1 + sine)) ** (_E / 2))
    radius = _C * math.exp(-_N * isometric)
    gamma = _N * (math.radians(position.lon) - _LON0)
    return _XS + radius * math.sin(gamma), _YS - radius * math.cos(gamma)


def distance_m(one: Position, other: Position) -> float:
    """Return the metres between two places, true to about 1 ‰ in metropolitan France."""
    return math.dist(lambert93(one), lambert93(other))


class Standing(Protocol):
    """What stands somewhere in a commune: as much of a camera as a perimeter needs to know."""

    @property
    def insee(self) -> str:
        """The commune's code."""
        ...

    @property
    def position(self) -> Position:
        """Where it stands."""
        ...

    @property
    def precision(self) -> PositionPrecision:
        """How well that is known."""
        ...


@dataclass(frozen=True, slots=True, eq=False)
class Area:
    """One polygon or several, in WGS 84; a point on the border is inside."""

    geometry: BaseGeometry

    @classmethod
    def from_geojson(cls, document: Mapping[str, Any]) -> "Area":
        """Read a GeoJSON Polygon or MultiPolygon geometry (RFC 7946); raises AreaInvalid."""
        if document.get("type") not in {"Polygon", "MultiPolygon"}:
            raise AreaInvalid("un périmètre est un Polygon ou un MultiPolygon GeoJSON")
        try:
            with np.errstate(invalid="ignore"):  # not-a-number is told below, by the one who is sent the answer
                geometry = shape(dict(document))
        except (ShapelyError, ValueError, TypeError, KeyError, IndexError, AttributeError) as error:
            raise AreaInvalid("les coordonnées du polygone sont illisibles") from error
        if geometry.is_empty or not geometry.is_valid:
            raise AreaInvalid("le polygone est vide ou se croise lui-même")
        west, south, east, north = geometry.bounds
        if not (west >= -180.0 and south >= -90.0 and east <= 180.0 and north <= 90.0):  # noqa: PLR2004 - degrees
            raise AreaInvalid("des coordonnées sortent du globe : il faut du WGS 84 (longitude, latitude, en degrés)")
        return cls(prepared(geometry))

    @classmethod
    def disc(cls, centre: Position, radius_m: float, corners: int = 48) -> "Area":
        """Return the regular polygon of ``corners`` around ``centre``; metres are local, good to 1 % at 10 km."""
        north = radius_m / 111_320.0
        east = north / math.cos(math.radians(centre.lat))
        turn = 2 * math.pi / corners
        ring = [
            (centre.lon + east * math.cos(i * turn), centre.lat + north * math.sin(i * turn)) for i in range(corners)
        ]
        return cls(prepared(shapely.Polygon(ring)))

    def contains(self, position: Position) -> bool:
        """Tell whether the position lies in the area, its border included."""
        return bool(shapely.intersects_xy(self.geometry, position.lon, position.lat))

    def within_reach(self, position: Position, metres: float) -> bool:
        """Tell whether the position is inside, or outside by at most about ``metres``."""
        degrees = metres / 111_320.0
        return self.contains(position) or (self.geometry.distance(shapely.Point(position.lon, position.lat)) <= degrees)

    def to_geojson(self) -> dict[str, Any]:
        """Return the GeoJSON geometry, with lists as JSON has them."""
        return json.loads(json.dumps(mapping(self.geometry)))

    @property
    def centre(self) -> Position:
        """A point surely inside, near the middle."""
        point = self.geometry.centroid
        if not self.geometry.contains(point):
            point = self.geometry.representative_point()
        return Position(float(point.x), float(point.y))


def prepared(geometry: BaseGeometry) -> BaseGeometry:
    """Index a geometry so that thousands of containment questions cost microseconds."""
    shapely.prepare(geometry)
    return geometry
