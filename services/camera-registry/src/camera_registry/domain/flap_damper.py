"""From a trouble that comes and goes to one alarm that begins once and ends once."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import Enum

from camera_registry.domain.health_rules import DampingRule


class Step(Enum):
    """What is to be done now."""

    RAISE = "raise"
    END = "end"


@dataclass(frozen=True, slots=True)
class FlapDamper:
    """The alarm of one camera and one kind.

    ``bad`` holds since ``changed_at``; ``losses`` are the beginnings of the last troubles, oldest first; ``raised``
    while the alarm is open. Start with ``FlapDamper()``: nothing was ever wrong.
    """

    bad: bool = False
    changed_at: datetime | None = None
    losses: tuple[datetime, ...] = ()
    raised: bool = False

    def told(self, *, bad: bool, at: datetime, rule: DampingRule) -> "FlapDamper":
        """Return the damper after news; the same news again, or news older than the last, changes nothing."""
        if bad == self.bad or (self.changed_at is not None and at < self.changed_at):
            return self
        losses = (*self.losses, at)[-rule.flaps :] if bad else self.losses
        return replace(self, bad=bad, changed_at=at, losses=losses)

    def due(self, rule: DampingRule) -> datetime | None:
        """Return the instant from which ``step`` has something to do; None: not before other news."""
        if self.changed_at is None or self.bad == self.raised:
            return None
        if self.raised:
            return self.changed_at + rule.end_after
        return self.changed_at if self._flaps(rule) else self.changed_at + rule.after

    def step(self, *, at: datetime, rule: DampingRule) -> tuple["FlapDamper", Step | None]:
        """Do what is due at an instant: raise the alarm, end it, or nothing."""
        due = self.due(rule)
        if due is None or at < due:
            return self, None
        if self.raised:
            return replace(self, raised=False, losses=()), Step.END
        return replace(self, raised=True), Step.RAISE

    def _flaps(self, rule: DampingRule) -> bool:
        if len(self.losses) < rule.flaps:
            return False
        first, last = self.losses[-rule.flaps], self.losses[-1]
        return last - first <= rule.flaps_within and rule.flaps_within > timedelta(0)
