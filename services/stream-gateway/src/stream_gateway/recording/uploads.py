"""From the spool to the object store: verified, announced once, then deleted here.

A crash between the PUT and the commit uploads the same bytes to the same key again and commits then; a crash
between the commit and the delete finds the row and only deletes. Nothing is ever deleted without its row.
"""

import asyncio
import contextlib
from collections.abc import Callable
from uuid import UUID

import structlog
from sqlalchemy.exc import DBAPIError, SQLAlchemyError

from common.clock import Clock
from common.database import Database
from common.object_store import ObjectStore, ObjectStoreError, StoredObject, VerificationFailed
from stream_gateway.domain.segments import Segment
from stream_gateway.metrics import (
    ALTERED_FILES,
    RECORDED_BYTES,
    RECORDED_SEGMENTS,
    SPOOL_BYTES,
    SPOOL_DISK_RATIO,
    SPOOL_FILES,
    UPLOAD_FAILURES,
    UPLOAD_LAG,
)
from stream_gateway.recording.queue import UploadQueue
from stream_gateway.recording.spool import ReadyFile, Spool
from stream_gateway.repository.recording import save_uploads

DISK_WARNING = 0.85
DISK_CRITICAL = 0.95
_RETRY_SECONDS = (1.0, 2.0, 5.0, 10.0, 30.0)
_WATCH_SECONDS = 5.0
_GATHER_SECONDS = 0.1
"""All cameras close a segment at the same second of the clock, and a commit costs as much as an upload."""
_LOG = structlog.get_logger("stream-gateway.uploads")


class Uploads:
    """Drains the spool with a few uploads at a time; what fails is tried again for ever.

    ``urgent``: the cameras that open incidents name. Their footage goes first, the newest of it first of all, so that
    an investigation does not wait behind a night's routine when the store comes back; all else oldest first.
    """

    def __init__(
        self,
        *,
        spool: Spool,
        store: ObjectStore,
        database: Database,
        clock: Clock,
        disk_ratio: Callable[[], float] | None = None,
        at_once: int = 4,
        urgent: Callable[[], frozenset[str]] = frozenset,
    ) -> None:
        self._spool = spool
        self._store = store
        self._database = database
        self._clock = clock
        self._disk_ratio = disk_ratio or spool.disk_ratio
        self._at_once = at_once
        self._waiting = UploadQueue(urgent)
        self._announcing = asyncio.Lock()
        self._verified: list[tuple[Segment, StoredObject]] = []
        self._all_wait = asyncio.Event()
        self._refused: set[UUID] = set()
        self._spooled_bytes = 0

    def waiting_bytes(self) -> int:
        """Bytes of closed segments that wait, as last counted."""
        return self._spooled_bytes

    def offer(self, ready: ReadyFile) -> None:
        """Add a closed segment; never waits."""
        self._waiting.put(ready)

    async def run(self) -> None:
        """Upload until cancelled."""
        async with asyncio.TaskGroup() as group:
            for _ in range(self._at_once):
                group.create_task(self._drain())
            group.create_task(self._watch_disk())

    async def drain_now(self) -> None:
        """Upload what waits now, once each: before the process ends."""

        async def rest() -> None:
            while (ready := self._waiting.take_now()) is not None:
                await self._try(ready)

        async with asyncio.TaskGroup() as group:
            for _ in range(self._at_once):
                group.create_task(rest())

    async def disk_reason(self) -> str | None:
        """Readiness check: a sentence when the spool's disk is too full. Nothing is deleted for it."""
        ratio = await asyncio.to_thread(self._disk_ratio)
        if ratio < DISK_WARNING:
            return None
        word = "critique" if ratio >= DISK_CRITICAL else "élevé"
        return f"remplissage {word} du disque de la file d'enregistrement : {ratio:.0%}"

    async def _drain(self) -> None:
        loop = asyncio.get_running_loop()
        failures = 0
        while True:
            ready = await self._waiting.take()
            try:
                done = await self._try(ready)
            except asyncio.CancelledError:
                self._waiting.put(ready)  # the process ends: whoever uploads the rest does not find it otherwise
                raise
            if done:
                failures = 0
                continue
            delay = _RETRY_SECONDS[min(failures, len(_RETRY_SECONDS) - 1)]
            failures += 1
            loop.call_later(delay, self._waiting.put, ready)
            await asyncio.sleep(min(delay, _RETRY_SECONDS[1]))  # a store that is away is not asked for every file

    async def _try(self, ready: ReadyFile) -> bool:
        try:
            await self.upload(ready)
        except (ObjectStoreError, SQLAlchemyError, OSError, TimeoutError) as error:
            UPLOAD_FAILURES.inc()
            cause = type(error.orig).__name__ if isinstance(error, DBAPIError) else str(error)
            _LOG.warning("upload failed", segment=str(ready.segment.segment_id), cause=cause)
            return False
        return True

    async def upload(self, ready: ReadyFile) -> None:
        """Put one segment into the store, announce it once, delete the local file.

        Raises:
            ObjectStoreError: the store is away or does not hold what was sent.
            SQLAlchemyError: the database is away; the object is there and will be found equal next time.
        """
        if not ready.path.exists():
            return
        segment = ready.segment
        await self._store.ensure_bucket(segment.bucket)
        stored = await self._put(ready)
        await self._announce(segment, stored)
        if ready.sha256 not in {None, stored.sha256}:
            ALTERED_FILES.inc()
            _LOG.error("the spool's disk gave other bytes than were written", segment=str(segment.segment_id))
        if segment.segment_id in self._refused:
            await self._store.remove_many(
                segment.bucket, [segment.object_key]
            )  # first: what fails is tried again whole
            self._refused.discard(segment.segment_id)
            self._spool.set_fenced(ready)
            return
        ready.path.unlink()
        RECORDED_SEGMENTS.inc()
        RECORDED_BYTES.inc(stored.size)
        if not segment.fetched_ms:
            UPLOAD_LAG.observe(max((self._clock.now() - segment.ended_at).total_seconds(), 0))

    async def _put(self, ready: ReadyFile) -> StoredObject:
        """Put a file under the SHA-256 of what was written.

        Other bytes that the disk gives go to the store all the same, under their own sum: damaged footage is more than
        none.
        """
        where = ready.segment.bucket, ready.segment.object_key, ready.path
        if ready.sha256 is not None:
            try:
                return await self._store.put_file_verified(*where, sha256=ready.sha256)
            except VerificationFailed as error:
                _LOG.warning("what was written is not what arrived", cause=str(error))
        return await self._store.put_file_verified(*where)

    async def _announce(self, segment: Segment, stored: StoredObject) -> None:
        """Commit a verified upload, together with all those that are verified meanwhile, or in a moment.

        Whoever holds the lock commits for everybody who waits; who finds his own already committed is done.
        """
        mine = (segment, stored)
        self._verified.append(mine)
        if len(self._verified) >= self._at_once:
            self._all_wait.set()
        async with self._announcing:
            if mine not in self._verified:
                return
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(_GATHER_SECONDS):
                    await self._all_wait.wait()
            self._all_wait.clear()
            batch, self._verified = self._verified, []
            try:
                async with self._database.transaction() as connection:
                    refused = await save_uploads(connection, batch, at=self._clock.now())
                self._refused |= refused
            except BaseException:
                self._verified = [pair for pair in batch if pair != mine] + self._verified
                raise

    async def _watch_disk(self) -> None:
        while True:
            files, size = await asyncio.to_thread(self._spool.usage)
            SPOOL_FILES.set(files)
            SPOOL_BYTES.set(size)
            self._spooled_bytes = size
            ratio = await asyncio.to_thread(self._disk_ratio)
            SPOOL_DISK_RATIO.set(ratio)
            if ratio >= DISK_CRITICAL:
                _LOG.error("spool disk nearly full, nothing is deleted", ratio=round(ratio, 3))
            await asyncio.sleep(_WATCH_SECONDS)
