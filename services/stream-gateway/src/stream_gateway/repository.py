"""All SQL of the stream gateway. What changes a thing also writes its event, in the same transaction."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import delete, func, insert, select, update
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.ext.asyncio import AsyncConnection

from common import outbox
from common.ids import new_id
from common.object_store import StoredObject
from contracts.envelope import Envelope, Payload, make_envelope
from contracts.stream import (
    FACT_SEGMENT_RECORDED,
    FACT_SESSION_CLOSED,
    FACT_SESSION_OPENED,
    OWNER,
    SEGMENT_OWNER,
    GapDeclared,
    SegmentRecorded,
    SessionClosed,
    SessionOpened,
)
from stream_gateway.domain.ptz_lock import PtzLock
from stream_gateway.domain.replays import Replay, ReplaySegment
from stream_gateway.domain.segments import Segment
from stream_gateway.domain.sessions import CloseReason, ViewingSession
from stream_gateway.tables import coverage, ptz_locks, recorders, replays, sessions, uploads

SOURCE = "stream-gateway"
FORGET_UPLOADS_AFTER = timedelta(days=7)
FORGET_SESSIONS_AFTER = timedelta(days=7)


def _envelope(
    payload: Payload, *, event_id: UUID, owner: str, fact: str, aggregate: str, insee: str, at: datetime
) -> Envelope:
    return make_envelope(
        payload,
        event_id=event_id,
        owner=owner,
        fact=fact,
        source=SOURCE,
        aggregate=aggregate,
        insee=insee,
        at=at,
    )


# --- recording ---------------------------------------------------------------------------------------------


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
    return _envelope(
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


async def sweep(connection: AsyncConnection, at: datetime) -> None:
    """Forget what only served to make repetition harmless: old upload rows, closed sessions and replays."""
    await connection.execute(delete(uploads).where(uploads.c.uploaded_at < at - FORGET_UPLOADS_AFTER))
    await connection.execute(delete(sessions).where(sessions.c.closed_at < at - FORGET_SESSIONS_AFTER))
    await connection.execute(delete(replays).where(replays.c.closes_at < at))


# --- viewing sessions --------------------------------------------------------------------------------------


async def add_session(connection: AsyncConnection, session: ViewingSession) -> None:
    """Store a new session and say that it was opened."""
    await connection.execute(insert(sessions).values(**_session_row(session)))
    fact = SessionOpened(
        session_id=session.session_id,
        camera_id=session.camera_id,
        agent_id=session.agent_id,
        opened_at=session.opened_at,
    )
    await _say(connection, session, fact, FACT_SESSION_OPENED, session.opened_at)


async def find_session(
    connection: AsyncConnection, session_id: UUID, *, for_update: bool = False
) -> ViewingSession | None:
    """Return a session, locked until the transaction ends if it is to be changed."""
    query = select(sessions).where(sessions.c.session_id == session_id)
    row = (await connection.execute(query.with_for_update() if for_update else query)).mappings().first()
    return _session(row) if row else None


async def find_sessions(connection: AsyncConnection, session_ids: Sequence[UUID]) -> dict[UUID, ViewingSession]:
    """Return several sessions by id."""
    rows = await connection.execute(select(sessions).where(sessions.c.session_id.in_(session_ids)))
    return {session.session_id: session for session in map(_session, rows.mappings())}


async def save_session(connection: AsyncConnection, session: ViewingSession) -> None:
    """Store a changed session; one that has just been closed is announced."""
    await connection.execute(
        update(sessions).where(sessions.c.session_id == session.session_id).values(**_session_row(session))
    )
    if session.closed_at is not None and session.close_reason is not None:
        fact = SessionClosed(
            session_id=session.session_id,
            camera_id=session.camera_id,
            agent_id=session.agent_id,
            closed_at=session.closed_at,
            reason=session.close_reason.value,
        )
        await _say(connection, session, fact, FACT_SESSION_CLOSED, session.closed_at)


async def nominate_expired(connection: AsyncConnection, at: datetime, *, at_most: int = 200) -> list[UUID]:
    """Return open sessions whose lease seems to be over; the job confirms each under lock."""
    query = (
        select(sessions.c.session_id)
        .where(sessions.c.closed_at.is_(None), sessions.c.lease_until <= at)
        .order_by(sessions.c.lease_until)
        .limit(at_most)
    )
    return list((await connection.execute(query)).scalars())


async def open_sessions(connection: AsyncConnection, *, at_most: int = 5000) -> list[ViewingSession]:
    """Return the sessions that have not ended."""
    query = select(sessions).where(sessions.c.closed_at.is_(None)).limit(at_most)
    return [_session(row) for row in (await connection.execute(query)).mappings()]


async def _say(connection: AsyncConnection, session: ViewingSession, fact: Payload, name: str, at: datetime) -> None:
    envelope = _envelope(
        fact,
        event_id=new_id(),
        owner=OWNER,
        fact=name,
        aggregate=f"session:{session.session_id}",
        insee=session.insee,
        at=at,
    )
    await outbox.append(connection, [envelope])


def _session_row(session: ViewingSession) -> dict[str, Any]:
    return {column.name: getattr(session, column.name) for column in sessions.columns}


def _session(row: Mapping[Any, Any]) -> ViewingSession:
    values = {str(name): value for name, value in row.items()}
    reason = values.pop("close_reason")
    return ViewingSession(**values, close_reason=CloseReason(reason) if reason else None)


# --- PTZ ---------------------------------------------------------------------------------------------------


async def lock_ptz(connection: AsyncConnection, camera_id: str) -> PtzLock | None:
    """Return the present or last holder, with the camera's motors locked until the transaction ends."""
    key = func.hashtext(f"ptz:{camera_id}")
    await connection.execute(select(func.pg_advisory_xact_lock(key)))
    row = (await connection.execute(select(ptz_locks).where(ptz_locks.c.camera_id == camera_id))).mappings().first()
    return PtzLock(**{str(name): value for name, value in row.items()}) if row else None


async def save_ptz(connection: AsyncConnection, lock: PtzLock) -> None:
    """Store the holder."""
    values = {column.name: getattr(lock, column.name) for column in ptz_locks.columns}
    row = upsert(ptz_locks).values(**values)
    await connection.execute(row.on_conflict_do_update(index_elements=[ptz_locks.c.camera_id], set_=values))


# --- replays -----------------------------------------------------------------------------------------------


async def add_replay(connection: AsyncConnection, replay: Replay) -> None:
    """Store what an agent may fetch for a while."""
    await connection.execute(
        insert(replays).values(
            replay_id=replay.replay_id,
            agent_id=replay.agent_id,
            camera_id=replay.camera_id,
            closes_at=replay.closes_at,
            segments=[_segment_row(segment) for segment in replay.segments],
        )
    )


async def find_replay(connection: AsyncConnection, replay_id: UUID) -> Replay | None:
    """Return a replay."""
    row = (await connection.execute(select(replays).where(replays.c.replay_id == replay_id))).mappings().first()
    if row is None:
        return None
    return Replay(
        replay_id=row["replay_id"],
        agent_id=row["agent_id"],
        camera_id=row["camera_id"],
        closes_at=row["closes_at"],
        segments=tuple(_replay_segment(item) for item in row["segments"]),
    )


def _segment_row(segment: ReplaySegment) -> dict[str, Any]:
    return {
        "started_at": segment.started_at.isoformat(),
        "ended_at": segment.ended_at.isoformat(),
        "expires_at": segment.expires_at.isoformat(),
        "bucket": segment.bucket,
        "object_key": segment.object_key,
        "size": segment.size,
    }


def _replay_segment(item: Mapping[str, Any]) -> ReplaySegment:
    return ReplaySegment(
        started_at=datetime.fromisoformat(item["started_at"]),
        ended_at=datetime.fromisoformat(item["ended_at"]),
        expires_at=datetime.fromisoformat(item["expires_at"]),
        bucket=item["bucket"],
        object_key=item["object_key"],
        size=item["size"],
    )
