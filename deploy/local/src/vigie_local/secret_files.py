"""Secrets on disk: generated once, written so that only their owner reads them, never printed."""

import json
import os
import secrets
import threading
from collections.abc import Callable
from pathlib import Path

PRIVATE_MODE = 0o600


class UnsafeSecretFile(PermissionError):
    """A secret file is readable by others than its owner."""

    def __init__(self, file: Path, mode: int) -> None:
        super().__init__(
            f"{file} est lisible par d'autres que son propriétaire (mode {mode:o}) ; corriger avec : chmod 600 {file}"
        )


def write_secret(file: Path, content: str) -> None:
    """Write a file of mode 600 in one step: a crash leaves the old content or the new, never half."""
    partial = file.with_name(f"{file.name}.partial")
    partial.unlink(missing_ok=True)
    descriptor = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL, PRIVATE_MODE)
    with os.fdopen(descriptor, "w") as opened:
        opened.write(content)
        opened.flush()
        os.fsync(opened.fileno())
    partial.replace(file)


class Credentials:
    """The generated secrets of one installation, by name.

    Raises:
        UnsafeSecretFile: somebody else can read the file.
    """

    def __init__(self, file: Path) -> None:
        self._file = file
        self._lock = threading.Lock()  # components prepare in threads, several at a time
        self._secrets: dict[str, str] = {}
        if file.exists():
            mode = file.stat().st_mode & 0o777
            if mode & 0o077:
                raise UnsafeSecretFile(file, mode)
            self._secrets = json.loads(file.read_text())

    def get(self, name: str, generate: Callable[[], str] = lambda: secrets.token_urlsafe(24)) -> str:
        """Return a secret, generating and saving it the first time it is asked for."""
        with self._lock:
            if name not in self._secrets:
                self._secrets[name] = generate()
                write_secret(self._file, json.dumps(self._secrets, indent=2, sort_keys=True))
            return self._secrets[name]
