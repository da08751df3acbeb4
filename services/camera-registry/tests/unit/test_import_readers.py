"""Files as people have them: every format reads alike, limits hold, and rubbish is a sentence, never a crash."""

import io
import json
import zipfile
from collections.abc import Callable
from datetime import UTC, date, datetime

import openpyxl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from odf import opendocument, table, text
from openpyxl.styles import Font

from camera_registry.domain.importing.table import Inventory, table_of
from camera_registry.inventory_files import MAX_FILE_BYTES, InventoryUnreadable, read_inventory
from camera_registry.inventory_files.limits import MAX_ROWS

HEADER = ["Identifiant", "Libellé", "Commune", "Longitude", "Latitude", "Date de pose"]
ROWS = [
    ["C-1", "Église – été", "95598", "2.2996", "48.9876", "2019-03-12"],
    ["C-2", 'Dit "le Parc"', "Enghien-les-Bains", "2.305", "48.969", ""],
]


def as_csv(delimiter: str, encoding: str, ending: str = "\r\n") -> bytes:
    def cell(value: str) -> str:
        escaped = value.replace('"', '""')
        return f'"{escaped}"' if any(mark in value for mark in f'{delimiter}"') else value

    return ending.join(delimiter.join(map(cell, row)) for row in [HEADER, *ROWS]).encode(encoding)


def as_xlsx() -> bytes:
    book = openpyxl.Workbook()
    cover = book.active
    assert cover is not None
    cover.title = "Lisez-moi"
    cover["A1"] = "Inventaire des caméras"
    sheet = book.create_sheet("Caméras")
    sheet["A1"] = "Ville de Soisy – inventaire au 1er janvier"
    sheet.merge_cells("A1:F1")
    sheet["A1"].font = Font(bold=True)
    sheet.append([])
    sheet.append(HEADER)
    for row in ROWS:
        day = date.fromisoformat(row[5]) if row[5] else None
        sheet.append([row[0], row[1], int(row[2]) if row[2].isdigit() else row[2], float(row[3]), float(row[4]), day])
    hidden = book.create_sheet("Cachée")
    hidden.append(HEADER)
    hidden.sheet_state = "hidden"
    return saved(book)


def saved(book: openpyxl.Workbook) -> bytes:
    stream = io.BytesIO()
    book.save(stream)
    return stream.getvalue()


def as_ods() -> bytes:
    document = opendocument.OpenDocumentSpreadsheet()
    sheet = table.Table(name="Caméras")
    for row in [["Inventaire 2024"], [], HEADER, *ROWS]:
        line = table.TableRow()
        for value in row:
            if value.startswith(("2.", "48.")):
                cell = table.TableCell(valuetype="float", value=value)
            elif value == "2019-03-12":
                cell = table.TableCell(valuetype="date", datevalue=value)
            else:
                cell = table.TableCell(valuetype="string")
                cell.addElement(text.P(text=value))
            line.addElement(cell)
        line.addElement(table.TableCell(numbercolumnsrepeated=16_000))
        sheet.addElement(line)
    rest = table.TableRow(numberrowsrepeated=1_048_000)
    rest.addElement(table.TableCell(numbercolumnsrepeated=16_384))
    sheet.addElement(rest)
    document.spreadsheet.addElement(sheet)  # pyright: ignore[reportAttributeAccessIssue] - odfpy adds it by kind
    stream = io.BytesIO()
    document.save(stream)
    return stream.getvalue()


def as_json(wrap: Callable[[list[dict[str, str]]], object]) -> bytes:
    return json.dumps(wrap([dict(zip(HEADER, row, strict=True)) for row in ROWS]), ensure_ascii=False).encode()


FORMS = {
    **{
        f"csv {delimiter!r} {encoding}": as_csv(delimiter, encoding)
        for delimiter in ";,\t|"
        for encoding in ("utf-8", "utf-8-sig", "utf-16", "utf-16-le", "cp1252")
    },
    "csv with lone line feeds": as_csv(";", "utf-8", "\n"),
    "csv with sep=": b"sep=|\r\n" + as_csv("|", "utf-8"),
    "csv under a title": "Inventaire des caméras\r\n\r\nau 1er janvier;\r\n".encode() + as_csv(";", "utf-8"),
    "xlsx": as_xlsx(),
    "ods": as_ods(),
    "json list": as_json(lambda rows: rows),
    "json items": as_json(lambda rows: {"count": 2, "items": rows}),
    "json deep": as_json(lambda rows: {"data": {"page": 1, "cameras": rows}}),
    "json by key": as_json(lambda rows: {row["Identifiant"]: row for row in rows}),
    "json lines": b"\n".join(as_json(lambda rows, i=i: rows[i]) for i in range(2)),
}


@pytest.mark.parametrize("content", FORMS.values(), ids=FORMS.keys())
def test_every_form_of_file_reads_alike(content: bytes) -> None:
    inventory = read_inventory(content)
    read = table_of(max(inventory.sheets, key=lambda sheet: len(sheet.rows)))
    columns = [read.header.index(name) for name in HEADER]
    rows = [[cells[column] if column < len(cells) else "" for column in columns] for _, cells in read.rows]
    assert [row[:5] for row in rows] == [row[:5] for row in ROWS]
    assert rows[0][5] == "2019-03-12"


def test_lines_are_those_that_a_person_sees() -> None:
    inventory = read_inventory(b'a;b\r\n1;"deux\r\nlignes"\r\n\r\n3;4\r\n')
    assert [line for line, _ in inventory.sheets[0].rows] == [1, 2, 5]
    sheet = read_inventory(as_xlsx()).sheets[1]
    assert [line for line, _ in sheet.rows] == [1, 3, 4, 5]
    assert [sheet.name for sheet in read_inventory(as_xlsx()).sheets] == ["Lisez-moi", "Caméras"]


def test_a_quote_that_nobody_closed_costs_its_line_only() -> None:
    rows = "".join(f"C-{number};Rue {number}\n" for number in range(200))
    content = f'code;libellé\nC-x;"Rue sans fin\n{rows}'
    assert len(read_inventory(content.encode()).sheets[0].rows) == 202


def test_geojson_points_areas_and_their_system() -> None:
    def feature(geometry: object, **properties: object) -> dict[str, object]:
        return {"type": "Feature", "geometry": geometry, "properties": properties}

    ring = [[[2.29, 48.98], [2.31, 48.98], [2.31, 48.99], [2.29, 48.98]]]
    document = {
        "type": "FeatureCollection",
        "crs": {"type": "name", "properties": {"name": "urn:ogc:def:crs:EPSG::2154"}},
        "features": [
            feature({"type": "Point", "coordinates": [648_000.5, 6_877_000.25, 50]}, code="A", site={"nom": "Gare"}),
            feature({"type": "Polygon", "coordinates": ring}, code="B"),
            feature(None, code="C"),
            "rubbish",
        ],
    }
    inventory = read_inventory(json.dumps(document).encode())
    (sheet,) = inventory.sheets
    header = sheet.rows[0][1]
    cells = dict(zip(header, sheet.rows[1][1], strict=True))
    assert cells == {"code": "A", "nom": "Gare", "geometry": "POINT(648000.5 6877000.25)", "crs": "2154"}
    assert inventory.notes[0].startswith("1 objet(s) sont des surfaces")
    assert len(sheet.rows) == 4


UNREADABLE = [
    (b"%PDF-1.7 ...", "PDF"),
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600), ".xlsx"),
    (b"\x1f\x8b\x08" + bytes(90), "gzip"),
    (b"<!DOCTYPE html><html></html>", "page web"),
    (b"\x89PNG\r\n\x1a\n" + bytes(50), "image"),
    (bytes(range(256)) * 40, "lisible"),
    (b"PK\x03\x04" + bytes(400), "archive"),
    (as_xlsx()[:-400], "abîmé"),
    (as_xlsx()[:2000], "abîmé"),
    (as_ods()[:1500], "abîmé"),
    (b'{"items": [{"code": "A"', "incomplet"),
    (b"[" * 100_000, "imbriqué"),
    (b"[1, 2, 3]", "liste"),
    (b'{"type": "FeatureCollection", "features": []}', "vide"),
    (b"x" * (MAX_FILE_BYTES + 1), "50 Mo"),
]


@pytest.mark.parametrize(("content", "word"), UNREADABLE, ids=[f"{n}-{word}" for n, (_, word) in enumerate(UNREADABLE)])
def test_what_cannot_be_read_says_why(content: bytes, word: str) -> None:
    with pytest.raises(InventoryUnreadable, match=word):
        read_inventory(content)


def zipped(**members: str | bytes) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return stream.getvalue()


def workbook(sheet: str | bytes) -> bytes:
    main = 'xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"'
    related = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
    return zipped(
        **{
            "xl/workbook.xml": f'<workbook {main} xmlns:r="{related}"><sheets>'
            f'<sheet name="A" r:id="r1"/></sheets></workbook>',
            "xl/_rels/workbook.xml.rels": '<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">'
            '<Relationship Id="r1" Target="worksheets/sheet1.xml"/></Relationships>',
            "xl/worksheets/sheet1.xml": sheet if isinstance(sheet, bytes) else f"<worksheet {main}>{sheet}</worksheet>",
        }
    )


def test_an_archive_that_unpacks_without_end_is_refused() -> None:
    bomb = b'<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main">' + b" " * 30_000_000
    content = workbook(bomb)
    assert len(content) < 100_000
    with pytest.raises(InventoryUnreadable, match="démesuré"):
        read_inventory(content)


def test_entities_are_refused() -> None:
    bomb = b'<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;">]><worksheet>&b;</worksheet>'
    with pytest.raises(InventoryUnreadable, match="DTD"):
        read_inventory(workbook(bomb))


def test_one_cell_in_the_last_corner_costs_nothing() -> None:
    rows = '<row r="1"><c r="A1"><v>1</v></c></row><row r="1048576">'
    rows += '<c r="XFD1048576"><v>2</v></c><c r="B9"><v>3</v></c></row>'
    (sheet,) = read_inventory(workbook(f"<sheetData>{rows}</sheetData>")).sheets
    assert sheet.rows == [(1, ["1"]), (1_048_576, ["", "3"])]


def test_too_many_rows_are_refused_with_a_way_out() -> None:
    with pytest.raises(InventoryUnreadable, match="découpez"):
        read_inventory(b"a;b\n" * (MAX_ROWS + 1))


def test_excel_speaks_of_days_numbers_truth_and_formulas() -> None:
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.append(["code", "date", "nombre", "vrai", "texte"])
    sheet.append(
        [
            1001.0,
            datetime(2019, 3, 12, 14, 30, tzinfo=UTC).replace(tzinfo=None),
            2.2996,
            True,
            "  a\u200b\x0bb  ".replace("\x0b", " "),
        ]
    )
    sheet["B2"].number_format = 'dd" de "mmmm yyyy'
    sheet["F1"], sheet["F2"] = "formule", "=1+1"
    (read,) = read_inventory(saved(book)).sheets
    assert read.rows[1][1][:4] == ["1001", "2019-03-12", "2.2996", "oui"]


@given(content=st.binary(max_size=600))
def test_no_bytes_whatever_crash(content: bytes) -> None:
    assert_read(content)


def test_numbers_beyond_all_bounds_are_only_text() -> None:
    assert_read(b'[{"code": 1e999, "lat": -1e999, "n": 123456789012345678901234567890}]')
    assert_read(workbook('<sheetData><row r="1"><c r="A1"><v>1e999</v></c><c r="B1"><v>nan</v></c></row></sheetData>'))


SEEDS = [as_xlsx(), as_ods(), *list(FORMS.values())[::4], workbook("<sheetData><row><c/></row></sheetData>")]


@settings(max_examples=300)
@given(
    seed=st.sampled_from(SEEDS),
    cuts=st.lists(st.tuples(st.floats(0, 1), st.binary(max_size=8)), min_size=1, max_size=6),
    end=st.floats(0.3, 1.0),
)
def test_no_damage_to_a_good_file_crashes(seed: bytes, cuts: list[tuple[float, bytes]], end: float) -> None:
    content = bytearray(seed)
    for where, patch in cuts:
        start = int(where * len(content))
        content[start : start + len(patch)] = patch
    assert_read(bytes(content[: max(1, int(end * len(content)))]))


JSON = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | st.text(max_size=10),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.sampled_from(["items", "features", "type", "geometry", "lat", "coordinates", "x"]), inner, max_size=4
        )
    ),
    max_leaves=12,
)


@given(document=JSON, kind=st.sampled_from(["FeatureCollection", "Feature", "Point", "x"]))
def test_no_document_whatever_crashes(document: object, kind: str) -> None:
    assert_read(json.dumps(document).encode())
    assert_read(json.dumps({"type": kind, "features": document, "crs": document}).encode())
    assert_read(json.dumps([{"type": "Feature", "geometry": document, "properties": document}]).encode())


def assert_read(content: bytes) -> None:
    try:
        inventory = read_inventory(content)
    except InventoryUnreadable:
        return
    assert isinstance(inventory, Inventory)
    for sheet in inventory.sheets:
        assert all(isinstance(cell, str) and "\x00" not in cell for _, cells in sheet.rows for cell in cells)
        for _, cells in sheet.rows:
            "".join(cells).encode()
        if sheet.rows:
            table_of(sheet)
