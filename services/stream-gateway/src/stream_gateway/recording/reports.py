"""What the recorders of this node do, told to the database for everybody's eyes."""

from collections import Counter
from datetime import datetime
from typing import Any

from common.database import Database
from stream_gateway.ingest.hub import HubStatus
from stream_gateway.metrics import RECORDERS
from stream_gateway.recording.crew import Crew, Post
from stream_gateway.recording.recorder import RecorderState
from stream_gateway.repository.recorders import save_recorders


async def report(crew: Crew, database: Database, node_id: str, at: datetime) -> None:
    """Replace this node's reports."""
    told = list(crew.reports())
    states = Counter(post.recorder.status.state for _, post, _ in told)
    for state in RecorderState:
        RECORDERS.labels(state.value).set(states[state])
    rows = [_row(camera_id, post, hub, node_id, at) for camera_id, post, hub in told]
    async with database.transaction() as connection:
        await save_recorders(connection, node_id, rows, at=at)


def _row(camera_id: str, post: Post, hub: HubStatus | None, node_id: str, at: datetime) -> dict[str, Any]:
    status = post.recorder.status
    reason = hub.reason if hub and hub.reason and status.state is not RecorderState.RECORDING else status.reason
    offset = hub.clock_offset if hub else None
    return {
        "camera_id": camera_id,
        "node_id": node_id,
        "insee": post.recorder.terms.insee,
        "state": status.state.value,
        "reason": reason,
        "last_byte_at": status.last_byte_at,
        "last_segment_at": status.last_segment_at,
        "restarts": status.restarts,
        "seen_at": at,
        "engine": hub.engine if hub else None,
        "engine_reason": hub.engine_reason if hub else None,
        "width": status.width or None,
        "height": status.height or None,
        "fps": status.fps or None,
        "kbps": status.kbps or None,
        "clock_offset_ms": None if offset is None else round(offset * 1000),
    }
