"""A table in a sheet of a file: where its header is, its rows, and what around it is not data."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from camera_registry.domain.importing.fields import FIELDS
from camera_registry.domain.importing.words import is_nothing, kind_of, number_of, plain, status_of

Row = tuple[int, list[str]]
"""Line number as the file counts (from 1), and its cells."""

_LOOKED_AT = 40
_FEW_CELLS = 3
_SENTENCE = 25
_KNOWN = frozenset(
    name
    for each in FIELDS
    for name in each.names
    if status_of(name) is None and (kind_of(name) is None or "nb" in name.split())
)
"""Names that are no usual content of a cell: *PTZ* and *en service* head columns in some files, fill them in most."""
_FOOTERS = (
    *("total", "totaux", "sous total", "somme", "nombre total", "summe", "gesamt", "totale", "suma", "fin"),
    *("source", "sources", "legende", "nota", "note", "nb", "maj", "mise a jour", "date de mise a jour"),
    *("copyright", "edite le"),
)


@dataclass(frozen=True, slots=True)
class Sheet:
    """One sheet of a file as it stands: rows of texts, empty ones left out."""

    name: str
    rows: list[Row]


@dataclass(frozen=True, slots=True)
class Inventory:
    """A file that could be read. ``notes``: what a person should know of how it was read (French)."""

    format: str
    sheets: tuple[Sheet, ...]
    encoding: str = ""
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Table:
    """A header and its rows. ``skipped``: lines under the header that are no data (totals, repeated headers)."""

    sheet: str
    header_line: int
    header: tuple[str, ...]
    rows: list[Row]
    skipped: list[tuple[int, str]] = field(default_factory=list[tuple[int, str]])


def best_sheet(sheets: Sequence[Sheet]) -> Sheet | None:
    """Return the sheet that looks most like a list of cameras: known column names first, then rows."""
    filled = [sheet for sheet in sheets if sheet.rows]
    return max(filled, key=lambda sheet: (_header_of(sheet)[1], len(sheet.rows)), default=None)


def table_of(sheet: Sheet) -> Table:
    """Return the table of a sheet; without a recognisable header its columns are named after their letters."""
    index, _ = _header_of(sheet)
    width = max((len(cells) for _, cells in sheet.rows), default=0)
    if index is None:
        header = tuple(f"Colonne {column_letters(column)}" for column in range(width))
        return _without_furniture(Table(sheet.name, 0, header, sheet.rows))
    line, cells = sheet.rows[index]
    names = [" ".join(cell.split()) for cell in cells] + [""] * (width - len(cells))
    return _without_furniture(Table(sheet.name, line, _unique(names), sheet.rows[index + 1 :]))


def column_letters(column: int) -> str:
    """Return the letters by which a spreadsheet names the column of number ``column`` (0 → A, 26 → AA)."""
    letters = ""
    column += 1
    while column:
        column, rest = divmod(column - 1, 26)
        letters = chr(ord("A") + rest) + letters
    return letters


def _header_of(sheet: Sheet) -> tuple[int | None, int]:
    """Return the index of the header row and how many known names it has."""
    head = sheet.rows[:_LOOKED_AT]
    known = [sum(plain(cell) in _KNOWN for cell in cells) for _, cells in head]
    best = max(known, default=0)
    if best >= 2:  # noqa: PLR2004 - one known word may stand in any row
        return known.index(best), best
    widths = sorted(sum(1 for cell in cells if cell.strip()) for _, cells in sheet.rows[: 4 * _LOOKED_AT])
    usual = widths[len(widths) // 2] if widths else 0
    for index, (_, cells) in enumerate(head):
        filled = [cell for cell in cells if cell.strip()]
        if len(filled) >= max(1, usual * 0.6):
            is_header = not any(number_of(cell) is not None or _looks_like_value(cell) for cell in filled)
            return (index if is_header or known[index] else None), known[index]
    return None, 0


def _looks_like_value(cell: str) -> bool:
    return "://" in cell or any(character.isdigit() for character in cell[:2])


def _unique(names: Sequence[str]) -> tuple[str, ...]:
    seen: dict[str, int] = {}
    unique: list[str] = []
    for column, name in enumerate(names):
        base = name or f"Colonne {column_letters(column)}"
        seen[base] = seen.get(base, 0) + 1
        unique.append(base if seen[base] == 1 else f"{base} ({seen[base]})")
    return tuple(unique)


def _is_footer(cells: Sequence[str], filled: Sequence[str], width: int) -> bool:
    """Tell whether a row closes the table: a total or a source, or one sentence alone in the first column."""
    if len(filled) <= _FEW_CELLS < width and _closes(plain(filled[0])):
        return True
    alone = len(filled) == 1 and cells[0] == filled[0] and width > _FEW_CELLS
    return alone and len(filled[0]) > _SENTENCE


def _closes(words: str) -> bool:
    return any(words == footer or words.startswith(f"{footer} ") for footer in _FOOTERS)


def _without_furniture(table: Table) -> Table:
    """Leave out repeated headers and, in rows with at most two cells, totals and sources."""
    header = [plain(name) for name in table.header]
    rows: list[Row] = []
    for line, cells in table.rows:
        filled = [cell for cell in cells if not is_nothing(cell)]
        if not filled:
            continue
        if (
            table.header_line
            and [plain(cell) for cell in cells][: len(header)] == header[: len(cells)]
            and len(filled) > 1
        ):
            table.skipped.append((line, "en-tête répété"))
        elif _is_footer(cells, filled, len(header)):
            table.skipped.append((line, filled[0]))
        else:
            rows.append((line, cells))
    return Table(table.sheet, table.header_line, table.header, rows, table.skipped)
