"""Commands on sessions. Who comes in, stays, leaves or is refused asks for a row of the register."""

from datetime import datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from access.domain.agents import Agent
from access.domain.entries import login_entry
from access.domain.errors import LoginProblem, LoginRefused
from access.domain.sessions import Session
from access.repository import agents, register, sessions


async def open_session(
    conn: AsyncConnection, *, login: str, session_id: UUID, entry_id: UUID, station: str, at: datetime
) -> Session:
    """Open a session for the person the identity provider vouched for.

    Raises:
        LoginRefused: no such agent, revoked, or without a habilitation in force.
    """
    agent = await agents.find(conn, login)
    if agent is None:
        raise LoginRefused(LoginProblem.COMPTE_INCONNU)
    session = Session.open(session_id=session_id, agent=agent, at=at)
    await sessions.save(conn, session)
    await register.ask_for(conn, login_entry(login, agent, None, entry_id=entry_id, station=station, at=at))
    return session


async def record_refused_login(
    conn: AsyncConnection, *, login: str, problem: LoginProblem, entry_id: UUID, station: str, at: datetime
) -> None:
    """Ask for the register row of a log-in that was refused."""
    agent = await agents.find(conn, login)
    await register.ask_for(conn, login_entry(login, agent, problem, entry_id=entry_id, station=station, at=at))


async def refresh_session(conn: AsyncConnection, *, session_id: UUID, at: datetime) -> tuple[Session, Agent]:
    """Return the session that goes on and its agent.

    Raises:
        LoginRefused: the session is unknown or over, or the agent lost the right.
    """
    session = await sessions.find(conn, session_id)
    agent = await agents.find(conn, session.agent_id) if session else None
    if session is None or agent is None:
        raise LoginRefused(LoginProblem.SESSION_TERMINEE)
    session.refresh(agent, at)
    return session, agent


async def end_session(
    conn: AsyncConnection, *, agent_id: str, session_id: UUID, entry_id: UUID, station: str, at: datetime
) -> None:
    """Log out and tell every service; an unknown or already closed session is no error.

    The agent is locked before the session, in the order of a revocation.
    """
    agent = await agents.find(conn, agent_id, for_update=True)
    session = await sessions.find(conn, session_id)
    if agent is None or session is None or session.agent_id != agent_id or session.ended_at is not None:
        return
    await sessions.save(conn, session.ended(at))
    await agents.publish_state(conn, agent, at=at)
    entry = login_entry(agent.agent_id, agent, None, entry_id=entry_id, station=station, at=at, action="logout")
    await register.ask_for(conn, entry)
