"""Viewing sessions."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from common import outbox
from common.ids import new_id
from contracts.envelope import Payload
from contracts.stream import (
    FACT_SESSION_CLOSED,
    FACT_SESSION_OPENED,
    FACT_SESSION_SWITCHED,
    OWNER,
    SessionClosed,
    SessionOpened,
    SessionSwitched,
)
from stream_gateway.domain.sessions import CloseReason, ViewingSession
from stream_gateway.repository.envelopes import fact_envelope
from stream_gateway.tables import sessions


async def add_session(connection: AsyncConnection, session: ViewingSession) -> None:
    """Store a new session and say that it was opened."""
    await connection.execute(insert(sessions).values(**_session_row(session)))
    fact = SessionOpened(
        session_id=session.session_id,
        camera_id=session.camera_id,
        agent_id=session.agent_id,
        opened_at=session.opened_at,
    )
    await _say(connection, session, fact, FACT_SESSION_OPENED, session.opened_at)


async def find_session(
    connection: AsyncConnection, session_id: UUID, *, for_update: bool = False
) -> ViewingSession | None:
    """Return a session, locked until the transaction ends if it is to be changed."""
    query = select(sessions).where(sessions.c.session_id == session_id)
    row = (await connection.execute(query.with_for_update() if for_update else query)).mappings().first()
    return session_of(row) if row else None


async def find_sessions(connection: AsyncConnection, session_ids: Sequence[UUID]) -> dict[UUID, ViewingSession]:
    """Return several sessions by id."""
    rows = await connection.execute(select(sessions).where(sessions.c.session_id.in_(session_ids)))
    return {session.session_id: session for session in map(session_of, rows.mappings())}


async def save_session(connection: AsyncConnection, session: ViewingSession) -> None:
    """Store a changed session; one that has just been closed is announced."""
    await connection.execute(
        update(sessions).where(sessions.c.session_id == session.session_id).values(**_session_row(session))
    )
    if session.closed_at is not None and session.close_reason is not None:
        fact = SessionClosed(
            session_id=session.session_id,
            camera_id=session.camera_id,
            agent_id=session.agent_id,
            closed_at=session.closed_at,
            reason=session.close_reason.value,
        )
        await _say(connection, session, fact, FACT_SESSION_CLOSED, session.closed_at)


async def say_switched(connection: AsyncConnection, session: ViewingSession, at: datetime) -> None:
    """Say that a session goes on in another quality or context."""
    fact = SessionSwitched(
        session_id=session.session_id,
        camera_id=session.camera_id,
        agent_id=session.agent_id,
        switched_at=at,
        quality=session.quality,
        incident_id=session.incident_id,
        ticket_id=session.ticket_id,
    )
    await _say(connection, session, fact, FACT_SESSION_SWITCHED, at)


async def nominate_expired(connection: AsyncConnection, at: datetime, *, at_most: int = 200) -> list[UUID]:
    """Return open sessions whose lease seems to be over; the job confirms each under lock."""
    query = (
        select(sessions.c.session_id)
        .where(sessions.c.closed_at.is_(None), sessions.c.lease_until <= at)
        .order_by(sessions.c.lease_until)
        .limit(at_most)
    )
    return list((await connection.execute(query)).scalars())


async def _say(connection: AsyncConnection, session: ViewingSession, fact: Payload, name: str, at: datetime) -> None:
    envelope = fact_envelope(
        fact,
        event_id=new_id(),
        owner=OWNER,
        fact=name,
        aggregate=f"session:{session.session_id}",
        insee=session.insee,
        at=at,
    )
    await outbox.append(connection, [envelope])


def _session_row(session: ViewingSession) -> dict[str, Any]:
    return {column.name: getattr(session, column.name) for column in sessions.columns}


def session_of(row: Mapping[Any, Any]) -> ViewingSession:
    """Return the session of a row of its table."""
    values = {str(name): value for name, value in row.items()}
    reason = values.pop("close_reason")
    return ViewingSession(**values, close_reason=CloseReason(reason) if reason else None)
