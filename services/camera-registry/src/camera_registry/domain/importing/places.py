"""Coordinates of a cell or two: degrees, sexagesimal degrees, a pair, WKT, plane metres; and a file's system."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from camera_registry.domain.importing.words import number_of
from camera_registry.domain.position import Position
from camera_registry.domain.projections import SYSTEMS, WGS84, Crs

_NUMBER = r"[+\-−]?\d+(?:[.,]\d+)?"
_DMS = re.compile(
    r"^(?P<before>[NSEWO])?\s*(?P<sign>[+\-−])?\s*(?P<deg>\d{1,3}(?:[.,]\d+)?)\s*(?:°|º|d|deg|\s)\s*"
    r"(?:(?P<min>\d{1,2}(?:[.,]\d+)?)\s*(?:['’′´]|m|min|\s|$)\s*)?"
    r"(?:(?P<sec>\d{1,2}(?:[.,]\d+)?)\s*(?:\"|”|″|''|’’|′′|´´|s|sec)?)?\s*(?P<after>[NSEWO])?$",
    re.IGNORECASE,
)
_SIDED = re.compile(rf"^(?:([NSEWO])\s*({_NUMBER})|({_NUMBER})\s*°?\s*([NSEWO]))$", re.IGNORECASE)
_POINT = re.compile(rf"POINT\s*Z?\s*\(\s*({_NUMBER})\s+({_NUMBER})", re.IGNORECASE)
_JSON_POINT = re.compile(r"\[\s*([+\-]?\d+(?:\.\d+)?)\s*,\s*([+\-]?\d+(?:\.\d+)?)")
_DMS_PAIR = re.compile(r"^(.+?[NSEWO])[\s,;/]+(.+[NSEWO])$", re.IGNORECASE)
_LONGITUDES = frozenset("EWO")
_MINUTES = 60
_SAMPLE = 400
_LONGEST = 120


@dataclass(frozen=True, slots=True)
class Pair:
    """Two numbers as the file has them; ``x`` is the easting or longitude, as far as the file says."""

    x: float
    y: float


def ordinate(text: str) -> float | None:
    """Return a longitude, latitude or plane coordinate: a number or degrees, minutes, seconds; None if unreadable."""
    value = number_of(text)
    return value if value is not None else _sexagesimal(text.strip())


def pair_of(text: str) -> Pair | None:
    """Return the two coordinates of one cell; *lat, lon* unless the text says otherwise (WKT, GeoJSON, E/N letters)."""
    value = text.strip()
    if len(value) > _LONGEST:
        return None
    if match := _POINT.search(value) or _JSON_POINT.search(value):
        return _both(match[1], match[2])
    value = re.sub(r"^(?:geo|gps|lat|coord(?:onnees)?)\s*[:=]\s*", "", value, flags=re.IGNORECASE)
    if match := _DMS_PAIR.match(value):
        return _lettered(match[1].strip(), match[2].strip())
    bare = value.strip("()[]{} ")
    for separator in (r"\s*[;|/]\s*", r"\s*,\s+|\s+,\s*", r"\s+", r","):
        parts = [part for part in re.split(separator, bare) if part]
        if len(parts) == 2:  # noqa: PLR2004 - a pair
            found = _both(parts[1], parts[0])
            if found is not None:
                return found
    if match := re.fullmatch(r"([+\-−]?\d{1,3},\d+),([+\-−]?\d{1,3},\d+)", bare):
        return _both(match[2], match[1])
    return None


def _both(x: str, y: str) -> Pair | None:
    east, north = ordinate(x), ordinate(y)
    return Pair(east, north) if east is not None and north is not None else None


def _lettered(first: str, second: str) -> Pair | None:
    if _side(first) in _LONGITUDES:
        first, second = second, first
    return _both(second, first)


def _side(text: str) -> str:
    return (text[-1] if text[-1].isalpha() else text[0]).upper()


def _sexagesimal(text: str) -> float | None:
    if len(text) > _LONGEST:
        return None
    if match := _SIDED.match(text):
        value = number_of(match[2] or match[3])
        return None if value is None else _signed(value, match[1] or match[4])
    match = _DMS.match(text)
    if match is None:
        return None
    degrees, minutes, seconds = (number_of(match[name] or "0") or 0.0 for name in ("deg", "min", "sec"))
    if minutes >= _MINUTES or seconds >= _MINUTES:
        return None
    value = degrees + minutes / _MINUTES + seconds / _MINUTES**2
    return _signed(-value if match["sign"] in {"-", "−"} else value, match["before"] or match["after"] or "")


def _signed(value: float, side: str) -> float:
    return -abs(value) if side.upper() in {"S", "W", "O"} else value


@dataclass(frozen=True, slots=True)
class Reading:
    """How a file's coordinates are to be taken: the system, and whether x and y stand in each other's column."""

    crs: Crs = WGS84
    swapped: bool = False

    def position(self, pair: Pair) -> Position | None:
        """Return the place, None where the numbers are none in this system."""
        return self.crs.position(pair.y, pair.x) if self.swapped else self.crs.position(pair.x, pair.y)


@dataclass(frozen=True, slots=True)
class Extent:
    """The box, in degrees, that holds the town."""

    west: float
    south: float
    east: float
    north: float

    def holds(self, position: Position | None, margin: float) -> bool:
        """Tell whether a position lies in the box widened by ``margin`` degrees."""
        return (
            position is not None
            and self.west - margin <= position.lon <= self.east + margin
            and self.south - margin <= position.lat <= self.north + margin
        )


FRANCE = Extent(-5.5, 41.2, 9.8, 51.3)


def reading_of(pairs: Sequence[Pair], extent: Extent, only: Crs | None = None) -> Reading:
    """Return the reading that puts most points into the town, else into France; the plain one where nothing tells.

    ``only`` is the system that a person named: then just the order of the two columns is looked at.
    """
    sample = pairs[:: max(1, len(pairs) // _SAMPLE)]
    readings = [Reading(crs, swapped) for swapped in (False, True) for crs in ((only,) if only else SYSTEMS)]
    for box, margin in ((extent, 0.02), (extent, 0.3), (FRANCE, 0.0)):
        scores = [sum(box.holds(reading.position(pair), margin) for pair in sample) for reading in readings]
        best = max(scores, default=0)
        if best > len(sample) / 2:
            return readings[scores.index(best)]
    return Reading(only or WGS84)


def crs_named(text: str) -> Crs | None:
    """Return the system that a person names by EPSG code or name (``2154``, *Lambert 93*, ``CC49``), or None."""
    wanted = re.sub(r"[^a-z0-9]", "", text.casefold().replace("é", "e"))
    for crs in SYSTEMS:
        code, name = crs.code[5:], re.sub(r"[^a-z0-9]", "", crs.name.casefold().replace("é", "e"))
        if wanted in {code, f"epsg{code}", name} or (crs is WGS84 and wanted in {"wgs84", "gps", "crs84"}):
            return crs
    if match := re.fullmatch(r"(?:rgf93)?(?:cc|lambertcc)(\d\d)", wanted):
        return next((crs for crs in SYSTEMS if crs.name == f"CC{match[1]}"), None)
    return {"rgf93": SYSTEMS[1], "l93": SYSTEMS[1], "lambert2": SYSTEMS[-2], "l2e": SYSTEMS[-2]}.get(wanted)
