"""From a row of cells to the cameras it stands for."""

import hashlib
import math
import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from typing import TypeVar

from camera_registry.domain.camera import CameraInvalid, Endpoints, Optics, check_code
from camera_registry.domain.commune import Commune
from camera_registry.domain.importing.addresses import read_endpoints
from camera_registry.domain.importing.codes import as_code
from camera_registry.domain.importing.columns import ColumnGuess
from camera_registry.domain.importing.communes import BORDER_TOLERANCE_M, CommuneFinder
from camera_registry.domain.importing.issues import CellProblem, Issue, shown
from camera_registry.domain.importing.places import Pair, Reading, ordinate, pair_of
from camera_registry.domain.importing.table import Table
from camera_registry.domain.importing.words import (
    WINDS,
    date_of,
    is_nothing,
    is_yes,
    kind_of,
    kinds_of,
    number_of,
    plain,
    precision_of,
    status_of,
)
from camera_registry.domain.position import Position, PositionPrecision
from contracts.registry import CameraKind, CameraStatus

_T = TypeVar("_T")
MOST_ON_ONE_LINE = 64
_MAX_TEXT = 300
_MAX_NOTES = 2000
_LISTED = re.compile(r"\s*[,;|\n]\s*|\s+[/+&]\s+")
_OPTICS = ("azimuth_deg", "opening_deg", "range_m", "height_m")
_FULL_TURN = 360


@dataclass(frozen=True, slots=True)
class CameraLine:
    """One camera as a line tells it. None: the cell is empty or the column absent, and what is stored stays.

    ``position`` None: the file has no place for it. ``notes`` and ``address`` are texts as people wrote them.
    """

    line: int
    code: str
    commune: Commune
    position: Position | None = None
    precision: PositionPrecision | None = None
    label: str | None = None
    kind: CameraKind | None = None
    status: CameraStatus | None = None
    site: str | None = None
    site_base: str | None = None
    address: str | None = None
    endpoints: Endpoints = field(default_factory=Endpoints)
    username: str | None = None
    password: str | None = None
    installed_on: date | None = None
    optics: Optics | None = None
    manufacturer: str | None = None
    model: str | None = None
    firmware: str | None = None
    serial: str | None = None
    notes: str | None = None

    def __repr__(self) -> str:
        return f"CameraLine(line={self.line}, code={self.code!r}, …)"


class LineReader:
    """Reads the rows of one table; what is wrong or doubtful is put into ``issues``."""

    def __init__(
        self,
        table: Table,
        mapping: Mapping[str, ColumnGuess],
        finder: CommuneFinder,
        reading: Reading,
        *,
        outside: bool = False,
    ) -> None:
        self._table = table
        self._columns = {name: guess.columns for name, guess in mapping.items()}
        self._first = {name: guess.columns[0] for name, guess in mapping.items()}
        self._finder = finder
        self._reading = reading
        self._outside = outside
        self._places_given = bool({"coordinates", "lon"} & mapping.keys())
        self._derived: Counter[str] = Counter()
        self.issues: list[Issue] = []

    def lines(self) -> Iterator[CameraLine]:
        """Yield the cameras of every row that can be read; the others become errors."""
        for number, cells in self._table.rows:
            try:
                yield from self._row(number, cells)
            except CellProblem as problem:
                value = problem.value if problem.value is not None else self._cell(cells, problem.column)
                self._tell(number, problem.column, value, problem.message, error=True)

    def _row(self, number: int, cells: list[str]) -> list[CameraLine]:
        position, precision = self._place(number, cells)
        where = self._finder.find(self._cell(cells, "commune"), self._cell(cells, "postcode"), position)
        if where.doubt is not None:
            self._tell(number, where.doubt[0], self._cell(cells, where.doubt[0]), where.doubt[1])
        if position is not None:
            self._check_inside(number, where.commune, position)
        if position is None and self._places_given:
            self._tell(
                number,
                "lon",
                "",
                f"Sans position : placée au centre de {where.commune.name} ; aucun arrêté ne la couvre avant qu'elle "
                "soit située.",
            )
        address, label, site = self._texts(cells)
        endpoints, username, password, notes = read_endpoints(
            {name: self._cell(cells, name) for name in ("rtsp_main", "rtsp_sub", "onvif", "ip", "username", "password")}
        )
        for column, message in notes:
            self._tell(number, column, self._cell(cells, column), message)
        shared = CameraLine(
            line=number,
            code="",
            commune=where.commune,
            position=position,
            precision=precision,
            label=label,
            status=self._word(number, cells, "status", status_of),
            site=site,
            address=address,
            endpoints=endpoints,
            username=username,
            password=password,
            installed_on=self._day(number, cells),
            optics=self._optics(number, cells),
            manufacturer=self._text(cells, "manufacturer"),
            model=self._text(cells, "model"),
            firmware=self._text(cells, "firmware"),
            serial=self._text(cells, "serial"),
            notes=self._text(cells, "notes", _MAX_NOTES),
        )
        return self._cameras(number, cells, shared)

    def _place(self, number: int, cells: list[str]) -> tuple[Position | None, PositionPrecision | None]:
        pair = self._pair(cells)
        if pair is None or (pair.x == 0 and pair.y == 0):
            return None, None
        position = self._reading.position(pair)
        if position is None:
            if "coordinates" in self._columns:
                raise CellProblem("coordinates", "Coordonnées hors limites : vérifiez le système de coordonnées.")
            column = "lat" if abs(pair.x) <= 180 else "lon"  # noqa: PLR2004 - degrees
            raise CellProblem(
                column,
                "Hors limites : convertissez en WGS 84 (longitude −180 à 180, latitude −90 à 90) ou nommez le système "
                "de coordonnées du fichier.",
            )
        told = self._word(number, cells, "precision", precision_of)
        return position, told if told is not None and told.located else PositionPrecision.EXACT

    def _pair(self, cells: list[str]) -> Pair | None:
        if "coordinates" in self._columns:
            text = self._cell(cells, "coordinates")
            if is_nothing(text):
                return None
            pair = pair_of(text)
            if pair is None:
                raise CellProblem("coordinates", "Coordonnées illisibles : écrivez « 48.9876, 2.2996 ».")
            return pair
        x, y = self._cell(cells, "lon"), self._cell(cells, "lat")
        if is_nothing(x) and is_nothing(y):
            return None
        return Pair(self._ordinate("lon", x), self._ordinate("lat", y))

    def _ordinate(self, column: str, text: str) -> float:
        if is_nothing(text):
            raise CellProblem(
                column, "Cellule vide alors que l'autre coordonnée est remplie : complétez-la ou videz les deux."
            )
        value = ordinate(text)
        if value is None:
            raise CellProblem(column, "Ce n'est pas un nombre : écrivez des degrés décimaux, par exemple 2.2996.")
        return value

    def _check_inside(self, number: int, commune: Commune, position: Position) -> None:
        if commune.contour.within_reach(position, BORDER_TOLERANCE_M):
            return
        value = f"{position.lon:.6f}, {position.lat:.6f}"
        swapped = Position(position.lat, max(-90.0, min(90.0, position.lon)))
        if commune.contour.within_reach(swapped, BORDER_TOLERANCE_M):
            raise CellProblem("lon", "Longitude et latitude semblent inversées : échangez-les.", value)
        if self._outside:
            self._tell(number, "lon", value, f"Hors du contour de {commune.name} : acceptée comme demandé.")
            return
        raise CellProblem(
            "lon",
            f"Ce point n'est pas à {commune.name} ({self._finder.farness(position)}) : vérifiez la position ou la "
            "commune.",
            value,
        )

    def _texts(self, cells: list[str]) -> tuple[str | None, str | None, str | None]:
        """Return address, label and site of a row."""
        crossing = " / ".join(dict.fromkeys(text for text in self._all(cells, "crossing")))
        address = self._text(cells, "address") or crossing[:_MAX_TEXT] or None
        site = self._text(cells, "site")
        return address, self._text(cells, "label") or site or address, site

    def _cameras(self, number: int, cells: list[str], shared: CameraLine) -> list[CameraLine]:
        """Return the cameras of a row: one, or as many as it counts, lists or names the kinds of."""
        given = self._cell(cells, "code")
        listed = _LISTED.split(given) if not is_nothing(given) and "cameras" not in self._columns else []
        named = [part for text in self._all(cells, "cameras") for part in _LISTED.split(text) if not is_nothing(part)]
        if not named and 1 < len(listed) <= MOST_ON_ONE_LINE and all(as_code(part) == part for part in listed):
            named, given = listed, ""
        kinds = self._kinds(number, cells)
        count = self._count(number, cells, max(len(named), len(kinds), 1))
        base = self._code(number, given, shared) if given or not named or count > len(named) else ""
        made: list[CameraLine] = []
        for index in range(count):
            code, kind = f"{base}-{index + 1}" if count > 1 else base, kinds[index % len(kinds)] if kinds else None
            if index < len(named):
                told = kind_of(named[index])
                kind = told or kind
                if told is None and not is_yes(named[index]) and as_code(named[index]):
                    code = self._fitted(number, "cameras", named[index])
            if not code or code == f"-{index + 1}":
                code = f"{self._code(number, '', shared)}-{index + 1}"
            made.append(self._one(shared, code, kind, base or code, several=count > 1))
        return made

    def _one(self, shared: CameraLine, code: str, kind: CameraKind | None, base: str, *, several: bool) -> CameraLine:
        _checked(lambda: check_code(code))
        label = f"{shared.label} – {code}" if several and shared.label else shared.label
        return replace(shared, code=code, kind=kind, label=label, site_base=base)

    def _kinds(self, number: int, cells: list[str]) -> list[CameraKind]:
        counted: list[CameraKind] = []
        for column in self._columns.get("kind_counts", ()):
            kind = kind_of(self._table.header[column])
            amount = 1 if is_yes(cells[column] if column < len(cells) else "") else number_of(self._at(cells, column))
            counted.extend([kind] * min(int(amount or 0), MOST_ON_ONE_LINE) if kind else [])
        if counted:
            return counted[:MOST_ON_ONE_LINE]
        text = self._cell(cells, "kind")
        if is_nothing(text) and not text:
            return []
        kinds = kinds_of(text)
        if kinds is None:
            self._tell(
                number,
                "kind",
                text,
                "Type inconnu : la caméra est prise comme fixe (ou garde son type). Valeurs admises : fixe, PTZ ou "
                "dôme, panoramique, multi-capteur, nomade.",
            )
            return []
        return kinds

    def _count(self, number: int, cells: list[str], found: int) -> int:
        text = self._cell(cells, "count")
        if is_nothing(text):
            return min(found, MOST_ON_ONE_LINE)
        value = number_of(text)
        if value is None or value != int(value) or value < 0:
            self._tell(number, "count", text, f"Nombre de caméras illisible : {found} prise(s).")
            return min(found, MOST_ON_ONE_LINE)
        if value > MOST_ON_ONE_LINE:
            raise CellProblem("count", f"Plus de {MOST_ON_ONE_LINE} caméras sur une ligne : vérifiez ce nombre.")
        if found > 1 and value != found:
            self._tell(
                number, "count", text, f"La ligne annonce {int(value)} caméra(s) et en décrit {found} : {found} prises."
            )
            return min(found, MOST_ON_ONE_LINE)
        return max(1, int(value))

    def _code(self, number: int, given: str, shared: CameraLine) -> str:
        if not is_nothing(given):
            return self._fitted(number, "code", given)
        if "code" in self._columns and "cameras" not in self._columns:
            self._tell(number, "code", given, "Code absent : un code stable est tiré du libellé et du lieu.")
        return self._derive(shared)

    def _fitted(self, number: int, column: str, given: str) -> str:
        code = as_code(given)
        if not code:
            raise CellProblem(
                column, "Un code a 1 à 64 caractères : lettres sans accent, chiffres, « - » et « _ ».", given
            )
        if code != given.strip():
            self._tell(
                number,
                column,
                given,
                f"Code écrit « {code} » : lettres sans accent, chiffres, « - » et « _ » seulement.",
            )
        return code

    def _derive(self, shared: CameraLine) -> str:
        """Return a code from what the row says: the same texts give the same code at the next import."""
        texts = [shared.label, shared.site, shared.address, shared.serial]
        said = "|".join(plain(text) for text in texts if text)
        if not said and shared.position is not None:
            said = f"{shared.position.lon:.5f},{shared.position.lat:.5f}"
        slug = plain(shared.label or shared.address or "camera").replace(" ", "-")[:32].strip("-") or "camera"
        digest = hashlib.sha256(f"{shared.commune.insee}|{said}".encode()).hexdigest()[:6]
        code = f"{shared.commune.insee}-{slug}-{digest}"
        self._derived[code] += 1
        return code if self._derived[code] == 1 else f"{code}-n{self._derived[code]}"

    def _optics(self, number: int, cells: list[str]) -> Optics | None:
        values: dict[str, float | None] = {}
        for name in _OPTICS:
            text = self._cell(cells, name)
            if is_nothing(text):
                continue
            value = number_of(text)
            if name == "azimuth_deg":
                value = WINDS.get(plain(text), value)
                value = value % _FULL_TURN if value is not None and abs(value) <= _FULL_TURN else value
            try:
                Optics(**{name: math.nan if value is None else value})
            except CameraInvalid as error:
                self._tell(number, name, text, f"{error.message} Valeur laissée de côté.")
                continue
            values[name] = value
        return Optics(**values) if values else None

    def _day(self, number: int, cells: list[str]) -> date | None:
        text = self._cell(cells, "installed_on")
        if is_nothing(text):
            return None
        day = date_of(text)
        if day is None:
            self._tell(
                number, "installed_on", text, "Date illisible, laissée de côté : écrivez 12/03/2019 ou mars 2019."
            )
        return day

    def _word(self, number: int, cells: list[str], column: str, read: Callable[[str], _T | None]) -> _T | None:
        text = self._cell(cells, column)
        if is_nothing(text):
            return None
        value = read(text)
        if value is None:
            self._tell(number, column, text, "Valeur inconnue, laissée de côté.")
        return value

    def _text(self, cells: list[str], column: str, most: int = _MAX_TEXT) -> str | None:
        if column not in self._first:
            return None
        text = " ".join(self._cell(cells, column).split()).lstrip("=@")
        return text[:most] if not is_nothing(text) else None

    def _all(self, cells: list[str], column: str) -> list[str]:
        texts = [self._at(cells, index) for index in self._columns.get(column, ())]
        return [text for text in texts if not is_nothing(text)]

    def _cell(self, cells: list[str], column: str) -> str:
        index = self._first.get(column)
        return cells[index].strip() if index is not None and index < len(cells) else ""

    @staticmethod
    def _at(cells: Sequence[str], index: int) -> str:
        return cells[index].strip() if index < len(cells) else ""

    def _tell(self, line: int, column: str, value: str, message: str, *, error: bool = False) -> None:
        columns = self._columns.get(column, ())
        header = self._table.header[columns[0]] if columns else ""
        self.issues.append(Issue(line, column, shown(column, value), message, "error" if error else "warning", header))


def _checked(make: Callable[[], _T]) -> _T:
    try:
        return make()
    except CameraInvalid as error:
        raise CellProblem(error.field, error.message) from error
