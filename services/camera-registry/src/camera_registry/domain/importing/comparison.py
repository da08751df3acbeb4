"""A file, from its sheets to the plan: which sheet, which columns, which coordinates, which changes."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from camera_registry.domain.importing.codes import as_code
from camera_registry.domain.importing.columns import ColumnGuess, confirmed, fingerprint, guess
from camera_registry.domain.importing.communes import CommuneFinder
from camera_registry.domain.importing.issues import CellProblem, Issue
from camera_registry.domain.importing.lines import LineReader
from camera_registry.domain.importing.places import Pair, Reading, crs_named, ordinate, pair_of, reading_of
from camera_registry.domain.importing.plan import ImportPlan, Registered, plan_import
from camera_registry.domain.importing.table import Inventory, Sheet, Table, best_sheet, table_of
from camera_registry.domain.projections import WGS84, Crs

_LOOKED_AT = 2_000
Mapped = Mapping[str, str | Sequence[str]]


class ImportRefused(ValueError):
    """A choice that the file does not bear (sheet, commune, system of coordinates); French, says what to do."""

    def __init__(self, field: str, message: str) -> None:
        super().__init__(message)
        self.field = field
        self.message = message


@dataclass(frozen=True, slots=True)
class Choices:
    """What a person chose. ``mapping`` None: the remembered one, else the guessed one.

    ``commune``: INSEE code or name for lines that name none that is known here; ``outside``: take cameras that stand
    out of their commune's contour all the same (no arrêté covers them there); ``crs``: the system of coordinates.
    """

    mapping: Mapped | None = None
    sheet: str | None = None
    commune: str | None = None
    crs: str | None = None
    outside: bool = False


@dataclass(frozen=True, slots=True)
class Comparison:
    """A plan and how the file was understood on the way to it."""

    plan: ImportPlan
    table: Table
    mapping: Mapping[str, ColumnGuess]
    reading: Reading
    fingerprint: str
    remembered: bool
    located: bool
    notes: tuple[str, ...] = field(default=())


def open_table(inventory: Inventory, sheet: str | None) -> Table:
    """Return the table to read: of the sheet a person named, else of the likeliest. Raises ImportRefused."""
    chosen = _sheet(inventory, sheet)
    if chosen is None:
        raise ImportRefused("file", "Ce fichier ne contient aucune ligne : vérifiez que c'est le bon.")
    return table_of(chosen)


def compare(
    inventory: Inventory,
    table: Table,
    registered: Registered,
    choices: Choices,
    *,
    remembered: Mapped | None,
    postcodes: Mapping[str, tuple[str, ...]],
    at: datetime,
) -> Comparison:
    """Return what importing the table would change. Raises ImportRefused, columns.MappingInvalid."""
    default = _default_commune(registered, choices.commune, postcodes)
    given = choices.mapping if choices.mapping is not None else remembered
    mapping = confirmed(table, given) if given is not None else guess(table)
    finder = CommuneFinder(registered.communes, postcodes, default)
    located = "coordinates" in mapping or ("lon" in mapping and "lat" in mapping)
    pairs = _pairs(table, mapping)
    reading = reading_of(pairs, finder.extent, _system(table, mapping, choices.crs)) if pairs else Reading()
    reader = LineReader(table, mapping, finder, reading, outside=choices.outside)
    lines = list(reader.lines())
    for line, shown in table.skipped:
        reader.issues.append(
            Issue(line, "", shown[:200], "Ligne laissée de côté : total, source ou en-tête répété.", "warning")
        )
    plan = plan_import(lines, reader.issues, registered, at, _mentioned(table, mapping))
    notes = (*inventory.notes, *_notes(table, mapping, reading, registered, default, located=located))
    return Comparison(
        plan=plan,
        table=table,
        mapping=mapping,
        reading=reading,
        fingerprint=fingerprint(table.header),
        remembered=choices.mapping is None and remembered is not None,
        located=located,
        notes=notes,
    )


def _sheet(inventory: Inventory, name: str | None) -> Sheet | None:
    if name is None:
        return best_sheet(inventory.sheets)
    found = next((sheet for sheet in inventory.sheets if sheet.name == name), None)
    if found is None:
        names = ", ".join(f"« {sheet.name} »" for sheet in inventory.sheets)
        raise ImportRefused("sheet", f"Le fichier n'a pas de feuille « {name} ». Feuilles : {names}.")
    return found


def _default_commune(
    registered: Registered, wanted: str | None, postcodes: Mapping[str, tuple[str, ...]]
) -> str | None:
    """Return the INSEE code that stands in for an unknown commune: the chosen one, or the only one there is."""
    if wanted is None or not wanted.strip():
        return next(iter(registered.communes)) if len(registered.communes) == 1 else None
    try:
        return CommuneFinder(registered.communes, postcodes).find(wanted.strip(), "", None).commune.insee
    except CellProblem as error:
        raise ImportRefused("commune", f"« {wanted[:60]} » n'est pas une commune de votre périmètre.") from error


def _system(table: Table, mapping: Mapping[str, ColumnGuess], wanted: str | None) -> Crs | None:
    if wanted is not None and wanted.strip():
        crs = crs_named(wanted)
        if crs is None:
            raise ImportRefused(
                "crs", f"Système de coordonnées inconnu : « {wanted[:40]} ». Par exemple : WGS84, 2154, CC49."
            )
        return crs
    if "crs" not in mapping:
        return None
    column = mapping["crs"].columns[0]
    named = {crs_named(cells[column]) for _, cells in table.rows[:200] if column < len(cells) and cells[column].strip()}
    return named.pop() if len(named) == 1 else None


def _pairs(table: Table, mapping: Mapping[str, ColumnGuess]) -> list[Pair]:
    """Return the coordinates, as the file writes them, of enough rows to tell its system."""
    pairs: list[Pair] = []
    both = mapping.get("coordinates")
    east, north = mapping.get("lon"), mapping.get("lat")
    for _, cells in table.rows[:: max(1, len(table.rows) // _LOOKED_AT)]:
        if both is not None:
            pair = pair_of(cells[both.columns[0]]) if both.columns[0] < len(cells) else None
        elif east is not None and north is not None and max(east.columns[0], north.columns[0]) < len(cells):
            x, y = ordinate(cells[east.columns[0]]), ordinate(cells[north.columns[0]])
            pair = Pair(x, y) if x is not None and y is not None else None
        else:
            continue
        if pair is not None and (pair.x, pair.y) != (0, 0):
            pairs.append(pair)
    return pairs


def _mentioned(table: Table, mapping: Mapping[str, ColumnGuess]) -> set[str]:
    if "code" not in mapping:
        return set()
    column = mapping["code"].columns[0]
    return {as_code(cells[column]) for _, cells in table.rows if column < len(cells)}


def _notes(
    table: Table,
    mapping: Mapping[str, ColumnGuess],
    reading: Reading,
    registered: Registered,
    default: str | None,
    *,
    located: bool,
) -> list[str]:
    notes: list[str] = []
    if not table.header_line and table.header and table.header[0].startswith("Colonne "):
        notes.append(
            "Aucune ligne d'en-tête reconnue : les colonnes portent leur lettre. Dites ce que chacune contient."
        )
    if reading.crs is not WGS84:
        notes.append(f"Coordonnées lues comme {reading.crs.name} ({reading.crs.code}) et converties en WGS 84.")
    if reading.swapped and "coordinates" not in mapping:
        notes.append("Longitude et latitude (ou X et Y) étaient inversées : elles ont été échangées. Vérifiez.")
    if not located:
        notes.append(
            "Aucune colonne de coordonnées : les caméras sont placées au centre de leur commune, signalées comme non "
            "situées, et aucun arrêté ne les couvre (ni direct ni enregistrement) avant que leur position soit donnée."
        )
    if "code" not in mapping and "cameras" not in mapping:
        notes.append(
            "Aucune colonne de code : un code stable est tiré du libellé et du lieu, pour que le même fichier "
            "se reconnaisse."
        )
    if "kind" not in mapping and "kind_counts" not in mapping:
        notes.append("Aucune colonne de type : les nouvelles caméras sont prises comme fixes.")
    if default is not None and "commune" not in mapping and "postcode" not in mapping:
        notes.append(
            f"Aucune colonne de commune : {registered.communes[default].name} est prise là où la position ne dit rien."
        )
    return notes
