"""Timed work: apply shortened retentions, destroy what expired, copy what is held. Sweeps nominate, jobs confirm."""

import asyncio
import hashlib
import tempfile
from collections import defaultdict
from collections.abc import Awaitable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import structlog
from prometheus_client import Counter

from common.clock import Clock
from common.database import Database
from common.ids import new_id
from common.kv_replica import KvReplica
from common.object_store import ObjectMissing, ObjectStore, VerificationFailed
from contracts.registry import CameraState
from retention import repository, use_cases
from retention.domain.segment import LEGAL_MAXIMUM_DAYS, Segment

EVIDENCE_LOCKED_FOR = timedelta(days=90)
"""A hold is reviewed every 90 days (DOMAIN §3): the lock lasts until the first review."""

_COPIES_PER_SWEEP = 200
_DESTROYED = Counter("vigie_retention_segments_destroyed", "Segments physically destroyed")
_COPIED = Counter("vigie_retention_segments_copied", "Held segments copied to evidence buckets")
_FAILED = Counter("vigie_retention_failures", "Work that a sweep had to leave for the next one", ["work"])


class Sweeper:
    """The sweeps of retention, with two S3 identities.

    ``footage`` reads, deletes and drops footage buckets and cannot even list evidence. ``evidence`` fills, locks and,
    once a lock ended, clears the evidence buckets; its keys would open the footage buckets too, but no sweep uses
    them there. Nobody can remove an object while its lock runs.
    """

    def __init__(
        self,
        *,
        database: Database,
        footage: ObjectStore,
        evidence: ObjectStore,
        cameras: KvReplica[CameraState],
        clock: Clock,
        every: float,
    ) -> None:
        self._database = database
        self._footage = footage
        self._evidence = evidence
        self._cameras = cameras
        self._clock = clock
        self._every = every
        self._log = structlog.get_logger("retention")

    async def run(self) -> None:
        """Sweep for ever."""
        while True:
            await self.sweep()
            await asyncio.sleep(self._every)

    async def sweep(self) -> None:
        """Do every kind of work once; one that fails is logged and keeps no other from being done.

        Destroying needs no copy to be made before it: the query that destroys knows what is held.
        """
        await self._attempt("shorten", self._shorten())
        await self._attempt("destroy", self._destroy_expired())
        await self._attempt("copy", self._copy_held())
        await self._attempt("drop", self._drop_empty())

    async def _attempt(self, work: str, doing: Awaitable[None], **subject: str) -> bool:
        """Tell whether some work was done; what went wrong is logged, counted and left for the next sweep."""
        try:
            await doing
        except Exception:  # noqa: BLE001 - the next kind of work must go on, whatever this one met
            _FAILED.labels(work).inc()
            self._log.exception("left for the next sweep", work=work, **subject)
            return False
        return True

    async def _shorten(self) -> None:
        retentions = {
            camera.camera_id: camera.authorisation.retention_days
            for camera in self._cameras.values()
            if camera.authorisation is not None
        }
        async with self._database.transaction() as connection:
            shortened = await repository.shorten(connection, retentions, self._clock.now())
        if shortened:
            self._log.info("retention shortened", segments=shortened)

    async def _copy_held(self) -> None:
        async with self._database.transaction() as connection:
            waiting = await repository.begin_copies(connection, self._clock.now(), _COPIES_PER_SWEEP)
        for segment in waiting:
            await self._attempt("copy one", self._copy(segment), segment=str(segment.segment_id))

    async def _copy(self, segment: Segment) -> None:
        """Copy one segment while its row is locked, so that nobody destroys it meanwhile."""
        at = self._clock.now()
        async with self._database.transaction() as connection:
            if not await repository.lock_uncopied(connection, segment, at):
                return
            locked_until = at + EVIDENCE_LOCKED_FOR
            await self._put_evidence(segment, locked_until)
            await repository.mark_copied(connection, segment, locked_until)
        _COPIED.inc()

    async def _put_evidence(self, segment: Segment, locked_until: datetime) -> None:
        """Copy through this machine: only what has the hash of the index becomes evidence."""
        content = await self._footage.get_range(segment.bucket, segment.object_key)
        found = hashlib.sha256(content).hexdigest()
        if found != segment.sha256:
            raise VerificationFailed(f"{segment.bucket}/{segment.object_key} is not what was recorded: {found}")
        bucket = _evidence_bucket(segment)
        await self._evidence.ensure_bucket(bucket, object_lock=True)
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "segment.mp4"
            await asyncio.to_thread(path.write_bytes, content)
            await self._evidence.put_file_verified(bucket, segment.object_key, path)
        await self._evidence.lock_until(bucket, segment.object_key, locked_until)

    async def _destroy_expired(self) -> None:
        async with self._database.transaction() as connection:
            communes = await repository.expired_batches(connection, self._clock.now())
        for insee in communes:
            await self._attempt("destroy one commune", self._destroy_in(insee), insee=insee)

    async def _destroy_in(self, insee: str) -> None:
        while True:
            async with self._database.transaction() as connection:
                proof = await use_cases.destroy_batch(
                    connection,
                    insee=insee,
                    at=self._clock.now(),
                    batch_id=new_id(),
                    entry_id=new_id(),
                    erase=self._erase,
                )
            if proof is None:
                return
            _DESTROYED.inc(proof.count)
            self._log.info("footage destroyed", insee=insee, count=proof.count, bytes=proof.bytes)

    async def _erase(self, segments: list[Segment]) -> list[Segment]:
        """Erase footage, then evidence copies; returns the segments of which nothing is left."""
        by_bucket: dict[str, list[Segment]] = defaultdict(list)
        for segment in segments:
            by_bucket[segment.bucket].append(segment)
        gone: list[Segment] = []
        for bucket, inside in by_bucket.items():
            if await self._attempt("erase footage", self._erase_footage(bucket, inside), bucket=bucket):
                gone += inside
        return [segment for segment in gone if segment.copy_tried_at is None or await self._erase_evidence(segment)]

    async def _erase_footage(self, bucket: str, segments: list[Segment]) -> None:
        try:
            await self._footage.remove_many(bucket, [segment.object_key for segment in segments])
        except ObjectMissing:
            self._log.warning("bucket was gone before its segments", bucket=bucket)

    async def _erase_evidence(self, segment: Segment) -> bool:
        removing = self._evidence.remove_all_versions(_evidence_bucket(segment), segment.object_key)
        return await self._attempt("erase evidence", removing, segment=str(segment.segment_id))

    async def _drop_empty(self) -> None:
        """Drop day buckets and partitions that can receive nothing any more and hold nothing."""
        oldest_kept = (self._clock.now() - timedelta(days=1)).astimezone(UTC).date()
        names = [name for name in await self._footage.list_buckets() if _day_of(name) < f"{oldest_kept:%Y%m%d}"]
        async with self._database.transaction() as connection:
            used = await repository.buckets_in_use(connection, names)
            dropped = await repository.drop_empty_partitions(
                connection, oldest_kept - timedelta(days=LEGAL_MAXIMUM_DAYS)
            )
        for name in names:
            if name not in used and not await self._footage.list_keys(name):
                await self._footage.remove_bucket(name)
                self._log.info("bucket dropped", bucket=name)
        if dropped:
            self._log.info("partitions dropped", days=[day.isoformat() for day in dropped])


def _evidence_bucket(segment: Segment) -> str:
    return f"vigie-evidence-{segment.insee.lower()}"


def _day_of(bucket: str) -> str:
    """Return the day of a footage bucket ``vigie-<insee>-<yyyymmdd>``; a name that is none sorts after any day."""
    parts = bucket.split("-")
    is_footage = len(parts) == 3 and parts[0] == "vigie" and parts[2].isdecimal()  # noqa: PLR2004 - three parts
    return parts[2] if is_footage else "9"
