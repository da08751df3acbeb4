"""Maintenance tickets: the dated, named reason for which somebody works on cameras of one commune."""

from dataclasses import dataclass, replace
from datetime import datetime

MAX_CAMERAS = 20


class TicketInvalid(ValueError):
    """A ticket that cannot be kept; the text is French and tells what to mend."""

    def __init__(self, field: str, message: str) -> None:
        super().__init__(message)
        self.field = field
        self.message = message


class TicketClosed(ValueError):
    """Nothing more is said on a closed ticket."""


@dataclass(frozen=True, slots=True)
class Ticket:
    """A ticket over 1-20 cameras of one commune; open while ``closed_at`` is None. Raises TicketInvalid."""

    ticket_id: str
    insee: str
    camera_ids: tuple[str, ...]
    title: str
    description: str
    opened_by: str
    opened_at: datetime
    closed_by: str | None = None
    closed_at: datetime | None = None
    revision: int = 0

    def __post_init__(self) -> None:
        if not 1 <= len(set(self.camera_ids)) <= MAX_CAMERAS:
            raise TicketInvalid("camera_ids", f"Un ticket porte sur 1 à {MAX_CAMERAS} caméras.")
        if not self.title.strip():
            raise TicketInvalid("title", "Donnez un titre au ticket.")

    @property
    def is_open(self) -> bool:
        """Whether work goes on under it."""
        return self.closed_at is None

    def same_request(self, other: "Ticket") -> bool:
        """Tell whether two openings ask for the same ticket: what a doubled click sends."""
        return (self.insee, set(self.camera_ids), self.title, self.description, self.opened_by) == (
            other.insee,
            set(other.camera_ids),
            other.title,
            other.description,
            other.opened_by,
        )

    def closed(self, *, by: str, at: datetime) -> "Ticket":
        """Return the ticket closed; one that is closed already stays as it is."""
        return replace(self, closed_by=by, closed_at=at, revision=self.revision + 1) if self.is_open else self

    def check_open(self) -> None:
        """Raise TicketClosed unless something may still be said on it."""
        if not self.is_open:
            raise TicketClosed(self.ticket_id)


@dataclass(frozen=True, slots=True)
class Comment:
    """What somebody said on a ticket."""

    comment_id: str
    ticket_id: str
    author: str
    text: str
    at: datetime
