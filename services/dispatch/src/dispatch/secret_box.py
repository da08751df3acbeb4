"""Partners' webhook secrets at rest: AES-256-GCM, one random nonce per value, bound to the partner's id.

The key is derived (HKDF-SHA256) from the service's own private key, which the service has anyway: a copy of the
database alone opens nothing. Whoever replaces that key enters the partners' secrets again.
"""

import base64
import json
import os
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from dispatch.ports import SecretUnreadable

_NONCE_BYTES = 12
_PURPOSE = b"vigie dispatch partner secrets v1"


class SecretBox:
    """Implements ``ports.SecretVault`` with a key of 32 bytes."""

    def __init__(self, key: bytes) -> None:
        self._cipher = AESGCM(key)

    @classmethod
    def of_service_key(cls, path: Path) -> "SecretBox":
        """Derive the box from the service's private Ed25519 JWK."""
        encoded: str = json.loads(path.read_text(encoding="utf-8"))["d"]
        private = base64.urlsafe_b64decode(encoded + "=" * (-len(encoded) % 4))
        return cls(HKDF(algorithm=SHA256(), length=32, salt=None, info=_PURPOSE).derive(private))

    def seal(self, partner_id: str, secret: bytes) -> bytes:
        """Return nonce and ciphertext."""
        nonce = os.urandom(_NONCE_BYTES)
        return nonce + self._cipher.encrypt(nonce, secret, partner_id.encode())

    def unseal(self, partner_id: str, sealed: bytes) -> bytes:
        """Open a sealed secret; raises SecretUnreadable."""
        try:
            return self._cipher.decrypt(sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:], partner_id.encode())
        except InvalidTag as error:
            raise SecretUnreadable(partner_id) from error
