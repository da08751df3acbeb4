"""Who watches what, now."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from stream_gateway.domain.sessions import ViewingSession
from stream_gateway.repository.sessions import session_of
from stream_gateway.tables import sessions

_AT_MOST = 5000


async def sessions_open_at(
    connection: AsyncConnection, communes: frozenset[str], at: datetime, camera_id: str | None = None
) -> list[ViewingSession]:
    """Return the living sessions on cameras of these communes (on one camera)."""
    query = select(sessions).where(
        sessions.c.closed_at.is_(None), sessions.c.lease_until > at, sessions.c.insee.in_(sorted(communes))
    )
    if camera_id is not None:
        query = query.where(sessions.c.camera_id == camera_id)
    rows = await connection.execute(query.order_by(sessions.c.opened_at).limit(_AT_MOST))
    return [session_of(row) for row in rows.mappings()]


async def who_saw(connection: AsyncConnection, camera_id: str, starts_at: datetime, ends_at: datetime) -> list[str]:
    """Return the agents who had a camera open at some instant of ``[starts_at, ends_at)``."""
    query = select(sessions.c.agent_id).where(
        sessions.c.camera_id == camera_id,
        sessions.c.opened_at < ends_at,
        or_(sessions.c.closed_at.is_(None), sessions.c.closed_at > starts_at),
        sessions.c.lease_until > starts_at,
    )
    return sorted(set((await connection.execute(query)).scalars()))


async def note_transport(connection: AsyncConnection, session_id: UUID, transport: str) -> None:
    """Note how a session's pictures travel."""
    await connection.execute(update(sessions).where(sessions.c.session_id == session_id).values(transport=transport))
