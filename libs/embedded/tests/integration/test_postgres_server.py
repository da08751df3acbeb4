"""PostgreSQL: data survives kill -9, the app role has rows but no DDL, nobody else may connect."""

import asyncio
from collections.abc import Iterator
from pathlib import Path

import asyncpg
import pytest

from embedded.postgres import DatabaseAccess, PostgresServer

pytestmark = pytest.mark.integration


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PostgresServer]:
    with PostgresServer(tmp_path_factory.mktemp("pg"), durable=False) as running:
        yield running


async def connect(url: str) -> asyncpg.Connection:
    return await asyncpg.connect(url.replace("+asyncpg", ""))


async def with_table(access: DatabaseAccess) -> None:
    owner = await connect(access.owner_url)
    await owner.execute("CREATE TABLE things (id bigint GENERATED ALWAYS AS IDENTITY, name text)")
    await owner.close()


async def test_committed_rows_survive_kill_and_restart(tmp_path: Path) -> None:
    with PostgresServer(tmp_path / "pg") as server:
        access = server.create_database("incident")
        await with_table(access)
        app = await connect(access.app_url)
        await app.execute("INSERT INTO things (name) VALUES ('kept')")
        server.kill()
        with pytest.raises((OSError, asyncpg.PostgresError, asyncpg.InterfaceError)):
            await app.fetch("SELECT 1")
        server.start()
        app = await connect(access.app_url)
        assert await app.fetchval("SELECT name FROM things") == "kept"
        await app.close()
    assert not server.running


async def test_the_app_role_writes_rows_but_changes_no_schema(server: PostgresServer) -> None:
    access = server.create_database("dispatch")
    await with_table(access)
    app = await connect(access.app_url)
    await app.execute("INSERT INTO things (name) VALUES ('a')")
    await app.execute("UPDATE things SET name = 'b'")
    assert await app.fetchval("SELECT name FROM things") == "b"
    await app.execute("DELETE FROM things")
    for forbidden in (
        "CREATE TABLE more (id int)",
        "ALTER TABLE things ADD COLUMN x int",
        "DROP TABLE things",
        "TRUNCATE things",
        "CREATE SCHEMA other",
    ):
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await app.execute(forbidden)
    await app.close()


async def test_roles_of_one_database_cannot_enter_another(server: PostgresServer) -> None:
    mine, other = server.create_database("mine"), server.create_database("other")
    for url in (mine.app_url, mine.owner_url):
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await connect(url.removesuffix("/mine") + "/other")
    await (await connect(other.app_url)).close()


async def test_a_wrong_password_is_refused(server: PostgresServer) -> None:
    with pytest.raises(asyncpg.InvalidPasswordError):
        await connect(f"postgresql://vigie_admin:guess@127.0.0.1:{server.port}/postgres")


async def test_create_database_again_keeps_data_and_renews_passwords(server: PostgresServer) -> None:
    first = server.create_database("again", app_password="it's \\ odd", owner_password="o")
    await with_table(first)
    second = await asyncio.to_thread(server.create_database, "again")
    assert second.app_url != first.app_url
    app = await connect(second.app_url)
    assert await app.fetchval("SELECT count(*) FROM things") == 0
    assert await app.fetchval("SELECT count(*) FROM pg_extension WHERE extname = 'earthdistance'") == 1
    await app.close()
    server.drop_database("again")
    with pytest.raises(asyncpg.PostgresError):
        await connect(second.app_url)


def test_secrets_are_readable_by_their_owner_only(server: PostgresServer) -> None:
    assert (server.folder / "admin.password").stat().st_mode & 0o777 == 0o600
    assert server.admin_url.startswith("postgresql+asyncpg://vigie_admin:")


async def test_a_copy_has_the_rows_and_the_rights_and_goes_its_own_way(server: PostgresServer) -> None:
    access = server.create_database("original")
    await with_table(access)
    app = await connect(access.app_url)
    await app.execute("INSERT INTO things (name) VALUES ('a')")
    await app.close()
    copy = await connect(server.copy_database(access, "copie").app_url)
    await copy.execute("INSERT INTO things (name) VALUES ('b')")
    assert await copy.fetchval("SELECT count(*) FROM things") == 2
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await copy.execute("DROP TABLE things")
    await copy.close()
    app = await connect(access.app_url)
    assert await app.fetchval("SELECT count(*) FROM things") == 1
    await app.close()
