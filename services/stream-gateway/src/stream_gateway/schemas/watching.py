"""Who watches what, now; the end of somebody's session; pre-warming."""

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from pydantic import BaseModel, Field, StringConstraints

from stream_gateway.domain.prewarm import AT_ONCE
from stream_gateway.schemas.texts import CameraId, ContextId

EndText = Annotated[str, StringConstraints(min_length=10, max_length=2000, strip_whitespace=True)]


class ViewerOut(BaseModel):
    """One session. ``transport`` (websocket, webrtc) is None until its pictures flow."""

    session_id: UUID
    agent_id: str
    agent_name: str
    role: str
    organisation: str
    since: datetime
    quality: str
    incident_id: str | None
    ticket_id: str | None
    station: str
    transport: str | None


class WatchedOut(BaseModel):
    """One camera that is being watched, with its viewers, the first one first."""

    camera_id: str
    label: str
    insee: str
    viewers: list[ViewerOut]


class WatchingOut(BaseModel):
    """The picture of the moment ``at``; the counts are over the cameras listed."""

    at: datetime
    cameras: list[WatchedOut]
    sessions: int
    agents: int


class QualityIn(BaseModel):
    """The small or the large stream of the same camera."""

    quality: Literal["main", "sub"]


class ContextIn(BaseModel):
    """The incident or ticket that is watched for from now on; neither: no context any more."""

    incident_id: ContextId | None = None
    ticket_id: ContextId | None = None


class EndIn(BaseModel):
    """Why somebody's session is ended, in at least ten characters."""

    motive_text: EndText


class PrewarmIn(BaseModel):
    """Cameras that will probably be watched in a moment."""

    camera_ids: Annotated[list[CameraId], Field(min_length=1, max_length=AT_ONCE)]
    reason: Literal["incident", "ronde", "carte"]


class PrewarmOut(BaseModel):
    """``warm``: the cameras that are kept warm until ``until``; the others may not be watched, or there is no room."""

    warm: list[str]
    until: datetime
