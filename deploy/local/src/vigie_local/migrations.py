"""Databases and their schemas, done again only when something changed (a second start is seconds)."""

import asyncio
import hashlib
import importlib.util
import sys
from collections.abc import Mapping
from pathlib import Path

from embedded.server import tail
from vigie_local.layout import Layout

_TAIL_LINES = 12


class MigrationFailed(RuntimeError):
    """A service could not bring its database to its newest schema; the message ends with its last words."""


async def migrate(import_name: str, environment: Mapping[str, str], layout: Layout) -> None:
    """Run ``python -m <service> migrate`` unless its migrations are those that ran last."""
    stamp = layout.stamps / f"migrated-{import_name}"
    wanted = _fingerprint(import_name)
    if stamp.exists() and stamp.read_text() == wanted:
        return
    log_file = layout.logs / f"{import_name}-migrate.log"
    with log_file.open("wb") as log:
        child = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", import_name, "migrate"),
            env=dict(environment),
            cwd=layout.root,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=log,
            stderr=asyncio.subprocess.STDOUT,
        )
    if await child.wait() != 0:
        raise MigrationFailed(f"migration de {import_name} : code {child.returncode}\n{tail(log_file, _TAIL_LINES)}")
    stamp.write_text(wanted)


def _fingerprint(import_name: str) -> str:
    """Hash names and contents of a service's migrations."""
    spec = importlib.util.find_spec(import_name)
    if spec is None or spec.origin is None:
        raise MigrationFailed(f"le service {import_name} n'est pas installé ; lancer : make install")
    digest = hashlib.sha256()
    for file in sorted((Path(spec.origin).parent / "migrations").rglob("*.py")):
        digest.update(file.name.encode())
        digest.update(file.read_bytes())
    return digest.hexdigest()
