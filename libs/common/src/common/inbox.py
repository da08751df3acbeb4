"""The inbox: which events a consumer has already acted upon, in the same database as the effects.

The bus delivers at least once. The row ``(durable, event_id)`` is written in the transaction of the effect, so an
event has its effect exactly once whatever dies in between. The same statement checks that this process still holds
the consumer's lease: a process that was paused and has been replaced cannot write.
"""

from collections.abc import Sequence
from datetime import timedelta
from uuid import UUID, uuid5

from alembic.operations import Operations
from sqlalchemy import Column, DateTime, Index, MetaData, PrimaryKeyConstraint, Table, Text, Uuid, func
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlalchemy.schema import CreateIndex, CreateTable

from common.leases import leases_table

REMEMBER_FOR = timedelta(days=45)
"""Longer than any stream keeps an event that a consumer may still be given (30 days)."""


class LeaseLost(RuntimeError):
    """Another process consumes for this durable now; nothing was written."""

    def __init__(self, durable: str) -> None:
        self.durable = durable
        super().__init__(f"the lease of {durable} is held by another process")


async def take_in(conn: AsyncConnection, durable: str, owner: UUID, event_ids: Sequence[UUID]) -> set[UUID]:
    """Record events as acted upon, in the caller's transaction; returns those that were new.

    The lease row stays locked (shared) until the transaction ends, so nobody can take over in the middle.

    Raises:
        LeaseLost: ``owner`` no longer holds the lease of ``durable``.
    """
    answer = await conn.exec_driver_sql(_TAKE_IN, (durable, owner, list(event_ids)))
    row = answer.one()
    if not row.held:
        raise LeaseLost(durable)
    return set(row.fresh)


async def take_in_replay(conn: AsyncConnection, durable: str, event_id: UUID) -> bool:
    """Record that a dead letter is acted upon again; False when that was done before.

    A row of its own: the event's row stays, so that a late redelivery by the bus is still ignored.
    """
    answer = await conn.exec_driver_sql(
        "INSERT INTO inbox (durable, event_id) VALUES ($1, $2) ON CONFLICT DO NOTHING",
        (durable, uuid5(event_id, "replay")),
    )
    return answer.rowcount == 1


async def sweep(conn: AsyncConnection, *, remember_for: timedelta = REMEMBER_FOR, at_most: int = 10_000) -> int:
    """Delete the oldest rows past ``remember_for``; returns how many went."""
    answer = await conn.exec_driver_sql(
        "DELETE FROM inbox WHERE (durable, event_id) IN (SELECT durable, event_id FROM inbox"
        " WHERE received_at < clock_timestamp() - $1::interval ORDER BY received_at LIMIT $2)",
        (remember_for, at_most),
    )
    return answer.rowcount


def inbox_table(metadata: MetaData) -> Table:
    """Declare ``inbox`` and ``inbox_leases`` in a service's metadata; returns the inbox."""
    leases_table(metadata, "inbox_leases")
    return Table(
        "inbox",
        metadata,
        Column("durable", Text, nullable=False),
        Column("event_id", Uuid, nullable=False),
        Column("received_at", DateTime(timezone=True), nullable=False, server_default=func.now()),
        PrimaryKeyConstraint("durable", "event_id", name="pk_inbox"),
        Index("ix_inbox_received_at", "received_at", postgresql_using="brin"),
    )


def create_in_migration(op: Operations) -> None:
    """Create the inbox's tables from a service's migration (``from alembic import op``)."""
    metadata = MetaData()
    inbox_table(metadata)
    for table in metadata.sorted_tables:
        op.execute(CreateTable(table))
        for index in table.indexes:
            op.execute(CreateIndex(index))


_TAKE_IN = """
WITH lease AS (
    SELECT 1 FROM inbox_leases WHERE name = $1 AND owner = $2 FOR SHARE
), fresh AS (
    INSERT INTO inbox (durable, event_id)
    SELECT $1, event_id FROM unnest($3::uuid[]) AS event_id WHERE EXISTS (SELECT 1 FROM lease)
    ON CONFLICT DO NOTHING
    RETURNING event_id
)
SELECT EXISTS (SELECT 1 FROM lease) AS held, ARRAY(SELECT event_id FROM fresh) AS fresh
"""
