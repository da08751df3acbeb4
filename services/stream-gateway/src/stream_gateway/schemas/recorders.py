"""Reports of recorders."""

from datetime import datetime

from pydantic import BaseModel


class RecorderOut(BaseModel):
    """A recorder's last report.

    ``engine_reason``: why not the native engine pulls the camera, in French. Size, ``fps`` and ``kbps`` are
    those of the last segment; ``clock_offset_ms`` is the camera's clock minus ours.
    """

    camera_id: str
    state: str
    reason: str
    last_byte_at: datetime | None
    last_segment_at: datetime | None
    restarts: int
    seen_at: datetime
    node_id: str
    engine: str | None
    engine_reason: str | None
    width: int | None
    height: int | None
    fps: float | None
    kbps: int | None
    clock_offset_ms: int | None


class RecorderList(BaseModel):
    """Every recorder the caller may see."""

    items: list[RecorderOut]
    next_cursor: str | None = None
