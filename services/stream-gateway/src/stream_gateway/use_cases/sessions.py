"""Viewing sessions."""

from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from guard import Guard
from policy import Action
from stream_gateway.domain.sessions import CloseReason, Quality, SessionAlreadyClosed, ViewingSession
from stream_gateway.repository import sessions
from stream_gateway.use_cases.asking import Asked, check_right, must_be_marked


class SessionUnknown(Exception):
    """There is no such session for this agent."""


async def open_session(
    connection: AsyncConnection,
    *,
    guard: Guard,
    asked: Asked,
    session_id: UUID,
    camera_id: str,
    quality: Quality,
    lease_for: timedelta,
) -> ViewingSession:
    """Grant a viewing session. The register row is written in the same transaction: no row, no image."""
    grant = await check_right(connection, guard, asked, Action.LIVE, camera_id, shown_as=session_id)
    session = ViewingSession.open(
        session_id=session_id,
        camera_id=camera_id,
        insee=grant.camera.insee if grant.camera else "",
        agent_id=grant.agent.agent_id,
        epoch=asked.principal.epoch,
        quality=quality,
        incident_id=asked.context.incident_id,
        ticket_id=asked.context.ticket_id,
        at=asked.at,
        lease_for=lease_for,
        login_id=asked.principal.session_id,
        station=asked.station,
        marked=must_be_marked(grant),
    )
    await sessions.add_session(connection, session)
    return session


async def renew_lease(
    connection: AsyncConnection, *, session_id: UUID, agent_id: str, at: datetime, lease_for: timedelta
) -> ViewingSession:
    """Prolong a session; raises SessionUnknown, SessionAlreadyClosed or LeaseExpired."""
    session = await _own_session(connection, session_id, agent_id)
    renewed = session.renewed(at, lease_for)
    await sessions.save_session(connection, renewed)
    return renewed


async def switch_session(
    connection: AsyncConnection, *, guard: Guard, asked: Asked, session_id: UUID, quality: Quality | None
) -> ViewingSession:
    """Go on in another quality (None: the same), in the context that is asked now: a register row for each switch.

    A switch to what the session already is writes nothing. Raises SessionUnknown, SessionAlreadyClosed or
    LeaseExpired; what the policy refuses leaves the session as it was.
    """
    session = await _own_session(connection, session_id, guard.agent(asked.principal).agent_id)
    switched = session.switched(
        asked.at,
        quality=quality or session.quality,
        incident_id=asked.context.incident_id,
        ticket_id=asked.context.ticket_id,
    )
    if switched != session:
        await check_right(connection, guard, asked, Action.LIVE, session.camera_id, shown_as=session_id)
        await sessions.save_session(connection, switched)
        await sessions.say_switched(connection, switched, asked.at)
    return switched


async def own_session(connection: AsyncConnection, *, session_id: UUID, agent_id: str) -> ViewingSession:
    """Return an agent's own session, locked; raises SessionUnknown."""
    return await _own_session(connection, session_id, agent_id)


async def release_session(connection: AsyncConnection, *, session_id: UUID, agent_id: str, at: datetime) -> None:
    """End a session at its owner's wish; one that is already over stays as it ended."""
    session = await _own_session(connection, session_id, agent_id)
    if session.closed_at is None:
        await sessions.save_session(connection, session.closed(at, CloseReason.RELEASED))


async def close_session(
    connection: AsyncConnection, *, session_id: UUID, at: datetime, reason: CloseReason
) -> ViewingSession | None:
    """End a session for a reason of the house; confirmed under lock, None when there is nothing to end."""
    session = await sessions.find_session(connection, session_id, for_update=True)
    if session is None or (reason == CloseReason.EXPIRED and at < session.lease_until):
        return None
    try:
        closed = session.closed(at, reason)
    except SessionAlreadyClosed:
        return None
    await sessions.save_session(connection, closed)
    return closed


async def _own_session(connection: AsyncConnection, session_id: UUID, agent_id: str) -> ViewingSession:
    session = await sessions.find_session(connection, session_id, for_update=True)
    if session is None or session.agent_id != agent_id:
        raise SessionUnknown(session_id)
    return session
