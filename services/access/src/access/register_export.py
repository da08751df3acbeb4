"""An export of the register as a ZIP that proves itself: made and sent row by row, whatever its size.

Beside the file that people read (CSV or JSON) lie the exact bytes of every row, the tree nodes that lead from them to
the signed checkpoint, the public keys, and the verifier. The manifest names the SHA-256 of every file and is signed
like a checkpoint, so that no byte of the archive can change unnoticed.
"""

import hashlib
import io
import json
import zipfile
from array import array
from collections.abc import AsyncIterator, Iterable, Sequence
from dataclasses import dataclass, field
from importlib.resources import files
from itertools import islice
from typing import Literal

from sqlalchemy.ext.asyncio import AsyncConnection

from access.checkpoints import SignedSeal
from access.domain.register import RegisterRow
from access.domain.tree import TileKey, nodes_beside
from access.repository import register, register_tree
from access.repository.register_questions import Question
from access.use_cases.register import Checkpoint
from access.verifier import verify_register as verifier
from common.database import Database

Format = Literal["csv", "json"]
_BOM = "\ufeff"
_NODES_AT_ONCE = 2048
_MOST_TILES = 2048  # of 8 KiB in memory
_READ_ME = """Export du registre de vidéoprotection

registre.{form}          les lignes, à lire
preuves.jsonl         les mêmes lignes, à l'octet près, avec leur chaînage
noeuds.jsonl          les nœuds de l'arbre (RFC 6962) qui les relient à la racine signée
point-de-controle.note  la racine signée (format C2SP tlog-checkpoint)
manifeste.note        les empreintes de tous les fichiers et les filtres demandés, signés
cles.txt              les clés publiques du registre ; comparez-les à celles que le centre publie
cles-services.json    les clés publiques des services qui ont scellé les lignes
verifier_registre.py  le programme de vérification (Python 3.9 et le paquet « cryptography », rien d'autre)

Vérifier :  python3 verifier_registre.py CET_EXPORT.zip --cle CLÉ_PUBLIÉE_PAR_LE_CENTRE
"""


@dataclass(frozen=True, slots=True)
class ExportOrder:
    """What is exported, for whom and why. ``complete``: every row ever written, so that the chain can be walked."""

    question: Question
    form: Format
    filters: dict[str, str]
    motive: str
    asked_by: str
    complete: bool


class _Sink(io.RawIOBase):
    """Where the archive writes: holds what was not sent yet. Not seekable, so that the archive streams."""

    def __init__(self) -> None:
        self._held = bytearray()

    def writable(self) -> bool:
        return True

    def write(self, data: object) -> int:
        content = bytes(data)  # type: ignore[call-overload] # pyright: ignore[reportArgumentType]
        self._held += content
        return len(content)

    def taken(self) -> bytes:
        """Return what was written since the last call."""
        content, self._held = bytes(self._held), bytearray()
        return content


@dataclass(slots=True)
class RegisterExport:
    """One export under way. ``service_keys``: raw public keys of the services, Base64, by ``issuer/key id``."""

    database: Database
    seal: SignedSeal
    order: ExportOrder
    checkpoint: Checkpoint
    service_keys: dict[str, str]
    _sink: _Sink = field(default_factory=_Sink)
    _digests: dict[str, str] = field(default_factory=dict[str, str])
    _places: "array[int]" = field(default_factory=lambda: array("Q"))

    async def chunks(self) -> AsyncIterator[bytes]:
        """Yield the archive; the rows are those under the checkpoint, whatever is appended meanwhile."""
        archive = zipfile.ZipFile(self._sink, "w", zipfile.ZIP_DEFLATED)  # type: ignore[arg-type] # pyright: ignore[reportArgumentType]
        async with self.database.transaction() as conn:
            parts = {
                f"registre.{self.order.form}": self._reading(conn),
                verifier.ROWS: self._proved(conn),
                verifier.NODES: self._nodes(conn),
            }
            for name, lines in parts.items():
                async for chunk in self._file(archive, name, lines):
                    yield chunk
        for name, text in self._small_files().items():
            async for chunk in self._file(archive, name, _one(text)):
                yield chunk
        async for chunk in self._file(archive, verifier.MANIFEST, _one(self._manifest())):
            yield chunk
        archive.close()
        yield self._sink.taken()

    async def _file(self, archive: zipfile.ZipFile, name: str, lines: AsyncIterator[str]) -> AsyncIterator[bytes]:
        digest = hashlib.sha256()
        with archive.open(name, "w", force_zip64=True) as file:
            async for text in lines:
                content = text.encode()
                digest.update(content)
                file.write(content)
                yield self._sink.taken()
        self._digests[name] = digest.hexdigest()
        yield self._sink.taken()

    async def _pages(self, conn: AsyncConnection) -> AsyncIterator[Sequence[RegisterRow]]:
        async for rows in register.pages(conn, self.order.question, size=self.checkpoint.head.size):
            yield rows

    async def _reading(self, conn: AsyncConnection) -> AsyncIterator[str]:
        if self.order.form == "csv":
            yield _BOM + verifier.csv_line(verifier.COLUMNS)
            async for rows in self._pages(conn):
                yield "".join(verifier.csv_row(row.content) for row in rows)
            return
        yield "[\n"
        between = ""
        async for rows in self._pages(conn):
            yield between + ",\n".join(verifier.json_row(row.content) for row in rows)
            between = ",\n"
        yield "\n]\n"

    async def _proved(self, conn: AsyncConnection) -> AsyncIterator[str]:
        async for rows in self._pages(conn):
            self._places.extend(row.seq - 1 for row in rows)
            yield "".join(_proved_line(row) for row in rows)

    async def _nodes(self, conn: AsyncConnection) -> AsyncIterator[str]:
        size = self.checkpoint.head.size
        known: dict[TileKey, bytes] = {}
        beside = iter(() if self.order.complete or not self._places else nodes_beside(self._places, size))
        while nodes := list(islice(beside, _NODES_AT_ONCE)):
            if len(known) > _MOST_TILES:
                known.clear()
            hashes = await register_tree.hashes_of(conn, nodes, size, known)
            yield "".join(
                json.dumps({"level": node.level, "place": node.place, "hash": found.hex()}) + "\n"
                for node, found in zip(nodes, hashes, strict=True)
            )

    def _small_files(self) -> dict[str, str]:
        return {
            verifier.CHECKPOINT: self.checkpoint.note,
            verifier.KEYS: _lines(key.verifier for key in self.seal.keys),
            verifier.SERVICE_KEYS: json.dumps(self.service_keys, sort_keys=True) + "\n",
            "verifier_registre.py": (files("access.verifier") / "verify_register.py").read_text(),
            "LISEZMOI.txt": _READ_ME.format(form=self.order.form),
        }

    def _manifest(self) -> str:
        manifest = {
            "asked_by": self.order.asked_by,
            "complete": self.order.complete,
            "files": self._digests,
            "filters": self.order.filters,
            "format": self.order.form,
            "motive": self.order.motive,
            "rows": len(self._places),
            "size": self.checkpoint.head.size,
        }
        return self.seal.sign(f"{verifier.EXPORT_HEADER}\n{json.dumps(manifest, sort_keys=True)}\n")


async def _one(text: str) -> AsyncIterator[str]:
    yield text


def _lines(texts: Iterable[str]) -> str:
    return "".join(f"{text}\n" for text in texts)


def _proved_line(row: RegisterRow) -> str:
    proved = {"seq": row.seq, "row": row.canonical.decode(), "prev": row.prev_hash.hex(), "hash": row.hash.hex()}
    return json.dumps(proved, ensure_ascii=False) + "\n"
