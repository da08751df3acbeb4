"""Recorded segments, the recording ledger, reports of recorders."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import delete, func, insert, select
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.ext.asyncio import AsyncConnection

from common import outbox
from common.object_store import StoredObject
from contracts.envelope import Envelope
from contracts.stream import (
    FACT_SEGMENT_RECORDED,
    SEGMENT_OWNER,
    GapDeclared,
    SegmentRecorded,
)
from stream_gateway.domain.segments import Segment
from stream_gateway.repository.envelopes import fact_envelope
from stream_gateway.tables import coverage, recorders, uploads


async def save_uploads(
    connection: AsyncConnection, verified: Sequence[tuple[Segment, StoredObject]], *, at: datetime
) -> int:
    """Note verified uploads and announce them; one that was noted before changes nothing. Returns how many were new.

    All cameras close a segment in the same second, so this takes many at a time: three statements in all.
    """
    rows = {segment.segment_id: _upload_row(segment, stored, at) for segment, stored in verified}
    query = upsert(uploads).on_conflict_do_nothing().returning(uploads.c.segment_id)
    new = set((await connection.execute(query, list(rows.values()))).scalars())
    fresh = {segment.segment_id: (segment, stored) for segment, stored in verified if segment.segment_id in new}
    until: dict[str, datetime] = {}
    for segment, _ in fresh.values():
        until[segment.camera_id] = max(segment.ended_at, until.get(segment.camera_id, segment.ended_at))
    await _cover(connection, until)
    ordered = sorted(fresh.values(), key=lambda pair: pair[0].started_at)
    await outbox.append(connection, [_segment_recorded(segment, stored, at) for segment, stored in ordered])
    return len(fresh)


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
        await _cover(connection, {gap.camera_id: gap.ended_at})
    await outbox.append(connection, [envelope])


async def _cover(connection: AsyncConnection, until: Mapping[str, datetime]) -> None:
    """Move the ledgers of cameras forward; in the order of ids, so that two of these never wait for each other."""
    if not until:
        return
    rows = [{"camera_id": camera_id, "covered_until": until[camera_id]} for camera_id in sorted(until)]
    query = upsert(coverage)
    query = query.on_conflict_do_update(
        index_elements=[coverage.c.camera_id],
        set_={"covered_until": func.greatest(coverage.c.covered_until, query.excluded.covered_until)},
    )
    await connection.execute(query, rows)


async def covered_until(connection: AsyncConnection) -> dict[str, datetime]:
    """Return how far each camera's expected time is accounted for."""
    rows = await connection.execute(select(coverage.c.camera_id, coverage.c.covered_until))
    return {str(row.camera_id): row.covered_until for row in rows}


async def save_recorders(connection: AsyncConnection, rows: Sequence[Mapping[str, Any]]) -> None:
    """Replace the report of every recorder of this node, in one statement each way."""
    await connection.execute(delete(recorders))
    if rows:
        await connection.execute(insert(recorders), [dict(row) for row in rows])


async def list_recorders(connection: AsyncConnection, communes: frozenset[str] | None) -> list[Mapping[str, Any]]:
    """Return recorder reports, of some communes or (None) of all."""
    query = select(recorders).order_by(recorders.c.camera_id)
    if communes is not None:
        query = query.where(recorders.c.insee.in_(sorted(communes)))
    return [dict(row) for row in (await connection.execute(query)).mappings()]
