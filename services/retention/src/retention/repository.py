"""All SQL of the retention service."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Row, and_, delete, func, or_, select, text, tuple_, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from common import outbox
from contracts.envelope import Envelope
from retention.domain.destruction import Destruction
from retention.domain.hold import LAPSES_AFTER, Hold
from retention.domain.segment import Segment
from retention.tables import camera_retentions, destructions, gaps, holds, segments

_HOLDS_LOCK = 7202
"""Advisory lock taken by whoever places a hold and by whoever destroys: neither can slip in beside the other."""

_RETENTIONS_LOCK = 7203
"""Advisory lock, shared by whoever indexes, alone for whoever shortens: no segment is indexed beside a shortening."""

_SEGMENT_FIELDS = tuple(Segment.__dataclass_fields__)


async def lock_holds(connection: AsyncConnection) -> None:
    """Wait until nobody else places a hold or destroys footage; held to the end of the transaction."""
    await connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _HOLDS_LOCK})


async def retention_of(connection: AsyncConnection, camera_id: str) -> int | None:
    """Return the retention of a camera's authorisation in days, None when unknown; it stays so in this transaction."""
    await connection.execute(text("SELECT pg_advisory_xact_lock_shared(:key)"), {"key": _RETENTIONS_LOCK})
    statement = select(camera_retentions.c.retention_days).where(camera_retentions.c.camera_id == camera_id)
    return (await connection.execute(statement)).scalar()


async def add_segment(connection: AsyncConnection, segment: Segment) -> None:
    """Index a segment; one that is already there stays as it is."""
    await connection.execute(
        text("SELECT ensure_segment_partition(:day)"), {"day": segment.started_at.astimezone(UTC).date()}
    )
    values = {name: getattr(segment, name) for name in _SEGMENT_FIELDS}
    statement = insert(segments).values(**values)
    await connection.execute(statement.on_conflict_do_nothing())


async def add_gap(
    connection: AsyncConnection, *, camera_id: str, started_at: datetime, ended_at: datetime, cause: str
) -> None:
    """Record seconds that were expected and not recorded."""
    statement = insert(gaps).values(camera_id=camera_id, started_at=started_at, ended_at=ended_at, cause=cause)
    await connection.execute(statement.on_conflict_do_nothing())


async def readable_segments(
    connection: AsyncConnection, *, camera_id: str, since: datetime, until: datetime, at: datetime
) -> list[tuple[Segment, bool]]:
    """Return the segments of a window that may be read at ``at``, oldest first, with whether a hold keeps each.

    What is past its retention is not returned unless an active hold keeps it: the query knows, not the caller.
    """
    held = _held_at(at)
    statement = (
        select(segments, held.label("held"))
        .where(
            segments.c.camera_id == camera_id,
            # Literal bounds on the partition key: a segment is shorter than a day.
            segments.c.started_at >= since - timedelta(days=1),
            segments.c.started_at < until,
            segments.c.ended_at > since,
            or_(segments.c.expires_at > at, held),
        )
        .order_by(segments.c.started_at)
    )
    rows = await connection.execute(statement)
    return [(_segment(row), bool(row.held)) for row in rows]


async def gaps_of(
    connection: AsyncConnection, *, camera_id: str, since: datetime, until: datetime
) -> Sequence[Row[Any]]:
    """Return the declared gaps of a window."""
    statement = (
        select(gaps)
        .where(gaps.c.camera_id == camera_id, gaps.c.started_at < until, gaps.c.ended_at > since)
        .order_by(gaps.c.started_at)
    )
    return (await connection.execute(statement)).all()


async def expired_batches(connection: AsyncConnection, at: datetime) -> list[str]:
    """Nominate: the communes that have footage to destroy at ``at``."""
    statement = select(segments.c.insee).where(_destructible_at(at)).distinct()
    return sorted((await connection.execute(statement)).scalars())


async def lock_destructible(connection: AsyncConnection, *, insee: str, at: datetime, limit: int) -> list[Segment]:
    """Confirm under lock: take the oldest expired segments of a commune that no hold and no evidence lock keeps."""
    statement = (
        select(segments)
        .where(segments.c.insee == insee, _destructible_at(at))
        .order_by(segments.c.started_at)
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    return [_segment(row) for row in await connection.execute(statement)]


async def active_holds(connection: AsyncConnection, at: datetime) -> list[Hold]:
    """Return every hold that keeps footage at ``at``."""
    return [_hold(row) for row in await connection.execute(select(holds).where(_active_at(at)))]


async def all_holds(connection: AsyncConnection, insee: frozenset[str]) -> list[Hold]:
    """Return the holds of some communes, newest first."""
    statement = select(holds).where(holds.c.insee.in_(insee)).order_by(holds.c.placed_at.desc())
    return [_hold(row) for row in await connection.execute(statement)]


async def hold(connection: AsyncConnection, hold_id: UUID) -> Hold | None:
    """Return one hold, locked for change; None when there is none."""
    row = (await connection.execute(select(holds).where(holds.c.hold_id == hold_id).with_for_update())).first()
    return _hold(row) if row else None


async def save_hold(connection: AsyncConnection, kept: Hold, events: Sequence[Envelope]) -> None:
    """Write a hold and what it says to others."""
    values = {name: getattr(kept, name) for name in Hold.__dataclass_fields__}
    statement = insert(holds).values(**values)
    await connection.execute(statement.on_conflict_do_update(index_elements=["hold_id"], set_=values))
    await outbox.append(connection, events)


async def begin_copies(connection: AsyncConnection, at: datetime, limit: int) -> list[Segment]:
    """Nominate held segments without a verified evidence copy and note that a copy of each is begun.

    Those never tried come first, then those tried longest ago: a broken one never stands before the others.
    """
    nominated = (
        select(segments.c.segment_id, segments.c.started_at)
        .where(segments.c.evidence_locked_until.is_(None), _held_at(at))
        .order_by(segments.c.copy_tried_at.nulls_first(), segments.c.expires_at)
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    statement = (
        update(segments)
        .where(tuple_(segments.c.segment_id, segments.c.started_at).in_(nominated))
        .values(copy_tried_at=at)
        .returning(segments)
    )
    return [_segment(row) for row in await connection.execute(statement)]


async def lock_uncopied(connection: AsyncConnection, segment: Segment, at: datetime) -> bool:
    """Confirm under lock: tell whether a segment is still held and still without a verified copy."""
    statement = (
        select(segments.c.segment_id)
        .where(_is(segment), segments.c.evidence_locked_until.is_(None), _held_at(at))
        .with_for_update(skip_locked=True)
    )
    return (await connection.execute(statement)).first() is not None


async def mark_copied(connection: AsyncConnection, segment: Segment, locked_until: datetime) -> None:
    """Note that the evidence bucket holds a verified copy that nobody can remove before ``locked_until``."""
    await connection.execute(update(segments).where(_is(segment)).values(evidence_locked_until=locked_until))


async def save_destruction(
    connection: AsyncConnection, destroyed: Destruction, gone: Sequence[Segment], events: Sequence[Envelope]
) -> None:
    """Forget destroyed segments and write the proof."""
    await connection.execute(
        delete(segments).where(
            segments.c.segment_id.in_([segment.segment_id for segment in gone]),
            segments.c.started_at >= destroyed.oldest,
            segments.c.started_at <= destroyed.newest,
        )
    )
    values = {name: getattr(destroyed, name) for name in Destruction.__dataclass_fields__}
    await connection.execute(insert(destructions).values(**values))
    await outbox.append(connection, events)


async def buckets_in_use(connection: AsyncConnection, candidates: Sequence[str]) -> frozenset[str]:
    """Return which of some buckets still hold an indexed segment."""
    statement = select(segments.c.bucket).where(segments.c.bucket.in_(candidates)).distinct()
    return frozenset((await connection.execute(statement)).scalars())


async def drop_empty_partitions(connection: AsyncConnection, before: date) -> list[date]:
    """Drop the partitions of days before ``before`` that hold nothing; returns their days."""
    listing = await connection.execute(text("SELECT segment_partition_days()"))
    dropped: list[date] = []
    for day in listing.scalars():
        if day >= before:
            continue
        answer = await connection.execute(text("SELECT drop_empty_segment_partition(:day)"), {"day": day})
        if answer.scalar():
            dropped.append(day)
    return dropped


async def shorten(connection: AsyncConnection, retentions: dict[str, int], at: datetime) -> int:
    """Apply the retention of each camera's authorisation to what is stored, only ever downwards.

    The SQL form of ``Segment.shortened_to``; a test holds it against the domain. Returns how many segments were
    shortened.
    """
    if not retentions:
        return 0
    known = dict(
        (await connection.execute(select(camera_retentions.c.camera_id, camera_retentions.c.retention_days)))
        .tuples()
        .all()
    )
    changed = {camera: days for camera, days in retentions.items() if known.get(camera) != days}
    if not changed:
        return 0
    await connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _RETENTIONS_LOCK})
    statement = insert(camera_retentions).values(
        [{"camera_id": camera, "retention_days": days} for camera, days in changed.items()]
    )
    await connection.execute(
        statement.on_conflict_do_update(
            index_elements=["camera_id"], set_={"retention_days": statement.excluded.retention_days}
        )
    )
    shortened = 0
    for camera, days in changed.items():
        result = await connection.execute(
            update(segments)
            .where(segments.c.camera_id == camera, segments.c.retention_days > days)
            .values(
                retention_days=days,
                expires_at=func.least(
                    segments.c.expires_at, func.greatest(segments.c.started_at + timedelta(days=days), at)
                ),
            )
        )
        shortened += result.rowcount
    return shortened


def _active_at(at: datetime) -> ColumnElement[bool]:
    return and_(
        or_(holds.c.lifted_at.is_(None), holds.c.lifted_at > at),
        or_(holds.c.confirmed_at.is_not(None), holds.c.placed_at > at - LAPSES_AFTER),
    )


def _held_at(at: datetime) -> ColumnElement[bool]:
    """The SQL form of ``Hold.covers`` and ``Hold.active_at``; a test holds it against the domain."""
    return (
        select(holds.c.hold_id)
        .where(
            holds.c.camera_id == segments.c.camera_id,
            holds.c.window_from < segments.c.ended_at,
            holds.c.window_until > segments.c.started_at,
            holds.c.placed_at < segments.c.expires_at,
            _active_at(at),
        )
        .exists()
    )


def _destructible_at(at: datetime) -> ColumnElement[bool]:
    """The SQL form of ``destructible``; a test holds it against the domain."""
    lock_ended = or_(segments.c.evidence_locked_until.is_(None), segments.c.evidence_locked_until <= at)
    return and_(segments.c.expires_at <= at, lock_ended, ~_held_at(at))


def _is(segment: Segment) -> ColumnElement[bool]:
    return and_(segments.c.segment_id == segment.segment_id, segments.c.started_at == segment.started_at)


def _segment(row: Row[Any]) -> Segment:
    return Segment(**{name: getattr(row, name) for name in _SEGMENT_FIELDS})


def _hold(row: Row[Any]) -> Hold:
    return Hold(**{name: getattr(row, name) for name in Hold.__dataclass_fields__})
