"""Camera passwords at rest: AES-256-GCM, one random nonce per value, bound to the camera's id."""

import base64
import binascii
import json
import os
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from camera_registry.domain.camera import Credentials

_KEY_BYTES = 32
_NONCE_BYTES = 12
_VERSION = b"\x01"


class VaultKeyUnusable(RuntimeError):
    """The key file is absent or does not hold 32 bytes in base64; names the file, never its content."""


class CredentialsUnreadable(RuntimeError):
    """A sealed value does not open with this key for this camera: wrong key, or moved from another camera."""


class AesGcmVault:
    """Implements `ports.CredentialVault` with a key of 32 bytes."""

    def __init__(self, key: bytes) -> None:
        self._cipher = AESGCM(key)

    @classmethod
    def from_file(cls, path: Path) -> "AesGcmVault":
        """Read the base64 key from a file; raises VaultKeyUnusable."""
        try:
            key = base64.b64decode(path.read_text().strip(), validate=True)
        except (OSError, binascii.Error, ValueError) as error:
            raise VaultKeyUnusable(str(path)) from error
        if len(key) != _KEY_BYTES:
            raise VaultKeyUnusable(str(path))
        return cls(key)

    @staticmethod
    def write_new_key(path: Path) -> None:
        """Write a fresh key, readable by its owner only; an existing file is left as it is."""
        try:
            descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        except FileExistsError:
            return
        with os.fdopen(descriptor, "w") as file:
            file.write(base64.b64encode(os.urandom(_KEY_BYTES)).decode() + "\n")

    def seal(self, camera_id: str, credentials: Credentials) -> bytes:
        """Return version, nonce and ciphertext of the credentials."""
        nonce = os.urandom(_NONCE_BYTES)
        clear = json.dumps([credentials.username, credentials.password]).encode()
        return _VERSION + nonce + self._cipher.encrypt(nonce, clear, camera_id.encode())

    def unseal(self, camera_id: str, sealed: bytes) -> Credentials:
        """Open a sealed value; raises CredentialsUnreadable."""
        nonce, ciphertext = sealed[1 : 1 + _NONCE_BYTES], sealed[1 + _NONCE_BYTES :]
        try:
            if sealed[:1] != _VERSION:
                raise CredentialsUnreadable(camera_id)
            clear = self._cipher.decrypt(nonce, ciphertext, camera_id.encode())
        except (InvalidTag, ValueError) as error:
            raise CredentialsUnreadable(camera_id) from error
        username, password = json.loads(clear)
        return Credentials(username, password)
