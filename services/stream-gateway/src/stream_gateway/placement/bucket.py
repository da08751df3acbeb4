"""A key-value bucket with its revisions: followed, read at once, and written by compare-and-set.

``common.kv_replica`` mirrors values; here the revision of a value is what counts, since it is the fencing token.
"""

import asyncio
import json
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

import nats.errors
import structlog
from nats.aio.msg import Msg
from pydantic import BaseModel

from common.bus import Bus, BusAway
from common.outbox import OPERATION_HEADER
from common.pull_feed import PullFeed, stream_sequence

_WRONG_REVISION = 10071
"""JetStream error: the last message of the subject is another one than expected."""

_BATCH = 512
_INACTIVE_NANOSECONDS = 10_000_000_000
_RETRY_SECONDS = (0.05, 0.2, 0.5, 1.0)
_REMOVALS = frozenset({"DEL", "PURGE"})
_EXPECTED_REVISION = "Nats-Expected-Last-Subject-Sequence"


class RevisionTaken(RuntimeError):
    """Somebody else wrote the key first."""


@dataclass(frozen=True, slots=True)
class Entry:
    """A key as the bus holds it; ``body`` is None where it was removed."""

    key: str
    revision: int
    body: bytes | None


OnEntry = Callable[[Entry], None]
OnRead = Callable[[frozenset[str], int], None]
"""Called with all present keys and the newest revision seen, after each complete read."""


class KeyValues(Protocol):
    """A bucket as placement needs it."""

    async def put(self, key: str, value: BaseModel, *, revision: int | None, seconds: float = 2.0) -> int:
        """Write a key if its revision is still ``revision``; returns the new one. See ``Bucket.put``."""
        ...

    async def follow(self, on_entry: OnEntry, on_read: OnRead) -> None:
        """Give every present entry, then every change, until cancelled."""
        ...

    async def read(self, on_entry: OnEntry) -> tuple[frozenset[str], int]:
        """Give every entry as it is now; returns all keys and the newest revision."""
        ...


OpenBucket = Callable[[str], KeyValues]
"""Opens a bucket by its name: ``functools.partial(Bucket, bus)``."""


class Bucket:
    """One bucket on the bus."""

    def __init__(self, bus: Bus, name: str) -> None:
        self._bus = bus
        self._name = name
        self._prefix = f"$KV.{name}."
        self._log = structlog.get_logger("placement").bind(bucket=name)

    async def put(self, key: str, value: BaseModel, *, revision: int | None, seconds: float = 2.0) -> int:
        """Write a key if its revision is still ``revision`` (0: it must not exist, None: whatever it is).

        Returns the new revision.

        Raises:
            RevisionTaken: it is another one.
            BusAway: no connection, or no answer in time; then the write may still happen.
        """
        headers = None if revision is None else {_EXPECTED_REVISION: str(revision)}
        body = value.model_dump_json(exclude_defaults=True).encode()
        try:
            answer = await self._bus.nc.request(f"{self._prefix}{key}", body, timeout=seconds, headers=headers)
        except (nats.errors.Error, TimeoutError, OSError) as error:
            raise BusAway(f"{self._name}/{key}: {type(error).__name__}") from error
        reply = json.loads(answer.data)
        problem = reply.get("error")
        if problem is None:
            return int(reply["seq"])
        if problem.get("err_code") == _WRONG_REVISION:
            raise RevisionTaken(key)
        raise BusAway(f"{self._name}/{key}: {problem.get('description')}")

    async def follow(self, on_entry: OnEntry, on_read: OnRead) -> None:
        """Give every present entry, then every change, until cancelled; after a loss all is read again."""
        failures = 0
        while True:
            begun = time.monotonic()
            try:
                await self._follow_once(on_entry, on_read)
            except Exception as error:  # noqa: BLE001 - whatever broke, the bucket is read again
                self._log.info("bucket is read again", reason=f"{type(error).__name__}: {error}")
            failures = 0 if time.monotonic() - begun > _RETRY_SECONDS[-1] else failures + 1
            await asyncio.sleep(_RETRY_SECONDS[min(failures, len(_RETRY_SECONDS) - 1)])

    async def read(self, on_entry: OnEntry) -> tuple[frozenset[str], int]:
        """Give every entry as the bus holds it now; returns all keys and the newest revision.

        Raises:
            BusAway, FeedBroken: not all could be read.
        """
        feed, consumer, pending = await self._open()
        try:
            return await self._read_all(feed, consumer, pending, on_entry)
        finally:
            await feed.close()

    async def _follow_once(self, on_entry: OnEntry, on_read: OnRead) -> None:
        await self._bus.wait_usable()
        feed, consumer, pending = await self._open()
        try:
            on_read(*await self._read_all(feed, consumer, pending, on_entry))
            while True:
                for message in await feed.next_batch(seconds=1.0):
                    on_entry(self._entry(message))
        finally:
            await feed.close()

    async def _open(self) -> tuple[PullFeed, str, int]:
        config = {
            "filter_subject": f"{self._prefix}>",
            "deliver_policy": "last_per_subject",
            "ack_policy": "none",
            "mem_storage": True,
            "num_replicas": 1,
            "inactive_threshold": _INACTIVE_NANOSECONDS,
        }
        stream = f"KV_{self._name}"
        body = {"stream_name": stream, "config": config}
        created = await self._bus.request(f"$JS.API.CONSUMER.CREATE.{stream}", body, seconds=2.0)
        feed = PullFeed(self._bus.nc, stream, str(created["name"]), batch=_BATCH)
        await feed.open()
        return feed, str(created["name"]), int(created["num_pending"])

    async def _read_all(
        self, feed: PullFeed, consumer: str, pending: int, on_entry: OnEntry
    ) -> tuple[frozenset[str], int]:
        seen: set[str] = set()
        newest = 0
        while pending > 0:
            messages = await feed.next_batch(seconds=1.0)
            for message in messages:
                entry = self._entry(message)
                if entry.body is not None:
                    seen.add(entry.key)
                on_entry(entry)
                newest = max(newest, entry.revision)
                pending = message.metadata.num_pending
            if not messages:  # what was expected may have been replaced meanwhile
                about = await self._bus.request(f"$JS.API.CONSUMER.INFO.KV_{self._name}.{consumer}", seconds=2.0)
                pending = int(about["num_pending"])
        return frozenset(seen), newest

    def _entry(self, message: Msg) -> Entry:
        removed = bool(message.headers) and (message.headers or {}).get(OPERATION_HEADER) in _REMOVALS
        key = message.subject.removeprefix(self._prefix)
        return Entry(key, stream_sequence(message.reply), None if removed else message.data)
