"""Footage that is not in the object store yet, on whichever media node it lies: all are asked, each in short time.

A camera that changed its node a moment ago has its last minute on two of them.
"""

import asyncio
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

import httpx
import structlog

from common.auth import ServiceKey
from stream_gateway.domain.replays import ReplaySegment
from stream_gateway.ports import FilmGone, RecentFootage

SCOPE = "media.footage"
_SECONDS = 2.0
_BETWEEN = "::"
"""Between the node's name and the path in its spool; no node's name holds a colon."""

_LOG = structlog.get_logger("stream-gateway.footage")


class FarFootage:
    """``RecentFootage`` of this node's spool and of all others'. ``nodes`` gives the URLs of the other live nodes."""

    def __init__(
        self, own: RecentFootage, nodes: Callable[[], Mapping[str, str]], client: httpx.AsyncClient, key: ServiceKey
    ) -> None:
        self._own = own
        self._nodes = nodes
        self._client = client
        self._key = key

    async def find(self, camera_id: str, starts_at: datetime, ends_at: datetime) -> list[ReplaySegment]:
        asked = [self._ask(node, url, camera_id, starts_at, ends_at) for node, url in self._nodes().items()]
        own, *others = await asyncio.gather(self._own.find(camera_id, starts_at, ends_at), *asked)
        found = [*own, *(segment for segments in others for segment in segments)]
        return sorted(found, key=lambda segment: segment.started_at)

    async def read(self, object_key: str, start: int, length: int) -> bytes:
        node, between, path = object_key.partition(_BETWEEN)
        if not between:
            return await self._own.read(object_key, start, length)
        url = self._nodes().get(node)
        if url is None:
            raise FilmGone(f"{node} is not there")
        asked = {"key": path, "start": str(start), "length": str(length)}
        try:
            answer = await self._get(f"{url}/api/stream/internal/footage/bytes", asked)
        except httpx.HTTPError as error:
            raise FilmGone(f"{node} does not give {path}") from error
        return answer.content

    async def _ask(
        self, node: str, url: str, camera_id: str, starts_at: datetime, ends_at: datetime
    ) -> list[ReplaySegment]:
        asked = {"camera_id": camera_id, "from": starts_at.isoformat(), "to": ends_at.isoformat()}
        try:
            answer = await self._get(f"{url}/api/stream/internal/footage", asked)
            return [_segment(node, item) for item in answer.json()["items"]]
        except (httpx.HTTPError, ValueError, KeyError, TypeError) as error:
            _LOG.info("a media node tells nothing of its spool", node=node, cause=type(error).__name__)
            return []

    async def _get(self, url: str, asked: Mapping[str, str]) -> httpx.Response:
        headers = {"Authorization": f"Bearer {self._key.token({SCOPE})}"}
        answer = await self._client.get(url, params=asked, headers=headers, timeout=_SECONDS)
        return answer.raise_for_status()


def _segment(node: str, item: Mapping[str, Any]) -> ReplaySegment:
    return ReplaySegment(
        started_at=datetime.fromisoformat(item["started_at"]),
        ended_at=datetime.fromisoformat(item["ended_at"]),
        expires_at=datetime.fromisoformat(item["expires_at"]),
        bucket="",
        object_key=f"{node}{_BETWEEN}{item['key']}",
        size=int(item["size"]),
        recent=True,
    )
