"""A bookmark (signet): a name put on an instant of a camera. It holds no picture and prolongs none."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID

CHANGEABLE_FOR = timedelta(hours=12)
"""A shift: afterwards others may have relied on the bookmark."""

FUTURE_ALLOWED = timedelta(seconds=5)
"""Clocks of consoles differ a little from ours."""


class Color(StrEnum):
    """Colours a person can tell apart on a dark timeline; the word is shown with it."""

    AMBRE = "ambre"
    ROUGE = "rouge"
    BLEU = "bleu"
    VERT = "vert"


class BookmarkRefused(ValueError):
    """The bookmark cannot be placed there. The text is for the person who asked."""


class NotTheAuthor(Exception):
    """Only the author changes or removes a bookmark, within the shift."""


@dataclass(frozen=True, slots=True)
class Bookmark:
    """``expires_at``: when the footage at ``at`` becomes unreadable; the bookmark goes with it."""

    bookmark_id: UUID
    camera_id: str
    insee: str
    at: datetime
    label: str
    color: Color
    incident_id: str | None
    author_id: str
    author_name: str
    created_at: datetime
    expires_at: datetime

    def readable_at(self, now: datetime, retention: timedelta | None) -> bool:
        """Tell whether it may be shown: by its own end, and by the camera's present retention if that is shorter."""
        return now < self.expires_at and (retention is None or now < self.at + retention)

    def renamed(self, *, agent_id: str, now: datetime, label: str, color: Color) -> "Bookmark":
        """Return it under another name; raises NotTheAuthor."""
        self.refuse_unless_author(agent_id, now)
        return replace(self, label=label, color=color)

    def refuse_unless_author(self, agent_id: str, now: datetime) -> None:
        """Raise NotTheAuthor for anybody else, and for the author after the shift."""
        if agent_id != self.author_id or now >= self.created_at + CHANGEABLE_FOR:
            raise NotTheAuthor


def check_instant(at: datetime, now: datetime, retention: timedelta) -> None:
    """Raise BookmarkRefused unless there can be footage at an instant: past, and not beyond retention."""
    if at > now + FUTURE_ALLOWED:
        raise BookmarkRefused("Un signet se pose sur un instant passé : corrigez l'heure.")
    if now >= at + retention:
        raise BookmarkRefused("Les images de cet instant ont dépassé leur durée de conservation.")
