"""Replays."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, StringConstraints

from stream_gateway.domain.replays import LONGEST_INSTANT, SHORTEST_INSTANT, Replay
from stream_gateway.schemas.bookmarks import BookmarkOut
from stream_gateway.schemas.texts import CameraId, ContextId, MotiveCode

_SHORTEST, _LONGEST = (int(limit.total_seconds()) for limit in (SHORTEST_INSTANT, LONGEST_INSTANT))


class ReplayIn(BaseModel):
    """A wish to see recorded footage again; the motive text goes to the register (DOMAIN §4)."""

    model_config = ConfigDict(populate_by_name=True)

    camera_id: CameraId
    starts_at: Annotated[AwareDatetime, Field(alias="from")]
    ends_at: Annotated[AwareDatetime, Field(alias="to")]
    motive_code: MotiveCode
    motive_text: Annotated[str, StringConstraints(min_length=10, max_length=2000, strip_whitespace=True)]
    incident_id: ContextId | None = None


class InstantReplayIn(BaseModel):
    """A wish to see the last seconds again. ``session_id``: the live session that shows the camera."""

    seconds: Annotated[int, Field(ge=_SHORTEST, le=_LONGEST)] = 15
    session_id: UUID | None = None
    incident_id: ContextId | None = None


class ReplaySegmentOut(BaseModel):
    """One film of the replay; ``path`` is for the same agent only."""

    index: int
    started_at: datetime
    ended_at: datetime
    path: str


class ReplayOut(BaseModel):
    """An opened replay of the half-open window [starts_at, ends_at).

    ``expires_at``: when the first footage of it becomes unreadable. ``right``: ``replay``, or ``live`` for the last
    seconds of one's own live session.
    """

    replay_id: UUID
    camera_id: str
    starts_at: datetime
    ends_at: datetime
    closes_at: datetime
    expires_at: datetime | None
    right: str
    playlist_path: str
    key_pictures_path: str
    timeline_path: str
    segments: list[ReplaySegmentOut]

    @classmethod
    def of(cls, replay: Replay) -> "ReplayOut":
        """Show a replay to its agent."""
        path = f"/api/stream/replays/{replay.replay_id}"
        return cls(
            replay_id=replay.replay_id,
            camera_id=replay.camera_id,
            starts_at=replay.starts_at,
            ends_at=replay.ends_at,
            closes_at=replay.closes_at,
            expires_at=replay.expires_at,
            right=replay.right,
            playlist_path=f"{path}/index.m3u8",
            key_pictures_path=f"{path}/keyframes.m3u8",
            timeline_path=f"{path}/timeline",
            segments=[
                ReplaySegmentOut(
                    index=index,
                    started_at=segment.started_at,
                    ended_at=segment.ended_at,
                    path=f"{path}/segments/{index}",
                )
                for index, segment in enumerate(replay.segments)
            ],
        )


class RenewalOut(BaseModel):
    """Until when the replay is open now."""

    closes_at: datetime


class PieceOut(BaseModel):
    """Uninterrupted pictures, half-open; ``position``: seconds of film before them, gaps not counted."""

    starts_at: datetime
    ends_at: datetime
    position: float


class HoleOut(BaseModel):
    """Time without pictures. ``cause`` is null when none is declared (yet)."""

    starts_at: datetime
    ends_at: datetime
    cause: str | None


class TimelineOut(BaseModel):
    """What a replay shows when. ``duration``: seconds of film. ``pictures``: instants a thumbnail can be had of."""

    starts_at: datetime
    ends_at: datetime
    closes_at: datetime
    expires_at: datetime | None
    duration: float
    pieces: list[PieceOut]
    gaps: list[HoleOut]
    pictures: list[datetime]
    bookmarks: list[BookmarkOut]


class ThumbnailOut(BaseModel):
    """A small picture: ``asked_at`` is what was asked, ``at`` its own instant, ``jpeg`` base64."""

    asked_at: datetime
    at: datetime
    jpeg: str


class ThumbnailList(BaseModel):
    """Small pictures, in the order asked; instants without pictures are left out."""

    items: list[ThumbnailOut]
