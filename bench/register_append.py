"""Rows per second into the register: asked, relayed, taken from the bus, sealed, chained, put into the tree.

Four measures of the same rows on the same server, one after the other:

* ``copy``: PostgreSQL's ``COPY`` of the finished rows into a bare table without an index (the server's own limit);
* ``insert``: the same rows, inserted 512 at a time into a table with the register's indexes, nothing computed;
* ``append``: our use case, 512 at a time: canonical bytes, hash chain, Merkle tiles, search words, all indexes;
* ``path``: the real way. A service asks (its own outbox, sealed, 100 rows a transaction), then relay → JetStream →
  consumer → seals checked → register, all in one process on one core.

    python bench/register_append.py [--json] [--rows 20000]
"""

import argparse
import asyncio
import json
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import asyncpg
from register_rows import entry
from sqlalchemy import text

from access.consumers import RegisterDesk
from access.domain.register import ChainHead, RegisterRow, chain
from access.use_cases import register
from common.bus import Bus
from common.clock import SystemClock
from common.consumer import ConsumerRunner
from common.database import Database
from common.relay import Relay
from common.testing.servers import Servers
from common.testing.tokens import TokenMint
from contracts.access import RegisterEntry
from contracts.streams import BUCKETS, STREAMS
from guard.seal import ask_for_row, seal_rows_of

_BATCH = 512
_ASKED_TOGETHER = 100
_COLUMNS = tuple(RegisterRow._fields)
_LIMIT_SECONDS = 300


@dataclass(frozen=True, slots=True)
class Result:
    """Rows per second, and what they are beside the bare server's."""

    copy_rows_per_second: float
    insert_rows_per_second: float
    append_rows_per_second: float
    append_ratio_to_insert: float
    append_ratio_to_copy: float
    ask_rows_per_second: float
    path_rows_per_second: float
    path_ratio_to_insert: float
    path_ratio_to_copy: float
    rows: int


async def measure(rows: int, folder: Path) -> Result:
    """Measure everything once."""
    servers = Servers(folder)
    try:
        entries = [entry(number) for number in range(rows)]
        finished = chain(ChainHead(), entries)
        copied = await bare_copy(servers, finished)
        inserted = await bare_insert(servers, finished)
        appended = await append(servers, entries)
        asked, path = await whole_path(servers, entries, folder)
    finally:
        servers.stop()
    return Result(
        copy_rows_per_second=copied,
        insert_rows_per_second=inserted,
        append_rows_per_second=appended,
        append_ratio_to_insert=appended / inserted,
        append_ratio_to_copy=appended / copied,
        ask_rows_per_second=asked,
        path_rows_per_second=path,
        path_ratio_to_insert=path / inserted,
        path_ratio_to_copy=path / copied,
        rows=rows,
    )


async def bare_copy(servers: Servers, rows: Sequence[RegisterRow]) -> float:
    """COPY finished rows into a table of the same columns without any index."""
    conn = await asyncpg.connect(servers.make_database("access").owner_url.replace("+asyncpg", ""))
    await conn.execute("CREATE TABLE bare (LIKE register_entries)")
    records = [tuple(getattr(row, name) for name in _COLUMNS) for row in rows]
    started = time.perf_counter()
    await conn.copy_records_to_table("bare", records=records, columns=_COLUMNS)
    seconds = time.perf_counter() - started
    await conn.close()
    return len(rows) / seconds


async def bare_insert(servers: Servers, rows: Sequence[RegisterRow]) -> float:
    """INSERT finished rows into a table with the register's indexes, a batch a transaction."""
    conn = await asyncpg.connect(servers.make_database("access").owner_url.replace("+asyncpg", ""))
    await conn.execute("CREATE TABLE bare (LIKE register_entries INCLUDING INDEXES)")
    places = ", ".join(f"${place}" for place in range(1, len(_COLUMNS) + 1))
    statement = f"INSERT INTO bare ({', '.join(_COLUMNS)}) VALUES ({places})"  # noqa: S608 - names of ours
    records = [tuple(getattr(row, name) for name in _COLUMNS) for row in rows]
    started = time.perf_counter()
    for start in range(0, len(records), _BATCH):
        await conn.executemany(statement, records[start : start + _BATCH])
    seconds = time.perf_counter() - started
    await conn.close()
    return len(rows) / seconds


async def append(servers: Servers, entries: Sequence[RegisterEntry]) -> float:
    """Append through the use case alone."""
    database = Database(servers.make_database("access").app_url)
    started = time.perf_counter()
    for start in range(0, len(entries), _BATCH):
        async with database.transaction() as conn:
            await register.append_entries(conn, entries=entries[start : start + _BATCH])
    seconds = time.perf_counter() - started
    await database.dispose()
    return len(entries) / seconds


async def whole_path(servers: Servers, entries: Sequence[RegisterEntry], folder: Path) -> tuple[float, float]:
    """Ask in a service's outbox, then let relay and consumer catch up; returns both rates."""
    tokens = TokenMint(folder / "keys")
    spool = Database(servers.make_database("retention").app_url)
    database = Database(servers.make_database("access").app_url)
    seal_rows_of(spool, tokens.key("stream-gateway"))
    bus = await Bus.connect(servers.nats.url, name="bench")
    await bus.ensure_streams(STREAMS)
    await bus.ensure_buckets(BUCKETS)
    started = time.perf_counter()
    for start in range(0, len(entries), _ASKED_TOGETHER):
        async with spool.transaction() as conn:
            for row in entries[start : start + _ASKED_TOGETHER]:
                await ask_for_row(conn, row, source="stream-gateway")
    asked = len(entries) / (time.perf_counter() - started)
    subscriptions = RegisterDesk(tokens.verifier, SystemClock()).subscriptions()
    started = time.perf_counter()
    loops = [
        asyncio.create_task(Relay(spool, bus).run()),
        asyncio.create_task(ConsumerRunner(database, bus, subscriptions).run()),
    ]
    await asyncio.wait_for(_chained(database, len(entries)), _LIMIT_SECONDS)
    path = len(entries) / (time.perf_counter() - started)
    for loop in loops:
        loop.cancel()
    await asyncio.gather(*loops, return_exceptions=True)
    await bus.close()
    await spool.dispose()
    await database.dispose()
    return asked, path


async def _chained(database: Database, wanted: int) -> None:
    while True:
        async with database.transaction() as conn:
            last = (await conn.execute(text("SELECT coalesce(max(seq), 0) FROM register_entries"))).scalar_one()
        if last >= wanted:
            return
        await asyncio.sleep(0.02)


def main() -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--rows", type=int, default=20_000)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        result = asyncio.run(measure(asked.rows, Path(folder)))
    if asked.json:
        print(json.dumps(asdict(result), indent=2))
    else:
        for name, value in asdict(result).items():
            print(f"{name:28} {value:>12,.2f}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
