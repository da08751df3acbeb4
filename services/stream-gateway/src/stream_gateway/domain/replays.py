"""A replay: recorded footage opened to one agent, for ten minutes at a time, in a window of one hour at most."""

from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Literal
from uuid import UUID

LONGEST_WINDOW = timedelta(hours=1)
OPEN_FOR = timedelta(minutes=10)
LONGEST_OPEN = timedelta(hours=3)
"""An hour at a quarter of its speed takes four; nobody should leave a film open over lunch."""

SHORTEST_INSTANT = timedelta(seconds=5)
LONGEST_INSTANT = timedelta(seconds=60)
OWN_SESSION_INSTANT = timedelta(seconds=30)
"""How far back the very session that showed the pictures may show them again under the right to watch live."""

INSTANT_OPEN_FOR = timedelta(minutes=2)

Right = Literal["replay", "live"]
"""Under which right of the policy the footage was opened; it is asked again for every byte."""


class WindowRefused(ValueError):
    """The window asked for is empty, too long, or lies in the future. The text is for the person who asked."""


class ReplayOver(Exception):
    """The replay or the footage is no longer readable by this agent at this instant."""


@dataclass(frozen=True, slots=True)
class ReplaySegment:
    """One recorded film that the replay opens.

    ``expires_at``: unreadable from then on, held or not: a hold keeps footage for the judge, not for the room.
    ``recent``: it lies in the spool of a media node, and ``object_key`` is its path there.
    """

    started_at: datetime
    ended_at: datetime
    expires_at: datetime
    bucket: str
    object_key: str
    size: int
    recent: bool = False


@dataclass(frozen=True, slots=True)
class DeclaredGap:
    """Time in which nothing was recorded, half-open, with the cause as a sentence for a person."""

    starts_at: datetime
    ends_at: datetime
    cause: str


@dataclass(frozen=True, slots=True)
class Recorded:
    """What retention knows of a window: readable films and declared gaps, in order."""

    segments: tuple[ReplaySegment, ...]
    gaps: tuple[DeclaredGap, ...] = ()


@dataclass(frozen=True, slots=True)
class Replay:
    """What one agent may fetch until ``closes_at`` (half-open), of the half-open window.

    ``right``, ``incident_id`` and ``ticket_id`` are what it was granted under. ``marked``: its pictures only leave with
    a burnt-in watermark.
    """

    replay_id: UUID
    agent_id: str
    camera_id: str
    insee: str
    starts_at: datetime
    ends_at: datetime
    opened_at: datetime
    closes_at: datetime
    segments: tuple[ReplaySegment, ...]
    gaps: tuple[DeclaredGap, ...] = field(default=())
    right: Right = "replay"
    incident_id: str | None = None
    ticket_id: str | None = None
    marked: bool = False

    def refuse_unless_open(self, agent_id: str, at: datetime) -> None:
        """Raise ReplayOver for another's replay or a closed one."""
        if agent_id != self.agent_id or at >= self.closes_at:
            raise ReplayOver

    def segment_for(self, agent_id: str, index: int, at: datetime) -> ReplaySegment:
        """Return a segment to read now; raises ReplayOver for another's, a late or an expired one."""
        self.refuse_unless_open(agent_id, at)
        if not 0 <= index < len(self.segments):
            raise ReplayOver
        segment = self.segments[index]
        if at >= segment.expires_at:
            raise ReplayOver
        return segment

    def renewed(self, at: datetime) -> "Replay":
        """Return the replay open for ten more minutes, three hours in all at most.

        Raises:
            ReplayOver: it is closed, or was opened for the last seconds of a live session: ask again.
        """
        if at >= self.closes_at or self.right == "live":
            raise ReplayOver
        closes_at = min(at + OPEN_FOR, self.opened_at + LONGEST_OPEN)
        return replace(self, closes_at=max(closes_at, self.closes_at))

    def closed(self, at: datetime) -> "Replay":
        """Return the replay closed: nothing of it may be read from now on."""
        return replace(self, closes_at=min(at, self.closes_at))

    @property
    def expires_at(self) -> datetime | None:
        """When the first footage of it becomes unreadable, None when there is none."""
        return min((segment.expires_at for segment in self.segments), default=None)


def check_window(starts_at: datetime, ends_at: datetime, at: datetime) -> None:
    """Raise WindowRefused unless the half-open window is real, short enough and begins in the past."""
    if ends_at <= starts_at:
        raise WindowRefused("La fin de la fenêtre doit être après son début.")
    if ends_at - starts_at > LONGEST_WINDOW:
        raise WindowRefused("Une relecture porte sur une heure au plus : réduisez la fenêtre.")
    if starts_at >= at:
        raise WindowRefused("La fenêtre demandée n'est pas encore enregistrée.")


def instant_right(*, asked: timedelta, at: datetime, session_opened_at: datetime | None, room_only: bool) -> Right:
    """Return the right under which the last seconds are shown again.

    Whoever watches live has just been shown them: up to 30 s of the agent's own open session come under the right to
    watch. Anything else is a replay, with its incident or its réquisition.

    Args:
        asked: how far back.
        at: now.
        session_opened_at: beginning of the agent's own open session of this camera; None without one.
        room_only: the town leaves replays to its replay room, and the agent is not of it.
    """
    if room_only or session_opened_at is None or asked > OWN_SESSION_INSTANT:
        return "replay"
    return "live" if at - asked >= session_opened_at else "replay"
