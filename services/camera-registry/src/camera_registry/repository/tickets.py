"""Maintenance tickets: saved with their state in the ``tickets`` bucket."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, select, tuple_
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.engine import Row
from sqlalchemy.ext.asyncio import AsyncConnection

from camera_registry.domain.commune import folded
from camera_registry.domain.ticket import Comment, Ticket
from camera_registry.tables import cameras, ticket_comments, tickets
from common import outbox
from contracts.registry import TicketState
from contracts.streams import BUCKET_TICKETS


@dataclass(frozen=True, slots=True)
class TicketFilters:
    """What a list asks for. ``is_open`` None: open and closed ones."""

    is_open: bool | None = None
    insee: str | None = None
    camera_id: str | None = None
    text: str = ""


async def tickets_in(
    conn: AsyncConnection, insee_codes: Iterable[str], filters: TicketFilters, *, after: str | None, limit: int
) -> list[Ticket]:
    """Return at most ``limit`` tickets of these communes, the newest first, those older than ticket ``after``."""
    query = (
        select(tickets)
        .where(tickets.c.insee.in_(sorted(insee_codes)), *_conditions(filters))
        .order_by(tickets.c.opened_at.desc(), tickets.c.ticket_id.desc())
        .limit(limit)
    )
    if after is not None:
        cursor = select(tickets.c.opened_at, tickets.c.ticket_id).where(tickets.c.ticket_id == after)
        query = query.where(tuple_(tickets.c.opened_at, tickets.c.ticket_id) < cursor.scalar_subquery())
    return [_ticket(row) for row in await conn.execute(query)]


async def one_ticket(conn: AsyncConnection, ticket_id: str) -> Ticket | None:
    """Return a ticket, its row locked until the transaction ends."""
    query = select(tickets).where(tickets.c.ticket_id == ticket_id).with_for_update()
    row = (await conn.execute(query)).one_or_none()
    return _ticket(row) if row else None


async def communes_of_cameras(conn: AsyncConnection, camera_ids: Iterable[str]) -> dict[str, str]:
    """Return the INSEE code of each of these cameras that is registered."""
    query = select(cameras.c.camera_id, cameras.c.insee).where(cameras.c.camera_id.in_(sorted(camera_ids)))
    return {row.camera_id: row.insee for row in await conn.execute(query)}


async def save_ticket(conn: AsyncConnection, ticket: Ticket) -> None:
    """Insert or replace a ticket and put its state to the bucket."""
    values = {
        "ticket_id": ticket.ticket_id,
        "insee": ticket.insee,
        "camera_ids": list(ticket.camera_ids),
        "title": ticket.title,
        "description": ticket.description,
        "search": folded(f"{ticket.title} {ticket.description} {' '.join(ticket.camera_ids)}"),
        "opened_by": ticket.opened_by,
        "opened_at": ticket.opened_at,
        "closed_by": ticket.closed_by,
        "closed_at": ticket.closed_at,
        "revision": ticket.revision,
    }
    statement = insert(tickets).values(values)
    changed = {name: statement.excluded[name] for name in ("closed_by", "closed_at", "revision")}
    await conn.execute(statement.on_conflict_do_update(index_elements=["ticket_id"], set_=changed))
    state = TicketState(
        ticket_id=ticket.ticket_id,
        insee=ticket.insee,
        camera_ids=ticket.camera_ids,
        title=ticket.title,
        opened_at=ticket.opened_at,
        closed_at=ticket.closed_at,
    )
    aggregate = f"ticket:{ticket.ticket_id}"
    await outbox.append_states(conn, [outbox.StateRow(BUCKET_TICKETS, ticket.ticket_id, state, aggregate)])


async def comments_of(conn: AsyncConnection, ticket_id: str) -> list[Comment]:
    """Return what was said on a ticket, the oldest first."""
    query = (
        select(ticket_comments)
        .where(ticket_comments.c.ticket_id == ticket_id)
        .order_by(ticket_comments.c.at, ticket_comments.c.comment_id)
    )
    return [Comment(row.comment_id, row.ticket_id, row.author, row.text, row.at) for row in await conn.execute(query)]


async def save_comment(conn: AsyncConnection, comment: Comment) -> None:
    """Keep a comment; one with an id that is known already changes nothing."""
    values = {
        "comment_id": comment.comment_id,
        "ticket_id": comment.ticket_id,
        "author": comment.author,
        "text": comment.text,
        "at": comment.at,
    }
    await conn.execute(insert(ticket_comments).values(values).on_conflict_do_nothing(index_elements=["comment_id"]))


def _conditions(filters: TicketFilters) -> list[ColumnElement[bool]]:
    conditions: list[ColumnElement[bool]] = []
    if filters.is_open is not None:
        conditions.append(tickets.c.closed_at.is_(None) if filters.is_open else tickets.c.closed_at.is_not(None))
    if filters.insee is not None:
        conditions.append(tickets.c.insee == filters.insee)
    if filters.camera_id is not None:
        conditions.append(tickets.c.camera_ids.contains([filters.camera_id]))
    words = folded(filters.text).split()
    conditions.extend(tickets.c.search.contains(word, autoescape=True) for word in words)
    return conditions


def _ticket(row: Row[Any]) -> Ticket:
    return Ticket(
        ticket_id=row.ticket_id,
        insee=row.insee,
        camera_ids=tuple(row.camera_ids),
        title=row.title,
        description=row.description,
        opened_by=row.opened_by,
        opened_at=row.opened_at,
        closed_by=row.closed_by,
        closed_at=row.closed_at,
        revision=row.revision,
    )
