"""A database that is away is one named error, whatever the driver calls it."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError, IntegrityError

from common.database import Database, DatabaseAway
from embedded.postgres import DatabaseAccess, PostgresServer

pytestmark = pytest.mark.integration


@asynccontextmanager
async def fresh_database(folder: Path, name: str) -> AsyncGenerator[DatabaseAccess]:
    """Run a server for the time of a context; returns the addresses of an empty database."""
    server = PostgresServer(folder / "postgres", durable=False)
    await asyncio.to_thread(server.start)
    try:
        yield await asyncio.to_thread(server.create_database, name)
    finally:
        await asyncio.to_thread(server.stop)


async def test_whatever_a_stopping_or_starting_server_says_is_database_away(tmp_path: Path) -> None:
    server = PostgresServer(tmp_path / "postgres", durable=False)
    await asyncio.to_thread(server.start)
    try:
        urls = await asyncio.to_thread(server.create_database, "away")
        database = Database(urls.app_url)
        await database.ping()
        await asyncio.to_thread(server.kill)
        seen: set[type[BaseException]] = set()
        restarting = asyncio.create_task(asyncio.to_thread(server.start))
        while not restarting.done():  # ask all along: refused, then "starting up", then well again
            try:
                await database.ping()
            except Exception as error:  # noqa: BLE001 - which ones come is what is asked here
                seen.add(type(error))
        await restarting
        await database.ping()
        await database.dispose()
    finally:
        await asyncio.to_thread(server.stop)
    assert seen <= {DatabaseAway, ConnectionRefusedError, ConnectionResetError}
    assert seen


async def test_a_failed_statement_does_not_tell_the_values_bound_to_it(tmp_path: Path) -> None:
    async with fresh_database(tmp_path, "hidden") as urls:
        owner = Database(urls.owner_url)
        async with owner.transaction() as connection:
            await connection.execute(text("CREATE TABLE t (url text CHECK (length(url) < 3))"))
            with pytest.raises(IntegrityError) as failed:
                await connection.execute(text("INSERT INTO t VALUES (:url)"), {"url": "rtsp://10.0.0.1/secret"})
        await owner.dispose()
    assert "[SQL parameters hidden" in str(failed.value)


async def test_a_server_that_restarts_between_two_questions_costs_no_error(tmp_path: Path) -> None:
    server = PostgresServer(tmp_path / "postgres", durable=False)
    await asyncio.to_thread(server.start)
    try:
        urls = await asyncio.to_thread(server.create_database, "restarting")
        database = Database(urls.app_url)
        async with database.transaction() as connection:
            await connection.execute(text("SELECT 1"))
        await asyncio.to_thread(server.kill)
        await asyncio.to_thread(server.start)
        async with database.reading() as connection:
            assert await connection.scalar(text("SELECT 2")) == 2
        async with database.transaction() as connection:
            assert await connection.scalar(text("SELECT 3")) == 3
        await database.dispose()
    finally:
        await asyncio.to_thread(server.stop)


async def test_questions_open_no_transaction_and_commands_do_afterwards(tmp_path: Path) -> None:
    async with fresh_database(tmp_path, "questions") as urls:
        database = Database(urls.owner_url, pool_size=1)
        number = text("SELECT pg_current_xact_id()::text")
        async with database.reading() as connection:
            assert await connection.scalar(number) != await connection.scalar(number)
        async with database.transaction() as connection:
            await connection.execute(text("CREATE TABLE t (n int)"))
            assert await connection.scalar(number) == await connection.scalar(number)
        async with database.reading() as connection:
            assert await connection.scalar(text("SELECT count(*) FROM t")) == 0
        await database.dispose()


async def test_who_is_frozen_in_a_transaction_holds_up_nobody_for_long(tmp_path: Path) -> None:
    async with fresh_database(tmp_path, "frozen") as urls:
        patient, hurried = Database(urls.owner_url), Database(urls.owner_url, idle_transaction_seconds=1.0)
        async with patient.transaction() as connection:
            await connection.execute(text("CREATE TABLE t (n int)"))
            await connection.execute(text("INSERT INTO t VALUES (0)"))

        async def count_up(database: Database) -> None:
            async with database.transaction() as connection:
                await connection.execute(text("UPDATE t SET n = n + 1"))

        for asks_again in (True, False):
            with pytest.raises(DBAPIError):  # noqa: PT012 - at whichever of the two it asks next
                async with hurried.transaction() as frozen:
                    await frozen.execute(text("UPDATE t SET n = n + 10"))
                    await count_up(patient)  # waits for the row until the server ends the other transaction
                    if asks_again:
                        await frozen.execute(text("SELECT 1"))
        await count_up(hurried)  # nothing is left of it in the pool
        async with patient.reading() as connection:
            assert (await connection.execute(text("SELECT n FROM t"))).scalar_one() == 3
        await patient.dispose()
        await hurried.dispose()
