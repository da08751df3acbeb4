"""A ronde of one camera: presets visited one after the other, over and over, that any person interrupts (DOMAIN §5)."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from stream_gateway.domain.ptz.lock import Claimant, PtzLock, Rank
from stream_gateway.domain.ptz.orders import AbsoluteMove, GoToPreset, Order

SHORTEST_DWELL_SECONDS, LONGEST_DWELL_SECONDS = 5, 30


@dataclass(frozen=True, slots=True)
class PatrolStep:
    """One stop: the registry's number of a preset, how to get there, seconds to rest there (5-30, DOMAIN §5)."""

    number: int
    dwell_seconds: int
    token: str | None = None
    pan: float | None = None
    tilt: float | None = None
    zoom: float | None = None

    def __post_init__(self) -> None:
        if not SHORTEST_DWELL_SECONDS <= self.dwell_seconds <= LONGEST_DWELL_SECONDS:
            raise ValueError("a step lasts 5 to 30 s")
        if self.token is None and (self.pan is None or self.tilt is None):
            raise ValueError("a step needs a token or a position")

    @property
    def order(self) -> Order:
        """What the camera is told; its own memory of the preset goes before figures."""
        if self.token is not None or self.pan is None or self.tilt is None:
            return GoToPreset(self.token or "")
        return AbsoluteMove(self.pan, self.tilt, self.zoom)


@dataclass(frozen=True, slots=True)
class Patrol:
    """A ronde under way: ``position`` is the step that is due at ``due_at``."""

    camera_id: str
    insee: str
    tour_id: str
    name: str
    steps: tuple[PatrolStep, ...]
    position: int
    due_at: datetime
    started_by: str
    started_at: datetime

    @property
    def claimant(self) -> Claimant:
        """Who holds the camera while the ronde turns it."""
        return Claimant(f"ronde:{self.tour_id}", f"Ronde « {self.name} »", Rank.RONDE)

    @property
    def step(self) -> PatrolStep:
        """The step that is due."""
        return self.steps[self.position % len(self.steps)]

    def advanced(self, at: datetime) -> "Patrol":
        """Return it after the step that was due was begun."""
        following = (self.position + 1) % len(self.steps)
        return replace(self, position=following, due_at=at + timedelta(seconds=self.step.dwell_seconds))

    def held_off(self, until: datetime) -> "Patrol":
        """Return it waiting, for the same step."""
        return replace(self, due_at=until)


def resumes_at(patrol: Patrol, lock: PtzLock | None, wait: timedelta) -> datetime:
    """Return when a ronde may turn the camera at the earliest: ``wait`` after a person's last command.

    A person who holds the camera is never interrupted; what was commanded before the ronde began does not count.
    """
    if lock is None or lock.rank <= Rank.RONDE or lock.commanded_at < patrol.started_at:
        return patrol.due_at
    return max(patrol.due_at, lock.free_at, lock.commanded_at + wait)


def homes_at(lock: PtzLock, wait: timedelta) -> datetime | None:
    """Return when a camera that a person left goes home, None when it need not: ``wait`` after the last command."""
    if lock.released_at is None or lock.homed_at is not None or lock.rank <= Rank.RONDE or not wait:
        return None
    return max(lock.released_at, lock.commanded_at + wait)
