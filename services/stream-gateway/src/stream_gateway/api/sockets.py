"""What every WebSocket of this service has in common."""

import contextlib

from fastapi import WebSocket, WebSocketDisconnect


async def end(socket: WebSocket, code: int, reason: str = "") -> None:
    """Close a connection with a code; a peer that went in the meantime, said or unsaid, is no error."""
    with contextlib.suppress(RuntimeError, WebSocketDisconnect):
        await socket.close(code, reason)
