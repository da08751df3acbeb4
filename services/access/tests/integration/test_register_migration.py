"""A register of the release before the tree: its rows and checkpoints stay as they are, and get a tree."""

import asyncio
import json
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from importlib.resources import files

import pytest
from alembic import command
from alembic.config import Config
from register_rows import a_row
from sqlalchemy import text

from access.checkpoints import SignedSeal
from access.domain.register import ChainHead, RegisterRow, chain
from access.use_cases import register as use_cases
from common.database import Database
from common.testing.servers import TestDatabase
from common.testing.tokens import TokenMint

pytestmark = pytest.mark.integration
ROWS = 600
OLD_COLUMNS = (
    "seq", "entry_id", "at", "actor_id", "action", "result", "insee", "camera_id", "canonical", "prev_hash", "hash"
)  # fmt: skip


def bring_to(revision: str, url: str) -> None:
    config = Config()
    config.set_main_option("script_location", str(files("access") / "migrations"))
    config.attributes["url"] = url
    command.upgrade(config, revision)


def test_rows_and_checkpoints_of_before_are_verified_with_the_new_tree(
    make_database: Callable[[str | None], TestDatabase], tokens: TokenMint
) -> None:
    urls = make_database(None)
    bring_to("0003", urls.owner_url)
    rows = chain(ChainHead(), [a_row(motive_text=f"ronde {number}\x00") for number in range(ROWS)])
    key = tokens.key("access")
    claims = {"seq": 300, "head_hash": rows[299].hash.hex()}
    token = key.sign(claims, ttl=10**9, audience="register-checkpoint")
    asyncio.run(write_as_before(urls, rows, token))
    bring_to("head", urls.owner_url)
    asyncio.run(verify_as_now(urls, SignedSeal(key, "vigie/essai/registre"), [row.canonical for row in rows]))


async def write_as_before(urls: TestDatabase, rows: Sequence[RegisterRow], token: str) -> None:
    database = Database(urls.app_url)
    names, values = ", ".join(OLD_COLUMNS), ", ".join(f":{name}" for name in OLD_COLUMNS)
    async with database.transaction() as conn:
        insertion = text(f"INSERT INTO register_entries ({names}) VALUES ({values})")  # noqa: S608 - names of ours
        await conn.execute(insertion, [{name: getattr(row, name) for name in OLD_COLUMNS} for row in rows])
        checkpoint = text("INSERT INTO register_checkpoints VALUES (300, now(), :token)")
        await conn.execute(checkpoint, {"token": token})
    await database.dispose()


async def verify_as_now(urls: TestDatabase, seal: SignedSeal, canonical: list[bytes]) -> None:
    database = Database(urls.app_url)
    async with database.transaction() as conn:
        found = await use_cases.verify_register(conn, seal=seal)
        assert (found.valid, found.entries, found.checkpoints) == (True, ROWS, 1)
        stored = await conn.execute(text("SELECT canonical, why FROM register_entries ORDER BY seq"))
        kept = stored.all()
        assert [row.canonical for row in kept] == canonical
        assert kept[7].why == "7 ronde surveillance"
        assert "seal" not in json.loads(kept[0].canonical)
        tiles = await conn.execute(text("SELECT count(*) FROM register_tiles"))
        assert tiles.scalar_one() == ROWS // 256
        await use_cases.append_entries(conn, entries=[a_row(at=datetime.now(UTC)) for _ in range(200)])
        await use_cases.sign_head(conn, seal=seal, at=datetime.now(UTC))
        assert (await use_cases.verify_register(conn, seal=seal)).checkpoints == 2
    await database.dispose()
