"""Requests and responses of the retention API."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from retention.domain.hold import Hold
from retention.domain.segment import Segment


class SegmentOut(BaseModel):
    """A readable segment; ``expires_at`` is the first instant at which it is refused unless ``held``."""

    segment_id: UUID
    camera_id: str
    insee: str
    bucket: str
    object_key: str
    started_at: datetime
    ended_at: datetime
    duration_ms: int
    size: int
    sha256: str
    expires_at: datetime
    held: bool

    @classmethod
    def of(cls, segment: Segment, *, held: bool) -> "SegmentOut":
        """Show a segment."""
        return cls(**{name: getattr(segment, name) for name in cls.model_fields if name != "held"}, held=held)


class Interval(BaseModel):
    """A half-open interval of recorded footage."""

    started_at: datetime
    ended_at: datetime


class Gap(Interval):
    """Seconds expected and not recorded, with the declared cause."""

    cause: str


class SegmentList(BaseModel):
    """Readable segments of a window and its declared gaps, oldest first."""

    items: list[SegmentOut]
    gaps: list[Gap] = []
    next_cursor: str | None = None


class Recordings(BaseModel):
    """What is recorded of a camera, and what is not and why."""

    items: list[Interval]
    gaps: list[Gap]
    expires_at_oldest: datetime | None


class HoldIn(BaseModel):
    """A request to freeze footage. Without legal basis, procedure and service there is no hold."""

    model_config = ConfigDict(populate_by_name=True)

    camera_id: Annotated[str, Field(min_length=1, max_length=100)]
    window_from: Annotated[AwareDatetime, Field(alias="from")]
    window_until: Annotated[AwareDatetime, Field(alias="to")]
    legal_basis: Annotated[str, Field(min_length=2, max_length=100)]
    procedure_number: Annotated[str, Field(min_length=3, max_length=100)]
    requesting_service: Annotated[str, Field(min_length=3, max_length=200)]


class LiftIn(BaseModel):
    """Why a hold ends."""

    reason: Annotated[str, Field(min_length=10, max_length=1000)]


class HoldOut(BaseModel):
    """A hold and how it stands."""

    hold_id: UUID
    camera_id: str
    insee: str
    window_from: datetime
    window_until: datetime
    legal_basis: str
    procedure_number: str
    requesting_service: str
    placed_at: datetime
    placed_by: str
    confirmed_at: datetime | None
    lapses_at: datetime | None
    lift_asked_by: str | None
    lifted_at: datetime | None
    active: bool

    @classmethod
    def of(cls, hold: Hold, at: datetime) -> "HoldOut":
        """Show a hold as it stands at ``at``."""
        named = {name: getattr(hold, name) for name in cls.model_fields if name != "active"}
        return cls(**named, active=hold.active_at(at))


class HoldList(BaseModel):
    """Holds, newest first."""

    items: list[HoldOut]
    next_cursor: str | None = None
