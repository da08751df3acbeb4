"""Checkpoints of the register: "so many rows had this root and this last hash", signed.

A chain alone does not tell when somebody with every right over the database rewrote a row *and* every hash after it,
or cut the end off. A signed checkpoint does, as long as the key is not on the database's machine.

The key is the service's own. When it is replaced, the public part of the old one goes into the file
``register.retired-keys.json`` (a JWKS) among the trusted keys: new statements are signed with the new key, old ones
still verify. That file's name can name no issuer, so a retired key opens no session.
"""

import contextlib
import json
from pathlib import Path
from typing import Any

from access import notes
from access.domain.register import ChainHead
from access.domain.tree import TreeHead
from access.notes import NoteKey
from access.ports import CheckpointSeal
from common.auth import ServiceKey, raw_public_key
from common.problems import Unauthenticated

RETIRED_KEYS = "register.retired-keys.json"
_TOKEN_AUDIENCE = "register-checkpoint"  # noqa: S105 - who the old tokens were made for


class SignedSeal(CheckpointSeal):
    """Signs statements about the register with an Ed25519 key, as notes any tool can verify.

    Args:
        key: signs; its public part verifies.
        origin: the log's name, the first line of every checkpoint.
        trusted_keys_dir: may hold ``RETIRED_KEYS``, read at each use.
    """

    def __init__(self, key: ServiceKey, origin: str, trusted_keys_dir: Path | None = None) -> None:
        self._key = key
        self.origin = origin
        self._retired = trusted_keys_dir / RETIRED_KEYS if trusted_keys_dir else None

    @property
    def keys(self) -> list[NoteKey]:
        """Every key that verifies, the one that signs first."""
        public = [self._key.public_bytes, *(raw_public_key(jwk) for jwk in self._retired_jwks())]
        return [NoteKey(self.origin, raw) for raw in public]

    def close(self, head: TreeHead) -> str:
        """Return a signed checkpoint."""
        return self.sign(notes.checkpoint_text(self.origin, head))

    def opened(self, note: str) -> TreeHead | None:
        """Return what was signed, None when no key of ours signed it."""
        text = notes.opened(note, self.keys)
        return None if text is None else notes.read_checkpoint(text, self.origin)

    def sign(self, text: str) -> str:
        """Return any text of ours (a manifest, a statement) as a signed note."""
        return notes.sign(text, self.origin, self._key)

    def text_of(self, note: str) -> str | None:
        """Return the text of a note of ours, None when no key of ours signed it."""
        return notes.opened(note, self.keys)

    def opened_token(self, token: str) -> ChainHead | None:
        """Return what a checkpoint of the time before the tree says (a JWT), None when no key of ours signed it."""
        for key in [self._key, *(ServiceKey.of(jwk, self._key.issuer) for jwk in self._retired_jwks())]:
            with contextlib.suppress(Unauthenticated):
                claims = key.verify_own(token, audience=_TOKEN_AUDIENCE)
                return ChainHead(int(claims["seq"]), bytes.fromhex(str(claims["head_hash"])))
        return None

    def _retired_jwks(self) -> list[dict[str, Any]]:
        if self._retired is None or not self._retired.exists():
            return []
        return list(json.loads(self._retired.read_text())["keys"])
