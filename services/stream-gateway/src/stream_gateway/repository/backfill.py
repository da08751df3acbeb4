"""Missing time of cameras, and what they answered when they were asked for it."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import BigInteger, cast, func, select
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.ext.asyncio import AsyncConnection

from stream_gateway.domain.backfill import EdgeAnswer, Known
from stream_gateway.domain.coverage import Gap
from stream_gateway.domain.intervals import Interval
from stream_gateway.repository.ledger import recorded_between
from stream_gateway.tables import declared_gaps, edge_asked, expected_time, uploads

_NEAR = timedelta(minutes=15)


@dataclass(frozen=True, slots=True)
class GapsOf:
    """The declared gaps of a camera: how many, and the end of the newest."""

    camera_id: str
    count: int
    newest: datetime


async def cameras_with_gaps(connection: AsyncConnection, camera_ids: Sequence[str], *, since: datetime) -> list[GapsOf]:
    """Return which of some cameras have declared gaps that end after an instant, the newest first."""
    newest = func.max(declared_gaps.c.ended_at)
    query = (
        select(declared_gaps.c.camera_id, func.count().label("gaps"), newest.label("newest"))
        .where(declared_gaps.c.camera_id.in_(camera_ids), declared_gaps.c.ended_at > since)
        .group_by(declared_gaps.c.camera_id)
        .order_by(newest.desc(), declared_gaps.c.camera_id)
    )
    return [GapsOf(str(row.camera_id), int(row.gaps), row.newest) for row in await connection.execute(query)]


async def known_of(connection: AsyncConnection, camera_id: str, window: Interval) -> Known:
    """Return what is known of a camera in a window; what goes on still ends with it."""
    begin, end = window
    gaps = await connection.execute(
        select(declared_gaps).where(
            declared_gaps.c.camera_id == camera_id,
            declared_gaps.c.started_at < end,
            declared_gaps.c.ended_at > begin,
        )
    )
    expected = await connection.execute(
        select(expected_time).where(
            expected_time.c.camera_id == camera_id,
            expected_time.c.began_at < end,
            func.coalesce(expected_time.c.ended_at, end) > begin,
        )
    )
    return Known(
        gaps=[Gap(row.started_at, row.ended_at, row.cause) for row in gaps],
        footage=(await recorded_between(connection, [camera_id], window))[camera_id],
        expected=[((row.began_at, row.ended_at or end), row.revision) for row in expected],
        asked=(await asked_between(connection, [camera_id], window))[camera_id],
    )


async def asked_between(
    connection: AsyncConnection, camera_ids: Sequence[str], window: Interval
) -> dict[str, list[EdgeAnswer]]:
    """Return what cameras answered about times that touch a window, the oldest first."""
    found: dict[str, list[EdgeAnswer]] = {camera_id: [] for camera_id in camera_ids}
    query = (
        select(edge_asked)
        .where(
            edge_asked.c.camera_id.in_(camera_ids),
            edge_asked.c.started_at < window[1],
            edge_asked.c.ended_at > window[0],
        )
        .order_by(edge_asked.c.camera_id, edge_asked.c.started_at)
    )
    for row in await connection.execute(query):
        found[row.camera_id].append(EdgeAnswer((row.started_at, row.ended_at), row.times, row.asked_at, row.reason))
    return found


async def note_asked(connection: AsyncConnection, camera_id: str, notes: Iterable[EdgeAnswer]) -> None:
    """Remember answers; the newest about the same time stands."""
    rows: list[dict[str, Any]] = [
        {
            "camera_id": camera_id,
            "started_at": one.window[0],
            "ended_at": one.window[1],
            "times": one.times,
            "asked_at": one.at,
            "reason": one.reason,
        }
        for one in notes
    ]
    if rows:
        query = upsert(edge_asked)
        told = {name: query.excluded[name] for name in ("times", "asked_at", "reason")}
        await connection.execute(query.on_conflict_do_update(constraint="pk_edge_asked", set_=told), rows)


async def clock_offset_before(connection: AsyncConnection, camera_id: str, at: datetime) -> int | None:
    """Return the camera's clock minus ours, in milliseconds, as its last live footage before an instant told it."""
    offset = cast(uploads.c.label["clock_offset_ms"].astext, BigInteger)
    query = (
        select(offset)
        .where(
            uploads.c.uploaded_at.between(at - _NEAR, at + _NEAR),
            uploads.c.camera_id == camera_id,
            uploads.c.started_at < at,
            uploads.c.label["origin"].astext == "live",
            offset.is_not(None),
        )
        .order_by(uploads.c.started_at.desc())
        .limit(1)
    )
    return (await connection.execute(query)).scalar_one_or_none()
