"""Epochs of recording, and the fence: footage of an epoch that has ended is not announced."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import delete
from sqlalchemy.ext.asyncio import AsyncConnection

from common import outbox
from contracts.media_nodes import ORDER_KEY, MediaNodeOrder
from contracts.streams import BUCKET_MEDIA_NODES
from stream_gateway.tables.placement import placement_epochs

OVERLAP = timedelta(seconds=10)
"""How much longer an epoch's footage may go on than the epoch: the old node finishes, and clocks differ."""

FORGET_EPOCHS_AFTER = timedelta(days=31)
"""Longer than any footage may exist (L.252-5 CSI: one month at most)."""


@dataclass(frozen=True, slots=True)
class Epoch:
    """A camera taken by a node. ``epoch``: the fencing token of its placement."""

    camera_id: str
    epoch: int
    node_id: str
    began_at: datetime


@dataclass(frozen=True, slots=True)
class Footage:
    """A piece of footage that wants to be announced."""

    camera_id: str
    epoch: int
    ended_at: datetime


async def begin_epochs(connection: AsyncConnection, epochs: Sequence[Epoch]) -> None:
    """Note that nodes took cameras: what came before ends there. Repeating it changes nothing; two statements.

    An epoch that began late (its node could not reach the database) does not reopen: it ends where the next began.
    """
    if not epochs:
        return
    columns = (
        [epoch.camera_id for epoch in epochs],
        [epoch.epoch for epoch in epochs],
        [epoch.node_id for epoch in epochs],
        [epoch.began_at for epoch in epochs],
    )
    await connection.exec_driver_sql(_BEGIN, columns)
    await connection.exec_driver_sql(_END_OLDER, (sorted(set(columns[0])),))


async def fence(connection: AsyncConnection, footage: Sequence[Footage]) -> set[Footage]:
    """Return what must not be announced: footage of an epoch that ended more than ``OVERLAP`` before the footage did.

    Called inside the transaction that announces. Epochs stay locked until it ends, so that a node which takes over at
    the same moment waits for it. An epoch that was never noted is judged by the one that followed it.
    """
    if not footage:
        return set()
    columns = (
        [piece.camera_id for piece in footage],
        [piece.epoch for piece in footage],
        [piece.ended_at for piece in footage],
        OVERLAP,
    )
    await connection.exec_driver_sql(_LOCK, (sorted(set(columns[0])),))
    refused = (await connection.exec_driver_sql(_LATE, columns)).scalars()
    return {footage[position - 1] for position in refused}


async def forget_epochs(connection: AsyncConnection, *, before: datetime, at_most: int) -> int:
    """Delete epochs that ended before an instant; returns how many."""
    old = (
        placement_epochs.select()
        .with_only_columns(placement_epochs.c.camera_id, placement_epochs.c.epoch)
        .where(placement_epochs.c.ended_at < before)
        .limit(at_most)
        .subquery()
    )
    query = delete(placement_epochs).where(
        placement_epochs.c.camera_id == old.c.camera_id, placement_epochs.c.epoch == old.c.epoch
    )
    return (await connection.execute(query)).rowcount


async def order_node(connection: AsyncConnection, order: MediaNodeOrder) -> None:
    """Give a media node an order that stands until the next one."""
    await outbox.append_state(connection, BUCKET_MEDIA_NODES, f"{ORDER_KEY}{order.node_id}", order)


_BEGIN = """
INSERT INTO placement_epochs (camera_id, epoch, node_id, began_at)
SELECT * FROM unnest($1::text[], $2::bigint[], $3::text[], $4::timestamptz[]) AS taken (camera_id, epoch, node_id, at)
ORDER BY camera_id, epoch
ON CONFLICT DO NOTHING
"""

_END_OLDER = """
UPDATE placement_epochs AS older
SET ended_at = newer.began_at
FROM (
    SELECT camera_id, epoch, lead(began_at) OVER (PARTITION BY camera_id ORDER BY epoch) AS began_at
    FROM placement_epochs
    WHERE camera_id = ANY($1::text[])
) AS newer
WHERE older.camera_id = newer.camera_id AND older.epoch = newer.epoch
  AND newer.began_at < coalesce(older.ended_at, 'infinity')
"""

_LOCK = """
SELECT 1 FROM placement_epochs WHERE camera_id = ANY($1::text[]) AND ended_at IS NULL
ORDER BY camera_id, epoch FOR SHARE
"""

_LATE = """
SELECT piece.position
FROM unnest($1::text[], $2::bigint[], $3::timestamptz[]) WITH ORDINALITY AS piece (camera_id, epoch, ended_at, position)
WHERE piece.ended_at > $4::interval + (
    SELECT least(min(known.ended_at) FILTER (WHERE known.epoch = piece.epoch),
                 min(known.began_at) FILTER (WHERE known.epoch > piece.epoch))
    FROM placement_epochs AS known
    WHERE known.camera_id = piece.camera_id AND known.epoch >= piece.epoch
)
"""
