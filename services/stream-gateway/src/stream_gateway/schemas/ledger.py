"""The recorded-seconds ledger of a day."""

from datetime import date, datetime

from pydantic import BaseModel


class GapOut(BaseModel):
    """Expected time without footage, half-open, and why."""

    started_at: datetime
    ended_at: datetime
    cause: str


class EdgeAskedOut(BaseModel):
    """Time that the camera itself was asked for, half-open; ``reason``: why it did not come, empty if stored."""

    started_at: datetime
    ended_at: datetime
    times: int
    reason: str


class LedgerOut(BaseModel):
    """What became of one camera's expected time: ``expected_seconds`` = recorded + gap + open, to the second.

    ``open_seconds``: not accounted for yet; the present minute, or what the audit will declare. ``edge``: what the
    camera was asked for of its own recording.
    """

    camera_id: str
    label: str
    insee: str
    expected_seconds: float
    recorded_seconds: float
    gap_seconds: float
    open_seconds: float
    gaps: list[GapOut]
    edge: list[EdgeAskedOut] = []


class LedgerDay(BaseModel):
    """The ledger of a day of Europe/Paris; ``next_cursor`` is the last camera of a full page."""

    day: date
    items: list[LedgerOut]
    next_cursor: str | None
