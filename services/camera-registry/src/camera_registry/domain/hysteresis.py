"""One look proves nothing: a trouble begins and ends after several that agree."""

from dataclasses import dataclass, replace
from datetime import datetime

from camera_registry.domain.health_rules import HysteresisRule


@dataclass(frozen=True, slots=True)
class Hysteresis:
    """Looks in a row that disagree with ``on``; ``since`` is the first of them."""

    on: bool = False
    against: int = 0
    since: datetime | None = None

    def seen(self, *, bad: bool | None, at: datetime, rule: HysteresisRule) -> "Hysteresis":
        """Return the state after a look. ``bad`` None: this look could not tell, nothing changes."""
        if bad is None:
            return self
        if bad == self.on:
            return Hysteresis(on=self.on)
        counted = replace(self, against=self.against + 1, since=self.since or at)
        if self.on:
            return Hysteresis(on=False) if counted.against >= rule.off_after else counted
        lasted = counted.since is not None and at - counted.since >= rule.on_span
        return Hysteresis(on=True) if counted.against >= rule.on_after and lasted else counted

    @property
    def wavering(self) -> bool:
        """Whether the last look disagreed: worth another one soon."""
        return self.against > 0
