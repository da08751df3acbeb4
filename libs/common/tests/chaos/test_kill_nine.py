"""kill -9 of each part in the middle of 10 000 events: none lost, no effect twice, order kept per aggregate.

Relay and consumer are real processes, PostgreSQL and NATS real servers on real files. The producer is the test: like
any caller it tries a transaction again when the database was away, and a commit whose outcome it cannot know is
looked up before it is repeated.
"""

import asyncio
import os
import signal
import subprocess
import sys
from collections import defaultdict
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from pathlib import Path

import asyncpg
import pytest
import pytest_asyncio
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from common.bus import Bus
from common.database import Database
from common.outbox import append
from common.testing import event_lab
from common.testing.polling import eventually
from embedded.nats import NatsServer
from embedded.postgres import PostgresServer

pytestmark = [pytest.mark.integration, pytest.mark.chaos]

_AGGREGATES = 200
_PER_AGGREGATE = 50
_DATABASE_AWAY = (DBAPIError, asyncpg.PostgresError, OSError)
_EVENTS = _AGGREGATES * _PER_AGGREGATE


class Lab:
    """The miniature service with its servers and its processes, all of which can be killed."""

    def __init__(self, folder: Path) -> None:
        self.nats = NatsServer(folder / "nats", sync_always=False)  # a killed process loses no written page
        self.postgres = PostgresServer(folder / "postgres")  # without synchronous commits a kill loses them
        self._folder = folder
        self._url = ""
        self._processes: dict[str, subprocess.Popen[bytes]] = {}

    def start(self) -> None:
        self.nats.start()
        self.postgres.start()
        access = self.postgres.create_database("lab")
        asyncio.run(event_lab.create_tables(access.owner_url))
        self._url = access.app_url

    @property
    def database_url(self) -> str:
        return self._url

    def spawn(self, role: str, replica: int = 1) -> None:
        with (self._folder / f"{role}-{replica}.log").open("ab") as log:
            self._processes[f"{role}-{replica}"] = subprocess.Popen(
                [sys.executable, "-m", "common.testing.event_lab", role, self._url, self.nats.url],
                stdout=log,
                stderr=log,
                env={"PATH": os.environ["PATH"]},
            )

    def kill(self, role: str, replica: int = 1) -> None:
        process = self._processes.pop(f"{role}-{replica}")
        assert process.poll() is None, f"{role} had ended by itself"
        process.send_signal(signal.SIGKILL)
        process.wait()

    def stop(self) -> None:
        for process in self._processes.values():
            process.kill()
            process.wait()
        self.nats.stop()
        self.postgres.stop()


@pytest.fixture
def lab(tmp_path: Path) -> Iterator[Lab]:
    lab = Lab(tmp_path)
    try:
        lab.start()
        yield lab
    finally:
        lab.stop()


@pytest_asyncio.fixture
async def database(lab: Lab) -> AsyncIterator[Database]:
    bus = await Bus.connect(lab.nats.url, name="chaos")
    await bus.ensure_streams(event_lab.STREAMS)
    await bus.close()
    database = Database(lab.database_url)
    yield database
    await database.dispose()


async def _kill_relay(lab: Lab) -> None:
    lab.kill("relay")
    lab.spawn("relay")


async def _kill_consumer(lab: Lab) -> None:
    lab.kill("consume")
    lab.spawn("consume")


async def _kill_nats(lab: Lab) -> None:
    await asyncio.to_thread(lab.nats.kill)
    await asyncio.to_thread(lab.nats.start)


async def _kill_postgres(lab: Lab) -> None:
    await asyncio.to_thread(lab.postgres.kill)
    await asyncio.to_thread(lab.postgres.start)


async def _kill_replicas_in_turn(lab: Lab) -> None:
    """Two of each are running (the first strike starts the second ones); one of each dies and comes back."""
    for role in ("relay", "consume"):
        lab.spawn(role, 2)
        await asyncio.sleep(0.5)
        lab.kill(role, 1)
        lab.spawn(role, 1)
        await asyncio.sleep(0.5)
        lab.kill(role, 2)


async def _kill_all(lab: Lab) -> None:
    for strike in (_kill_nats, _kill_relay, _kill_postgres, _kill_consumer):
        await strike(lab)


@pytest.mark.parametrize(
    "strike",
    [_kill_relay, _kill_consumer, _kill_nats, _kill_postgres, _kill_replicas_in_turn, _kill_all],
    ids=["relay", "consumer", "nats", "postgres", "replicas", "all"],
)
async def test_ten_thousand_events_survive(
    lab: Lab, database: Database, strike: Callable[[Lab], Awaitable[None]]
) -> None:
    lab.spawn("relay")
    lab.spawn("consume")

    producing = asyncio.create_task(_produce(database))
    for fifth in (1, 3):
        await eventually(lambda: _count(database), until=lambda count, at=fifth: count >= at * _EVENTS // 5, within=120)
        await strike(lab)
    await producing
    await eventually(lambda: _count(database), until=lambda count: count >= _EVENTS, within=120)

    by_aggregate: dict[str, list[int]] = defaultdict(list)
    for aggregate, number in await event_lab.effects(database):
        by_aggregate[aggregate].append(number)
    assert len(by_aggregate) == _AGGREGATES
    in_order = list(range(1, _PER_AGGREGATE + 1))
    assert {name: seen for name, seen in by_aggregate.items() if seen != in_order} == {}


async def _produce(database: Database) -> None:
    """Commit tick ``n`` of every aggregate, then ``n + 1``: 100 events a transaction, paced so that kills hit work."""
    for number in range(1, _PER_AGGREGATE + 1):
        for start in range(0, _AGGREGATES, 100):
            await _commit_surely(database, number, range(start, start + 100))
        await asyncio.sleep(0.02)


async def _commit_surely(database: Database, number: int, aggregates: range) -> None:
    """Commit one transaction exactly once, whatever happens to the server meanwhile."""
    events = [event_lab.tick(f"lab/{which}", number) for which in aggregates]
    while True:
        try:
            async with database.transaction() as conn:
                done = await conn.execute(
                    text("INSERT INTO produced (number, first) VALUES (:number, :first) ON CONFLICT DO NOTHING"),
                    {"number": number, "first": aggregates.start},
                )
                if done.rowcount:
                    await append(conn, events)
        except _DATABASE_AWAY:
            await asyncio.sleep(0.2)
        else:
            return


async def _count(database: Database) -> int:
    try:
        async with database.transaction() as conn:
            return int((await conn.execute(text("SELECT count(*) FROM effects"))).scalar_one())
    except _DATABASE_AWAY:
        return 0
