"""The ground that an arrêté protects: polygons as people bring them in GeoJSON, or a list of positions.

A town's file is wrong more often than not, so everything found is told at once, with where and how to mend it.
"""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import shapely
from shapely.geometry.base import BaseGeometry

from camera_registry.domain.position import Area, Position, distance_m, prepared

MAX_CORNERS = 20_000
MAX_POLYGONS = 500
MAX_POSITIONS = 5_000
MAX_RADIUS_M = 500.0
BEYOND_CONTOUR_M = 250.0
"""How far a perimeter may go beyond its communes: published contours are generalised by that much at most."""

_METRES_PER_DEGREE = 111_320.0
_FINDINGS_TOLD = 20
_RING_CORNERS = 4
_LON, _LAT = 180.0, 90.0
_PROJECTED = 1_000.0
_REASONS = {
    "Self-intersection": "le contour se croise lui-même",
    "Ring Self-intersection": "le contour se touche lui-même",
    "Hole lies outside shell": "un trou est en dehors du contour",
    "Holes are nested": "un trou est dans un autre trou",
    "Interior is disconnected": "les trous coupent le polygone en morceaux",
    "Duplicate Rings": "un anneau est donné deux fois",
    "Too few points in geometry component": "il n'y a pas assez de sommets différents",
}


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing to mend: ``where`` names the polygon and ring as a person counts (from 1); ``message`` is French."""

    where: str
    message: str


class PerimeterInvalid(ValueError):
    """A perimeter that cannot be used; ``findings`` tells everything that is wrong with it."""

    def __init__(self, findings: Sequence[Finding]) -> None:
        super().__init__("; ".join(f"{one.where} : {one.message}" for one in findings))
        self.findings = tuple(findings)


@dataclass(frozen=True, slots=True)
class ListedPosition:
    """A position that an arrêté lists, and the metres around it in which the camera may stand (border included).

    ``radius_m`` is above 0 and at most 500. Raises PerimeterInvalid.
    """

    position: Position
    radius_m: float
    label: str = ""

    def __post_init__(self) -> None:
        if not (math.isfinite(self.radius_m) and 0.0 < self.radius_m <= MAX_RADIUS_M):
            finding = Finding(self.label or "position", f"le rayon va de 1 à {MAX_RADIUS_M:.0f} mètres")
            raise PerimeterInvalid([finding])

    def holds(self, position: Position) -> bool:
        """Tell whether a camera there stands on this listed position."""
        return distance_m(self.position, position) <= self.radius_m


def read_perimeter(document: Mapping[str, Any]) -> Area:
    """Read a GeoJSON Polygon, MultiPolygon, Feature or FeatureCollection (RFC 7946) as one area, in WGS 84.

    Polygons that overlap count once. Raises PerimeterInvalid.
    """
    findings: list[Finding] = []
    polygons: list[shapely.Polygon] = []
    corners = 0
    for number, coordinates in enumerate(_polygons(document, findings), start=1):
        where = f"polygone {number}"
        if number > MAX_POLYGONS:
            raise PerimeterInvalid([Finding("périmètre", f"plus de {MAX_POLYGONS} polygones : simplifiez-le")])
        rings = _rings(where, coordinates, findings)
        corners += sum(map(len, rings))
        if corners > MAX_CORNERS:
            raise PerimeterInvalid([Finding("périmètre", f"plus de {MAX_CORNERS} sommets : simplifiez le tracé")])
        if rings:
            polygons.extend(_polygon(where, rings, findings))
    if not polygons and not findings:
        findings.append(Finding("périmètre", "il ne contient aucun polygone"))
    if findings:
        raise PerimeterInvalid(findings[:_FINDINGS_TOLD])
    return Area(prepared(shapely.union_all(polygons)))


def check_within(area: Area, contours: Mapping[str, Area]) -> None:
    """Raise PerimeterInvalid where the area leaves the communes of the arrêté by more than 250 m."""
    allowed = _allowed(contours)
    findings = [
        finding
        for number, part in enumerate(shapely.get_parts(area.geometry), start=1)
        if (finding := _overshoot(f"polygone {number}", part, allowed)) is not None
    ]
    if findings:
        raise PerimeterInvalid(findings[:_FINDINGS_TOLD])


def check_positions(positions: Sequence[ListedPosition], contours: Mapping[str, Area]) -> None:
    """Raise PerimeterInvalid for listed positions outside the communes of the arrêté (by more than 250 m)."""
    if len(positions) > MAX_POSITIONS:
        raise PerimeterInvalid([Finding("positions", f"plus de {MAX_POSITIONS} positions")])
    allowed = _allowed(contours)
    findings = [
        Finding(
            f"position {number}" + (f" ({one.label})" if one.label else ""),
            "elle est hors des communes de l'arrêté" + _swap_hint(allowed, one.position.lon, one.position.lat),
        )
        for number, one in enumerate(positions, start=1)
        if not shapely.intersects_xy(allowed, one.position.lon, one.position.lat)
    ]
    if findings:
        raise PerimeterInvalid(findings[:_FINDINGS_TOLD])


def _polygons(document: Mapping[str, Any], findings: list[Finding]) -> Iterator[Any]:
    """Yield the coordinates of each polygon in the document, in reading order."""
    for where, geometry in _geometries(document):
        kind = geometry.get("type") if isinstance(geometry, Mapping) else None
        if kind == "Polygon":
            yield geometry.get("coordinates")
        elif kind == "MultiPolygon" and isinstance(geometry.get("coordinates"), list):
            yield from geometry["coordinates"]
        else:
            findings.append(
                Finding(where, f"« {kind or 'rien'} » n'est pas une surface : donnez un Polygon ou un MultiPolygon")
            )


def _geometries(document: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    kind = document.get("type")
    if kind == "FeatureCollection" and isinstance(document.get("features"), list):
        for number, feature in enumerate(document["features"], start=1):
            yield f"objet {number}", feature.get("geometry") if isinstance(feature, Mapping) else None
    elif kind == "Feature":
        yield "objet 1", document.get("geometry")
    else:
        yield "périmètre", document


def _rings(where: str, coordinates: Any, findings: list[Finding]) -> list[list[tuple[float, float]]]:
    """Return the rings of a polygon, or none at all when one of them cannot be read."""
    if not isinstance(coordinates, list) or not coordinates:
        findings.append(Finding(where, "ses coordonnées manquent"))
        return []
    before = len(findings)
    rings = [
        _ring(where if number == 0 else f"{where}, trou {number}", ring, findings)
        for number, ring in enumerate(coordinates)
    ]
    return rings if len(findings) == before else []


def _ring(where: str, ring: Any, findings: list[Finding]) -> list[tuple[float, float]]:
    corners = [_corner(corner) for corner in ring] if isinstance(ring, list) else []
    known = [corner for corner in corners if corner is not None]
    if not corners or len(known) < len(corners):
        findings.append(Finding(where, "un sommet s'écrit [longitude, latitude], en nombres"))
    elif any(abs(lon) > _LON or abs(lat) > _LAT for lon, lat in known):
        projected = any(abs(value) > _PROJECTED for corner in known for value in corner)
        hint = "sont en mètres (Lambert-93 ?)" if projected else "sortent de la Terre"
        findings.append(Finding(where, f"ses coordonnées {hint} : exportez le fichier en WGS 84 (EPSG:4326)"))
    elif len(known) < _RING_CORNERS or known[0] != known[-1]:
        findings.append(Finding(where, "le contour n'est pas fermé : le dernier sommet répète le premier (4 au moins)"))
    return known


def _corner(corner: Any) -> tuple[float, float] | None:
    if not isinstance(corner, list) or len(corner) < 2:  # noqa: PLR2004 - longitude and latitude
        return None
    lon, lat = corner[0], corner[1]
    numbers = all(isinstance(value, int | float) and not isinstance(value, bool) for value in (lon, lat))
    if not numbers or not (math.isfinite(lon) and math.isfinite(lat)):
        return None
    return float(lon), float(lat)


def _polygon(where: str, rings: list[list[tuple[float, float]]], findings: list[Finding]) -> list[shapely.Polygon]:
    polygon = shapely.Polygon(rings[0], rings[1:])
    if not polygon.is_valid:
        findings.append(Finding(where, _in_words(shapely.is_valid_reason(polygon))))
        return []
    if polygon.area <= 0.0:
        findings.append(Finding(where, "il n'a pas de surface"))
        return []
    return [polygon]


def _in_words(reason: str) -> str:
    """Return in French what the geometry library found, with the place: ``Self-intersection[2.3 48.9]``."""
    name, _, place = reason.partition("[")
    words = _REASONS.get(name, "le contour n'est pas un polygone valable")
    return f"{words} près de {place.rstrip(']').replace(' ', ' ; ')} : redessinez-le" if place else words


def _allowed(contours: Mapping[str, Area]) -> BaseGeometry:
    reach = BEYOND_CONTOUR_M / _METRES_PER_DEGREE
    union = shapely.union_all([contour.geometry for contour in contours.values()])
    return prepared(union.buffer(reach))


def _overshoot(where: str, part: BaseGeometry, allowed: BaseGeometry) -> Finding | None:
    outside = part.difference(allowed)
    if outside.is_empty:
        return None
    point = part.representative_point()
    if not part.intersects(allowed):
        hint = _swap_hint(allowed, point.x, point.y)
        return Finding(where, "il est tout entier hors des communes de l'arrêté" + hint)
    hectares = outside.area * _METRES_PER_DEGREE**2 * math.cos(math.radians(point.y)) / 10_000
    return Finding(
        where,
        f"il dépasse des communes de l'arrêté ({hectares:.1f} ha en dehors) : coupez-le à leurs limites "
        "ou ajoutez la commune voisine",
    )


def _swap_hint(allowed: BaseGeometry, lon: float, lat: float) -> str:
    swapped = shapely.intersects_xy(allowed, lat, lon)
    return " : longitude et latitude sont échangées" if swapped else ""
