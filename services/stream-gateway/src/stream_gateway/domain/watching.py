"""Who watches what, now: the open sessions of a moment, by camera."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby

from stream_gateway.domain.sessions import ViewingSession


@dataclass(frozen=True, slots=True)
class WatchedCamera:
    """A camera with the sessions that show it, oldest first; never without any."""

    camera_id: str
    insee: str
    sessions: tuple[ViewingSession, ...]


@dataclass(frozen=True, slots=True)
class Watching:
    """The picture of a moment; the counts are over the cameras listed."""

    cameras: tuple[WatchedCamera, ...]

    @property
    def sessions(self) -> int:
        """How many pictures are being watched."""
        return sum(len(camera.sessions) for camera in self.cameras)

    @property
    def agents(self) -> int:
        """How many people watch."""
        return len({session.agent_id for camera in self.cameras for session in camera.sessions})


def watching(sessions: Iterable[ViewingSession], communes: frozenset[str], at: datetime) -> Watching:
    """Group the sessions that live at an instant and show cameras of these communes."""
    alive = [session for session in sessions if session.alive_at(at) and session.insee in communes]
    ordered = sorted(alive, key=lambda session: (session.camera_id, session.opened_at, session.session_id))
    groups = [(camera_id, tuple(group)) for camera_id, group in groupby(ordered, key=lambda one: one.camera_id)]
    return Watching(tuple(WatchedCamera(camera_id, group[0].insee, group) for camera_id, group in groups))
