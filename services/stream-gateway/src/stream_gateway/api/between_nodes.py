"""The media nodes' endpoint for each other: pictures of a camera that this node pulls. Never reachable from outside."""

import asyncio
from collections import deque
from collections.abc import Sequence
from typing import Annotated

from fastapi import APIRouter, Query, WebSocket, WebSocketDisconnect
from starlette.requests import HTTPConnection

from common.auth import TokenVerifier
from common.problems import Problem
from common.web import bearer_token
from stream_gateway.api.sockets import end
from stream_gateway.domain.access_units import AccessUnit, ParameterSets
from stream_gateway.domain.sessions import Quality
from stream_gateway.ingest.hub import StreamHub
from stream_gateway.ingest.line import Line
from stream_gateway.live.far import NOT_HERE, SCOPE
from stream_gateway.live.node_wire import begin_text, units_message, word_text

router = APIRouter(prefix="/api/stream")

_REFUSED = 4403
_MOST_WAITING_BYTES = 8 * 1024 * 1024
_BEAT_SECONDS = 0.5


class _Line:
    """A ``PictureTaker`` that queues for the other node; when that is slow, pictures up to a key frame are dropped."""

    hurried = True

    def __init__(self) -> None:
        self._messages: deque[str | list[AccessUnit]] = deque()
        self._bytes = 0
        self._skipping = False
        self._arrived = asyncio.Event()

    def begin(self, parameters: ParameterSets, line: Line) -> None:
        self._put(begin_text(parameters, line.engine))

    def take(self, units: Sequence[AccessUnit]) -> None:
        for unit in units:
            if self._bytes > _MOST_WAITING_BYTES:
                self._skipping = True
            elif unit.keyframe:
                self._skipping = False
            if self._skipping:
                continue
            self._bytes += len(unit.sample)
            if self._messages and isinstance(self._messages[-1], list):
                self._messages[-1].append(unit)
            else:
                self._messages.append([unit])
        self._arrived.set()

    def lost(self, cause: str) -> None:
        self._put(word_text("lost", cause))

    def broken(self, reason: str) -> None:
        self._put(word_text("broken", reason))

    def _put(self, text: str) -> None:
        self._messages.append(text)
        self._arrived.set()

    async def next_message(self) -> str | bytes:
        while not self._messages:
            self._arrived.clear()
            await self._arrived.wait()
        message = self._messages.popleft()
        if isinstance(message, str):
            return message
        self._bytes -= sum(len(unit.sample) for unit in message)
        return units_message(message)


@router.websocket("/internal/live/{quality}")
async def hand_on(socket: WebSocket, quality: Quality, camera_id: Annotated[str, Query(max_length=100)]) -> None:
    """Hand the pictures of a camera on to another node of the house, while this one has it."""
    await socket.accept()
    hub = _hub(socket, camera_id, quality) if _of_the_house(socket) else None
    if hub is None:
        await end(socket, NOT_HERE if _of_the_house(socket) else _REFUSED)
        return
    line = _Line()
    hub.join(line)
    reading = asyncio.create_task(_read(socket))
    sending = asyncio.create_task(_send(socket, line))
    try:
        while not (reading.done() or sending.done()) and _hub(socket, camera_id, quality) is hub:
            await asyncio.wait({reading, sending}, timeout=_BEAT_SECONDS, return_when=asyncio.FIRST_COMPLETED)
    finally:
        hub.leave(line)
        reading.cancel()
        sending.cancel()
        await asyncio.gather(reading, sending, return_exceptions=True)
    if not reading.done() or reading.cancelled():
        await end(socket, NOT_HERE)


def _of_the_house(connection: HTTPConnection) -> bool:
    verifier: TokenVerifier = connection.app.state.verifier
    token, _ = bearer_token(connection)
    try:
        principal = verifier.verify(token or "")
    except Problem:
        return False
    return principal.kind == "service" and SCOPE in principal.scopes


def _hub(connection: HTTPConnection, camera_id: str, quality: Quality) -> StreamHub | None:
    hubs = getattr(connection.app.state, "hubs", None)
    return hubs.hub(camera_id, quality) if hubs is not None else None


async def _send(socket: WebSocket, line: _Line) -> None:
    while True:
        message = await line.next_message()
        if isinstance(message, str):
            await socket.send_text(message)
        else:
            await socket.send_bytes(message)


async def _read(socket: WebSocket) -> None:
    """Read and ignore: without a reader a close from the peer would hang."""
    try:
        while (await socket.receive())["type"] != "websocket.disconnect":
            pass
    except WebSocketDisconnect:
        return
