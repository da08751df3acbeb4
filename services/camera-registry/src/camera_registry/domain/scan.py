"""The scan of an arrêté, or of a piece of its renewal file: a PDF that we look at before we keep it."""

import hashlib
import re
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

MAX_SCAN_BYTES = 20_000_000
PDF = "application/pdf"
_MAGIC = re.compile(rb"%PDF-[12]\.\d")
_END = b"%%EOF"
_TAIL_BYTES = 2_048
_NAME_LENGTH = 120


class DocumentKind(StrEnum):
    """What a document is: the arrêté itself, or a piece of the file that asks for its renewal."""

    ARRETE = "arrete"
    RENOUVELLEMENT = "renouvellement"


class ScanInvalid(ValueError):
    """A file that is no usable scan; the text is French and tells what to do."""


@dataclass(frozen=True, slots=True)
class Document:
    """A kept document. ``size`` in bytes; ``sha256`` is hex, computed by us over what was kept."""

    document_id: str
    authorisation_id: str
    kind: DocumentKind
    filename: str
    size: int
    sha256: str
    uploaded_at: datetime
    uploaded_by: str


def checked_digest(content: bytes) -> str:
    """Return the SHA-256 (hex) of a PDF of at most 20 MB; raises ScanInvalid.

    The first bytes say what a file is, whatever it is called; a PDF without its end mark was cut on the way.
    """
    if len(content) > MAX_SCAN_BYTES:
        raise ScanInvalid("Ce fichier dépasse 20 Mo : numérisez-le en noir et blanc ou en 200 points par pouce.")
    if not _MAGIC.match(content):
        raise ScanInvalid("Ce fichier n'est pas un PDF : numérisez l'arrêté en PDF, ou exportez-le en PDF.")
    if _END not in content[-_TAIL_BYTES:]:
        raise ScanInvalid("Ce PDF est incomplet (sa fin manque) : envoyez-le de nouveau.")
    return hashlib.sha256(content).hexdigest()


def safe_filename(name: str | None) -> str:
    """Return a name that a header, a register and a disk can hold: printable, short, no folder, ends in ``.pdf``."""
    bare = (name or "").replace("\\", "/").rsplit("/", 1)[-1]
    kept = "".join(character for character in bare if character.isprintable() and character not in '"<>:|?*;')
    stem = kept.removesuffix(".pdf").removesuffix(".PDF").strip(" .")[:_NAME_LENGTH]
    return f"{stem or 'document'}.pdf"
