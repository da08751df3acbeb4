"""A database that is away is one named error, whatever the driver calls it."""

import asyncio
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from common.database import Database, DatabaseAway
from embedded.postgres import PostgresServer

pytestmark = pytest.mark.integration


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
    server = PostgresServer(tmp_path / "postgres", durable=False)
    await asyncio.to_thread(server.start)
    try:
        urls = await asyncio.to_thread(server.create_database, "hidden")
        owner = Database(urls.owner_url)
        async with owner.transaction() as connection:
            await connection.execute(text("CREATE TABLE t (url text CHECK (length(url) < 3))"))
            with pytest.raises(IntegrityError) as failed:
                await connection.execute(text("INSERT INTO t VALUES (:url)"), {"url": "rtsp://10.0.0.1/secret"})
        await owner.dispose()
    finally:
        await asyncio.to_thread(server.stop)
    assert "[SQL parameters hidden" in str(failed.value)
