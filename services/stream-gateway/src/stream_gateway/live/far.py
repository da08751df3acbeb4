"""Pictures from another media node: one WebSocket per stream and process, however many viewers it serves here."""

import asyncio
import json
from collections.abc import Callable
from typing import Any
from urllib.parse import quote

import structlog
import websockets
from websockets.exceptions import ConnectionClosed, WebSocketException

from common.auth import ServiceKey
from stream_gateway.domain.sessions import Quality
from stream_gateway.ingest.line import Line
from stream_gateway.live.feed import LiveFeed
from stream_gateway.live.feeds import NOT_PLACED
from stream_gateway.live.node_wire import parameters_from, units_from

SCOPE = "media.live"
NOT_HERE = 4404
"""Close code of a node that does not have the camera, or no more."""
_OPEN_SECONDS = 3.0
_CLOSE_SECONDS = 0.2
"""A frozen node answers no farewell, and viewers wait meanwhile."""
_SILENCE_SECONDS = 10.0
_LOOK_SECONDS = 0.5
"""How often a quiet line is asked whether its node still has the camera: one that is frozen says nothing."""
_MOST_BYTES = 64 * 1024 * 1024
_LOG = structlog.get_logger("stream-gateway.far")


class FarNodes:
    """``FarPictures`` over the nodes' own endpoints. ``url_of`` returns the base URL of the node that has a camera."""

    def __init__(self, url_of: Callable[[str], str | None], key: ServiceKey) -> None:
        self._url_of = url_of
        self._key = key

    async def follow(self, camera_id: str, quality: Quality, feed: LiveFeed) -> None:
        base = self._url_of(camera_id)
        if base is None:
            feed.broken(NOT_PLACED)
            return
        url = (
            f"{base.replace('http', 'ws', 1)}/api/stream/internal/live/{quality}?camera_id={quote(camera_id, safe='')}"
        )
        headers = {"Authorization": f"Bearer {self._key.token({SCOPE})}"}
        reason = "la liaison avec le nœud média est coupée"
        try:
            async with websockets.connect(
                url,
                additional_headers=headers,
                compression=None,
                max_size=_MOST_BYTES,
                open_timeout=_OPEN_SECONDS,
                close_timeout=_CLOSE_SECONDS,
            ) as socket:
                await self._receive(socket, feed, lambda: self._url_of(camera_id) == base)
        except (OSError, TimeoutError, WebSocketException, ValueError, KeyError, TypeError) as error:
            _LOG.info("line to a media node ended", cause=type(error).__name__)
            if isinstance(error, ConnectionClosed) and error.rcvd is not None and error.rcvd.code == NOT_HERE:
                reason = NOT_PLACED
        feed.broken(reason)

    async def _receive(
        self, socket: websockets.ClientConnection, feed: LiveFeed, still_there: Callable[[], bool]
    ) -> None:
        loop = asyncio.get_running_loop()
        heard_at = loop.time()
        while still_there():
            try:
                async with asyncio.timeout(_LOOK_SECONDS):
                    message = await socket.recv()
            except TimeoutError:
                if loop.time() - heard_at > _SILENCE_SECONDS:
                    raise
                continue
            heard_at = loop.time()
            if isinstance(message, bytes):
                feed.take(units_from(message))
                continue
            told: dict[str, Any] = json.loads(message)
            if told["type"] == "begin":
                feed.begin(parameters_from(told), Line(str(told["engine"])))
            elif told["type"] == "lost":
                feed.lost(str(told["reason"]))
            else:
                feed.broken(str(told["reason"]))
