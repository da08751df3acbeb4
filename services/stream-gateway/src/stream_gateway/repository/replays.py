"""Replays that were granted."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from stream_gateway.domain.replays import DeclaredGap, Replay, ReplaySegment
from stream_gateway.tables import replays


async def add_replay(connection: AsyncConnection, replay: Replay) -> None:
    """Store what an agent may fetch for a while."""
    values = {column.name: getattr(replay, column.name) for column in replays.columns}
    values["segments"] = [_segment_row(segment) for segment in replay.segments]
    values["gaps"] = [_gap_row(gap) for gap in replay.gaps]
    await connection.execute(insert(replays).values(**values))


async def find_replay(connection: AsyncConnection, replay_id: UUID, *, for_update: bool = False) -> Replay | None:
    """Return a replay, locked until the transaction ends if it is to be changed."""
    query = select(replays).where(replays.c.replay_id == replay_id)
    row = (await connection.execute(query.with_for_update() if for_update else query)).mappings().first()
    if row is None:
        return None
    values = {str(name): value for name, value in row.items()}
    segments = tuple(_replay_segment(item) for item in values.pop("segments"))
    gaps = tuple(_gap(item) for item in values.pop("gaps"))
    return Replay(**values, segments=segments, gaps=gaps)


async def save_closing(connection: AsyncConnection, replay: Replay) -> None:
    """Store until when a replay is open: the only thing of it that changes."""
    query = update(replays).where(replays.c.replay_id == replay.replay_id)
    await connection.execute(query.values(closes_at=replay.closes_at))


def _segment_row(segment: ReplaySegment) -> dict[str, Any]:
    return {
        "started_at": segment.started_at.isoformat(),
        "ended_at": segment.ended_at.isoformat(),
        "expires_at": segment.expires_at.isoformat(),
        "bucket": segment.bucket,
        "object_key": segment.object_key,
        "size": segment.size,
        "recent": segment.recent,
    }


def _replay_segment(item: Mapping[str, Any]) -> ReplaySegment:
    return ReplaySegment(
        started_at=datetime.fromisoformat(item["started_at"]),
        ended_at=datetime.fromisoformat(item["ended_at"]),
        expires_at=datetime.fromisoformat(item["expires_at"]),
        bucket=item["bucket"],
        object_key=item["object_key"],
        size=item["size"],
        recent=item.get("recent", False),
    )


def _gap_row(gap: DeclaredGap) -> dict[str, str]:
    return {"starts_at": gap.starts_at.isoformat(), "ends_at": gap.ends_at.isoformat(), "cause": gap.cause}


def _gap(item: Mapping[str, str]) -> DeclaredGap:
    return DeclaredGap(
        datetime.fromisoformat(item["starts_at"]), datetime.fromisoformat(item["ends_at"]), item["cause"]
    )
