"""The register's hash chain: pure, so that an auditor can run it on an export without our database.

Row *n* hashes ``hash(n-1) || canonical(n)`` with SHA-256; the first follows 32 zero bytes. The canonical bytes are
JSON as RFC 8785 wants it (sorted keys, no blanks, UTF-8, minimal escapes): our values are strings, integers and
null only, for which Python's serialiser writes exactly those bytes.
"""

import hashlib
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from contracts.access import RegisterEntry

GENESIS = bytes(32)
COLUMNS = ("entry_id", "at", "actor_id", "action", "result", "insee", "camera_id")
"""Columns that queries use beside the canonical bytes; ``verify`` compares them too."""


@dataclass(frozen=True, slots=True)
class ChainHead:
    """Where the chain ends: the last row's number (0: none) and hash."""

    seq: int = 0
    hash: bytes = GENESIS


@dataclass(frozen=True, slots=True)
class RegisterRow:
    """One row as stored: the canonical bytes, the two hashes, and the columns to search by."""

    seq: int
    entry_id: UUID
    at: datetime
    actor_id: str
    action: str
    result: str
    insee: str
    camera_id: str | None
    canonical: bytes
    prev_hash: bytes
    hash: bytes

    @property
    def content(self) -> dict[str, Any]:
        """The row's fields as they were sealed."""
        return dict(json.loads(self.canonical))


@dataclass(frozen=True, slots=True)
class Verification:
    """What a walk along the chain found.

    ``first_bad_seq``: the first row that is not what was sealed. When only a checkpoint disagrees (a chain rewritten
    with fresh hashes, or cut short) it is the first row known to be wrong or missing; the change lies at or before it.
    """

    entries: int
    valid: bool
    first_bad_seq: int | None
    head_hash: str


def link(prev_hash: bytes, canonical: bytes) -> bytes:
    """Return the hash of a row that follows ``prev_hash``."""
    return hashlib.sha256(prev_hash + canonical).digest()


def canonical_bytes(seq: int, entry: RegisterEntry) -> bytes:
    """Return the RFC 8785 bytes of row ``seq``; instants are UTC with milliseconds."""
    fields = {
        "seq": seq,
        "entry_id": str(entry.entry_id),
        "at": _instant(entry.at),
        "actor_id": entry.actor_id,
        "actor_name": entry.actor_name,
        "actor_role": entry.actor_role,
        "habilitation_id": entry.habilitation_id,
        "organisation": entry.organisation,
        "action": entry.action,
        "camera_id": entry.camera_id,
        "camera_label": entry.camera_label,
        "insee": entry.insee,
        "authorisation_id": entry.authorisation_id,
        "motive_code": entry.motive_code,
        "motive_text": entry.motive_text,
        "context": entry.context,
        "station": entry.station,
        "window_from": _instant(entry.window_from),
        "window_until": _instant(entry.window_until),
        "recipient": entry.recipient,
        "result": entry.result.value,
        "rule": entry.rule,
        "citation": entry.citation,
    }
    return json.dumps(fields, sort_keys=True, ensure_ascii=False, separators=(",", ":")).encode()


def chain(head: ChainHead, entries: Iterable[RegisterEntry]) -> Sequence[RegisterRow]:
    """Return the rows that put entries at the end of the chain, in the order given."""
    rows: list[RegisterRow] = []
    for entry in entries:
        row = _row_after(head, entry)
        rows.append(row)
        head = ChainHead(row.seq, row.hash)
    return rows


class ChainWalk:
    """Verifies rows one by one, in order of ``seq``, with constant memory.

    Args:
        pin: the last signed checkpoint, if there is one: the chain must pass through it.
    """

    def __init__(self, pin: ChainHead | None = None) -> None:
        self._pin = pin or ChainHead()
        self._head = ChainHead()
        self._entries = 0
        self._first_bad: int | None = None

    def step(self, row: RegisterRow) -> None:
        """Look at the next row; the first that does not follow is remembered."""
        self._entries += 1
        if self._first_bad is None and not (_follows(self._head, row) and self._passes_pin(row)):
            self._first_bad = min(row.seq, self._head.seq + 1)
        self._head = ChainHead(row.seq, row.hash)

    def _passes_pin(self, row: RegisterRow) -> bool:
        return row.seq != self._pin.seq or row.hash == self._pin.hash

    @property
    def result(self) -> Verification:
        """What was found up to here."""
        cut_short = self._head.seq < self._pin.seq
        bad = self._head.seq + 1 if self._first_bad is None and cut_short else self._first_bad
        return Verification(self._entries, bad is None, bad, self._head.hash.hex())


def _row_after(head: ChainHead, entry: RegisterEntry) -> RegisterRow:
    canonical = canonical_bytes(head.seq + 1, entry)
    return RegisterRow(
        seq=head.seq + 1,
        entry_id=entry.entry_id,
        at=_to_the_millisecond(entry.at),
        actor_id=entry.actor_id,
        action=entry.action,
        result=entry.result.value,
        insee=entry.insee,
        camera_id=entry.camera_id,
        canonical=canonical,
        prev_hash=head.hash,
        hash=link(head.hash, canonical),
    )


def _to_the_millisecond(at: datetime) -> datetime:
    return at.replace(microsecond=at.microsecond // 1000 * 1000)


def _follows(head: ChainHead, row: RegisterRow) -> bool:
    chained = row.seq == head.seq + 1 and row.prev_hash == head.hash and row.hash == link(head.hash, row.canonical)
    return chained and _columns_agree(row)


def _columns_agree(row: RegisterRow) -> bool:
    try:
        content = row.content
    except ValueError:
        return False
    stored = {name: getattr(row, name) for name in COLUMNS}
    stored |= {"entry_id": str(row.entry_id), "at": _instant(row.at)}
    return content.get("seq") == row.seq and all(content.get(name) == value for name, value in stored.items())


def _instant(at: datetime | None) -> str | None:
    if at is None:
        return None
    return at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
