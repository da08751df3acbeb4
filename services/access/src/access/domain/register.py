"""The register's hash chain: pure, so that an auditor can run it on an export without our database.

Row *n* hashes ``hash(n-1) || canonical(n)`` with SHA-256; the first follows 32 zero bytes. The same canonical bytes
are leaf *n-1* of the Merkle tree (``contracts.merkle``).
"""

import hashlib
import json
import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from contracts.access import RegisterEntry
from contracts.register_row import canonical_bytes

GENESIS = bytes(32)
_ACCENTS = re.compile("[\u0300-\u036f]+")
_WORD = re.compile(r"[a-z0-9_-]{1,64}")


@dataclass(frozen=True, slots=True)
class ChainHead:
    """Where the chain ends: the last row's number (0: none) and hash."""

    seq: int = 0
    hash: bytes = GENESIS


class RegisterRow(NamedTuple):
    """One row as stored: the canonical bytes, the two hashes, and the columns to search by.

    ``why``: the words of motive and context, see ``words_of``.
    """

    seq: int
    entry_id: UUID
    at: datetime
    actor_id: str
    action: str
    result: str
    insee: str
    camera_id: str | None
    organisation: str
    motive_code: str
    why: str
    canonical: bytes
    prev_hash: bytes
    hash: bytes

    @property
    def content(self) -> dict[str, Any]:
        """The row's fields as they were sealed."""
        content: dict[str, Any] = json.loads(self.canonical)
        return content


@dataclass(frozen=True, slots=True)
class SearchColumns:
    """The columns that repeat what the canonical bytes say, for the database to search by."""

    entry_id: UUID
    at: datetime
    actor_id: str
    action: str
    result: str
    insee: str
    camera_id: str | None
    organisation: str
    motive_code: str
    why: str

    @classmethod
    def of(cls, content: dict[str, Any]) -> "SearchColumns":
        """Return the columns of a row; raises KeyError, TypeError or ValueError when it is no row of ours."""
        return cls(
            entry_id=UUID(content["entry_id"]),
            at=datetime.fromisoformat(content["at"]),
            actor_id=content["actor_id"],
            action=content["action"],
            result=content["result"],
            insee=content["insee"],
            camera_id=content["camera_id"],
            organisation=_storable(content["organisation"]),
            motive_code=_storable(content["motive_code"]),
            why=words_of(content["motive_code"], content["motive_text"], content["context"]),
        )


def link(prev_hash: bytes, canonical: bytes) -> bytes:
    """Return the hash of a row that follows ``prev_hash``."""
    return hashlib.sha256(prev_hash + canonical).digest()


def chain(head: ChainHead, entries: Iterable[RegisterEntry]) -> Sequence[RegisterRow]:
    """Return the rows that put entries at the end of the chain, in the order given."""
    rows: list[RegisterRow] = []
    for entry in entries:
        row = _row_after(head, entry)
        rows.append(row)
        head = ChainHead(row.seq, row.hash)
    return rows


def words_of(*texts: str) -> str:
    """Return the distinct words of texts as they are searched: no accents, lower case, sorted, one blank between."""
    plain = " ".join(texts)
    if not plain.isascii():
        plain = _ACCENTS.sub("", unicodedata.normalize("NFKD", plain))
    return " ".join(sorted(set(_WORD.findall(plain.lower()))))


def columns_agree(row: RegisterRow) -> bool:
    """Tell whether the columns to search by say what the sealed bytes say."""
    try:
        content = row.content
        return (
            content["seq"] == row.seq
            and content["entry_id"] == str(row.entry_id)
            and datetime.fromisoformat(content["at"]) == row.at
            and content["actor_id"] == row.actor_id
            and content["action"] == row.action
            and content["result"] == row.result
            and content["insee"] == row.insee
            and content["camera_id"] == row.camera_id
            and _storable(content["organisation"]) == row.organisation
            and _storable(content["motive_code"]) == row.motive_code
            and words_of(content["motive_code"], content["motive_text"], content["context"]) == row.why
        )
    except (ValueError, KeyError, TypeError):
        return False


def _row_after(head: ChainHead, entry: RegisterEntry) -> RegisterRow:
    canonical = canonical_bytes(head.seq + 1, entry)
    return RegisterRow(
        seq=head.seq + 1,
        entry_id=entry.entry_id,
        at=to_the_millisecond(entry.at),
        actor_id=entry.actor_id,
        action=entry.action,
        result=entry.result.value,
        insee=entry.insee,
        camera_id=entry.camera_id,
        organisation=_storable(entry.organisation),
        motive_code=_storable(entry.motive_code),
        why=words_of(entry.motive_code, entry.motive_text, entry.context),
        canonical=canonical,
        prev_hash=head.hash,
        hash=link(head.hash, canonical),
    )


def _storable(text: str) -> str:
    """Return a text without NUL, which PostgreSQL's text cannot hold (the canonical bytes can)."""
    return text.replace("\x00", "")


def to_the_millisecond(at: datetime) -> datetime:
    """Return an instant as precisely as the register writes it."""
    return at.replace(microsecond=at.microsecond // 1000 * 1000)
