"""Requests and responses about maintenance tickets."""

from collections.abc import Iterable
from datetime import datetime
from typing import Annotated

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, StringConstraints

from camera_registry.domain.ticket import MAX_CAMERAS, Comment, Ticket
from camera_registry.schemas.texts import Key, Line, LongText
from contracts.envelope import Insee

SaidText = Annotated[LongText, StringConstraints(min_length=1)]


class TicketIn(BaseModel):
    """A ticket to open. ``ticket_id`` chosen by the form makes a doubled click harmless."""

    model_config = ConfigDict(extra="forbid")

    ticket_id: Key | None = None
    insee: Insee
    camera_ids: list[Key] = Field(min_length=1, max_length=MAX_CAMERAS)
    title: Line
    description: LongText = ""

    def to_domain(self, new_id: str, *, by: str, at: datetime) -> Ticket:
        """Return the ticket; raises domain.TicketInvalid."""
        return Ticket(
            ticket_id=self.ticket_id or new_id,
            insee=self.insee,
            camera_ids=tuple(dict.fromkeys(self.camera_ids)),
            title=self.title,
            description=self.description,
            opened_by=by,
            opened_at=at,
        )


class CommentIn(BaseModel):
    """Something to say on a ticket. ``comment_id`` chosen by the form makes a doubled click harmless."""

    model_config = ConfigDict(extra="forbid")

    comment_id: Key | None = None
    text: SaidText


class TicketOut(BaseModel):
    """A ticket; open while ``closed_at`` is null."""

    ticket_id: str
    insee: str
    camera_ids: list[str]
    title: str
    description: str
    opened_by: str
    opened_at: AwareDatetime
    closed_by: str | None
    closed_at: AwareDatetime | None

    @classmethod
    def of(cls, one: Ticket) -> "TicketOut":
        return cls(
            ticket_id=one.ticket_id,
            insee=one.insee,
            camera_ids=list(one.camera_ids),
            title=one.title,
            description=one.description,
            opened_by=one.opened_by,
            opened_at=one.opened_at,
            closed_by=one.closed_by,
            closed_at=one.closed_at,
        )


class CommentOut(BaseModel):
    """What somebody said on a ticket."""

    comment_id: str
    author: str
    text: str
    at: AwareDatetime


class TicketThread(TicketOut):
    """A ticket with what was said on it, the oldest first."""

    comments: list[CommentOut]

    @classmethod
    def whole(cls, ticket: Ticket, comments: Iterable[Comment]) -> "TicketThread":
        """Put the two together."""
        return cls(
            **TicketOut.of(ticket).model_dump(),
            comments=[
                CommentOut(comment_id=one.comment_id, author=one.author, text=one.text, at=one.at) for one in comments
            ],
        )


class TicketList(BaseModel):
    """A page of tickets, the newest first; ``next_cursor`` asks for the following one."""

    items: list[TicketOut]
    next_cursor: str | None = None
