"""The transactional outbox: what a command wants to say is committed with what it did.

``append`` writes events, ``append_states`` rows of key-value buckets, into the table ``outbox`` inside the caller's
transaction, in one statement per call. If the transaction rolls back, nothing was said; once it is committed, the
relay (``common.relay``) says it at least once, in order per aggregate.

Order. An aggregate maps to one of ``SLOTS`` slots, a slot has one publisher at a time, and a publisher goes by
``seq``. ``seq`` is given at insertion, so two transactions that speak of the same aggregate must already be
serialised by the row they change (a row lock or an optimistic version update, both taken *before* the append).
Two transactions that only append are not ordered between themselves.

Anything the relay could never publish (an oversized body, a wildcard in a subject) is refused here, where the
caller still can do something about it: a poisoned row would stop its slot for ever.
"""

import json
import re
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from alembic.operations import Operations
from pydantic import BaseModel
from sqlalchemy import (
    BigInteger,
    Column,
    DateTime,
    Identity,
    LargeBinary,
    MetaData,
    PrimaryKeyConstraint,
    SmallInteger,
    Table,
    Text,
    Uuid,
    func,
)
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlalchemy.schema import CreateTable

from common import telemetry
from common.ids import new_id
from common.leases import leases_table
from contracts.envelope import Envelope
from contracts.streams import STREAM_OF_OWNER

SLOTS = 16
"""Shards of the outbox: how many relays may publish at once, and the unit of a lease."""

NOTIFY_CHANNEL = "outbox"
"""PostgreSQL channel on which a commit wakes the relay."""

MAX_BODY_BYTES = 900_000
"""Below the bus's ``max_payload`` (1 MiB) with room for headers."""

OPERATION_HEADER = "KV-Operation"
"""Header by which JetStream marks a key of a bucket as deleted."""

_KEY = re.compile(r"^[-/_=.a-zA-Z0-9]+$")


class UnpublishableEvent(ValueError):
    """An event that the bus would never accept; names the subject and why."""

    def __init__(self, subject: str, reason: str) -> None:
        self.subject = subject
        self.reason = reason
        super().__init__(f"{subject}: {reason}")


@dataclass(frozen=True, slots=True)
class OutboxMessage:
    """One row of the outbox: what is published where, and in whose order.

    ``message_id`` is the ``Nats-Msg-Id``; ``aggregate`` names the thing whose messages keep their order.
    """

    message_id: UUID
    stream: str
    subject: str
    aggregate: str
    body: bytes
    headers: Mapping[str, str] = field(default_factory=dict[str, str])


@dataclass(frozen=True, slots=True)
class StateRow:
    """One value of a key-value bucket, or the removal of a key when ``value`` is None."""

    bucket: str
    key: str
    value: BaseModel | None
    aggregate: str


def slot_of(aggregate: str) -> int:
    """Return the slot of an aggregate, 0 ≤ slot < ``SLOTS``; the same in every process and version."""
    return zlib.crc32(aggregate.encode()) % SLOTS


async def append(conn: AsyncConnection, envelopes: Sequence[Envelope]) -> None:
    """Put events into the outbox, in the order given, within the caller's transaction: one statement.

    Raises:
        UnpublishableEvent: an event is too large or has no stream.
    """
    await append_messages(conn, [_event(envelope) for envelope in envelopes])


async def append_state(
    conn: AsyncConnection,
    bucket: str,
    key: str,
    value: BaseModel | None,
    insee: str = "",  # noqa: ARG001 - part of the agreed signature; buckets are not cut by commune
    aggregate: str | None = None,
    at: datetime | None = None,  # noqa: ARG001 - same
) -> None:
    """Put one value of a bucket (None: its removal) into the outbox; the replicas get it through the relay."""
    await append_states(conn, [StateRow(bucket, key, value, aggregate or f"{bucket}/{key}")])


async def append_states(conn: AsyncConnection, rows: Sequence[StateRow]) -> None:
    """Put many values of buckets into the outbox, in the order given: one statement.

    Raises:
        UnpublishableEvent: a key has characters a bucket refuses, or a value is too large.
    """
    await append_messages(conn, [_state(row) for row in rows])


async def append_messages(conn: AsyncConnection, messages: Sequence[OutboxMessage]) -> None:
    """Put ready messages into the outbox: one statement, one wake-up of the relay at commit."""
    if not messages:
        return
    for message in messages:
        _refuse_unpublishable(message)
    trace = telemetry.inject({})
    await conn.exec_driver_sql(
        _APPEND,
        (
            [message.message_id for message in messages],
            [slot_of(message.aggregate) for message in messages],
            [message.stream for message in messages],
            [message.subject for message in messages],
            [json.dumps({**trace, **message.headers}) for message in messages],
            [message.body for message in messages],
        ),
    )


def outbox_table(metadata: MetaData) -> Table:
    """Declare ``outbox`` and ``outbox_leases`` in a service's metadata; returns the outbox."""
    leases_table(metadata, "outbox_leases")
    return Table(
        "outbox",
        metadata,
        Column("seq", BigInteger, Identity(always=True), nullable=False),
        Column("message_id", Uuid, nullable=False),
        Column("slot", SmallInteger, nullable=False),
        Column("stream", Text, nullable=False),
        Column("subject", Text, nullable=False),
        Column("headers", Text, nullable=False),
        Column("body", LargeBinary, nullable=False),
        Column("created_at", DateTime(timezone=True), nullable=False, server_default=func.now()),
        PrimaryKeyConstraint("seq", name="pk_outbox"),
    )


def create_in_migration(op: Operations) -> None:
    """Create the outbox's tables from a service's migration (``from alembic import op``).

    The table is a queue: every row dies young. Vacuum by a count of dead rows, not by a share of the table, and
    keep bodies uncompressed and in line as far as they fit.
    """
    metadata = MetaData()
    outbox_table(metadata)
    for table in metadata.sorted_tables:
        op.execute(CreateTable(table))
    op.execute(
        "ALTER TABLE outbox SET (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 5000,"
        " autovacuum_vacuum_cost_delay = 0, autovacuum_vacuum_insert_threshold = -1)"
    )


_APPEND = f"""
WITH stored AS (
    INSERT INTO outbox (message_id, slot, stream, subject, headers, body)
    SELECT message_id, slot, stream, subject, headers, body
    FROM unnest($1::uuid[], $2::smallint[], $3::text[], $4::text[], $5::text[], $6::bytea[])
         WITH ORDINALITY AS message (message_id, slot, stream, subject, headers, body, position)
    ORDER BY position
)
SELECT pg_notify('{NOTIFY_CHANNEL}', '')
"""  # noqa: S608 - a constant of ours


def _event(envelope: Envelope) -> OutboxMessage:
    subject = envelope.nats_subject
    owner = subject.split(".")[2]
    stream = STREAM_OF_OWNER.get(owner)
    if stream is None:
        raise UnpublishableEvent(subject, f"no stream holds the facts of {owner}")
    return OutboxMessage(envelope.id, stream, subject, envelope.subject, envelope.model_dump_json().encode(), {})


def _state(row: StateRow) -> OutboxMessage:
    if not _KEY.match(row.key) or row.key.startswith(".") or row.key.endswith("."):
        raise UnpublishableEvent(row.key, "not a key of a bucket")
    removed = row.value is None
    return OutboxMessage(
        new_id(),
        f"KV_{row.bucket}",
        f"$KV.{row.bucket}.{row.key}",
        row.aggregate,
        b"" if row.value is None else row.value.model_dump_json().encode(),
        {OPERATION_HEADER: "DEL"} if removed else {},
    )


def _refuse_unpublishable(message: OutboxMessage) -> None:
    if len(message.body) > MAX_BODY_BYTES:
        raise UnpublishableEvent(message.subject, f"{len(message.body)} bytes, at most {MAX_BODY_BYTES} may travel")
    if any(character in message.subject for character in "*> \t\r\n"):
        raise UnpublishableEvent(message.subject, "not a subject to publish to")
