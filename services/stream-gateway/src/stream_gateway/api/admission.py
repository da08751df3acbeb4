"""Who may have a session's pictures: the same for every transport."""

from uuid import UUID

from starlette.requests import HTTPConnection

from common.problems import Unauthenticated
from stream_gateway.domain.sessions import CloseReason, ViewingSession
from stream_gateway.live.watch import SessionWatch
from stream_gateway.repository.sessions import find_session
from stream_gateway.repository.watching import note_transport
from stream_gateway.session_tokens import SessionTokens, Transport

OVER = "Cette session de visionnage est terminée : rouvrez la caméra."
"""What whoever asks for a session that ended is told."""

_WORDS: dict[Transport, str] = {"ws": "websocket", "whep": "webrtc"}
"""How a session says that its pictures travel, for whoever asks who watches what."""


class SessionOver(Exception):
    """The session ended, or would end in the next second."""

    def __init__(self, reason: CloseReason) -> None:
        super().__init__(reason.value)
        self.reason = reason


async def admitted(
    connection: HTTPConnection,
    session_id: UUID,
    agent_id: str,
    watch: SessionWatch,
    *,
    token: str,
    transport: Transport,
) -> ViewingSession:
    """Return an agent's own session that may be shown now over a transport, for which its session token must be.

    Raises:
        Unauthenticated: there is none, or it is another agent's, or the token is for something else.
        SessionOver: it may not be shown any more.
    """
    async with connection.app.state.database.transaction() as transaction:
        session = await find_session(transaction, session_id)
    if session is None or session.agent_id != agent_id:
        raise Unauthenticated
    tokens: SessionTokens = connection.app.state.session_tokens
    tokens.refuse_foreign(token, session, transport)
    now = connection.app.state.clock.now()
    over = session.close_reason or watch.judge(session, now)
    if over is None and not session.alive_at(now):
        over = CloseReason.EXPIRED
    if over is not None:
        raise SessionOver(over)
    if session.transport != _WORDS[transport]:
        async with connection.app.state.database.transaction() as transaction:
            await note_transport(transaction, session_id, _WORDS[transport])
    return session
