"""Who watches what, and the shift leader's hand on it."""

from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from guard import Guard
from policy import Action
from stream_gateway.domain.sessions import CloseReason, ViewingSession
from stream_gateway.domain.watching import Watching, watching
from stream_gateway.repository import sessions
from stream_gateway.repository import watching as rows
from stream_gateway.use_cases.asking import Asked, check_right, require
from stream_gateway.use_cases.sessions import SessionUnknown


async def watching_now(
    connection: AsyncConnection, *, guard: Guard, asked: Asked, camera_id: str | None = None
) -> Watching:
    """Return who watches the cameras of the own communes at this instant."""
    agent = await require(connection, guard, asked, Action.SUPERVISE, subject="La liste des consultations")
    open_now = await rows.sessions_open_at(connection, agent.communes, asked.at, camera_id)
    return watching(open_now, agent.communes, asked.at)


async def end_viewing(connection: AsyncConnection, *, guard: Guard, asked: Asked, session_id: UUID) -> ViewingSession:
    """End somebody's session; its register row is that of the shift leader, with the motive.

    Ending what is over already changes nothing. Raises SessionUnknown, also for a camera of another's communes.
    """
    agent = guard.agent(asked.principal)
    session = await sessions.find_session(connection, session_id, for_update=True)
    if session is None or session.insee not in agent.communes:
        raise SessionUnknown(session_id)
    await check_right(connection, guard, asked, Action.END_VIEWING, session.camera_id)
    if session.closed_at is not None:
        return session
    closed = session.closed(asked.at, CloseReason.ENDED_BY_SUPERVISOR)
    await sessions.save_session(connection, closed)
    return closed
