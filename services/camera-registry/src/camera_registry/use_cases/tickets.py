"""Commands on maintenance tickets."""

from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncConnection

from camera_registry.domain.ticket import Comment, Ticket, TicketInvalid
from camera_registry.repository.tickets import communes_of_cameras, one_ticket, save_comment, save_ticket


class TicketUnknown(LookupError):
    """No ticket has this id."""

    def __init__(self, ticket_id: str) -> None:
        super().__init__(f"ticket {ticket_id}")
        self.ticket_id = ticket_id


class TicketAlreadyOpened(ValueError):
    """A ticket with this id is kept with other content."""


async def open_ticket(*, conn: AsyncConnection, ticket: Ticket) -> Ticket:
    """Keep a new ticket; the same one again (a doubled click) is answered as it stands.

    Raises TicketInvalid, TicketAlreadyOpened.
    """
    known = await one_ticket(conn, ticket.ticket_id)
    if known is not None:
        if not known.same_request(ticket):
            raise TicketAlreadyOpened(ticket.ticket_id)
        return known
    found = await communes_of_cameras(conn, ticket.camera_ids)
    abroad = [camera_id for camera_id in ticket.camera_ids if found.get(camera_id) != ticket.insee]
    if abroad:
        names = ", ".join(abroad)
        raise TicketInvalid(
            "camera_ids", f"Pas dans cette commune : {names}. Ouvrez un ticket par commune, sur des caméras connues."
        )
    await save_ticket(conn, ticket)
    return ticket


async def comment_ticket(*, conn: AsyncConnection, comment: Comment) -> None:
    """Say something on an open ticket. Raises TicketUnknown, TicketClosed."""
    ticket = await _known(conn, comment.ticket_id)
    ticket.check_open()
    await save_comment(conn, comment)


async def close_ticket(*, conn: AsyncConnection, ticket_id: str, by: str, at: datetime) -> Ticket:
    """Close a ticket: nobody sees a camera under it any more. Closed already, it stays so. Raises TicketUnknown."""
    ticket = await _known(conn, ticket_id)
    closed = ticket.closed(by=by, at=at)
    if closed != ticket:
        await save_ticket(conn, closed)
    return closed


async def _known(conn: AsyncConnection, ticket_id: str) -> Ticket:
    ticket = await one_ticket(conn, ticket_id)
    if ticket is None:
        raise TicketUnknown(ticket_id)
    return ticket
