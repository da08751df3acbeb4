"""Bytes and indexes of recorded films, wherever they lie: in the object store, or still in the spool."""

import asyncio
from collections import OrderedDict
from typing import Protocol

from common.object_store import ObjectStore
from stream_gateway.domain.films import FilmIndex
from stream_gateway.domain.replays import ReplaySegment
from stream_gateway.playback.indexing import index_film

_INDEXES = 2000
"""Of one minute each: a day and a half of film, some 10 MB."""

_AT_ONCE = 12


class RecentBytes(Protocol):
    """Reads films that are not in the object store yet."""

    async def read(self, object_key: str, start: int, length: int) -> bytes:
        """Return a range of bytes; raises FilmGone."""
        ...


class Films:
    """Reads recorded films by range. Indexes are kept, bounded; they hold no picture, so that they may outlive one."""

    def __init__(self, store: ObjectStore, recent: RecentBytes) -> None:
        self._store = store
        self._recent = recent
        self._indexes: OrderedDict[tuple[str, str, int], FilmIndex] = OrderedDict()
        self._slots = asyncio.Semaphore(_AT_ONCE)

    async def read(self, segment: ReplaySegment, start: int, length: int) -> bytes:
        """Return a range of bytes of a film; raises FilmGone, ObjectMissing or ObjectStoreError."""
        if length <= 0:
            return b""
        if segment.recent:
            return await self._recent.read(segment.object_key, start, length)
        return await self._store.get_range(segment.bucket, segment.object_key, start, length)

    async def index(self, segment: ReplaySegment) -> FilmIndex:
        """Return what a film holds; raises MalformedMedia, or as ``read`` does."""
        key = (segment.bucket, segment.object_key, segment.size)
        known = self._indexes.get(key)
        if known is not None:
            self._indexes.move_to_end(key)
            return known
        async with self._slots:
            found = await index_film(lambda start, length: self.read(segment, start, length), segment.size)
        self._indexes[key] = found
        while len(self._indexes) > _INDEXES:
            self._indexes.popitem(last=False)
        return found
