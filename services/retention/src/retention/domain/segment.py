"""A recorded segment and the instant at which it must be gone."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from uuid import UUID

LEGAL_MAXIMUM_DAYS = 30
"""One month at most (article L.252-5 CSI), prudently 30 days."""


class RetentionOutOfBounds(ValueError):
    """A retention that no arrêté may set."""

    def __init__(self, days: int) -> None:
        self.days = days
        super().__init__(f"retention of {days} days is not within 1–{LEGAL_MAXIMUM_DAYS}")


@dataclass(frozen=True, slots=True)
class Segment:
    """One file of footage, half-open [started_at, ended_at).

    ``retention_days`` and ``expires_at`` can only shrink after recording: shortening an authorisation takes effect
    on what is stored, lengthening it brings nothing back.

    ``expires_at``: from this instant on nobody reads the segment without a hold. ``copy_tried_at``: when a copy to
    the evidence bucket was last begun; None means that there is none. ``evidence_locked_until``: until then nobody
    can remove the evidence copy; None while there is no verified one.
    """

    segment_id: UUID
    camera_id: str
    insee: str
    bucket: str
    object_key: str
    started_at: datetime
    ended_at: datetime
    duration_ms: int
    size: int
    sha256: str
    retention_days: int
    authorisation_id: str
    expires_at: datetime
    copy_tried_at: datetime | None = None
    evidence_locked_until: datetime | None = None

    def __post_init__(self) -> None:
        if not 1 <= self.retention_days <= LEGAL_MAXIMUM_DAYS:
            raise RetentionOutOfBounds(self.retention_days)

    def readable_at(self, at: datetime) -> bool:
        """Tell whether the segment may be read without a hold."""
        return at < self.expires_at

    def locked_at(self, at: datetime) -> bool:
        """Tell whether the evidence copy cannot be removed yet."""
        return self.evidence_locked_until is not None and at < self.evidence_locked_until

    def shortened_to(self, retention_days: int, at: datetime) -> "Segment":
        """Return the segment under the shorter retention that applies from ``at`` on; a longer one changes nothing.

        It expires at ``at`` at the earliest: until then it could be read, and a hold placed by then keeps it.
        """
        if retention_days >= self.retention_days:
            return self
        expires_at = min(self.expires_at, max(expiry(self.started_at, retention_days), at))
        return replace(self, retention_days=retention_days, expires_at=expires_at)


def expiry(started_at: datetime, retention_days: int) -> datetime:
    """Return the instant at which the first frame of footage has the age that the arrêté allows."""
    return started_at + timedelta(days=retention_days)
