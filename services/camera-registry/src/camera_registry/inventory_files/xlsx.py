"""Excel workbooks (ECMA-376): values only. Formulas are not run: what Excel last computed is read."""

import re
import xml.etree.ElementTree as ET
from collections.abc import Sequence
from datetime import datetime, timedelta

from camera_registry.domain.importing.table import Inventory, Sheet
from camera_registry.inventory_files.limits import (
    MAX_CELL_LETTERS,
    MAX_COLUMNS,
    MAX_SHEETS,
    InventoryUnreadable,
    RowCollector,
)
from camera_registry.inventory_files.packages import Package

_MAIN = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
_STRICT = "{http://purl.oclc.org/ooxml/spreadsheetml/main}"
_RELATION = re.compile(r"\{[^}]*\}id$")
_PACKAGE_RELATION = "{http://schemas.openxmlformats.org/package/2006/relationships}Relationship"
_REFERENCE = re.compile(r"^([A-Za-z]{1,3})")
_DATE_FORMATS = frozenset({*range(14, 23), *range(27, 37), *range(45, 48), *range(50, 59)})
_DATE_LETTERS = re.compile(r"[dmyhs]", re.IGNORECASE)
_LITERALS = re.compile(r'"[^"]*"|\\.|\[[^\]]*\]|_.|\*.')
_EPOCH = datetime(1899, 12, 30)  # noqa: DTZ001 - a spreadsheet's day has no zone
_EPOCH_1904 = datetime(1904, 1, 1)  # noqa: DTZ001
_LAST_DAY = 2_958_466


def read_xlsx(content: bytes) -> Inventory:
    """Read every visible sheet of a workbook. Raises InventoryUnreadable."""
    with Package(content) as package:
        workbook = next((name for name in ("xl/workbook.xml", "xl/workbook2.xml") if name in package.names), None)
        if workbook is None:
            raise InventoryUnreadable("Ce fichier ZIP n'est pas un tableur Excel : enregistrez la liste en XLSX.")
        space = _MAIN
        sheets = _sheets(package, workbook, space)
        if not sheets:
            space = _STRICT
            sheets = _sheets(package, workbook, space)
        properties = next(iter(package.elements(workbook, f"{space}workbookPr")), None)
        epoch = _EPOCH_1904 if properties is not None and properties.get("date1904") in {"1", "true"} else _EPOCH
        strings = _shared_strings(package, space)
        dated = _dated_styles(package, space)
        read = [Sheet(name, _rows(package, part, space, strings, dated, epoch)) for name, part in sheets[:MAX_SHEETS]]
    return Inventory("xlsx", tuple(read))


def _sheets(package: Package, workbook: str, space: str) -> list[tuple[str, str]]:
    """Return (name, part) of the sheets that are shown, in their order."""
    targets = _targets(package, workbook)
    shown: list[tuple[str, str]] = []
    for sheet in package.elements(workbook, f"{space}sheet"):
        relation = next((value for key, value in sheet.attrib.items() if _RELATION.search(key)), "")
        part = targets.get(relation, "")
        if part in package.names and sheet.get("state", "visible") == "visible":
            shown.append((sheet.get("name") or f"Feuille {len(shown) + 1}", part))
    return shown


def _targets(package: Package, workbook: str) -> dict[str, str]:
    relations = workbook.replace("xl/", "xl/_rels/") + ".rels"
    if relations not in package.names:
        return {}
    found: dict[str, str] = {}
    for relation in package.elements(relations, _PACKAGE_RELATION):
        target = relation.get("Target", "")
        found[relation.get("Id", "")] = target.lstrip("/") if target.startswith("/") else f"xl/{target}"
    return found


def _shared_strings(package: Package, space: str) -> list[str]:
    if "xl/sharedStrings.xml" not in package.names:
        return []
    return [_text(item, space) for item in package.elements("xl/sharedStrings.xml", f"{space}si")]


def _text(item: ET.Element, space: str) -> str:
    """Return the text of a string item: its runs, without phonetic readings."""
    parts = [piece.text or "" for piece in item.findall(f"{space}t")]
    parts += [piece.text or "" for piece in item.findall(f"{space}r/{space}t")]
    return "".join(parts)[:MAX_CELL_LETTERS]


def _dated_styles(package: Package, space: str) -> frozenset[int]:
    """Return the numbers of the cell styles that show a number as a date."""
    if "xl/styles.xml" not in package.names:
        return frozenset()
    custom: set[int] = set()
    for form in package.elements("xl/styles.xml", f"{space}numFmt"):
        code = _LITERALS.sub("", (form.get("formatCode") or "").split(";")[0])
        if _DATE_LETTERS.search(code) and (form.get("numFmtId") or "").isdigit():
            custom.add(int(form.get("numFmtId", "0")))
    styles = next(iter(package.elements("xl/styles.xml", f"{space}cellXfs")), None)
    if styles is None:
        return frozenset()
    numbers = [style.get("numFmtId", "0") for style in styles.findall(f"{space}xf")]
    return frozenset(
        index
        for index, number in enumerate(numbers)
        if number.isdigit() and (int(number) in _DATE_FORMATS or int(number) in custom)
    )


def _rows(
    package: Package, part: str, space: str, strings: Sequence[str], dated: frozenset[int], epoch: datetime
) -> list[tuple[int, list[str]]]:
    collector = RowCollector()
    line = 0
    tag, inline = f"{space}v", f"{space}is"
    for row in package.elements(part, f"{space}row"):
        given = row.get("r", "")
        line = int(given) if given.isdigit() and len(given) < 8 else line + 1  # noqa: PLR2004 - at most 1 048 576
        cells: list[str] = []
        for cell in row:
            column = _column(cell.get("r", ""), len(cells))
            if column >= MAX_COLUMNS:
                continue
            value = _value(cell, tag, inline, space, strings, dated, epoch)
            if column < len(cells):
                cells[column] = cells[column] or value
            else:
                cells.extend([""] * (column - len(cells)))
                cells.append(value)
        collector.add(line, cells)
    return collector.rows


def _value(
    cell: ET.Element,
    tag: str,
    inline: str,
    space: str,
    strings: Sequence[str],
    dated: frozenset[int],
    epoch: datetime,
) -> str:
    kind = cell.get("t", "n")
    if kind == "inlineStr":
        item = cell.find(inline)
        return _text(item, space) if item is not None else ""
    raw = cell.findtext(tag) or ""
    if kind == "s":
        return strings[int(raw)] if raw.isdigit() and int(raw) < len(strings) else ""
    if kind == "b":
        return "oui" if raw == "1" else "non"
    if kind in {"str", "e", "d"} or not raw:
        return raw
    style = cell.get("s", "0")
    if style.isdigit() and int(style) in dated:
        return _as_day(raw, epoch)
    return _as_number(raw)


def _as_day(raw: str, epoch: datetime) -> str:
    try:
        days = float(raw)
    except ValueError:
        return raw
    if not 1 <= days < _LAST_DAY:
        return raw
    return (epoch + timedelta(days=days)).date().isoformat()


def _as_number(raw: str) -> str:
    """Return a number as people write it: 17 digits of a double become the shortest that means the same."""
    if raw.isdigit():
        return raw
    try:
        value = float(raw)
    except ValueError:
        return raw
    if value.is_integer() and abs(value) < 1e15:  # noqa: PLR2004 - whole numbers of a double
        return str(int(value))
    return repr(value)


def _column(reference: str, following: int) -> int:
    match = _REFERENCE.match(reference)
    if match is None:
        return following
    column = 0
    for letter in match[1].upper():
        column = column * 26 + ord(letter) - ord("A") + 1
    return column - 1
