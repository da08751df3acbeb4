"""OpenDocument spreadsheets (ISO/IEC 26300): values only, repeated rows and cells unfolded within limits."""

import xml.etree.ElementTree as ET

from camera_registry.domain.importing.table import Inventory, Sheet
from camera_registry.inventory_files.limits import MAX_COLUMNS, MAX_ROWS, MAX_SHEETS, InventoryUnreadable, RowCollector
from camera_registry.inventory_files.packages import Package

_TABLE = "{urn:oasis:names:tc:opendocument:xmlns:table:1.0}"
_OFFICE = "{urn:oasis:names:tc:opendocument:xmlns:office:1.0}"
_TEXT = "{urn:oasis:names:tc:opendocument:xmlns:text:1.0}"
_CELLS = frozenset({f"{_TABLE}table-cell", f"{_TABLE}covered-table-cell"})


def read_ods(content: bytes) -> Inventory:
    """Read every sheet of a spreadsheet. Raises InventoryUnreadable."""
    with Package(content) as package:
        if "META-INF/manifest.xml" in package.names and any(
            "encryption-data" in element.tag
            for entry in package.elements(
                "META-INF/manifest.xml", "{urn:oasis:names:tc:opendocument:xmlns:manifest:1.0}file-entry"
            )
            for element in entry
        ):
            raise InventoryUnreadable("Ce tableur est protégé par un mot de passe : enregistrez-en une copie sans.")
        collectors: dict[str, RowCollector] = {}
        lines: dict[str, int] = {}
        for table, row in package.elements_under("content.xml", f"{_TABLE}table", f"{_TABLE}table-row"):
            name = (table.get(f"{_TABLE}name") if table is not None else None) or "Feuille"
            if name not in collectors and len(collectors) >= MAX_SHEETS:
                continue
            collector = collectors.setdefault(name, RowCollector())
            line = lines.get(name, 0) + 1
            repeated = _repeated(row, "number-rows-repeated", MAX_ROWS * 4)
            lines[name] = line + repeated - 1
            cells = _cells(row)
            if any(cells):
                for copy in range(repeated):
                    collector.add(line + copy, cells)
    return Inventory("ods", tuple(Sheet(name, collector.rows) for name, collector in collectors.items()))


def _cells(row: ET.Element) -> list[str]:
    cells: list[str] = []
    for cell in row:
        if cell.tag not in _CELLS:
            continue
        value = _value(cell)
        wide = min(_repeated(cell, "number-columns-repeated", MAX_COLUMNS), MAX_COLUMNS - len(cells))
        cells.extend([value] * wide)
        if len(cells) >= MAX_COLUMNS:
            break
    return cells


def _value(cell: ET.Element) -> str:
    kind = cell.get(f"{_OFFICE}value-type", "")
    if kind == "date":
        return cell.get(f"{_OFFICE}date-value", "")[:10]
    if kind in {"float", "percentage", "currency"}:
        return cell.get(f"{_OFFICE}value", "").removesuffix(".0")
    if kind == "boolean":
        return "oui" if cell.get(f"{_OFFICE}boolean-value") == "true" else "non"
    return "\n".join("".join(paragraph.itertext()) for paragraph in cell.findall(f"{_TEXT}p"))


def _repeated(element: ET.Element, name: str, most: int) -> int:
    text = element.get(f"{_TABLE}{name}", "1")
    return max(1, min(int(text), most)) if text.isdigit() and len(text) < 10 else 1  # noqa: PLR2004 - digits of a count
