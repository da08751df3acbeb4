"""The real servers of a test session, each started at first use on free ports and stopped at the end."""

import asyncio
import threading
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from common import migrations
from embedded.nats import NatsServer
from embedded.postgres import DatabaseAccess, PostgresServer
from embedded.seaweedfs import SeaweedServer

_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class TestDatabase:
    """A migrated database of one service: the serving role's URL and the owner's."""

    __test__ = False

    app_url: str
    owner_url: str


class Servers:
    """NATS, PostgreSQL and SeaweedFS in one temporary folder."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._nats: NatsServer | None = None
        self._postgres: PostgresServer | None = None
        self._seaweed: SeaweedServer | None = None
        self._databases = 0
        self._templates: dict[str, DatabaseAccess] = {}

    @property
    def nats(self) -> NatsServer:
        """The bus, without authentication: loopback only, for one test session."""
        if self._nats is None:
            self._nats = NatsServer(self._folder / "nats", sync_always=False)
            self._nats.start()
        return self._nats

    @property
    def postgres(self) -> PostgresServer:
        """The database server; fsync off, since a test's data need not survive a power cut."""
        if self._postgres is None:
            self._postgres = PostgresServer(self._folder / "postgres", durable=False)
            self._postgres.start()
        return self._postgres

    @property
    def seaweed(self) -> SeaweedServer:
        """The object store, with its real identities."""
        if self._seaweed is None:
            self._seaweed = SeaweedServer(self._folder / "seaweed")
            self._seaweed.start()
        return self._seaweed

    def make_database(self, package: str | None) -> TestDatabase:
        """Create a fresh database and, for a package with migrations, with its newest schema.

        A package is migrated once a session; its databases are copies, which take a tenth of the time.
        """
        self._databases += 1
        name = f"{package or 'plain'}_{self._databases}"
        if package is None:
            made = _off_loop(lambda: self.postgres.create_database(name))
        else:
            source = self._migrated(package)
            made = _off_loop(lambda: self.postgres.copy_database(source, name))
        return TestDatabase(app_url=made.app_url, owner_url=made.owner_url)

    def _migrated(self, package: str) -> DatabaseAccess:
        known = self._templates.get(package)
        if known is None:
            known = _off_loop(lambda: self.postgres.create_database(f"{package}_template"))
            owner_url = known.owner_url
            _off_loop(lambda: migrations.upgrade(package, owner_url))
            self._templates[package] = known
        return known

    def stop(self) -> None:
        """Stop whatever was started."""
        for server in (self._seaweed, self._postgres, self._nats):
            if server is not None:
                server.stop()


def _off_loop(function: Callable[[], _T]) -> _T:
    """Run something that starts its own event loop, also when one is running in this thread."""
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return function()
    results: list[_T] = []
    errors: list[BaseException] = []

    def run() -> None:
        try:
            results.append(function())
        except BaseException as error:  # noqa: BLE001 - handed over to the calling thread
            errors.append(error)

    thread = threading.Thread(target=run)
    thread.start()
    thread.join()
    if errors:
        raise errors[0]
    return results[0]
