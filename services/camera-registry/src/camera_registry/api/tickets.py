"""Maintenance tickets: list, read, open, comment, close."""

from typing import Annotated, Literal

from fastapi import APIRouter, Path, Query

from camera_registry.api.access import CONFIGURATION, SCOPE_READ, SCOPE_WRITE, Desk, TheDesk
from camera_registry.api.cameras import PRINTABLE
from camera_registry.api.fleet import told
from camera_registry.api.paging import after_cursor, cursor_of
from camera_registry.domain.ticket import Comment, Ticket
from camera_registry.repository.tickets import TicketFilters, comments_of, one_ticket, tickets_in
from camera_registry.schemas.texts import ShortText
from camera_registry.schemas.tickets import CommentIn, TicketIn, TicketList, TicketOut, TicketThread
from camera_registry.use_cases.tickets import close_ticket, comment_ticket, open_ticket
from common.ids import new_id
from common.problems import NotFound
from contracts.envelope import Insee
from guard import Motive
from policy import Action

router = APIRouter()
TicketId = Annotated[str, Path(pattern=PRINTABLE, max_length=100)]


@router.get("/tickets")
async def list_tickets(
    who: TheDesk,
    state: Literal["open", "closed", "all"] = "open",
    insee: Insee | None = None,
    camera_id: Annotated[str | None, Query(pattern=PRINTABLE, max_length=100)] = None,
    q: ShortText = "",
    cursor: Annotated[str | None, Query(max_length=200)] = None,
    limit: Annotated[int, Query(ge=1, le=500)] = 100,
) -> TicketList:
    """Return the tickets of the caller's communes, the newest first."""
    communes = await _readable(who)
    filters = TicketFilters(None if state == "all" else state == "open", insee, camera_id, q)
    after = after_cursor(cursor)
    found = await tickets_in(who.connection, communes, filters, after=after, limit=limit + 1)
    more = len(found) > limit
    items = [TicketOut.of(one) for one in found[:limit]]
    return TicketList(items=items, next_cursor=cursor_of(items[-1].ticket_id) if more else None)


@router.get("/tickets/{ticket_id}")
async def read_ticket(ticket_id: TicketId, who: TheDesk) -> TicketThread:
    """Return a ticket, open or closed, with what was said on it."""
    communes = await _readable(who)
    ticket = await one_ticket(who.connection, ticket_id)
    if ticket is None or ticket.insee not in communes:
        raise await who.hidden((Action.SUPERVISE,), "Le ticket", ticket_id, ticket.insee if ticket else None)
    return await _thread(who, ticket)


@router.post("/tickets", status_code=201)
async def post_ticket(who: TheDesk, body: TicketIn) -> TicketOut:
    """Open a ticket over cameras of one commune: the reason for which a technician may look at them."""
    await _supervising(who, body.insee, f"ouverture d'un ticket : {body.title}", subject="Cette commune")
    with told():
        ticket = body.to_domain(str(new_id()), by=who.name, at=who.at)
        return TicketOut.of(await open_ticket(conn=who.connection, ticket=ticket))


@router.post("/tickets/{ticket_id}/comments", status_code=201)
async def post_comment(ticket_id: TicketId, who: TheDesk, body: CommentIn) -> TicketThread:
    """Say something on an open ticket."""
    ticket = await _allowed(who, ticket_id, "commentaire")
    comment = Comment(body.comment_id or str(new_id()), ticket_id, who.name, body.text, who.at)
    with told():
        await comment_ticket(conn=who.connection, comment=comment)
    return await _thread(who, ticket)


@router.post("/tickets/{ticket_id}/closure")
async def post_closure(ticket_id: TicketId, who: TheDesk) -> TicketThread:
    """Close a ticket; it stays readable, and nobody sees a camera under it any more."""
    await _allowed(who, ticket_id, "clôture")
    with told():
        ticket = await close_ticket(conn=who.connection, ticket_id=ticket_id, by=who.name, at=who.at)
    return await _thread(who, ticket)


async def _allowed(who: Desk, ticket_id: str, what: str) -> Ticket:
    ticket = await one_ticket(who.connection, ticket_id)
    if ticket is None:
        raise NotFound("Le ticket", ticket_id)
    await _supervising(who, ticket.insee, f"{what} du ticket {ticket_id}", subject=f"Le ticket « {ticket_id} »")
    return ticket


async def _readable(who: Desk) -> frozenset[str]:
    """Return the communes whose tickets the caller may read."""
    return await who.reads((Action.SUPERVISE,), SCOPE_READ, SCOPE_WRITE)


async def _supervising(who: Desk, insee: str, why: str, *, subject: str) -> None:
    await who.allow(Action.SUPERVISE, SCOPE_WRITE, Motive(CONFIGURATION, why), communes=(insee,), subject=subject)


async def _thread(who: Desk, ticket: Ticket) -> TicketThread:
    return TicketThread.whole(ticket, await comments_of(who.connection, ticket.ticket_id))
