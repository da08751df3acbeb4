"""Guessing which column holds what: by its name in seven languages, and by what stands in it."""

import hashlib
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

from camera_registry.domain.importing.fields import BY_NAME, FIELDS, MANY
from camera_registry.domain.importing.issues import shown
from camera_registry.domain.importing.places import ordinate, pair_of
from camera_registry.domain.importing.table import Table
from camera_registry.domain.importing.words import (
    WINDS,
    date_of,
    is_nothing,
    kind_of,
    number_of,
    plain,
    precision_of,
    status_of,
)

_SAMPLE_ROWS = 200
_SHOWN_SAMPLES = 3
_LEAST = 0.4
_EXACT = 1.0
_PARTIAL = 0.7
_FLOOR = 0.55
_BY_VALUES = 0.5
_INSEE = re.compile(r"^(?:\d{5}|2[AB]\d{3}|\d{4})$")
_IP = re.compile(r"^(?:\d{1,3}\.){3}\d{1,3}(?::\d+)?$")
_RTSP = re.compile(r"^rtsps?://", re.IGNORECASE)
_HTTP = re.compile(r"^https?://", re.IGNORECASE)
_CODE = re.compile(r"^[\w./ °-]{1,30}$")


@dataclass(frozen=True, slots=True)
class ColumnGuess:
    """What a field was found in: columns of the file by number, how sure (0-1), and a few cells without secrets."""

    field: str
    columns: tuple[int, ...]
    confidence: float
    samples: tuple[str, ...]


class MappingInvalid(ValueError):
    """A mapping that names a field or a column that there is not; the text is French and says what to mend."""


def fingerprint(header: Sequence[str]) -> str:
    """Return what two files with the same header have in common, whatever case, accents or blanks they are in."""
    return hashlib.sha256("\n".join(plain(name) for name in header).encode()).hexdigest()


def guess(table: Table) -> dict[str, ColumnGuess]:
    """Return, by field, the likeliest columns; a column feeds one field, the surest first."""
    samples = [_sample(table, column) for column in range(len(table.header))]
    scored = [
        (_score(field.name, name, tuple(samples[column])), column, field.name)
        for column, name in enumerate(table.header)
        for field in FIELDS
    ]
    taken: set[int] = set()
    found: dict[str, tuple[list[int], float]] = {}
    order = {field.name: rank for rank, field in enumerate(FIELDS)}
    for score, column, field in sorted(scored, key=lambda each: (-each[0], each[1], order[each[2]])):
        if score < _LEAST or column in taken or (field in found and field not in MANY):
            continue
        columns, best = found.get(field, ([], score))
        found[field] = ([*columns, column], best)
        taken.add(column)
    _drop_half_positions(found)
    return {
        field.name: _guessed(
            table, field.name, tuple(sorted(found[field.name][0])), round(min(found[field.name][1], 1.0), 2)
        )
        for field in FIELDS
        if field.name in found
    }


def confirmed(table: Table, mapping: Mapping[str, str | Sequence[str]]) -> dict[str, ColumnGuess]:
    """Return the guess corrected by a person, field → column name(s); an empty name leaves a field out.

    A column that a person gave to one field feeds no other. Raises MappingInvalid.
    """
    given: dict[str, tuple[int, ...]] = {}
    for field, value in mapping.items():
        if field not in BY_NAME:
            raise MappingInvalid(f"Champ inconnu : « {field[:60]} ». Champs admis : {', '.join(BY_NAME)}.")
        names = [name for name in ([value] if isinstance(value, str) else value) if name]
        if len(names) > 1 and field not in MANY:
            raise MappingInvalid(f"Le champ « {field} » ne prend qu'une colonne.")
        given[field] = tuple(_column(table, name) for name in names)
    claimed = {column for columns in given.values() for column in columns}
    found = {
        field: one
        for field, one in guess(table).items()
        if field not in given and not claimed.intersection(one.columns)
    }
    found |= {field: _guessed(table, field, columns, 1.0) for field, columns in given.items() if columns}
    if given.get("coordinates"):
        found = {field: one for field, one in found.items() if field not in {"lon", "lat"}}
    elif given.get("lon") or given.get("lat"):
        found.pop("coordinates", None)
    return {field.name: found[field.name] for field in FIELDS if field.name in found}


def samples_of(table: Table, mapping: Mapping[str, ColumnGuess]) -> list[list[str]]:
    """Return a few cells of every column of the file, read or not, without secrets."""
    fields = {column: one.field for one in mapping.values() for column in one.columns}
    return [
        [shown(fields.get(column, ""), value) for value in _sample(table, column)[:_SHOWN_SAMPLES]]
        for column in range(len(table.header))
    ]


def _column(table: Table, name: str) -> int:
    wanted = [name.strip(), plain(name)]
    for column, known in enumerate(table.header):
        if known.strip() == wanted[0] or (plain(known) == wanted[1] and wanted[1]):
            return column
    raise MappingInvalid(f"Le fichier n'a pas de colonne « {name} ». Colonnes lues : {', '.join(table.header)}.")


def _guessed(table: Table, field: str, columns: tuple[int, ...], confidence: float) -> ColumnGuess:
    samples = [shown(field, value) for column in columns for value in _sample(table, column)[:_SHOWN_SAMPLES]]
    return ColumnGuess(field, columns, confidence, tuple(samples[:_SHOWN_SAMPLES]))


def _sample(table: Table, column: int) -> list[str]:
    step = max(1, len(table.rows) // _SAMPLE_ROWS)
    cells = (row[column].strip() for _, row in table.rows[::step][:_SAMPLE_ROWS] if column < len(row))
    return [cell for cell in cells if not is_nothing(cell)]


def _drop_half_positions(found: dict[str, tuple[list[int], float]]) -> None:
    """A longitude without a latitude is no position; and two columns are better than one that holds both."""
    if ("lon" in found) != ("lat" in found):
        found.pop("lon", None)
        found.pop("lat", None)
    if "lon" in found and "coordinates" in found:
        found.pop("coordinates")


def _score(field: str, name: str, samples: tuple[str, ...]) -> float:
    named = name_score(field, plain(name))
    share = _evidence(field, samples)
    if share is None:
        return named
    if named:
        score = named * (0.35 + 0.65 * share)
        return max(score, _FLOOR) if named == _EXACT and _is_plain_speaking(field, plain(name)) else score
    return _BY_VALUES * share if share >= 0.9 and field in _TELLING else 0.0  # noqa: PLR2004 - nearly all cells


def _is_plain_speaking(field: str, name: str) -> bool:
    """Tell whether a name means a field even over cells that cannot be read: their lines are then told to be mended."""
    if field.startswith("rtsp"):
        return "rtsp" in name or "flux" in name
    return field in {"code", "lon", "lat", "commune", "postcode", "onvif"} and len(name) > 2  # noqa: PLR2004 - not X, Y, N°


@lru_cache(maxsize=16_384)
def name_score(field: str, name: str) -> float:
    """Return how well a plain header name says a field: 1 for a known name, less when it only contains one."""
    if not name:
        return 0.0
    names = BY_NAME[field].names
    if name in names:
        return _EXACT
    bare = re.sub(r"\b(?:de|du|des|la|le|les|l|d|of|the|del|der|des|van|di|da|do)\b", " ", name)
    bare = " ".join(bare.split())
    if bare in names:
        return _EXACT - 0.02
    padded = f" {bare} "
    longest = max((len(known) for known in names if len(known) > 2 and f" {known} " in padded), default=0)  # noqa: PLR2004
    return _PARTIAL * (0.6 + 0.4 * longest / len(bare)) if longest else 0.0


_TELLING = frozenset({"coordinates", "kind", "installed_on", "rtsp_main", "onvif", "ip"})
"""Fields that values alone may show, whatever the column is called."""


def _evidence(field: str, samples: tuple[str, ...]) -> float | None:
    """Return the share of cells that can be this field; None where any text can."""
    test = _TESTS.get(field)
    if test is None or not samples:
        return None
    return sum(1 for cell in samples if test(cell)) / len(samples)


def _is_number(low: float, high: float) -> Callable[[str], bool]:
    def test(cell: str) -> bool:
        value = number_of(cell)
        return value is not None and low <= value <= high

    return test


def _is_date(cell: str) -> bool:
    return date_of(cell) is not None


def _is_commune(cell: str) -> bool:
    return bool(_INSEE.match(cell)) or (any(c.isalpha() for c in cell) and not _RTSP.match(cell) and len(cell) <= 60)  # noqa: PLR2004


def _counts(cell: str) -> bool:
    value = number_of(cell)
    return value is not None and value == int(value) and 0 <= value <= 64  # noqa: PLR2004 - cameras on one line


def _is_pair(cell: str) -> bool:
    pair = pair_of(cell)
    return pair is not None and any(abs(value) % 1 > 0 for value in (pair.x, pair.y))


_TESTS: dict[str, Callable[[str], bool]] = {
    "code": lambda cell: bool(_CODE.match(cell)),
    "lon": lambda cell: ordinate(cell) is not None,
    "lat": lambda cell: ordinate(cell) is not None,
    "coordinates": _is_pair,
    "commune": _is_commune,
    "postcode": lambda cell: bool(re.fullmatch(r"\d{4,5}", cell.replace(" ", ""))),
    "kind": lambda cell: kind_of(cell) is not None,
    "status": lambda cell: status_of(cell) is not None,
    "precision": lambda cell: precision_of(cell) is not None,
    "installed_on": _is_date,
    "rtsp_main": lambda cell: bool(_RTSP.match(cell)),
    "rtsp_sub": lambda cell: bool(_RTSP.match(cell)),
    "onvif": lambda cell: bool(_HTTP.match(cell)),
    "ip": lambda cell: bool(_IP.match(cell)),
    "azimuth_deg": lambda cell: plain(cell) in WINDS or _is_number(-360, 360)(cell),
    "opening_deg": _is_number(0, 360),
    "range_m": _is_number(0, 5000),
    "height_m": _is_number(0, 300),
    "count": _counts,
    "kind_counts": lambda cell: _counts(cell) or cell.strip().casefold() in {"x", "oui"},
}
