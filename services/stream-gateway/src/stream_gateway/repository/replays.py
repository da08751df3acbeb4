"""Replays that were granted."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from stream_gateway.domain.replays import Replay, ReplaySegment
from stream_gateway.tables import replays


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
