"""Bookmarks."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from pydantic import AwareDatetime, BaseModel, StringConstraints

from stream_gateway.domain.bookmarks import CHANGEABLE_FOR, Bookmark, Color
from stream_gateway.schemas.texts import CameraId, ContextId

Label = Annotated[str, StringConstraints(min_length=1, max_length=120, strip_whitespace=True)]


class BookmarkIn(BaseModel):
    """A name for an instant of a camera; one key sends the default label."""

    camera_id: CameraId
    at: AwareDatetime
    label: Label = "Signet"
    color: Color = Color.AMBRE
    incident_id: ContextId | None = None


class BookmarkChange(BaseModel):
    """Another name."""

    label: Label
    color: Color


class BookmarkOut(BaseModel):
    """A bookmark; ``changeable_until``: the author may rename or remove it before."""

    bookmark_id: UUID
    camera_id: str
    at: datetime
    label: str
    color: Color
    incident_id: str | None
    author_id: str
    author_name: str
    created_at: datetime
    changeable_until: datetime
    expires_at: datetime

    @classmethod
    def of(cls, bookmark: Bookmark) -> "BookmarkOut":
        """Show a bookmark."""
        values = {name: getattr(bookmark, name) for name in cls.model_fields if name != "changeable_until"}
        return cls(**values, changeable_until=bookmark.created_at + CHANGEABLE_FOR)


class BookmarkList(BaseModel):
    """Bookmarks in the order of time."""

    items: list[BookmarkOut]
