"""Messages of one JetStream consumer, pulled, with a watchdog.

A pull request stays open at the server with an idle heartbeat, so silence means that something is broken: the
request was forgotten in a restart, the connection is half dead, the consumer is gone. nats-py's own pull
subscriptions may wait for ever then (nats-io/nats.py#504); this feed raises ``FeedBroken`` after three missed
heartbeats and its owner opens a new one. The next request leaves before the last one is used up, so that the
network is busy while the database works.
"""

import asyncio
import contextlib
import json
import time
from collections import deque

import nats.errors
from nats.aio.client import Client
from nats.aio.msg import Msg
from nats.aio.subscription import Subscription

HEARTBEAT_SECONDS = 1.0
_MISSED_HEARTBEATS = 3
_EXPIRES_SECONDS = 30.0
_NANOSECONDS = 1_000_000_000
_STATUS_HEADER = "Status"
_IDLE_HEARTBEAT = "100"
_REQUEST_OVER = "408"
_ACK_TOKENS_WITHOUT_DOMAIN = 9


class FeedBroken(RuntimeError):
    """The consumer cannot be read any more through this feed; open a new one."""


class PullFeed:
    """An open pull of ``stream``/``consumer``; at most ``batch`` messages per call, twice as many in flight."""

    def __init__(self, client: Client, stream: str, consumer: str, *, batch: int) -> None:
        self._client = client
        self._next = f"$JS.API.CONSUMER.MSG.NEXT.{stream}.{consumer}"
        self._batch = batch
        self._inbox = ""
        self._subscription: Subscription | None = None
        self._waiting: deque[Msg] = deque()
        self._arrived = asyncio.Event()
        self._outstanding = 0
        self._heard_at = time.monotonic()
        self._broken: str | None = None

    @property
    def waiting(self) -> list[Msg]:
        """Messages received and not handed out yet."""
        return list(self._waiting)

    @property
    def heard_at(self) -> float:
        """When the server last said anything, heartbeats included (``time.monotonic``)."""
        return self._heard_at

    async def open(self) -> None:
        """Subscribe and send the first request."""
        self._inbox = self._client.new_inbox()
        self._subscription = await self._client.subscribe(self._inbox, cb=self._on_message)
        await self._request()

    async def next_batch(self, *, seconds: float) -> list[Msg]:
        """Return what has arrived, in order; an empty list after ``seconds`` without any.

        Raises:
            FeedBroken: heartbeats stopped, the consumer is gone, or the connection closed.
        """
        if not self._waiting:
            self._arrived.clear()
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(min(seconds, HEARTBEAT_SECONDS)):
                    await self._arrived.wait()
        self._check()
        taken = [self._waiting.popleft() for _ in range(min(len(self._waiting), self._batch))]
        if self._outstanding + len(self._waiting) <= self._batch:
            await self._request()
        return taken

    async def close(self) -> None:
        """Stop listening; what was received and not acknowledged is delivered again later."""
        if self._subscription is not None and not self._client.is_closed:
            with contextlib.suppress(nats.errors.Error):
                await self._subscription.unsubscribe()

    async def _request(self) -> None:
        if self._outstanding > 0 and len(self._waiting) >= self._batch:
            return
        body = {
            "batch": self._batch,
            "expires": int(_EXPIRES_SECONDS * _NANOSECONDS),
            "idle_heartbeat": int(HEARTBEAT_SECONDS * _NANOSECONDS),
        }
        self._outstanding += self._batch
        try:
            await self._client.publish(self._next, json.dumps(body).encode(), reply=self._inbox)
        except nats.errors.Error as error:
            raise FeedBroken(type(error).__name__) from error

    async def _on_message(self, message: Msg) -> None:
        self._heard_at = time.monotonic()
        status = message.headers.get(_STATUS_HEADER) if message.headers and not message.data else None
        if status is None:
            self._outstanding -= 1
            self._waiting.append(message)
        elif status == _REQUEST_OVER:
            self._outstanding -= int((message.headers or {}).get("Nats-Pending-Messages", self._batch))
        elif status != _IDLE_HEARTBEAT:
            self._broken = f"{status} {(message.headers or {}).get('Description', '')}".strip()
        if status != _IDLE_HEARTBEAT:
            self._arrived.set()

    def _check(self) -> None:
        if self._broken is not None:
            raise FeedBroken(self._broken)
        if self._client.is_closed:
            raise FeedBroken("connection closed")
        silent_for = time.monotonic() - self._heard_at
        if not self._waiting and silent_for > _MISSED_HEARTBEATS * HEARTBEAT_SECONDS:
            raise FeedBroken(f"no heartbeat for {silent_for:.1f} s")


def stream_sequence(reply: str) -> int:
    """Return a delivery's place in its stream, read off its acknowledgement subject (NATS ADR-15).

    The library's own ``metadata`` reads all of it, dates included, at a tenth of the cost of the whole way.
    """
    tokens = reply.split(".")
    return int(tokens[5] if len(tokens) == _ACK_TOKENS_WITHOUT_DOMAIN else tokens[7])
