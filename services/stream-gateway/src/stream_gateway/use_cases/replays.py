"""Recorded footage seen again."""

from datetime import datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from guard import Guard, Window
from policy import Action
from stream_gateway.domain.replays import OPEN_FOR, Replay, check_window
from stream_gateway.ports import SegmentIndex
from stream_gateway.repository import replays
from stream_gateway.use_cases.asking import Asked, check_right


async def open_replay(
    connection: AsyncConnection,
    *,
    guard: Guard,
    index: SegmentIndex,
    asked: Asked,
    replay_id: UUID,
    camera_id: str,
    starts_at: datetime,
    ends_at: datetime,
) -> Replay:
    """Open recorded footage to one agent for ten minutes; raises WindowRefused."""
    check_window(starts_at, ends_at, asked.at)
    grant = await check_right(connection, guard, asked, Action.REPLAY, camera_id, Window(starts_at, ends_at))
    segments = await index.find(camera_id, starts_at, ends_at)
    replay = Replay(
        replay_id=replay_id,
        agent_id=grant.agent.agent_id,
        camera_id=camera_id,
        closes_at=asked.at + OPEN_FOR,
        segments=tuple(segments),
    )
    await replays.add_replay(connection, replay)
    return replay
