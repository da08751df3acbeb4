"""Media nodes under chaos, by seeds: minutes of virtual time, then one run with real processes on a real bus."""

import asyncio
from collections import defaultdict
from collections.abc import Callable
from functools import partial
from pathlib import Path
from random import Random

import pytest

from common.bus import Bus
from common.testing.polling import eventually
from common.testing.servers import Servers
from stream_gateway.placement.clocks import boot_clock
from stream_gateway.placement.settings import Pace
from stream_gateway.testing.placement_fleet import Fleet, holders
from stream_gateway.testing.placement_node import Written, camera_ids
from stream_gateway.testing.placement_simulation import SimulatedNode, Simulation

pytestmark = pytest.mark.chaos

NAMES = ("n1", "n2", "n3", "n4", "n5")
VIRTUAL_SECONDS = 180
_CALM_SECONDS = 12.0
_LINGER = Pace().linger_seconds + 0.5
_GOAL_SECONDS = 10.0


class Witness:
    """Looks at every gate that is open, and says what may not be."""

    def __init__(self, simulation: Simulation) -> None:
        self._of = simulation
        self._users: dict[tuple[str, int], str] = {}
        self._newest: dict[str, int] = {}
        self._recorded_at: dict[str, float] = {}
        self.longest_gap = 0.0
        self.overlaps = 0
        self.after_waking = 0
        simulation.watchers.append(self.look)

    def look(self) -> None:
        now = self._of.clock.now
        open_gates: defaultdict[str, list[tuple[SimulatedNode, int]]] = defaultdict(list)
        for node in self._of.nodes.values():
            for camera, epoch in node.gates().items() if node.runs else ():
                open_gates[camera].append((node, epoch))
                self._identity(camera, epoch, node)
                self._no_zombie(camera, epoch, node)
        for camera, writers in open_gates.items():
            self.overlaps += len(writers) > 1
            self._one_writer(camera, writers)
            self._account(camera, now)

    def _identity(self, camera: str, epoch: int, node: SimulatedNode) -> None:
        user = self._users.get((camera, epoch))
        if user is None:
            assert epoch > self._newest.get(camera, 0), f"{camera}: epoch {epoch} began after a newer one"
            self._newest[camera] = epoch
            self._users[camera, epoch] = node.placement.instance
        else:
            assert user == node.placement.instance, f"{camera}: epoch {epoch} was used by two processes"

    def _no_zombie(self, camera: str, epoch: int, node: SimulatedNode) -> None:
        """A node that slept and is connected writes only what the bus gave it, or took from it after it woke."""
        if node.thawed_at is None or not node.connected or node.disturbed_at > node.thawed_at:
            return
        found = self._of.holder(camera)
        assert found is not None
        revision, placement = found
        if epoch not in {placement.epoch_at(revision), revision if placement.successor == node.name else 0}:
            taken_at = self._of.clock.now - self._of.changed_ago(camera)
            assert taken_at >= node.thawed_at, f"{node.name} woke up and wrote {camera} under a lost epoch"
        self.after_waking += 1

    def _one_writer(self, camera: str, writers: list[tuple[SimulatedNode, int]]) -> None:
        """Among nodes that nothing disturbed lately two write one camera only while it is handed over."""
        now = self._of.clock.now
        if not self._of.bus.up or now - self._of.outage_at < _CALM_SECONDS:
            return
        calm = [node for node, _ in writers if node.connected and now - node.disturbed_at > _CALM_SECONDS]
        if len(calm) > 1:
            found = self._of.holder(camera)
            assert found is not None
            handing_over = found[1].successor is not None
            assert handing_over or self._of.changed_ago(camera) < _LINGER, f"{camera} is written twice"

    def _account(self, camera: str, now: float) -> None:
        before = self._recorded_at.get(camera)
        if before is not None and self._of.bus.up and before > self._of.outage_at + _CALM_SECONDS:
            self.longest_gap = max(self.longest_gap, now - before)
        self._recorded_at[camera] = now


def _disturb(simulation: Simulation, random: Random) -> None:
    """Do something bad; at least two nodes are left alone, so that somebody can take over."""
    now = simulation.clock.now
    well = [
        name
        for name, node in simulation.nodes.items()
        if node.runs and node.connected and now - node.disturbed_at > _CALM_SECONDS
    ]
    for name in sorted(set(NAMES) - set(simulation.nodes)):
        if random.random() < 0.5:
            simulation.start(name)
    if random.random() < 0.12:
        simulation.restart_bus(random.uniform(0.5, 12.0))
        return
    if len(well) < 3:
        return
    name = random.choice(sorted(well))
    evil: list[Callable[[], None]] = [
        partial(simulation.kill, name),
        partial(simulation.start, name),
        lambda: simulation.freeze(name, random.uniform(0.5, 15.0)),
        lambda: simulation.cut(name, random.uniform(0.5, 15.0)),
        simulation.nodes[name].terminate,
    ]
    random.choice(evil)()


@pytest.mark.parametrize("seed", range(1, 6))
def test_gates_epochs_and_cameras_survive_minutes_of_chaos(seed: int) -> None:
    random = Random(seed)  # noqa: S311 - chaos by seed
    cameras = {f"c{number}": "95598" for number in range(16)}
    simulation = Simulation(seed, cameras, capacity=len(cameras))
    witness = Witness(simulation)
    try:
        for name in NAMES:
            simulation.start(name)
        simulation.run(20.0)
        while simulation.clock.now < VIRTUAL_SECONDS:
            _disturb(simulation, random)
            simulation.run(random.uniform(0.5, 12.0))
        for name in sorted(set(NAMES) - set(simulation.nodes)):
            simulation.start(name)
        simulation.run(60.0)
        _everything_is_well_again(simulation)
        assert witness.longest_gap <= _GOAL_SECONDS
        assert witness.after_waking > 0
        assert witness.overlaps > 0, "cameras were handed over, not dropped and taken up"
    finally:
        simulation.close()


def _everything_is_well_again(simulation: Simulation) -> None:
    assert all(node.runs and node.connected for node in simulation.nodes.values())
    held = [camera for node in simulation.nodes.values() for camera in node.placement.held]
    assert sorted(held) == sorted(simulation.cameras), "every camera is held by exactly one node"
    for node in simulation.nodes.values():
        for camera, holding in node.placement.held.items():
            found = simulation.holder(camera)
            assert found is not None
            revision, placement = found
            assert placement.instance == node.placement.instance
            assert placement.epoch_at(revision) == holding.epoch == node.gates()[camera]
    writes = simulation.bus.writes
    simulation.run(20.0)
    assert simulation.bus.writes - writes <= 22 * len(simulation.nodes), "nothing flaps: only heartbeats are written"


@pytest.mark.timeout(400)
@pytest.mark.parametrize("seed", [1])
async def test_real_processes_on_a_real_bus(seed: int, bus: Bus, servers: Servers, tmp_path: Path) -> None:
    random = Random(seed)  # noqa: S311 - chaos by seed
    names = ("p1", "p2", "p3")
    cameras = camera_ids(30)
    async with Fleet(servers.nats.url, tmp_path, cameras=len(cameras), settle=2.0) as fleet:
        for name in names:
            await fleet.start(name)
        await eventually(lambda: _live_holders(bus, fleet, cameras))
        journals: dict[str, list[Written]] = {}
        for evil in random.sample(["kill", "freeze", "drain", "bus"], k=4):
            victim = random.choice(names)
            if evil == "kill":
                await fleet.kill(victim)
            elif evil == "freeze":
                fleet.freeze(victim)
            elif evil == "drain":
                await _at_work(fleet, victim)
                assert await fleet.terminate(victim) == 0
            else:
                servers.nats.stop()
                try:
                    await asyncio.sleep(random.uniform(1.0, 5.0))
                finally:
                    servers.nats.start()
            spared = {victim} if evil in {"kill", "freeze", "drain"} else set[str]()
            await eventually(lambda spared=spared: _live_holders(bus, fleet, cameras, without=spared))
            if evil == "freeze":
                fleet.thaw(victim)
            elif victim not in fleet.running:
                await fleet.start(victim)
        await eventually(lambda: _live_holders(bus, fleet, cameras))
        journals = {name: fleet.written(name) for name in names}
    _no_epoch_twice(journals)


async def _at_work(fleet: Fleet, name: str) -> None:
    """Wait until a node is so far that it understands SIGTERM; it may have been started a moment ago."""
    since = boot_clock()

    async def writes() -> bool:
        return any(written.at > since for written in fleet.written(name)[-1:])

    await eventually(writes)


async def _live_holders(bus: Bus, fleet: Fleet, cameras: list[str], *, without: set[str] | None = None) -> bool:
    """Tell whether every camera is held by a node that runs."""
    if bus.reason_away is not None:
        return False
    found = await holders(bus)
    living = fleet.running - (without or set())
    return found.keys() == set(cameras) and all(value.node_id in living for value in found.values())


def _no_epoch_twice(journals: dict[str, list[Written]]) -> None:
    first: dict[tuple[str, int], tuple[float, str]] = {}
    for name, lines in journals.items():
        for written in lines:
            for camera, epoch in written.epochs.items():
                at, user = first.get((camera, epoch), (written.at, name))
                assert user == name, f"{camera}: epoch {epoch} was written by {user} and {name}"
                first[camera, epoch] = (min(at, written.at), name)
    by_camera: defaultdict[str, list[tuple[int, float]]] = defaultdict(list)
    for (camera, epoch), (at, _) in first.items():
        by_camera[camera].append((epoch, at))
    assert by_camera
    for camera, epochs in by_camera.items():
        instants = [at for _, at in sorted(epochs)]
        assert instants == sorted(instants), f"{camera}: an older epoch began after a newer one"
