"""One changed byte anywhere in the register's tables is found: by a superuser, with every guard switched off."""

import random
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

import pytest
import pytest_asyncio
from register_rows import a_row
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from access.checkpoints import SignedSeal
from access.domain.register_walk import Verification
from access.use_cases import register as use_cases
from common.database import Database
from common.testing.servers import Servers, TestDatabase
from common.testing.tokens import TokenMint
from contracts.access import RegisterEntry

pytestmark = pytest.mark.integration
ROWS = 700
SIGNED_AT = (300, ROWS)
NOW = datetime(2026, 7, 14, 12, 0, tzinfo=UTC)
TABLES = ("register_entries", "register_tiles", "register_heads")


class GiveUp(Exception):
    """Ends a transaction without leaving a trace."""


@dataclass(frozen=True, slots=True)
class Ledger:
    """A register of 700 rows with two checkpoints, and the superuser who may do everything to it."""

    superuser: Database
    seal: SignedSeal
    entries: list[RegisterEntry]

    @asynccontextmanager
    async def tampering(self) -> AsyncGenerator[AsyncConnection]:
        """Yield a connection on which everything is allowed; what it does is undone."""
        with pytest.raises(GiveUp):  # noqa: PT012 - the body is the test's
            async with self.superuser.transaction() as conn:
                for table in TABLES:
                    await conn.execute(text(f"ALTER TABLE {table} DISABLE TRIGGER ALL"))
                yield conn
                raise GiveUp

    async def verify(self, conn: AsyncConnection) -> Verification:
        return await use_cases.verify_register(conn, seal=self.seal)


@pytest_asyncio.fixture
async def ledger(
    servers: Servers, make_database: Callable[[str | None], TestDatabase], tokens: TokenMint
) -> AsyncIterator[Ledger]:
    urls = make_database("access")
    admin, app = urlsplit(servers.postgres.admin_url), urlsplit(urls.app_url)
    superuser = Database(app._replace(netloc=admin.netloc).geturl())
    seal = SignedSeal(tokens.key("access"), "vigie/essai/registre")
    entries = [a_row(at=NOW + timedelta(seconds=n), context=f"incident:{n}") for n in range(ROWS)]
    start = 0
    for end in SIGNED_AT:
        async with superuser.transaction() as conn:
            await use_cases.append_entries(conn, entries=entries[start:end])
            await use_cases.sign_head(conn, seal=seal, at=NOW + timedelta(hours=end))
        start = end
    yield Ledger(superuser, seal, entries)
    await superuser.dispose()


def flipped(value: Any, chance: random.Random) -> Any:
    """The value with one bit changed, as near as its type allows."""
    if isinstance(value, bytes):
        changed = bytearray(value)
        changed[chance.randrange(len(changed))] ^= 1 << chance.randrange(8)
        return bytes(changed)
    if isinstance(value, str):
        place = chance.randrange(len(value)) if value else 0
        return f"{value[:place]}{chr(ord(value[place]) ^ 1)}{value[place + 1 :]}" if value else "x"
    if isinstance(value, datetime):
        return value + timedelta(microseconds=1)
    if isinstance(value, UUID):
        return UUID(int=value.int ^ (1 << chance.randrange(128)))
    return int(value) ^ (1 << 14)


KEYS = {"register_entries": ["seq"], "register_tiles": ["height", "place"], "register_heads": ["size", "signed_at"]}


async def test_one_bit_in_any_column_of_any_table_is_found(ledger: Ledger) -> None:
    chance = random.Random(20260714)  # noqa: S311 - a chance that can be repeated
    async with ledger.superuser.transaction() as conn:
        found = await ledger.verify(conn)
    assert (found.valid, found.entries, found.checkpoints, found.fault) == (True, ROWS, 2, None)
    tried = 0
    for table in TABLES:
        async with ledger.superuser.transaction() as conn:
            rows = [dict(row) for row in (await conn.execute(text(f"SELECT * FROM {table}"))).mappings()]  # noqa: S608
        for column in rows[0]:
            for _ in range(2):
                row = chance.choice([row for row in rows if row[column] is not None])
                where = " AND ".join(f"{key} = :{key}_" for key in KEYS[table])
                values = {f"{key}_": row[key] for key in KEYS[table]}
                change = {"changed": flipped(row[column], chance), **values}
                async with ledger.tampering() as conn:
                    statement = f"UPDATE {table} SET {column} = :changed WHERE {where}"  # noqa: S608
                    assert (await conn.execute(text(statement), change)).rowcount == 1
                    assert not (await ledger.verify(conn)).valid, (table, column)
                tried += 1
    assert tried == 2 * (14 + 4 + 3)


@pytest.mark.parametrize(
    ("statement", "first_bad", "fault"),
    [
        ("DELETE FROM register_entries WHERE seq = 350", 350, "ligne"),
        ("DELETE FROM register_entries WHERE seq > 690", 691, "fin_manquante"),
        ("DELETE FROM register_entries", 1, "arbre"),
        ("UPDATE register_entries SET seq = CASE seq WHEN 5 THEN 100005 ELSE 5 END WHERE seq IN (5, 6)", 5, "ligne"),
        ("DELETE FROM register_tiles WHERE place = 1", 257, "arbre"),
        ("INSERT INTO register_tiles SELECT height, 9, hashes, root FROM register_tiles LIMIT 1", 2305, "arbre"),
        ("INSERT INTO register_heads VALUES (650, now(), 'vigie')", 650, "point_de_controle"),
        ("UPDATE register_heads SET size = 299 WHERE size = 300", 299, "point_de_controle"),
        ("INSERT INTO register_checkpoints VALUES (640, now(), 'token')", 640, "point_de_controle"),
    ],
)
async def test_rows_removed_reordered_or_added_are_found_where_they_are(
    ledger: Ledger, statement: str, first_bad: int, fault: str
) -> None:
    async with ledger.tampering() as conn:
        await conn.execute(text(statement))
        found = await ledger.verify(conn)
    assert (found.valid, found.first_bad_seq, found.fault) == (False, first_bad, fault)


async def test_a_tail_rewritten_with_fresh_hashes_and_a_fresh_tree_is_found(ledger: Ledger) -> None:
    async with ledger.tampering() as conn:
        await conn.execute(text("DELETE FROM register_entries WHERE seq > 200"))
        await conn.execute(text("DELETE FROM register_tiles"))
        forged = [entry.model_copy(update={"actor_id": "op.autre"}) for entry in ledger.entries[200:]]
        await use_cases.append_entries(conn, entries=forged)
        await use_cases.sign_head(conn, seal=ledger.seal, at=NOW + timedelta(days=90))
        found = await ledger.verify(conn)
    assert not found.valid
    assert found.first_bad_seq is not None
    assert found.first_bad_seq <= 300


async def test_expired_rows_are_forgotten_and_everything_still_verifies(ledger: Ledger) -> None:
    async with ledger.tampering() as conn:
        kept = await use_cases.forget_expired(
            conn, seal=ledger.seal, at=NOW + timedelta(days=1), keep=timedelta(days=1)
        )
        assert kept == 0
        at = NOW + timedelta(days=1, seconds=600)
        gone = await use_cases.forget_expired(conn, seal=ledger.seal, at=at, keep=timedelta(days=1))
        found = await ledger.verify(conn)
        assert (gone, found.valid, found.entries, found.checkpoints) == (512, True, ROWS - 512, 2)
        more = [a_row(at=at) for _ in range(100)]
        await use_cases.append_entries(conn, entries=more)
        await use_cases.sign_head(conn, seal=ledger.seal, at=at)
        assert (await ledger.verify(conn)).checkpoints == 3
        await conn.execute(text("UPDATE register_tiles SET hashes = set_byte(hashes, 7, 1) WHERE place = 1"))
        assert not (await ledger.verify(conn)).valid


async def test_a_forgetting_that_nobody_signed_is_found(ledger: Ledger) -> None:
    async with ledger.tampering() as conn:
        at = NOW + timedelta(days=2)
        statement = text("SELECT forget_register_rows(256, :before, :at, 'rien')")
        await conn.execute(statement, {"before": NOW + timedelta(seconds=256), "at": at})
        found = await ledger.verify(conn)
    assert (found.valid, found.first_bad_seq) == (False, 257)
