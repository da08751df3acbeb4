"""Reading a town's camera list as towns write it: ``;`` or ``,``, with or without BOM, UTF-8 or Windows-1252."""

import csv
import io
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TypeVar

from camera_registry.domain.camera import CameraInvalid, Endpoints, check_code
from camera_registry.domain.commune import folded
from camera_registry.domain.position import Position, PositionInvalid
from contracts.registry import CameraKind, CameraStatus

_T = TypeVar("_T")
_SYNONYMS: dict[str, tuple[str, ...]] = {
    "code": ("code", "identifiant", "id", "camera", "reference", "ref", "numero"),
    "label": ("label", "libelle", "nom", "designation", "adresse", "emplacement"),
    "commune": ("commune", "insee", "code insee", "ville"),
    "lon": ("lon", "longitude", "lng", "x"),
    "lat": ("lat", "latitude", "y"),
    "kind": ("kind", "type", "nature", "type camera"),
    "status": ("status", "statut", "etat"),
    "site": ("site", "point d implantation", "implantation", "mat"),
    "rtsp_main": ("rtsp main", "rtsp principal", "flux principal", "rtsp", "url"),
    "rtsp_sub": ("rtsp sub", "rtsp secondaire", "flux secondaire"),
    "onvif": ("onvif", "url onvif"),
    "username": ("username", "utilisateur", "login"),
    "password": ("password", "mot de passe", "mdp"),
}
_COLUMN_OF = {name: column for column, names in _SYNONYMS.items() for name in names}
_REQUIRED = ("code", "commune", "lon", "lat")
_KINDS = {
    "fixe": CameraKind.FIXE,
    "ptz": CameraKind.PTZ,
    "dome": CameraKind.PTZ,
    "motorisee": CameraKind.PTZ,
    "panoramique": CameraKind.PANORAMIQUE,
    "360": CameraKind.PANORAMIQUE,
    "multi capteur": CameraKind.MULTI_CAPTEUR,
    "multicapteur": CameraKind.MULTI_CAPTEUR,
    "nomade": CameraKind.NOMADE,
    "mobile": CameraKind.NOMADE,
}
_STATUSES = {
    "projet": CameraStatus.PROJET,
    "etude": CameraStatus.ETUDE,
    "autorisee": CameraStatus.AUTORISEE,
    "en travaux": CameraStatus.EN_TRAVAUX,
    "travaux": CameraStatus.EN_TRAVAUX,
    "en service": CameraStatus.EN_SERVICE,
    "active": CameraStatus.EN_SERVICE,
    "ok": CameraStatus.EN_SERVICE,
    "en panne": CameraStatus.EN_PANNE,
    "panne": CameraStatus.EN_PANNE,
    "hs": CameraStatus.EN_PANNE,
    "deposee": CameraStatus.DEPOSEE,
}
_USERINFO = re.compile(r"//[^/@]*@")


@dataclass(frozen=True, slots=True)
class LineError:
    """What is wrong in one cell. ``line`` counts from 1 as a spreadsheet does; ``message`` tells how to mend."""

    line: int
    column: str
    value: str
    message: str


@dataclass(frozen=True, slots=True)
class CameraLine:
    """One readable line. None: the cell is empty or the column is absent, and what is stored stays."""

    line: int
    code: str
    commune: str
    position: Position
    label: str | None = None
    kind: CameraKind | None = None
    status: CameraStatus | None = None
    site: str | None = None
    endpoints: Endpoints = field(default_factory=Endpoints)
    username: str | None = None
    password: str | None = None

    def __repr__(self) -> str:
        return f"CameraLine(line={self.line}, code={self.code!r}, …)"


@dataclass(frozen=True, slots=True)
class CameraFile:
    """What could be read of a file, and what could not."""

    lines: tuple[CameraLine, ...]
    errors: tuple[LineError, ...]


class _CellError(Exception):
    def __init__(self, column: str, message: str) -> None:
        super().__init__(message)
        self.column = column
        self.message = message


def read_camera_file(content: bytes) -> CameraFile:
    """Read a CSV file; a line that cannot be read becomes an error and never stops the others."""
    rows = _rows(_decoded(content))
    header_line, header = next(((line, row) for line, row in rows if any(row)), (1, []))
    columns = [_COLUMN_OF.get(folded(name.replace("_", " "))) for name in header]
    missing = [name for name in _REQUIRED if name not in columns]
    if missing:
        message = (
            f"Colonne absente. Première ligne attendue : {', '.join(_SYNONYMS)} "
            f"(obligatoires : {', '.join(_REQUIRED)})."
        )
        return CameraFile((), tuple(LineError(header_line, name, "", message) for name in missing))
    lines: list[CameraLine] = []
    errors: list[LineError] = []
    first_seen: dict[str, int] = {}
    for number, row in rows:
        if number <= header_line or not any(row):
            continue
        cells = {name: row[i].strip() for i, name in enumerate(columns) if name is not None and i < len(row)}
        try:
            line = _camera_line(number, cells, first_seen)
        except _CellError as error:
            shown = _shown(error.column, cells.get(error.column, ""))
            errors.append(LineError(number, error.column, shown, error.message))
            continue
        first_seen[line.code] = number
        lines.append(line)
    return CameraFile(tuple(lines), tuple(errors))


def _decoded(content: bytes) -> str:
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        return content.decode("cp1252", errors="replace")


def _rows(text: str) -> list[tuple[int, list[str]]]:
    first = next((line for line in text.splitlines() if line.strip()), "")
    delimiter = max(";,\t", key=first.count)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
    rows: list[tuple[int, list[str]]] = []
    start = 1
    for row in reader:
        rows.append((start, [cell.replace("\x00", "") for cell in row]))
        start = reader.line_num + 1
    return rows


def _camera_line(number: int, cells: dict[str, str], first_seen: dict[str, int]) -> CameraLine:
    for name in _REQUIRED:
        if not cells.get(name):
            raise _CellError(name, "Cellule vide : cette colonne est obligatoire.")
    if cells["code"] in first_seen:
        raise _CellError("code", f"Code déjà présent à la ligne {first_seen[cells['code']]} : gardez-en une.")
    _checked(lambda: check_code(cells["code"]))
    lon = _degrees(cells, "lon", 180)
    lat = _degrees(cells, "lat", 90)
    try:
        position = Position(lon, lat)
    except PositionInvalid as error:  # the ranges were checked; a NaN may still come through
        raise _CellError("lon", "Coordonnée illisible.") from error
    endpoints = _checked(
        lambda: Endpoints(cells.get("rtsp_main") or None, cells.get("rtsp_sub") or None, cells.get("onvif") or None)
    )
    return CameraLine(
        line=number,
        code=cells["code"],
        commune=cells["commune"],
        position=position,
        label=cells.get("label") or None,
        kind=_word(cells, "kind", _KINDS),
        status=_word(cells, "status", _STATUSES),
        site=cells.get("site") or None,
        endpoints=endpoints,
        username=cells.get("username") or None,
        password=cells.get("password") or None,
    )


def _checked(make: Callable[[], _T]) -> _T:
    try:
        return make()
    except CameraInvalid as error:
        raise _CellError(error.field, error.message) from error


def _degrees(cells: dict[str, str], column: str, limit: int) -> float:
    try:
        value = float(cells[column].replace(",", "."))
    except ValueError:
        raise _CellError(column, "Ce n'est pas un nombre : écrivez des degrés décimaux, par exemple 2.2996.") from None
    if not -limit <= value <= limit:
        raise _CellError(
            column, f"Hors limites (−{limit} à {limit} degrés) : convertissez en WGS 84 (longitude, latitude)."
        )
    return value


def _word(cells: dict[str, str], column: str, words: dict[str, _T]) -> _T | None:
    text = cells.get(column, "")
    if not text:
        return None
    key = folded(text.replace("_", " "))
    if key not in words:
        raise _CellError(column, f"Valeur inconnue. Valeurs admises : {', '.join(words)}.")
    return words[key]


def _shown(column: str, value: str) -> str:
    return "•••" if column == "password" else _USERINFO.sub("//•••@", value)[:200]
