"""Recorded segments: announced once, and only by who held the camera."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.ext.asyncio import AsyncConnection

from common import outbox
from common.object_store import StoredObject
from contracts.envelope import Envelope
from contracts.stream import FACT_SEGMENT_RECORDED, SEGMENT_OWNER, GapDeclared, SegmentRecorded
from stream_gateway.domain.coverage import Gap
from stream_gateway.domain.segments import Segment
from stream_gateway.repository.envelopes import fact_envelope
from stream_gateway.repository.ledger import cover, note_footage, note_gap
from stream_gateway.repository.placement import Footage, fence
from stream_gateway.tables import uploads


async def save_uploads(
    connection: AsyncConnection, verified: Sequence[tuple[Segment, StoredObject]], *, at: datetime
) -> set[UUID]:
    """Note verified uploads and announce them; one that was noted before changes nothing.

    All cameras close a segment in the same second, so this takes many at a time: some statements in all.

    Returns:
        The segments that were refused: recorded under a placement that had ended before they did, while another node
        recorded that time itself.
    """
    refused = await _refused(connection, [segment for segment, _ in verified])
    verified = [pair for pair in verified if pair[0].segment_id not in refused]
    if not verified:
        return refused
    rows = {segment.segment_id: _upload_row(segment, stored, at) for segment, stored in verified}
    query = upsert(uploads).on_conflict_do_nothing().returning(uploads.c.segment_id)
    new = set((await connection.execute(query, list(rows.values()))).scalars())
    fresh = {segment.segment_id: (segment, stored) for segment, stored in verified if segment.segment_id in new}
    until: dict[str, datetime] = {}
    for segment, _ in fresh.values():
        until[segment.camera_id] = max(segment.ended_at, until.get(segment.camera_id, segment.ended_at))
    await cover(connection, until)
    await note_footage(connection, [segment for segment, _ in fresh.values()])
    ordered = sorted(fresh.values(), key=lambda pair: pair[0].started_at)
    await outbox.append(connection, [_segment_recorded(segment, stored, at) for segment, stored in ordered])
    return refused


async def _refused(connection: AsyncConnection, segments: Sequence[Segment]) -> set[UUID]:
    pieces: dict[Footage, set[UUID]] = {}
    for one in segments:
        if one.epoch:
            pieces.setdefault(Footage(one.camera_id, one.epoch, _written_until(one)), set()).add(one.segment_id)
    late = {segment_id for piece in await fence(connection, list(pieces)) for segment_id in pieces[piece]}
    if not late:
        return late
    announced = select(uploads.c.segment_id).where(uploads.c.segment_id.in_(late))
    return late - set((await connection.execute(announced)).scalars())  # an epoch may be noted later than its footage


def _written_until(segment: Segment) -> datetime:
    """Return when the node must still have held the camera: what is fetched late is written late."""
    if not segment.fetched_ms:
        return segment.ended_at
    return datetime.fromtimestamp(segment.fetched_ms / 1000, UTC)


def _upload_row(segment: Segment, stored: StoredObject, at: datetime) -> dict[str, Any]:
    return {
        "segment_id": segment.segment_id,
        "camera_id": segment.camera_id,
        "object_key": f"{stored.bucket}/{stored.key}",
        "started_at": segment.started_at,
        "ended_at": segment.ended_at,
        "size": stored.size,
        "sha256": stored.sha256,
        "uploaded_at": at,
        "epoch": segment.epoch,
        "label": None if segment.label is None else segment.label.words(),
    }


def _segment_recorded(segment: Segment, stored: StoredObject, at: datetime) -> Envelope:
    fact = SegmentRecorded(
        segment_id=segment.segment_id,
        camera_id=segment.camera_id,
        insee=segment.terms.insee,
        bucket=stored.bucket,
        object_key=stored.key,
        started_at=segment.started_at,
        ended_at=segment.ended_at,
        duration_ms=segment.duration_ms,
        size=stored.size,
        sha256=stored.sha256,
        retention_days=segment.terms.retention_days,
        authorisation_id=segment.terms.authorisation_id,
        epoch=segment.epoch,
        pictures=segment.pictures,
        width=segment.width,
        height=segment.height,
        first_pts=segment.label.first_pts if segment.label else None,
        last_pts=segment.last_pts,
        clock_offset_ms=segment.label.clock_offset_ms if segment.label else None,
        engine=segment.label.engine if segment.label else None,
        node_id=segment.label.node_id if segment.label else None,
        origin=segment.label.origin if segment.label else "live",
    )
    return fact_envelope(
        fact,
        event_id=segment.segment_id,
        owner=SEGMENT_OWNER,
        fact=FACT_SEGMENT_RECORDED,
        aggregate=f"camera:{segment.camera_id}",
        insee=segment.terms.insee,
        at=at,
    )


async def save_report(connection: AsyncConnection, envelope: Envelope, gap: GapDeclared | None) -> None:
    """Write what a recorder reports; a declared gap counts as accounted for."""
    if gap is not None:
        await cover(connection, {gap.camera_id: gap.ended_at})
        await note_gap(connection, gap.camera_id, Gap(gap.started_at, gap.ended_at, gap.cause))
    await outbox.append(connection, [envelope])
