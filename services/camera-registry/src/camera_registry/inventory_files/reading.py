"""Tells the format of a file by its first bytes, never by its name, and has it read."""

from camera_registry.domain.importing.table import Inventory
from camera_registry.inventory_files.delimited import decoded, read_delimited
from camera_registry.inventory_files.documents import read_document
from camera_registry.inventory_files.limits import MAX_FILE_BYTES, InventoryUnreadable
from camera_registry.inventory_files.ods import read_ods
from camera_registry.inventory_files.xlsx import read_xlsx

_ZIP = b"PK\x03\x04"
_REFUSED: tuple[tuple[bytes, str], ...] = (
    (
        b"\xd0\xcf\x11\xe0",
        "Ancien format Excel (.xls) ou fichier protégé : enregistrez-le en .xlsx, sans mot de passe.",
    ),
    (b"%PDF", "Un PDF ne se lit pas comme une liste : demandez le tableau d'origine (CSV, XLSX, ODS)."),
    (b"\x1f\x8b", "Fichier compressé (gzip) : décompressez-le d'abord."),
    (b"Rar!", "Archive RAR : sortez-en la liste d'abord."),
    (b"7z\xbc\xaf", "Archive 7z : sortez-en la liste d'abord."),
    (b"SQLite format 3", "Base SQLite ou GeoPackage : exportez la couche en GeoJSON ou en CSV."),
    (b"\x89PNG", "C'est une image, non une liste."),
    (b"\xff\xd8\xff", "C'est une image, non une liste."),
    (b"<?xml", "Fichier XML (KML, GPX…) : exportez-le en GeoJSON ou en CSV."),
    (b"<kml", "Fichier KML : exportez-le en GeoJSON ou en CSV."),
    (b"<!DOCTYPE", "C'est une page web, non une liste : téléchargez le fichier lui-même."),
    (b"<html", "C'est une page web, non une liste : téléchargez le fichier lui-même."),
)


def read_inventory(content: bytes) -> Inventory:
    """Read a file of cameras. Raises InventoryUnreadable with a French sentence, and nothing else."""
    if len(content) > MAX_FILE_BYTES:
        raise InventoryUnreadable(f"Ce fichier dépasse {MAX_FILE_BYTES // 1_000_000} Mo : découpez-le.")
    if content.startswith(_ZIP):
        return _package(content)
    start = content[:512].removeprefix(b"\xef\xbb\xbf").lstrip().lower()
    for magic, message in _REFUSED:
        if start.startswith(magic.lower()) or content.startswith(magic):
            raise InventoryUnreadable(message)
    if start[:1] in {b"{", b"["}:
        return read_document(decoded(content)[0])
    return read_delimited(content)


def _package(content: bytes) -> Inventory:
    if b"opendocument" in content[:200]:
        return read_ods(content)
    if b"xl/" in content:
        return read_xlsx(content)
    if b"content.xml" in content:
        return read_ods(content)
    raise InventoryUnreadable("Cette archive ZIP n'est ni un XLSX ni un ODS : sortez-en la liste d'abord.")
