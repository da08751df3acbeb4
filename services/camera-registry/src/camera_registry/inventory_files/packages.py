"""The ZIP packages that XLSX and ODS are: opened only within limits, so that no archive unpacks without end."""

import io
import xml.etree.ElementTree as ET
import zipfile
import zlib
from collections.abc import Iterator
from types import TracebackType
from typing import Self, cast
from xml.parsers import expat

from camera_registry.inventory_files.limits import MAX_UNPACKED_BYTES, InventoryUnreadable

_MOST_MEMBERS = 2_000
_CHUNK = 1 << 16
_ALWAYS_FINE_BYTES = 20_000_000
_MOST_TIMES = 200
"""XML of a real sheet shrinks ten to thirty times; a bomb a thousand times."""
_BROKEN = "Ce tableur est abîmé ou incomplet : ouvrez-le, enregistrez-le de nouveau, puis recommencez."


class Package:
    """A ZIP of XML parts. What an archive says of its sizes is not believed: bytes are counted as they come out."""

    def __init__(self, content: bytes) -> None:
        try:
            self._zip = zipfile.ZipFile(io.BytesIO(content))
            self.names = {info.filename for info in self._zip.infolist()}
        except (zipfile.BadZipFile, ValueError, OSError, NotImplementedError) as error:
            raise InventoryUnreadable(_BROKEN) from error
        if len(self.names) > _MOST_MEMBERS:
            raise InventoryUnreadable("Ce tableur contient trop de parties : enregistrez la liste seule.")
        self._left = MAX_UNPACKED_BYTES

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._zip.close()

    def elements(self, name: str, tag: str) -> Iterator[ET.Element]:
        """Yield each element ``tag`` (with its namespace) of an XML part when it is complete; it is gone after use.

        Raises InventoryUnreadable for a broken part, a protected one, one too large, or one with a DTD.
        """
        for _, element in self.elements_under(name, "", tag):
            yield element

    def elements_under(self, name: str, outer: str, tag: str) -> Iterator[tuple[ET.Element | None, ET.Element]]:
        """Yield, as `elements` does, each ``tag`` with the ``outer`` element it stands in (attributes only)."""
        parser = ET.XMLPullParser(("start", "end"))
        path: list[ET.Element] = []
        try:
            for chunk in self._chunks(name):
                parser.feed(chunk)
                for event, found in parser.read_events():  # pyright: ignore[reportAssignmentType] - two kinds asked for
                    element = cast("ET.Element", found)
                    if event == "start":
                        path.append(element)
                        continue
                    path.pop()
                    inside = any(above.tag == tag for above in path)
                    if element.tag == tag:
                        yield next((above for above in reversed(path) if above.tag == outer), None), element
                    if not inside and path:
                        path[-1].remove(element)
            parser.close()
        except (ET.ParseError, expat.ExpatError, RecursionError, ValueError) as error:
            if isinstance(error, InventoryUnreadable):
                raise
            raise InventoryUnreadable(_BROKEN) from error

    def _chunks(self, name: str) -> Iterator[bytes]:
        try:
            packed = max(1, self._zip.getinfo(name).compress_size)
            unpacked = 0
            with self._zip.open(name) as part:
                while chunk := part.read(_CHUNK):
                    self._left -= len(chunk)
                    unpacked += len(chunk)
                    if self._left < 0 or (unpacked > _ALWAYS_FINE_BYTES and unpacked > _MOST_TIMES * packed):
                        raise InventoryUnreadable("Une fois décompressé, ce fichier est démesuré : il est refusé.")
                    if b"<!DOCTYPE" in chunk or b"<!ENTITY" in chunk:
                        raise InventoryUnreadable("Ce fichier contient une DTD : il est refusé par précaution.")
                    yield chunk
        except RuntimeError as error:  # zipfile's word for an encrypted member
            raise InventoryUnreadable(
                "Ce tableur est protégé par un mot de passe : enregistrez-en une copie sans."
            ) from error
        except (zipfile.BadZipFile, zlib.error, EOFError, KeyError, OSError, NotImplementedError) as error:
            raise InventoryUnreadable(_BROKEN) from error
