"""Requests and responses of the stream gateway's API."""

from datetime import datetime
from typing import Annotated, Literal, Self
from uuid import UUID

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, StringConstraints, model_validator

CameraId = Annotated[str, StringConstraints(min_length=1, max_length=100)]
MotiveCode = Annotated[str, StringConstraints(min_length=1, max_length=50, pattern=r"^[a-z0-9_]+$")]
MotiveText = Annotated[str, StringConstraints(max_length=2000)]
ContextId = Annotated[str, StringConstraints(min_length=1, max_length=100, strip_whitespace=True)]
"""An incident or a ticket. No réquisition: nothing could check its number, so a browser may not claim one."""
Speed = Annotated[float, Field(ge=-1, le=1)]


class SessionIn(BaseModel):
    """A wish to watch a camera. ``quality`` sub for mosaics, main for a single tile."""

    camera_id: CameraId
    quality: Literal["main", "sub"] = "main"
    motive_code: MotiveCode = "surveillance"
    motive_text: MotiveText = ""
    incident_id: ContextId | None = None
    ticket_id: ContextId | None = None


class LeaseOut(BaseModel):
    """``token`` opens the WebSocket within its 60 s; ``expires_at`` ends the lease unless it is renewed."""

    token: str
    expires_at: datetime


class SessionOut(LeaseOut):
    """A granted viewing session."""

    session_id: UUID
    camera_id: str
    websocket_path: str


class PtzIn(BaseModel):
    """A move (speeds −1…1, for at most 2 s) or a preset, not both."""

    pan: Speed = 0.0
    tilt: Speed = 0.0
    zoom: Speed = 0.0
    duration_ms: Annotated[int, Field(ge=50, le=2000)] = 500
    preset: Annotated[str, StringConstraints(min_length=1, max_length=64)] | None = None
    incident_id: ContextId | None = None

    @model_validator(mode="after")
    def _one_of_both(self) -> Self:
        if self.preset is not None and (self.pan or self.tilt or self.zoom):
            raise ValueError("un mouvement ou une préposition, pas les deux")
        return self


class PtzOut(BaseModel):
    """Who holds the motors after this command, and until when if nothing else is commanded."""

    holder_id: str
    holder_name: str
    held_until: datetime


class ReplayIn(BaseModel):
    """A wish to see recorded footage again; the motive text goes to the register (DOMAIN §4)."""

    model_config = ConfigDict(populate_by_name=True)

    camera_id: CameraId
    starts_at: Annotated[AwareDatetime, Field(alias="from")]
    ends_at: Annotated[AwareDatetime, Field(alias="to")]
    motive_code: MotiveCode
    motive_text: Annotated[str, StringConstraints(min_length=10, max_length=2000, strip_whitespace=True)]
    incident_id: ContextId | None = None


class ReplaySegmentOut(BaseModel):
    """One file of the replay; ``path`` is for the same agent only."""

    index: int
    started_at: datetime
    ended_at: datetime
    path: str


class ReplayOut(BaseModel):
    """An opened replay."""

    replay_id: UUID
    camera_id: str
    closes_at: datetime
    segments: list[ReplaySegmentOut]


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
