"""Signed notes (https://c2sp.org/signed-note) and checkpoints of a log (https://c2sp.org/tlog-checkpoint).

A note is text and, after a blank line, one line per signature. Independent tools (Go's ``sumdb/note``, the witnesses
of transparency logs) read the same bytes. A checkpoint's text is origin, size, root in Base64; our extension lines
add the instant and the end of the hash chain.
"""

import base64
import binascii
import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from access.domain.tree import TreeHead
from common.auth import ServiceKey, bears
from contracts.register_row import instant

_ED25519 = b"\x01"
_SIGNATURE = re.compile(r"— (?P<name>[^\s+]+) (?P<signature>[A-Za-z0-9+/=]+)")
_TIME = "time "
_CHAIN = "chain "


@dataclass(frozen=True, slots=True)
class NoteKey:
    """A public key that verifies notes: the name of its log and the 32 raw bytes."""

    name: str
    public: bytes

    @property
    def key_hash(self) -> bytes:
        """The four bytes by which a signature line names its key."""
        return hashlib.sha256(self.name.encode() + b"\n" + _ED25519 + self.public).digest()[:4]

    @property
    def verifier(self) -> str:
        """The key as other tools want it (``vkey``)."""
        return f"{self.name}+{self.key_hash.hex()}+{base64.b64encode(_ED25519 + self.public).decode()}"

    @classmethod
    def read(cls, verifier: str) -> "NoteKey":
        """Return the key of a ``vkey``; raises ValueError."""
        name, key_hash, encoded = verifier.strip().split("+", 2)
        raw = base64.b64decode(encoded, validate=True)
        key = cls(name, raw[1:])
        if raw[:1] != _ED25519 or len(raw) != 33 or key.key_hash.hex() != key_hash:  # noqa: PLR2004 - type byte and key
            raise ValueError(f"not an Ed25519 verifier key: {verifier}")
        return key


def sign(text: str, name: str, key: ServiceKey) -> str:
    """Return a note: a text that ends with a line feed, signed under a name."""
    note_key = NoteKey(name, key.public_bytes)
    signature = base64.b64encode(note_key.key_hash + key.sign_bytes(text.encode())).decode()
    return f"{text}\n— {name} {signature}\n"


def opened(note: str, keys: Sequence[NoteKey]) -> str | None:
    """Return the text of a note that at least one of the keys signed, else None."""
    text, separator, signatures = note.rpartition("\n\n")
    if not separator or not signatures.endswith("\n"):
        return None
    text += "\n"
    for line in signatures.splitlines():
        match = _SIGNATURE.fullmatch(line)
        if match is None:
            return None
        if any(_signed(match["name"], match["signature"], text, key) for key in keys):
            return text
    return None


def checkpoint_text(origin: str, head: TreeHead) -> str:
    """Return the text of a checkpoint."""
    root = base64.b64encode(head.root).decode()
    return f"{origin}\n{head.size}\n{root}\n{_TIME}{instant(head.at)}\n{_CHAIN}{head.chain_hash.hex()}\n"


def read_checkpoint(text: str, origin: str) -> TreeHead | None:
    """Return what a checkpoint of this log says, None when it is not one."""
    lines = text.split("\n")
    if len(lines) < 6 or lines[0] != origin:  # noqa: PLR2004 - origin, size, root, time, chain, end
        return None
    extensions = {line.partition(" ")[0]: line.partition(" ")[2] for line in lines[3:]}
    try:
        return TreeHead(
            size=int(lines[1]),
            root=base64.b64decode(lines[2], validate=True),
            chain_hash=bytes.fromhex(extensions[_CHAIN.strip()]),
            at=datetime.fromisoformat(extensions[_TIME.strip()]),
        )
    except (ValueError, KeyError):
        return None


def _signed(name: str, encoded: str, text: str, key: NoteKey) -> bool:
    try:
        signature = base64.b64decode(encoded, validate=True)
    except binascii.Error:
        return False
    if name != key.name or signature[:4] != key.key_hash:
        return False
    return bears(Ed25519PublicKey.from_public_bytes(key.public), text.encode(), signature[4:])
