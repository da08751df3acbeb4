"""An in-memory mirror of a key-value bucket: decisions cost no network hop and survive an outage of the bus.

The mirror starts with every present value (``ready``), then follows changes. When the bus goes away it keeps what it
has; when it comes back it reads the whole bucket again and drops the keys that vanished meanwhile. ``silence`` tells
how old the last proof is that nothing was missed: the server says something every second.
"""

import asyncio
import contextlib
import time
from collections.abc import Callable
from datetime import timedelta
from typing import Generic, TypeVar

import structlog
from nats.aio.msg import Msg
from pydantic import BaseModel, ValidationError

from common.bus import Bus
from common.messaging_metrics import REPLICA_SILENCE
from common.outbox import OPERATION_HEADER
from common.pull_feed import PullFeed

M = TypeVar("M", bound=BaseModel)
OnChange = Callable[[str, M | None], None]

_BATCH = 512
_INACTIVE_NANOSECONDS = 30_000_000_000
_RETRY_SECONDS = (0.1, 0.3, 1.0, 2.0)
_REMOVALS = frozenset({"DEL", "PURGE"})


class KvReplica(Generic[M]):
    """The values of ``bucket`` as ``model``, kept up to date between ``start`` and ``stop``."""

    def __init__(self, bus: Bus, bucket: str, model: type[M]) -> None:
        self._bus = bus
        self._bucket = bucket
        self._prefix = f"$KV.{bucket}."
        self._model = model
        self._values: dict[str, M] = {}
        self._listeners: list[OnChange[M]] = []
        self._ready = asyncio.Event()
        self._heard_at = time.monotonic()
        self._following: asyncio.Task[None] | None = None
        self._log = structlog.get_logger("kv_replica").bind(bucket=bucket)

    @property
    def ready(self) -> bool:
        """True once the whole bucket has been read; stays true through an outage."""
        return self._ready.is_set()

    @property
    def silence(self) -> timedelta:
        """How long ago the server last vouched that everything published so far was delivered here."""
        return timedelta(seconds=max(0.0, time.monotonic() - self._heard_at))

    def get(self, key: str) -> M | None:
        """Return the value of a key as last heard, or None."""
        return self._values.get(key)

    def values(self) -> list[M]:
        """Return all values as last heard."""
        return list(self._values.values())

    def on_change(self, listener: OnChange[M]) -> None:
        """Call ``listener(key, value)`` for every change from now on; the value is None when the key went."""
        self._listeners.append(listener)

    def _silent_seconds(self) -> float:
        return self.silence.total_seconds()

    async def start(self, *, wait_seconds: float = 0.0) -> None:
        """Start following; waits up to ``wait_seconds`` for the first complete read."""
        self._following = asyncio.create_task(self._follow_for_ever(), name=f"replica {self._bucket}")
        REPLICA_SILENCE.labels(self._bucket).set_function(self._silent_seconds)
        if wait_seconds:
            with contextlib.suppress(TimeoutError):
                await self.wait_ready(wait_seconds)

    async def wait_ready(self, seconds: float) -> None:
        """Wait for the first complete read; raises TimeoutError."""
        async with asyncio.timeout(seconds):
            await self._ready.wait()

    async def stop(self) -> None:
        """Stop following; the values stay."""
        if self._following is not None:
            self._following.cancel()
            await asyncio.gather(self._following, return_exceptions=True)

    async def check(self) -> str | None:
        """Readiness check: None once the bucket has been read."""
        return None if self.ready else f"bucket {self._bucket} not read yet"

    async def _follow_for_ever(self) -> None:
        failures = 0
        while True:
            try:
                await self._follow()
            except Exception as error:  # noqa: BLE001 - whatever broke, the mirror reads the bucket again
                self._log.info("replica reads again", reason=f"{type(error).__name__}: {error}")
                await asyncio.sleep(_RETRY_SECONDS[min(failures, len(_RETRY_SECONDS) - 1)])
                failures += 1

    async def _follow(self) -> None:
        await self._bus.wait_usable()
        config = {
            "filter_subject": f"{self._prefix}>",
            "deliver_policy": "last_per_subject",
            "ack_policy": "none",
            "mem_storage": True,
            "num_replicas": 1,
            "inactive_threshold": _INACTIVE_NANOSECONDS,
        }
        stream = f"KV_{self._bucket}"
        created = await self._bus.request(
            f"$JS.API.CONSUMER.CREATE.{stream}", {"stream_name": stream, "config": config}
        )
        consumer = str(created["name"])
        feed = PullFeed(self._bus.nc, stream, consumer, batch=_BATCH)
        await feed.open()
        try:
            await self._read_all(feed, consumer, int(created["num_pending"]))
            while True:
                for message in await feed.next_batch(seconds=1.0):
                    self._apply(message)
                self._heard_at = feed.heard_at
        finally:
            await feed.close()

    async def _read_all(self, feed: PullFeed, consumer: str, expected: int) -> None:
        """Read every present value, then drop the keys that are no longer there."""
        seen: set[str] = set()
        while expected > 0:
            messages = await feed.next_batch(seconds=1.0)
            for message in messages:
                seen.add(self._apply(message))
                expected = message.metadata.num_pending
            if not messages:  # what was expected may have been purged meanwhile
                info = await self._bus.request(f"$JS.API.CONSUMER.INFO.KV_{self._bucket}.{consumer}")
                expected = int(info["num_pending"])
        for key in self._values.keys() - seen:
            self._change(key, None)
        self._heard_at = feed.heard_at
        self._ready.set()

    def _apply(self, message: Msg) -> str:
        key = message.subject.removeprefix(self._prefix)
        if message.headers and message.headers.get(OPERATION_HEADER) in _REMOVALS:
            self._change(key, None)
            return key
        try:
            self._change(key, self._model.model_validate_json(message.data))
        except ValidationError as error:
            self._log.error("value not understood, kept as it was", key=key, errors=error.error_count())
        return key

    def _change(self, key: str, value: M | None) -> None:
        if self._values.get(key) == value:
            return
        if value is None:
            self._values.pop(key, None)
        else:
            self._values[key] = value
        for listener in self._listeners:
            listener(key, value)
