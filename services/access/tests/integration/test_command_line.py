"""``python -m access`` as an installation runs it: migrate, seed, and the first administrator in earnest."""

import os
import subprocess
import sys
from collections.abc import Callable

import asyncpg
import pytest

from common.testing.servers import TestDatabase
from common.testing.tokens import TokenMint

pytestmark = pytest.mark.integration
MakeDatabase = Callable[[str | None], TestDatabase]


def run(urls: TestDatabase, tokens: TokenMint, *arguments: str) -> subprocess.CompletedProcess[str]:
    environment = {
        "ACCESS_DATABASE_URL": urls.app_url,
        "ACCESS_MIGRATION_DATABASE_URL": urls.owner_url,
        "ACCESS_NATS_URL": "nats://127.0.0.1:1",
        "ACCESS_API_PORT": "1",
        "ACCESS_TRUSTED_KEYS_DIR": str(tokens.folder),
        "ACCESS_SERVICE_KEY_FILE": str(tokens.key_file("access")),
        "ACCESS_OIDC_ISSUER": "http://127.0.0.1:1",
        "ACCESS_OIDC_CLIENT_ID": "vigie",
    }
    return subprocess.run(
        [sys.executable, "-m", "access", *arguments],
        env={"PATH": os.environ["PATH"], **environment},
        capture_output=True,
        text=True,
        check=False,
    )


async def agents_of(urls: TestDatabase) -> list[str]:
    connection = await asyncpg.connect(urls.app_url.replace("+asyncpg", ""))
    rows = await connection.fetch("SELECT agent_id FROM agents ORDER BY agent_id")
    await connection.close()
    return [row["agent_id"] for row in rows]


async def test_migrate_and_seed_again_and_again(make_database: MakeDatabase, tokens: TokenMint) -> None:
    urls = make_database(None)
    for _ in range(2):
        assert run(urls, tokens, "migrate").returncode == 0
    alone = run(urls, tokens, "seed", "--town", "lievin", "--only", "admin.vigie")
    assert (alone.returncode, alone.stdout) == (0, "lievin: 1 agents, 1 created or renewed\n"), alone.stderr
    assert await agents_of(urls) == ["admin.vigie"]
    everybody = run(urls, tokens, "seed", "--town", "lievin")
    assert everybody.stdout == "lievin: 9 agents, 8 created or renewed\n"
    assert run(urls, tokens, "seed", "--town", "lievin").stdout == "lievin: 9 agents, 0 created or renewed\n"


def test_an_unknown_town_and_an_unknown_part_are_said(make_database: MakeDatabase, tokens: TokenMint) -> None:
    urls = make_database(None)
    nowhere = run(urls, tokens, "seed", "--town", "atlantide")
    assert nowhere.returncode == 2
    assert "plaine-vallee" in nowhere.stderr
    assert run(urls, tokens, "fly").returncode == 2
