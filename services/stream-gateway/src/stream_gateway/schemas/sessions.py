"""Viewing sessions."""

from datetime import datetime
from typing import Literal
from uuid import UUID

from pydantic import BaseModel

from stream_gateway.schemas.texts import CameraId, ContextId, MotiveCode, MotiveText


class SessionIn(BaseModel):
    """A wish to watch a camera. ``quality`` sub for mosaics, main for a single tile."""

    camera_id: CameraId
    quality: Literal["main", "sub"] = "main"
    motive_code: MotiveCode = "surveillance"
    motive_text: MotiveText = ""
    incident_id: ContextId | None = None
    ticket_id: ContextId | None = None


class LeaseOut(BaseModel):
    """``token`` opens the WebSocket within its 60 s, ``whep_token`` WebRTC; each is of no use for the other.

    ``expires_at`` ends the lease unless it is renewed.
    """

    token: str
    whep_token: str
    expires_at: datetime


class SessionOut(LeaseOut):
    """A granted viewing session."""

    session_id: UUID
    camera_id: str
    websocket_path: str
    whep_path: str
