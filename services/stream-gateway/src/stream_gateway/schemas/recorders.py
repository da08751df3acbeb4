"""Reports of recorders."""

from datetime import datetime

from pydantic import BaseModel


class RecorderOut(BaseModel):
    """A recorder's last report."""

    camera_id: str
    state: str
    reason: str
    last_byte_at: datetime | None
    last_segment_at: datetime | None
    restarts: int
    seen_at: datetime


class RecorderList(BaseModel):
    """Every recorder the caller may see."""

    items: list[RecorderOut]
    next_cursor: str | None = None
