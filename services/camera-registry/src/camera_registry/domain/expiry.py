"""What people are told as an arrêté comes near its end: each threshold once, and none forgotten."""

from collections.abc import Collection
from datetime import datetime, timedelta

from camera_registry.domain.authorisation import WARNING_DAYS

THRESHOLDS = (*sorted(WARNING_DAYS, reverse=True), 0)
"""Days before the end, the farthest first; 0 is the end itself."""


def reached(valid_until: datetime, at: datetime) -> tuple[int, ...]:
    """Return the thresholds that lie behind, the farthest first: 60 is reached 60 days before the end, to the µs."""
    return tuple(days for days in THRESHOLDS if at >= valid_until - timedelta(days=days))


def warnings_to_tell(
    valid_until: datetime, *, known_since: datetime, at: datetime, told: Collection[int]
) -> tuple[int, ...]:
    """Return the thresholds to tell now, the farthest first.

    ``known_since`` is when this end became known (recorded or moved); ``told`` what was told of it already. A
    threshold that was passed while nobody looked is told late rather than never. One that had passed before the
    end was known was not missed: of those only the tightest is told.
    """
    behind = reached(valid_until, at)
    before = reached(valid_until, known_since)
    stale = set(before[:-1])
    return tuple(days for days in behind if days not in told and days not in stale)
