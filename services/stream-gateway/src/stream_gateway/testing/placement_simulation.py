"""Minutes of media nodes that die, freeze, lose the bus and drain, in virtual time; the same for the same seed.

The nodes run the real ``Placement``. Whatever a recorder could write is looked at: every 100 ms, and at the very first
instant of a node that wakes up, before its own loops have run.
"""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from random import Random

from contracts.media_nodes import CameraPlacement
from contracts.streams import BUCKET_PLACEMENTS
from stream_gateway.domain.holdings import Holding, Loss
from stream_gateway.domain.write_gate import FROZEN_SECONDS
from stream_gateway.placement.service import Placement
from stream_gateway.placement.settings import NodeIdentity, Pace
from stream_gateway.testing.simulated_bus import SimulatedBucket, SimulatedBus, World
from stream_gateway.testing.virtual_time import VirtualClock, VirtualLoop

LOOK_SECONDS = 0.1
_EPOCH = datetime(2026, 11, 30, tzinfo=UTC)


@dataclass(slots=True)
class WallClock:
    """The wall clock of one node: skewed, as they are."""

    clock: VirtualClock
    skew: float

    def now(self) -> datetime:
        """Return what this node believes."""
        return _EPOCH + timedelta(seconds=self.clock.now + self.skew)


class SimulatedNode:
    """A media node process."""

    def __init__(self, bus: SimulatedBus, name: str, cameras: dict[str, str], capacity: int, skew: float) -> None:
        self.name = name
        self.connected = True
        self.frozen = False
        self.alive = True
        self.disturbed_at = -1000.0
        self.thawed_at: float | None = None
        self._clock = bus.world.clock
        self._waiting: list[Callable[[], None]] = []
        self.loop = VirtualLoop(self._clock)
        self.finishing: set[str] = set()
        asyncio.set_event_loop(None)

        def on_gain(holding: Holding) -> None:
            if holding.handing_over:
                self.loop.call_later(bus.world.random.uniform(0.2, 2.0), self.placement.confirm, holding.camera_id)

        def on_loss(loss: Loss) -> None:
            self.finishing.add(loss.camera_id)

        self.placement = Placement(
            lambda bucket: SimulatedBucket(bus, self, bucket),
            NodeIdentity(name, capacity),
            clock=WallClock(self._clock, skew),
            cameras=lambda: cameras,
            on_gain=on_gain,
            on_loss=on_loss,
            pace=Pace(settle_seconds=10.0),
            monotonic=lambda: self._clock.now,
        )
        self.running = self.loop.create_task(self.placement.run())

    @property
    def runs(self) -> bool:
        """Tell whether this process executes anything now."""
        return self.alive and not self.frozen

    def deliver(self, action: Callable[[], None]) -> None:
        if self.alive:
            self._waiting.append(action)

    def run_due(self) -> float | None:
        """Run what is due; returns the instant of the next timer."""
        waiting, self._waiting = self._waiting, []
        for action in waiting:
            self.loop.call_soon(action)
        self.loop.run_due()
        if self.running.done() and not self.running.cancelled():
            self.running.result()
        return None if self.loop.idle_for is None else self._clock.now + self.loop.idle_for

    @property
    def due(self) -> bool:
        """Tell whether something was delivered that it has not seen yet."""
        return bool(self._waiting)

    def gates(self) -> dict[str, int]:
        """Return what a recorder would write at this instant."""
        found = {camera: self.placement.gate(camera) for camera in {*self.placement.mine, *self.finishing}}
        return {camera: epoch for camera, epoch in found.items() if epoch is not None}

    def terminate(self) -> None:
        """SIGTERM: drain, then end."""

        async def drain() -> None:
            await self.placement.drain(20.0)
            self.running.cancel()
            await asyncio.wait([self.running])
            self.alive = False

        self.loop.create_task(drain())


class Simulation:
    """The whole: nodes, bus, and whoever watches. ``outage_at``: when the bus last came back."""

    def __init__(self, seed: int, cameras: dict[str, str], capacity: int) -> None:
        self.cameras, self.capacity = cameras, capacity
        self.clock = VirtualClock()
        self.nodes: dict[str, SimulatedNode] = {}
        self.watchers: list[Callable[[], None]] = []
        self.outage_at = -1000.0
        self.random = Random(seed)  # noqa: S311 - a simulation
        self.world = World(self.clock, self.random)
        self.bus = SimulatedBus(self.world)
        self.gone: list[SimulatedNode] = []
        self._timers: dict[str, float | None] = {}
        self._look()

    def start(self, name: str) -> None:
        """Start a node; one of that name that still runs is killed first."""
        if name in self.nodes:
            self.kill(name)
        node = SimulatedNode(self.bus, name, self.cameras, self.capacity, self.random.uniform(-2.0, 2.0))
        self.nodes[name], self._timers[name] = node, self.clock.now

    def kill(self, name: str) -> None:
        """SIGKILL."""
        node = self.nodes.pop(name)
        node.alive = node.connected = False
        self.bus.break_connections(lambda peer: peer is node)
        self.gone.append(node)

    def freeze(self, name: str, seconds: float) -> None:
        """SIGSTOP, and SIGCONT after a while."""
        node = self.nodes[name]
        node.frozen = True

        def thaw() -> None:
            if node.frozen and node.alive:
                node.frozen = False
                node.disturbed_at = self.clock.now
                node.thawed_at = self.clock.now if seconds > FROZEN_SECONDS else node.thawed_at
                for watcher in self.watchers:  # a recorder's write may come first of all
                    watcher()
                self._timers[name] = self.clock.now

        self.world.later(seconds, thaw)

    def cut(self, name: str, seconds: float) -> None:
        """Cut a node off from the bus for a while."""
        node = self.nodes[name]
        node.connected = False
        self.bus.break_connections(lambda peer: peer is node)

        def mend() -> None:
            node.connected = node.alive
            node.disturbed_at = self.clock.now

        self.world.later(seconds, mend)

    def restart_bus(self, seconds: float) -> None:
        """Stop the bus for a while; it keeps what it acknowledged."""
        self.bus.up = False
        self.bus.break_connections(lambda _: True)

        def back() -> None:
            self.bus.up = True
            self.outage_at = self.clock.now

        self.world.later(seconds, back)

    def holder(self, camera: str) -> tuple[int, CameraPlacement] | None:
        """Return a camera's placement as the bus has it."""
        entry = self.bus.stored[BUCKET_PLACEMENTS].entries.get(camera)
        return None if entry is None else (entry[0], CameraPlacement.model_validate_json(entry[1]))

    def changed_ago(self, camera: str) -> float:
        """Return how long ago a camera's placement changed on the bus."""
        return self.clock.now - self.bus.stored[BUCKET_PLACEMENTS].changed_at[camera]

    def run(self, seconds: float) -> None:
        """Let virtual time pass."""
        until = self.clock.now + seconds
        while self.clock.now < until:
            self.world.happen()
            for name, node in list(self.nodes.items()):
                timer = self._timers[name]
                if node.runs and (node.due or (timer is not None and timer <= self.clock.now)):
                    self._timers[name] = node.run_due()
                if not node.alive:
                    self.gone.append(self.nodes.pop(name))
            instants = [self._timers[name] for name, node in self.nodes.items() if node.runs]
            upcoming = [at for at in (*instants, self.world.next_at) if at is not None]
            self.clock.now = max(self.clock.now, min([*upcoming, until]))

    def close(self) -> None:
        """End every loop."""
        self.bus.up = False
        for node in (*self.gone, *self.nodes.values()):
            node.loop.finish()

    def _look(self) -> None:
        for watcher in self.watchers:
            watcher()
        self.world.later(LOOK_SECONDS, self._look)
