"""A replay: recorded footage opened to one agent, for ten minutes, in a window of one hour at most."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

LONGEST_WINDOW = timedelta(hours=1)
OPEN_FOR = timedelta(minutes=10)


class WindowRefused(ValueError):
    """The window asked for is empty, too long, or lies in the future. The text is for the person who asked."""


class ReplayOver(Exception):
    """The replay or the footage is no longer readable by this agent at this instant."""


@dataclass(frozen=True, slots=True)
class ReplaySegment:
    """One object of the store that the replay opens.

    ``expires_at``: unreadable from then on, held or not: a hold keeps footage for the judge, not for the room.
    """

    started_at: datetime
    ended_at: datetime
    expires_at: datetime
    bucket: str
    object_key: str
    size: int


@dataclass(frozen=True, slots=True)
class Replay:
    """What one agent may fetch until ``closes_at`` (half-open)."""

    replay_id: UUID
    agent_id: str
    camera_id: str
    closes_at: datetime
    segments: tuple[ReplaySegment, ...]

    def segment_for(self, agent_id: str, index: int, at: datetime) -> ReplaySegment:
        """Return a segment to read now; raises ReplayOver for another's, a late or an expired one."""
        if agent_id != self.agent_id or at >= self.closes_at or not 0 <= index < len(self.segments):
            raise ReplayOver
        segment = self.segments[index]
        if at >= segment.expires_at:
            raise ReplayOver
        return segment


def check_window(starts_at: datetime, ends_at: datetime, at: datetime) -> None:
    """Raise WindowRefused unless the half-open window is real, short enough and begins in the past."""
    if ends_at <= starts_at:
        raise WindowRefused("La fin de la fenêtre doit être après son début.")
    if ends_at - starts_at > LONGEST_WINDOW:
        raise WindowRefused("Une relecture porte sur une heure au plus : réduisez la fenêtre.")
    if starts_at >= at:
        raise WindowRefused("La fenêtre demandée n'est pas encore enregistrée.")
