"""The recorded-seconds ledger: expected = recorded + declared gaps + still open, to the second (DOMAIN §3)."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from stream_gateway.domain.coverage import TOLERANCE, Gap
from stream_gateway.domain.intervals import Interval, common, seconds, union, without

NOT_RETURNED = "images restées sur un nœud média qui n'est pas revenu, ou jamais enregistrées"


@dataclass(frozen=True, slots=True)
class Account:
    """What became of the expected time of a camera in a window. All in seconds.

    ``gaps`` by cause, footage taken off: what was declared missing and came later is recorded, not missing.
    ``open_seconds``: neither; the present minute, or something that the audit will declare.
    """

    expected_seconds: float
    recorded_seconds: float
    gap_seconds: float
    open_seconds: float
    gaps: tuple[Gap, ...]
    open_time: tuple[Interval, ...]

    @property
    def adds_up(self) -> bool:
        """Whether the parts make the whole, within a millisecond."""
        parts = self.recorded_seconds + self.gap_seconds + self.open_seconds
        return abs(self.expected_seconds - parts) < 0.001  # noqa: PLR2004 - names have milliseconds


def account(
    expected: Iterable[Interval], recorded: Iterable[Interval], declared: Iterable[Gap], window: Interval
) -> Account:
    """Account for a window.

    Args:
        expected: when the camera was to be recorded.
        recorded: footage; neighbours within a second touch, since clocks jitter by some frames.
        declared: gaps as they were declared; where two overlap the earlier one counts.
        window: half-open.
    """
    due = common(expected, [window])
    footage = common(union(recorded, touching=TOLERANCE), due)
    missing = without(due, footage)
    gaps: list[Gap] = []
    for gap in sorted(declared, key=lambda one: one.started_at):
        for begin, end in common(missing, [(gap.started_at, gap.ended_at)]):
            gaps.append(Gap(begin, end, gap.cause))
        missing = without(missing, [(gap.started_at, gap.ended_at)])
    return Account(
        expected_seconds=seconds(due),
        recorded_seconds=seconds(footage),
        gap_seconds=seconds((gap.started_at, gap.ended_at) for gap in gaps),
        open_seconds=seconds(missing),
        gaps=tuple(gaps),
        open_time=tuple(missing),
    )


def overdue(sheet: Account, at: datetime, *, after: timedelta) -> Sequence[Gap]:
    """Return what must be declared now: expected time older than ``after`` that is neither footage nor a gap.

    Pieces within the tolerance stay: they are jitter at the border of a gap.
    """
    found: list[Gap] = []
    for begin, end in sheet.open_time:
        until = min(end, at - after)
        if until - begin > TOLERANCE:
            found.append(Gap(begin, until, NOT_RETURNED))
    return found
