"""Sessions of agents."""

from uuid import UUID

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from access.domain.sessions import Session
from access.tables import sessions


async def find(conn: AsyncConnection, session_id: UUID) -> Session | None:
    """Return a session, its row locked, or None."""
    query = select(sessions).where(sessions.c.session_id == session_id).with_for_update()
    row = (await conn.execute(query)).one_or_none()
    if row is None:
        return None
    return Session(row.session_id, row.agent_id, row.epoch, row.opened_at, row.ends_at, row.ended_at)


async def save(conn: AsyncConnection, session: Session) -> None:
    """Insert a session or record its end."""
    values = {
        "session_id": session.session_id,
        "agent_id": session.agent_id,
        "epoch": session.epoch,
        "opened_at": session.opened_at,
        "ends_at": session.ends_at,
        "ended_at": session.ended_at,
    }
    end = {"ended_at": session.ended_at}
    await conn.execute(
        insert(sessions).values(values).on_conflict_do_update(index_elements=[sessions.c.session_id], set_=end)
    )
