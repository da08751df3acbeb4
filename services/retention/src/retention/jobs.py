"""Timed work: destroy what expired, copy what is held, apply shortened retentions. Sweeps nominate, jobs confirm."""

import asyncio
import tempfile
from collections import defaultdict
from datetime import UTC, timedelta
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

_COPIES_AT_ONCE = 50
_DESTROYED = Counter("vigie_retention_segments_destroyed", "Segments physically destroyed")
_COPIED = Counter("vigie_retention_segments_copied", "Held segments copied to evidence buckets")


class Sweeper:
    """The sweeps of retention. ``footage`` may delete, ``evidence`` may lock; neither can do the other's work."""

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
        """Do every kind of work once: shorten, copy what is held, destroy what expired, drop what is empty."""
        await self._shorten()
        await self._copy_held()
        await self._destroy_expired()
        await self._drop_empty()

    async def _shorten(self) -> None:
        retentions = {
            camera.camera_id: camera.authorisation.retention_days
            for camera in self._cameras.values()
            if camera.authorisation is not None
        }
        async with self._database.transaction() as connection:
            shortened = await repository.shorten(connection, retentions)
        if shortened:
            self._log.info("retention shortened", segments=shortened)

    async def _copy_held(self) -> None:
        while True:
            async with self._database.transaction() as connection:
                at = self._clock.now()
                waiting = await repository.uncopied_held(connection, at, _COPIES_AT_ONCE)
                for segment in waiting:
                    await self._copy(segment)
                    await repository.mark_copied(connection, segment, at)
            _COPIED.inc(len(waiting))
            if len(waiting) < _COPIES_AT_ONCE:
                return

    async def _copy(self, segment: Segment) -> None:
        """Copy through this machine, so that the copy is checked against the hash in the index."""
        bucket = f"vigie-evidence-{segment.insee.lower()}"
        await self._evidence.ensure_bucket(bucket, object_lock=True)
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "segment.mp4"
            content = await self._footage.get_range(segment.bucket, segment.object_key)
            await asyncio.to_thread(path.write_bytes, content)
            stored = await self._evidence.put_file_verified(bucket, segment.object_key, path)
        if stored.sha256 != segment.sha256:
            raise VerificationFailed(f"{segment.object_key} is not what was recorded: {stored.sha256}")
        await self._evidence.lock_until(bucket, segment.object_key, self._clock.now() + EVIDENCE_LOCKED_FOR)

    async def _destroy_expired(self) -> None:
        async with self._database.transaction() as connection:
            communes = await repository.expired_batches(connection, self._clock.now())
        for insee in communes:
            while await self._destroy_batch(insee):
                pass

    async def _destroy_batch(self, insee: str) -> bool:
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
            return False
        _DESTROYED.inc(proof.count)
        self._log.info("footage destroyed", insee=insee, count=proof.count, bytes=proof.bytes)
        return True

    async def _erase(self, segments: list[Segment]) -> None:
        by_bucket: dict[str, list[str]] = defaultdict(list)
        for segment in segments:
            by_bucket[segment.bucket].append(segment.object_key)
        for bucket, keys in by_bucket.items():
            try:
                await self._footage.remove_many(bucket, keys)
            except ObjectMissing:
                self._log.warning("bucket was gone before its segments", bucket=bucket)

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


def _day_of(bucket: str) -> str:
    """Return the day of a footage bucket ``vigie-<insee>-<yyyymmdd>``; a name that is none sorts after any day."""
    parts = bucket.split("-")
    is_footage = len(parts) == 3 and parts[0] == "vigie" and parts[2].isdecimal()  # noqa: PLR2004 - three parts
    return parts[2] if is_footage else "9"
