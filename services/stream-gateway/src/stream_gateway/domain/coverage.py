"""The recording ledger of one camera: every expected second is footage or a declared gap. Never a silent gap."""

from dataclasses import dataclass
from datetime import datetime, timedelta

TOLERANCE = timedelta(seconds=1)
"""Below this, two neighbouring segments count as touching: clocks jitter by some frames."""

UNKNOWN_CAUSE = "interruption sans cause connue"


@dataclass(frozen=True, slots=True)
class Gap:
    """Seconds expected and not recorded, half-open, with the cause as a sentence for a person."""

    started_at: datetime
    ended_at: datetime
    cause: str


@dataclass(slots=True)
class Coverage:
    """How far a camera's expected time is accounted for, and why the present outage, if any, began.

    ``covered_until`` is None before the first segment. What happened before this recorder began may become known
    late, when the database answers: see ``anchor``.
    """

    covered_until: datetime | None = None
    cause: str = ""
    _since: datetime | None = None
    _first: datetime | None = None

    def anchor(self, covered_until: datetime | None, cause: str) -> Gap | None:
        """Take in up to when others accounted for this camera, and why they stopped; return the gap since then.

        Without footage the gap goes as far as a cause is known that this recorder met itself: a camera that does not
        answer its new node was not lost by it. None while neither is there: then it is found with what comes first.
        """
        if self._first is None:
            own, since = self.cause, self._since
            self.covered_until, self.cause, self._since = covered_until, cause, None
            return None if since is None else self.outage(own, since)
        if covered_until is None or self._first - covered_until <= TOLERANCE:
            return None
        return Gap(covered_until, self._first, cause or UNKNOWN_CAUSE)

    def outage(self, cause: str, at: datetime) -> Gap | None:
        """Remember why footage stopped, and since when that is known; the first cause that this recorder met counts.

        Returns the gap that others left before, if it ends here.
        """
        if self._since is not None:
            return None
        before, left_by = self.covered_until, self.cause
        self.cause, self._since = cause, at
        if before is None or at <= before or not left_by:
            return None
        self._advance(at)
        return Gap(before, at, left_by)

    def footage(self, started_at: datetime, ended_at: datetime) -> Gap | None:
        """Account for footage; return the gap before it, if there is one to declare."""
        gap = self._gap_until(started_at)
        self._first = self._first or started_at
        self._advance(ended_at)
        self.cause, self._since = "", None
        return gap

    def still_missing(self, at: datetime, *, after: timedelta) -> Gap | None:
        """Declare a slice of an outage that has lasted longer than ``after``, so that nobody waits for its end."""
        if self.covered_until is None or not self.cause or at - self.covered_until < after:
            return None
        gap = self._gap_until(at)
        self._advance(at)
        return gap

    def _gap_until(self, at: datetime) -> Gap | None:
        if self.covered_until is None or at - self.covered_until <= TOLERANCE:
            return None
        return Gap(self.covered_until, at, self.cause or UNKNOWN_CAUSE)

    def _advance(self, to: datetime) -> None:
        if self.covered_until is None or to > self.covered_until:
            self.covered_until = to
