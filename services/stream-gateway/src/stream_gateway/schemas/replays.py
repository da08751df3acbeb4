"""Replays."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, StringConstraints

from stream_gateway.schemas.texts import CameraId, ContextId, MotiveCode


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
