"""CSV in whatever encoding and with whatever delimiter it was saved."""

import codecs
import csv
import io
from collections.abc import Iterator

from camera_registry.domain.importing.table import Inventory, Sheet
from camera_registry.inventory_files.limits import InventoryUnreadable, RowCollector

_BOMS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_DELIMITERS = ";,\t|"
_LOOKED_AT = 200_000
_LONGEST_FIELD = 1_000_000
_FEW_CONTROLS = 0.01
_MANY_NULS = 0.2


def read_delimited(content: bytes) -> Inventory:
    """Read a CSV file. Raises InventoryUnreadable for what is no text."""
    text, encoding, doubtful = decoded(content)
    sample = text[:_LOOKED_AT]
    controls = sum(1 for letter in sample if letter < " " and letter not in "\t\n\r\f")
    if controls > _FEW_CONTROLS * len(sample):
        raise InventoryUnreadable(
            "Ce fichier n'est ni un tableur ni un texte lisible : enregistrez la liste en CSV, XLSX, ODS, JSON ou "
            "GeoJSON."
        )
    collector = RowCollector()
    for line, cells in _rows(text.replace("\x00", ""), _delimiter(sample)):
        collector.add(line, cells)
    notes = ("Encodage du fichier incertain : vérifiez les accents.",) if doubtful else ()
    return Inventory("csv", (Sheet("", collector.rows),), encoding, notes)


def decoded(content: bytes) -> tuple[str, str, bool]:
    """Return the text, its encoding, and whether that is a guess among several."""
    for bom, encoding in _BOMS:
        if content.startswith(bom):
            return content.decode(encoding, errors="replace"), encoding.removesuffix("-sig"), False
    head = content[:4096]
    if head.count(b"\x00") > _MANY_NULS * len(head):
        encoding = "utf-16-le" if head[1::2].count(b"\x00") > head[::2].count(b"\x00") else "utf-16-be"
        return content.decode(encoding, errors="replace"), encoding, False
    try:
        return content.decode("utf-8"), "utf-8", False
    except UnicodeDecodeError as error:
        if error.start >= len(content) - 3 and error.reason == "unexpected end of data":
            return content.decode("utf-8", errors="ignore"), "utf-8", True
    try:
        return content.decode("cp1252"), "windows-1252", False
    except UnicodeDecodeError:
        return content.decode("latin-1"), "latin-1", True


def _delimiter(sample: str) -> str:
    """Return the delimiter that cuts most lines alike, quoted parts left out."""
    told = sample.lstrip()[:6].lower()
    if told.startswith("sep=") and told[4:5] in set(_DELIMITERS):
        return told[4]
    lines = [line for line in sample.splitlines()[:200] if line.strip()]
    bare = ["".join(line.split('"')[::2]) for line in lines]
    best, best_score = ";", 0.0
    for delimiter in _DELIMITERS:
        counts = [line.count(delimiter) for line in bare]
        usual = max(set(counts), key=lambda count: (counts.count(count) if count else 0, count), default=0)
        if usual:
            alike = counts.count(usual) / len(counts)
            score = alike * min(usual, 8) ** 0.5
            if score > best_score:
                best, best_score = delimiter, score
    return best


def _rows(text: str, delimiter: str) -> Iterator[tuple[int, list[str]]]:
    """Yield line numbers (from 1, the line where the row begins) and cells; a stray quote costs its own line only."""
    csv.field_size_limit(_LONGEST_FIELD)
    start = 1
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
    while True:
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error:
            start = reader.line_num + 1
            continue
        runaway = reader.line_num - start > _MOST_LINES_IN_A_ROW
        if runaway:
            yield from _unquoted(text, delimiter, start, reader.line_num)
        elif not (start == 1 and len(cells) <= 2 and cells and cells[0].lower().startswith("sep=")):  # noqa: PLR2004
            yield start, cells
        start = reader.line_num + 1


_MOST_LINES_IN_A_ROW = 30
"""A cell with more line breaks than this is a quote that somebody forgot to close."""


def _unquoted(text: str, delimiter: str, start: int, end: int) -> Iterator[tuple[int, list[str]]]:
    for number, line in enumerate(io.StringIO(text), start=1):
        if number > end:
            return
        if number >= start:
            yield number, [cell.strip().strip('"') for cell in line.rstrip("\r\n").split(delimiter)]
