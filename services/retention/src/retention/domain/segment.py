"""A recorded segment and the instant at which it must be gone."""

from dataclasses import dataclass
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

    ``retention_days`` can only shrink after recording: shortening an authorisation takes effect on what is
    stored, lengthening it brings nothing back.
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

    def __post_init__(self) -> None:
        if not 1 <= self.retention_days <= LEGAL_MAXIMUM_DAYS:
            raise RetentionOutOfBounds(self.retention_days)

    @property
    def expires_at(self) -> datetime:
        """From this instant on nobody reads the segment: its first frame has the age that the arrêté allows."""
        return expiry(self.started_at, self.retention_days)

    def readable_at(self, at: datetime) -> bool:
        """Tell whether the segment may be read without a hold."""
        return at < self.expires_at


def expiry(started_at: datetime, retention_days: int) -> datetime:
    """Return the first instant at which footage that began at ``started_at`` is past its retention."""
    return started_at + timedelta(days=retention_days)
