"""Rondes (video patrols): what is to be looked at, for how long, when and why (DOMAIN §5)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

CIVIL_TIME = ZoneInfo("Europe/Paris")
DWELL_SECONDS = (5, 30)
"""Shortest and longest look at one camera."""

MAX_STEPS = 100
LOOK_BACK = timedelta(hours=24)
"""A gateway that was away longer than this does not tell of every ronde it missed before."""


class UnusableRonde(ValueError):
    """The definition cannot be carried out. The text is French."""


@dataclass(frozen=True, slots=True)
class RondeStep:
    """Look at a camera, in a stored position where one is named, for 5–30 s."""

    camera_id: str
    insee: str
    dwell_seconds: int
    preset: str | None = None


@dataclass(frozen=True, slots=True)
class Schedule:
    """Days of the week (0 = Monday) and times of the day, both in Paris; without either: started by hand only."""

    days: frozenset[int] = frozenset()
    times: tuple[time, ...] = ()

    def due_between(self, after: datetime, until: datetime) -> list[datetime]:
        """Return the instants it is due in ``(after, until]``, in order, UTC.

        When clocks go forward, a time that does not exist is due as much later (02:30 → 03:30); when they go back,
        one that exists twice is due the first time only. Two times that fall on one instant are one.
        """
        if not self.days or not self.times or until <= after:
            return []
        day, last = after.astimezone(CIVIL_TIME).date(), until.astimezone(CIVIL_TIME).date()
        found: set[datetime] = set()
        # One day more on either side: a time that was moved by an hour may fall on the other side of midnight.
        for offset in range(-1, (last - day).days + 2):
            found.update(self._instants(day + timedelta(days=offset)))
        return sorted(at for at in found if after < at <= until)

    def next_after(self, after: datetime) -> datetime | None:
        """Return the next instant it is due strictly after ``after``; None for one that is started by hand."""
        due = self.due_between(after, after + timedelta(days=9))
        return due[0] if due else None

    def _instants(self, day: date) -> list[datetime]:
        if day.weekday() not in self.days:
            return []
        return [datetime.combine(day, at, CIVIL_TIME).astimezone(UTC) for at in self.times]


@dataclass(frozen=True, slots=True)
class Ronde:
    """A definition. ``screen_id`` and ``place`` (from 0): the tile of the wall it is shown on, where there is one."""

    ronde_id: UUID
    name: str
    purpose: str
    steps: tuple[RondeStep, ...]
    schedule: Schedule
    active: bool
    changed_by: str
    changed_at: datetime
    screen_id: str | None = None
    place: int = 0

    @property
    def communes(self) -> frozenset[str]:
        """The communes of its cameras: who does not have them all does not learn that the ronde exists."""
        return frozenset(step.insee for step in self.steps)

    @property
    def lasts(self) -> timedelta:
        """How long it lasts when nothing holds it up."""
        return timedelta(seconds=sum(step.dwell_seconds for step in self.steps))


def check_steps(steps: Sequence[RondeStep]) -> None:
    """Raise UnusableRonde for no step, too many, or a dwell outside 5–30 s."""
    if not steps:
        raise UnusableRonde("Une ronde a au moins une étape : ajoutez une caméra.")
    if len(steps) > MAX_STEPS:
        raise UnusableRonde(f"Une ronde a {MAX_STEPS} étapes au plus : faites-en deux.")
    shortest, longest = DWELL_SECONDS
    for number, step in enumerate(steps, start=1):
        if not shortest <= step.dwell_seconds <= longest:
            raise UnusableRonde(f"Étape {number} : la durée va de {shortest} à {longest} secondes.")
