"""The WebSocket that carries pictures.

The agent's own cookie or bearer token says who connects; the session token, in the first message and never in the
URL, says which session. Both must name the same agent. Pictures are binary: the init segment, then fragments of one
picture each, one or several to a message, beginning with the cached group of pictures; text messages are JSON.
"""

import asyncio
import json
from typing import Any
from uuid import UUID

from fastapi import APIRouter, WebSocket, WebSocketDisconnect

from common.auth import SESSION_COOKIE, Principal, TokenVerifier
from common.problems import Problem, Unauthenticated
from common.web import bearer_token
from stream_gateway.api.admission import SessionOver, admitted
from stream_gateway.api.sockets import end
from stream_gateway.api.state import TheShowing, TheWatch
from stream_gateway.domain.fragments import InitSegment
from stream_gateway.domain.sessions import CloseReason, ViewingSession
from stream_gateway.live.marked import NoRoomToMark
from stream_gateway.live.viewer import FeedState, Viewer
from stream_gateway.live.watch import Attachment, SessionWatch
from stream_gateway.metrics import LIVE_BYTES

router = APIRouter(prefix="/api/stream")

CLOSED_RELEASED = 1000
CLOSED_UNAUTHENTICATED = 4401
CLOSED_REFUSED = 4403
CLOSED_LEASE_EXPIRED = 4408
CLOSED_REVOKED = 4410
NO_ROOM_WORD = "watermark_full"
"""Why an admitted session is refused: its pictures need a watermark, and there is no room to burn one in."""
_FIRST_MESSAGE_SECONDS = 5.0
_LONGEST_MESSAGE = 4096
_CODES = {
    CloseReason.RELEASED: CLOSED_RELEASED,
    CloseReason.EXPIRED: CLOSED_LEASE_EXPIRED,
    CloseReason.REVOKED: CLOSED_REVOKED,
    CloseReason.AUTHORISATION_ENDED: CLOSED_REVOKED,
    CloseReason.ENDED_BY_SUPERVISOR: CLOSED_REVOKED,
    CloseReason.WATERMARK: CLOSED_REVOKED,
}


class _Refused(Exception):
    """The connection is to be closed with a code."""

    def __init__(self, code: int, reason: str) -> None:
        super().__init__(reason)
        self.code = code
        self.reason = reason


@router.websocket("/sessions/{session_id}/ws")
async def view(socket: WebSocket, session_id: UUID, showing: TheShowing, watch: TheWatch) -> None:
    """Show a granted session's pictures until somebody or something ends it."""
    if _foreign_page(socket):
        await socket.close(CLOSED_REFUSED)  # before accepting: the browser sees a refused handshake
        return
    await socket.accept()
    try:
        session = await _admit(socket, session_id, watch)
        with watch.attach(session) as attachment:
            async with showing.pictures(attachment) as join, join() as viewer:
                await _show(socket, viewer, attachment)
    except NoRoomToMark:
        await end(socket, CLOSED_REFUSED, NO_ROOM_WORD)
    except _Refused as refused:
        await end(socket, refused.code, refused.reason)
    except WebSocketDisconnect:
        return


def _foreign_page(socket: WebSocket) -> bool:
    """Tell whether a browser page of another origin connects; a cookie counts only from our own page."""
    origin = socket.headers.get("origin")
    if origin is None:
        return SESSION_COOKIE in socket.cookies and "authorization" not in socket.headers
    return origin != socket.app.state.public_origin


async def _admit(socket: WebSocket, session_id: UUID, watch: SessionWatch) -> ViewingSession:
    """Return the session this connection may show; raises _Refused."""
    try:
        agent = socket.app.state.guard.agent(_principal(socket))
        token = await _first_token(socket)
        return await admitted(socket, session_id, agent.agent_id, watch, token=token, transport="ws")
    except Unauthenticated as error:
        raise _Refused(CLOSED_UNAUTHENTICATED, "unauthenticated") from error
    except Problem as error:
        raise _Refused(CLOSED_REFUSED, error.slug) from error
    except SessionOver as over:
        raise _Refused(_CODES[over.reason], over.reason.value) from over


def _principal(socket: WebSocket) -> Principal:
    token, _ = bearer_token(socket)
    if not token:
        raise Unauthenticated
    verifier: TokenVerifier = socket.app.state.verifier
    return verifier.verify(token)


async def _first_token(socket: WebSocket) -> str:
    try:
        async with asyncio.timeout(_FIRST_MESSAGE_SECONDS):
            text = await socket.receive_text()
        if len(text) > _LONGEST_MESSAGE:
            raise Unauthenticated
        message: Any = json.loads(text)
        return str(message["token"])
    except (TimeoutError, ValueError, KeyError, TypeError):
        raise Unauthenticated from None


async def _show(socket: WebSocket, viewer: Viewer, attachment: Attachment) -> None:
    """Send until the peer goes, which reading notices, or the session is over, which raises _Refused."""
    sending = asyncio.create_task(_send(socket, viewer))
    reading = asyncio.create_task(_read(socket))
    tasks: set[asyncio.Future[Any]] = {sending, reading, attachment.over}
    try:
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    finally:
        sending.cancel()
        reading.cancel()
        await asyncio.gather(sending, reading, return_exceptions=True)
    if attachment.over.done():
        reason = attachment.over.result()
        raise _Refused(_CODES[reason], reason.value)


async def _send(socket: WebSocket, viewer: Viewer) -> None:
    while True:
        message = await viewer.next_message()
        match message:
            case bytes():
                await socket.send_bytes(message)
                LIVE_BYTES.inc(len(message))
            case InitSegment():
                await socket.send_text(json.dumps({"type": "init", "codec": message.codec, "mime": message.mime}))
                await socket.send_bytes(message.content)
            case FeedState():
                await socket.send_text(
                    json.dumps({"type": "state", "state": message.state, "reason": message.reason}, ensure_ascii=False)
                )


async def _read(socket: WebSocket) -> None:
    """Read and ignore: without a reader a close from the peer would hang."""
    while True:
        message = await socket.receive()
        if message["type"] == "websocket.disconnect":
            return
