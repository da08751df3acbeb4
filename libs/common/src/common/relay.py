"""The relay: carries committed outbox rows to JetStream, in order per aggregate, at least once.

How order is kept:

* a slot of the outbox has one publisher at a time (``common.leases``), which reads by ``seq``;
* rows of one stream go as one *atomic batch* (NATS 2.12, ADR-50): all are stored in that order or none is, so a
  refused message cannot be overtaken by its successors, and one acknowledgement serves hundreds of messages;
* the connection neither reconnects nor buffers: when it breaks, the batch failed and is read again from the table.

How nothing is lost or doubled: a row is deleted only after JetStream acknowledged it (whoever got the
acknowledgement may delete, lease or not: the message is safe). A crash between the two publishes again; the message
id makes JetStream refuse the copy within its window, and the inbox of every consumer refuses it for good. Two relays
that both believe to hold a slot (one was paused) publish the same rows in the same order, and what counts is the
first copy of each: still in order.

When an atomic batch is refused because it contains such a copy, its rows are published in waves, one row per slot
at a time, where a copy is a success. A stream that refuses (full, forbidden) is left alone for a while and does not
hold up the others.
"""

import asyncio
import contextlib
import json
import time
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import zip_longest
from uuid import UUID, uuid4

import asyncpg
import nats.errors
import structlog
from nats.aio.client import Client
from sqlalchemy.exc import DBAPIError

from common.bus import Bus, BusAway
from common.database import Database
from common.leases import Leases
from common.messaging_metrics import OUTBOX_OLDEST, OUTBOX_PENDING, PUBLISHED
from common.outbox import NOTIFY_CHANNEL, SLOTS

BATCH = 500
"""Rows per round trip; JetStream takes at most 1000 messages in an atomic batch."""

_POLL_SECONDS = 1.0
_ACK_SECONDS = 5.0
_RETRY_SECONDS = (0.1, 0.3, 1.0, 2.0)
_BLOCKED_SECONDS = 2.0
_OUTAGES = (
    BusAway,
    nats.errors.Error,
    DBAPIError,
    asyncpg.PostgresError,
    asyncpg.InterfaceError,
    OSError,
    TimeoutError,
)


class PublishRefused(RuntimeError):
    """JetStream refused messages of a stream; the rows stay in the outbox."""

    def __init__(self, stream: str, reason: str) -> None:
        self.stream = stream
        super().__init__(f"{stream}: {reason}")


@dataclass(frozen=True, slots=True)
class Row:
    """One outbox row on its way."""

    seq: int
    message_id: UUID
    slot: int
    stream: str
    subject: str
    headers: str
    body: bytes

    def message_headers(self) -> dict[str, str]:
        """Return the stored headers and the message id that lets JetStream refuse a copy."""
        return {**json.loads(self.headers), "Nats-Msg-Id": str(self.message_id)}


class Relay:
    """Publishes a service's outbox. Any number may run; they share the slots out among themselves."""

    def __init__(
        self, database: Database, bus: Bus, *, batch: int = BATCH, poll_seconds: float = _POLL_SECONDS
    ) -> None:
        self._database = database
        self._bus = bus
        self._batch = batch
        self._poll_seconds = poll_seconds
        self._leases = Leases(database, "outbox_leases", [str(slot) for slot in range(SLOTS)])
        self._blocked_until: dict[str, float] = {}
        self._published: list[int] = []
        self._reason: str | None = "not started"
        self._log = structlog.get_logger("relay")

    async def check(self) -> str | None:
        """Readiness check: None while relaying (or standing by), else why not."""
        return self._reason

    async def run(self) -> None:
        """Relay until cancelled; outages of database and bus are waited out."""
        failures = 0
        try:
            while True:
                started = time.monotonic()
                try:
                    await self._relay_while_all_is_well()
                except _OUTAGES as error:
                    self._reason = f"{type(error).__name__}: {error}"
                    self._log.warning("relay waits", reason=self._reason)
                failures = 1 if time.monotonic() - started > self._leases.seconds else failures + 1
                await asyncio.sleep(_RETRY_SECONDS[min(failures, len(_RETRY_SECONDS)) - 1])
        finally:
            with contextlib.suppress(Exception):
                await asyncio.shield(self._leases.release())

    async def _relay_while_all_is_well(self) -> None:
        async with contextlib.AsyncExitStack() as stack:
            postgres = await self._connect_database()
            stack.push_async_callback(_close_quietly, postgres)
            client = await self._bus.dedicated("relay")
            stack.push_async_callback(client.close)
            woken = asyncio.Event()
            await postgres.add_listener(NOTIFY_CHANNEL, lambda *_: woken.set())
            self._published = []  # what was published and not deleted is read again: a copy is harmless
            while True:
                if self._leases.renewal_is_due:
                    await self._leases.renew()
                    await self._measure(postgres)
                woken.clear()
                full = await self._relay_some(postgres, client)
                self._reason = None
                if not full:
                    with contextlib.suppress(TimeoutError):
                        async with asyncio.timeout(min(self._poll_seconds, self._leases.seconds / 3)):
                            await woken.wait()

    async def _relay_some(self, postgres: asyncpg.Connection, client: Client) -> bool:
        """Delete what the last call published, read more and publish it; tells whether there may be more to do."""
        slots = sorted(int(name) for name in self._leases.held)
        blocked = [stream for stream, until in self._blocked_until.items() if until > time.monotonic()]
        records = await postgres.fetch(_DELETE_AND_READ, self._published, slots, blocked, self._batch)
        self._published = []
        by_stream: dict[str, list[Row]] = {}
        for record in records:
            row = Row(*record)
            by_stream.setdefault(row.stream, []).append(row)
        for stream, rows in by_stream.items():
            try:
                await self._publish(client, stream, rows)
            except PublishRefused as refusal:
                self._blocked_until[stream] = time.monotonic() + _BLOCKED_SECONDS
                self._log.error("stream refuses", reason=str(refusal))
        return bool(records)

    async def _publish(self, client: Client, stream: str, rows: Sequence[Row]) -> None:
        """Publish rows of one stream; raises PublishRefused, or NatsError when the connection is broken."""
        try:
            if len(rows) > 1 and await _publish_atomically(client, stream, rows):
                self._note_published(stream, rows)
            else:
                await self._publish_in_waves(client, rows)
        except nats.errors.TimeoutError:
            await client.flush(timeout=2)  # raises when it is the connection that does not answer
            raise PublishRefused(stream, "no acknowledgement; is this user allowed to publish there?") from None

    async def _publish_in_waves(self, client: Client, rows: Sequence[Row]) -> None:
        """Publish one row of each slot at a time; what was acknowledged before a refusal stays published."""
        slots: dict[int, list[Row]] = {}
        for row in rows:
            slots.setdefault(row.slot, []).append(row)
        for wave in zip_longest(*slots.values()):
            present = [row for row in wave if row is not None]
            answers = await asyncio.gather(*(_publish_one(client, row) for row in present), return_exceptions=True)
            stored = [row for row, answer in zip(present, answers, strict=True) if answer is None]
            self._note_published(rows[0].stream, stored)
            for answer in answers:
                if answer is not None:
                    raise answer

    def _note_published(self, stream: str, rows: Sequence[Row]) -> None:
        self._published += [row.seq for row in rows]
        PUBLISHED.labels(stream).inc(len(rows))

    async def _measure(self, postgres: asyncpg.Connection) -> None:
        record = await postgres.fetchrow(_MEASURE)
        if record is not None:
            OUTBOX_PENDING.set(record["pending"])
            OUTBOX_OLDEST.set(record["oldest_seconds"])

    async def _connect_database(self) -> asyncpg.Connection:
        """Open a connection of the relay's own: a listener may not come from a pool."""
        url = self._database.engine.url.set(drivername="postgresql").render_as_string(hide_password=False)
        # Losing a deletion in a crash of the server only publishes a copy again: do not wait for the disk.
        return await asyncpg.connect(url, timeout=5, command_timeout=30, server_settings={"synchronous_commit": "off"})


async def _publish_atomically(client: Client, stream: str, rows: Sequence[Row]) -> bool:
    """Publish rows of one stream as one batch; False when the server refused it, which leaves nothing stored."""
    batch_id = uuid4().hex
    last = len(rows)
    for position, row in enumerate(rows, start=1):
        headers = row.message_headers()
        headers["Nats-Batch-Id"] = batch_id
        headers["Nats-Batch-Sequence"] = str(position)
        if position < last:
            await client.publish(row.subject, row.body, headers=headers)
            continue
        headers["Nats-Batch-Commit"] = "1"
        try:
            answer = await client.request(row.subject, row.body, timeout=_ACK_SECONDS, headers=headers)
        except nats.errors.NoRespondersError:
            raise PublishRefused(stream, f"no stream takes {row.subject}") from None
        reply = json.loads(answer.data)
        if "error" not in reply and reply.get("count") != last:
            raise PublishRefused(stream, f"{reply.get('count')} of {last} messages stored")
        return "error" not in reply
    return True


async def _publish_one(client: Client, row: Row) -> None:
    """Publish a row and wait for its acknowledgement; a copy that JetStream already has is one, too."""
    try:
        answer = await client.request(row.subject, row.body, timeout=_ACK_SECONDS, headers=row.message_headers())
    except nats.errors.NoRespondersError:
        raise PublishRefused(row.stream, f"no stream takes {row.subject}") from None
    reply = json.loads(answer.data)
    if "error" in reply:
        raise PublishRefused(row.stream, str(reply["error"].get("description")))


async def _close_quietly(connection: asyncpg.Connection) -> None:
    with contextlib.suppress(Exception):
        await connection.close(timeout=2)


_DELETE_AND_READ = """
WITH deleted AS (
    DELETE FROM outbox WHERE seq = ANY($1::bigint[])
)
SELECT seq, message_id, slot, stream, subject, headers, body FROM outbox
WHERE seq <> ALL($1::bigint[]) AND slot = ANY($2::smallint[]) AND stream <> ALL($3::text[])
ORDER BY seq LIMIT $4
"""

_MEASURE = """
SELECT (SELECT count(*) FROM (SELECT 1 FROM outbox LIMIT 100000) AS counted) AS pending,
       coalesce((SELECT extract(epoch FROM clock_timestamp() - created_at) FROM outbox ORDER BY seq LIMIT 1), 0)
           AS oldest_seconds
"""
