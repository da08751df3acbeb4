"""Key-value buckets of a simulated bus: revisions and compare-and-set are true, delivery is as bad as it may be.

Requests and answers take a random while; they get lost when a node is cut off or the bus is down, answers of writes
that happened among them. What is delivered to a node that is held still waits for it, in order.
"""

import asyncio
import heapq
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import count
from random import Random
from typing import Protocol

from pydantic import BaseModel

from common.bus import BusAway
from stream_gateway.placement.bucket import Entry, OnEntry, OnRead, RevisionTaken
from stream_gateway.testing.virtual_time import VirtualClock

_LATENCY_SECONDS = (0.001, 0.03)
_NOTICE_SECONDS = 3.0
"""A follower notices a broken connection at the latest after so long (missed idle heartbeats)."""


class Peer(Protocol):
    """A node as the bus sees it."""

    connected: bool

    def deliver(self, action: Callable[[], None]) -> None:
        """Run something in the node's loop as soon as the node runs."""
        ...


class World:
    """Things that will happen, by the virtual clock."""

    def __init__(self, clock: VirtualClock, random: Random) -> None:
        self.clock, self.random = clock, random
        self._order = count()
        self._events: list[tuple[float, int, Callable[[], None]]] = []

    @property
    def next_at(self) -> float | None:
        """When the next thing happens."""
        return self._events[0][0] if self._events else None

    def later(self, seconds: float, action: Callable[[], None]) -> None:
        """Have something happen after a while."""
        heapq.heappush(self._events, (self.clock.now + seconds, next(self._order), action))

    def happen(self) -> None:
        """Let everything happen that is due."""
        while self._events and self._events[0][0] <= self.clock.now:
            heapq.heappop(self._events)[2]()

    def latency(self) -> float:
        """Return how long one message takes."""
        return self.random.uniform(*_LATENCY_SECONDS)


@dataclass(slots=True)
class _Stored:
    entries: dict[str, tuple[int, bytes]] = field(default_factory=dict[str, tuple[int, bytes]])
    changed_at: dict[str, float] = field(default_factory=dict[str, float])
    revision: int = 0
    followers: list[tuple[Peer, "asyncio.Queue[Entry | None]"]] = field(default_factory=list)


class SimulatedBus:
    """The server."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.up = True
        self.writes = 0
        self.stored: defaultdict[str, _Stored] = defaultdict(_Stored)

    def reaches(self, peer: Peer) -> bool:
        """Tell whether messages pass between the bus and a node."""
        return self.up and peer.connected

    def break_connections(self, lost: Callable[[Peer], bool]) -> None:
        """Have the followers of lost connections hear no more, and notice it after a while."""
        for bucket in self.stored.values():
            for follower in [follower for follower in bucket.followers if lost(follower[0])]:
                bucket.followers.remove(follower)
                peer, queue = follower
                wake = _putting(queue, None)
                self.world.later(
                    self.world.random.uniform(0, _NOTICE_SECONDS), lambda peer=peer, wake=wake: peer.deliver(wake)
                )

    def write(self, name: str, key: str, body: bytes, revision: int | None) -> int | None:
        """Compare and set; returns the new revision, None when another was expected."""
        bucket = self.stored[name]
        present = bucket.entries.get(key, (0, b""))[0]
        if revision is not None and revision != present:
            return None
        bucket.revision += 1
        self.writes += 1
        bucket.entries[key] = (bucket.revision, body)
        bucket.changed_at[key] = self.world.clock.now
        entry = Entry(key, bucket.revision, body)
        for peer, queue in bucket.followers:
            self._send(peer, queue, entry)
        return bucket.revision

    def _send(self, peer: Peer, queue: "asyncio.Queue[Entry | None]", entry: Entry) -> None:
        # one connection keeps its order: a fixed small delay, while answers of requests come when they come
        self.world.later(_LATENCY_SECONDS[1], lambda: peer.deliver(_putting(queue, entry)))


def _putting(queue: "asyncio.Queue[Entry | None]", entry: Entry | None) -> Callable[[], None]:
    return lambda: queue.put_nowait(entry)


class SimulatedBucket:
    """One node's way to a bucket; ``stream_gateway.placement.bucket.KeyValues``."""

    def __init__(self, bus: SimulatedBus, peer: Peer, name: str) -> None:
        self._bus, self._peer, self._name = bus, peer, name

    async def put(self, key: str, value: BaseModel, *, revision: int | None, seconds: float = 2.0) -> int:
        body = value.model_dump_json(exclude_defaults=True).encode()
        answer: asyncio.Future[int | None] = asyncio.get_running_loop().create_future()

        def arrive() -> None:
            if self._bus.reaches(self._peer):
                written = self._bus.write(self._name, key, body, revision)
                self._bus.world.later(self._bus.world.latency(), lambda: reply(written))

        def reply(written: int | None) -> None:
            if self._bus.reaches(self._peer):
                self._peer.deliver(lambda: None if answer.done() else answer.set_result(written))

        self._bus.world.later(self._bus.world.latency(), arrive)
        try:
            async with asyncio.timeout(seconds):
                written = await answer
        except TimeoutError:
            raise BusAway(key) from None
        if written is None:
            raise RevisionTaken(key)
        return written

    async def read(self, on_entry: OnEntry) -> tuple[frozenset[str], int]:
        await asyncio.sleep(self._bus.world.latency())
        if not self._bus.reaches(self._peer):
            await asyncio.sleep(2.0)
            raise BusAway(self._name)
        return self._read(on_entry)

    async def follow(self, on_entry: OnEntry, on_read: OnRead) -> None:
        bucket = self._bus.stored[self._name]
        while True:
            await asyncio.sleep(self._bus.world.random.uniform(0.05, 2.0))
            if not self._bus.reaches(self._peer):
                continue
            queue: asyncio.Queue[Entry | None] = asyncio.Queue()
            bucket.followers.append((self._peer, queue))
            on_read(*self._read(on_entry))
            while (entry := await queue.get()) is not None:
                on_entry(entry)

    def _read(self, on_entry: OnEntry) -> tuple[frozenset[str], int]:
        entries = dict(self._bus.stored[self._name].entries)
        for key, (revision, body) in entries.items():
            on_entry(Entry(key, revision, body))
        return frozenset(entries), max((revision for revision, _ in entries.values()), default=0)
