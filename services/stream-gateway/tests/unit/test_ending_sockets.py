"""A WebSocket is closed whether or not its peer is still there."""

import pytest
from fastapi import WebSocket
from starlette.types import Message

from stream_gateway.api.sockets import end


class Peer:
    """Connected, then perhaps gone: a server finds that out when it sends."""

    def __init__(self) -> None:
        self.gone: BaseException | None = None
        self.told: list[Message] = []

    async def receive(self) -> Message:
        return {"type": "websocket.connect"}

    async def send(self, message: Message) -> None:
        if self.gone is not None:
            raise self.gone
        self.told.append(message)


async def accepted(peer: Peer) -> WebSocket:
    socket = WebSocket({"type": "websocket", "headers": [], "path": "/"}, peer.receive, peer.send)
    await socket.accept()
    return socket


async def test_who_is_still_there_is_told_the_code_and_the_reason() -> None:
    peer = Peer()
    await end(await accepted(peer), 4410, "revoked")
    assert peer.told[-1] == {"type": "websocket.close", "code": 4410, "reason": "revoked"}


@pytest.mark.parametrize("gone", [OSError("reset by peer"), RuntimeError("close was sent already")])
async def test_who_is_gone_is_no_error(gone: BaseException) -> None:
    peer = Peer()
    socket = await accepted(peer)
    peer.gone = gone
    await end(socket, 4410, "revoked")
    assert [message["type"] for message in peer.told] == ["websocket.accept"]
