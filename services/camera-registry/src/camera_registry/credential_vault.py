"""Camera passwords at rest: AES-256-GCM, one random nonce per value, bound to the camera's id and to its key.

The key file is a ring: one key a line (32 bytes, base64), the first one seals, all of them open. A sealed value is
``2 | key id (4) | nonce (12) | ciphertext``; a key's id is the start of its SHA-256. Values of the first version
(``1 | nonce | ciphertext``, sealed before keys had ids) open with whichever key of the ring fits.
"""

import base64
import binascii
import hashlib
import json
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from camera_registry.domain.camera import Credentials

_KEY_BYTES = 32
_NONCE_BYTES = 12
_ID_BYTES = 4
_UNNAMED_KEY = b"\x01"
_NAMED_KEY = b"\x02"


class VaultKeyUnusable(RuntimeError):
    """The key file is absent or holds anything but keys of 32 bytes in base64; names the file, never its content."""


class CredentialsUnreadable(RuntimeError):
    """A sealed value opens with no key of the ring for this camera: key retired, or moved from another camera."""


@dataclass(frozen=True, slots=True, repr=False)
class SealingKey:
    """One key of the ring."""

    secret: bytes

    def __repr__(self) -> str:
        return f"SealingKey({self.key_id})"

    @property
    def key_id(self) -> str:
        """Its public name: 8 hexadecimal digits."""
        return self.mark[1:].hex()

    @property
    def mark(self) -> bytes:
        """How every value that it sealed begins."""
        return _NAMED_KEY + hashlib.sha256(self.secret).digest()[:_ID_BYTES]


class AesGcmVault:
    """Implements `ports.CredentialVault` with a ring of keys.

    A vault read from a file follows the file: a rotation by another process is seen by the next value sealed or
    opened, so that services need no restart.
    """

    def __init__(self, keys: Sequence[SealingKey], path: Path | None = None) -> None:
        self._keys = tuple(keys)
        self._path = path
        self._seen = _version(path) if path else None

    @classmethod
    def from_file(cls, path: Path) -> "AesGcmVault":
        """Read the ring; raises VaultKeyUnusable."""
        return cls(_read(path), path)

    @staticmethod
    def write_new_key(path: Path) -> None:
        """Write a ring of one fresh key, readable by its owner only; an existing file is left as it is."""
        try:
            descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        except FileExistsError:
            return
        with os.fdopen(descriptor, "w") as file:
            file.write(_line(SealingKey(os.urandom(_KEY_BYTES))))

    @property
    def keys(self) -> tuple[SealingKey, ...]:
        """The ring as the file has it now, the key that seals first; raises VaultKeyUnusable."""
        if self._path is not None:
            version = _version(self._path)
            if version != self._seen:
                self._keys, self._seen = _read(self._path), version
        return self._keys

    def add_key(self) -> SealingKey:
        """Put a fresh key at the head of the ring's file: it seals from now on. Returns it."""
        fresh = SealingKey(os.urandom(_KEY_BYTES))
        self._write([fresh, *self.keys])
        return fresh

    def drop_key(self, key: SealingKey) -> None:
        """Take a key out of the ring's file: what it sealed can never be opened again.

        Raises ValueError for the key that seals.
        """
        ring = self.keys
        if key == ring[0]:
            message = "the key that seals cannot be dropped"
            raise ValueError(message)
        self._write([one for one in ring if one != key])

    def seal(self, camera_id: str, credentials: Credentials) -> bytes:
        """Return the credentials sealed with the first key."""
        key = self.keys[0]
        nonce = os.urandom(_NONCE_BYTES)
        clear = json.dumps([credentials.username, credentials.password]).encode()
        return key.mark + nonce + AESGCM(key.secret).encrypt(nonce, clear, key.mark + camera_id.encode())

    def unseal(self, camera_id: str, sealed: bytes) -> Credentials:
        """Open a sealed value; raises CredentialsUnreadable."""
        try:
            username, password = json.loads(self._opened(camera_id, sealed))
        except (InvalidTag, ValueError) as error:
            raise CredentialsUnreadable(camera_id) from error
        return Credentials(username, password)

    def _opened(self, camera_id: str, sealed: bytes) -> bytes:
        if sealed[:1] == _UNNAMED_KEY:
            return self._opened_by_any(camera_id, sealed[1:])
        mark, rest = sealed[: 1 + _ID_BYTES], sealed[1 + _ID_BYTES :]
        key = next((one for one in self.keys if one.mark == mark), None)
        if key is None:
            raise CredentialsUnreadable(camera_id)
        nonce, ciphertext = rest[:_NONCE_BYTES], rest[_NONCE_BYTES:]
        return AESGCM(key.secret).decrypt(nonce, ciphertext, mark + camera_id.encode())

    def _opened_by_any(self, camera_id: str, rest: bytes) -> bytes:
        nonce, ciphertext = rest[:_NONCE_BYTES], rest[_NONCE_BYTES:]
        for key in self.keys:
            try:
                return AESGCM(key.secret).decrypt(nonce, ciphertext, camera_id.encode())
            except InvalidTag:
                continue
        raise CredentialsUnreadable(camera_id)

    def _write(self, keys: Sequence[SealingKey]) -> None:
        """Replace the file at once: whoever reads it meanwhile sees the old ring or the new one, whole."""
        if self._path is None:
            message = "a ring without a file cannot change"
            raise ValueError(message)
        beside = self._path.with_name(f"{self._path.name}.{os.getpid()}.new")
        descriptor = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "w") as file:
            file.writelines(_line(key) for key in keys)
            file.flush()
            os.fsync(file.fileno())
        beside.replace(self._path)


def _read(path: Path) -> tuple[SealingKey, ...]:
    try:
        secrets = [base64.b64decode(line, validate=True) for line in path.read_text().split()]
    except (OSError, binascii.Error, ValueError) as error:
        raise VaultKeyUnusable(str(path)) from error
    if not secrets or any(len(secret) != _KEY_BYTES for secret in secrets):
        raise VaultKeyUnusable(str(path))
    return tuple(SealingKey(secret) for secret in secrets)


def _version(path: Path) -> tuple[int, int]:
    try:
        found = path.stat()
    except OSError as error:
        raise VaultKeyUnusable(str(path)) from error
    return found.st_ino, found.st_mtime_ns


def _line(key: SealingKey) -> str:
    return base64.b64encode(key.secret).decode() + "\n"
