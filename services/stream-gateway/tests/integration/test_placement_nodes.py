"""Media nodes on a real bus, some of them processes that are killed and frozen."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import AsyncExitStack
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from common.bus import Bus
from common.clock import SystemClock
from common.testing.polling import eventually
from common.testing.servers import Servers
from contracts.media_nodes import MediaNodeOrder, NodeState
from contracts.streams import BUCKET_MEDIA_NODES
from stream_gateway.domain.holdings import Holding, Loss, LossCause
from stream_gateway.domain.placement import MediaNode, place
from stream_gateway.placement.bucket import Bucket
from stream_gateway.placement.clocks import boot_clock
from stream_gateway.placement.heartbeat import NodeReplaced
from stream_gateway.placement.service import Placement
from stream_gateway.placement.settings import NodeIdentity, Pace
from stream_gateway.testing.cuttable_wire import cuttable
from stream_gateway.testing.placement_fleet import Fleet, holders
from stream_gateway.testing.placement_node import camera_ids

pytestmark = pytest.mark.integration


class Node:
    """A placement in this process with a bus of its own and what recording was told."""

    def __init__(self, placement: Placement, bus: Bus) -> None:
        self.placement, self.bus = placement, bus
        self.gains: list[Holding] = []
        self.losses: list[Loss] = []
        self.watch_losses: Callable[[Loss], None] = self.losses.append
        self.running: asyncio.Task[None] | None = None

    async def end(self) -> None:
        if self.running is not None:
            self.running.cancel()
            await asyncio.gather(self.running, return_exceptions=True)
        await self.bus.close()


StartNode = Callable[..., Coroutine[Any, Any, Node]]


@pytest_asyncio.fixture
async def start_node(servers: Servers, bus: Bus) -> AsyncIterator[StartNode]:
    assert bus.reason_away is None
    async with AsyncExitStack() as stack:

        async def start(
            node_id: str,
            cameras: dict[str, str],
            *,
            url: str | None = None,
            capacity: int = 5000,
            spare: bool = False,
            confirms: bool = True,
            pace: Pace | None = None,
        ) -> Node:
            own = await Bus.connect(url or servers.nats.url, name=node_id)

            def on_gain(holding: Holding) -> None:
                node.gains.append(holding)
                if holding.handing_over and confirms:
                    asyncio.get_running_loop().call_soon(node.placement.confirm, holding.camera_id)

            placement = Placement(
                partial(Bucket, own),
                NodeIdentity(node_id, capacity, spare=spare),
                clock=SystemClock(),
                cameras=lambda: cameras,
                on_gain=on_gain,
                on_loss=lambda loss: node.watch_losses(loss),  # noqa: PLW0108 - there is no node yet
                pace=pace,
            )
            node = Node(placement, own)
            node.running = asyncio.create_task(placement.run())
            stack.push_async_callback(node.end)
            return node

        yield start


def _cameras(count: int) -> dict[str, str]:
    return dict.fromkeys(camera_ids(count), "95598")


async def _held(*nodes: Node) -> list[set[str]]:
    return [set(node.placement.held) for node in nodes]


async def _all_held(nodes: list[Node], cameras: dict[str, str]) -> None:
    def complete(held: list[set[str]]) -> bool:
        return sorted(camera for share in held for camera in share) == sorted(cameras)

    await eventually(lambda: _held(*nodes), until=complete)


async def test_five_nodes_that_race_for_200_cameras_hold_each_exactly_once(start_node: StartNode) -> None:
    cameras = _cameras(200)
    nodes = list(await asyncio.gather(*(start_node(f"n{number}", cameras) for number in range(5))))
    await _all_held(nodes, cameras)
    epochs = [holding.epoch for node in nodes for holding in node.placement.held.values()]
    assert len(set(epochs)) == 200
    for node in nodes:
        held = node.placement.held
        assert held
        assert all(node.placement.gate(camera) == holding.epoch for camera, holding in held.items())
        assert all(node.placement.gate(camera) is None for camera in cameras.keys() - held.keys())
        assert {gain.camera_id for gain in node.gains} == set(held)
        assert node.losses == []


async def test_a_new_camera_is_placed_when_it_is_heard_of_and_not_at_the_next_look(start_node: StartNode) -> None:
    cameras = _cameras(1)
    node = await start_node("n1", cameras, pace=Pace(decide_seconds=3600))
    await _all_held([node], cameras)
    await asyncio.sleep(0.5)  # what it wrote itself has woken it up meanwhile; nothing else will
    new = camera_ids(2)[1]
    cameras[new] = "95598"
    node.placement.consider(new)
    await _all_held([node], cameras)


async def test_two_thousand_cameras_cost_one_write_each_and_then_one_a_second_per_node(
    start_node: StartNode, bus: Bus
) -> None:
    cameras = _cameras(2000)
    empty = (await bus.js.stream_info("KV_placements")).state.last_seq
    stays = Pace(settle_seconds=3600.0)
    nodes = [await start_node(name, cameras, capacity=1500, pace=stays) for name in ("a", "b")]
    await _all_held(nodes, cameras)
    last = (await bus.js.stream_info("KV_placements")).state.last_seq
    assert last - empty == 2000, "a claim that loses is not stored"
    before = (await bus.js.stream_info(f"KV_{BUCKET_MEDIA_NODES}")).state.last_seq

    async def beats() -> int:
        return (await bus.js.stream_info(f"KV_{BUCKET_MEDIA_NODES}")).state.last_seq - before

    await eventually(beats, until=lambda count: count >= 6)
    assert (await bus.js.stream_info("KV_placements")).state.last_seq == last, "nothing is renewed per camera"


async def test_a_killed_and_a_frozen_node_are_replaced_and_the_zombie_writes_nothing(
    start_node: StartNode, bus: Bus, servers: Servers, tmp_path: Path
) -> None:
    cameras = _cameras(60)
    async with Fleet(servers.nats.url, tmp_path, cameras=60, settle=1.0) as fleet:
        await asyncio.gather(*(fleet.start(name) for name in ("killed", "frozen")))
        ideal = place(cameras, [MediaNode(name, 1000) for name in ("killed", "frozen")]).targets
        await eventually(lambda: _node_of(bus), until=lambda found: found == ideal)
        observer = await start_node("observer", cameras, spare=True)
        before = await holders(bus)
        revisions = {camera: await _epoch(bus, camera) for camera in cameras}
        fleet.freeze("frozen")
        await fleet.kill("killed")
        await _all_held([observer], cameras)
        for camera, holding in observer.placement.held.items():
            old = before[camera].node_id
            assert holding.epoch > revisions[camera]
            assert holding.previous is not None
            assert holding.previous.cause == f"le nœud média {old} ne répondait plus"
            assert holding.previous.unseen_since is not None
            assert holding.previous.unseen_since < holding.since
        woken_at = boot_clock()
        fleet.thaw("frozen")

        async def awake() -> int:
            return len([written for written in fleet.written("frozen") if written.at > woken_at])

        await eventually(awake, until=lambda count: count > 40)
        after_waking = [written for written in fleet.written("frozen") if written.at >= woken_at]
        assert [written.epochs for written in after_waking if written.epochs] == [], "the zombie wrote"
        assert {value.node_id for value in (await holders(bus)).values()} == {"observer"}


async def test_a_node_cut_off_from_the_bus_records_on_and_stops_when_it_hears_that_it_was_replaced(
    start_node: StartNode, servers: Servers
) -> None:
    cameras = _cameras(20)
    async with cuttable(servers.nats.port) as wire:
        alone = await start_node("alone", cameras, url=f"nats://127.0.0.1:{wire.port}")
        await _all_held([alone], cameras)
        old = {camera: holding.epoch for camera, holding in alone.placement.held.items()}
        other = await start_node("other", cameras, spare=True)
        wire.cut()
        await _all_held([other], cameras)
        assert {camera: alone.placement.gate(camera) for camera in cameras} == old, "footage is worth more"
        assert all(other.placement.gate(camera) not in {None, epoch} for camera, epoch in old.items())
        wire.mend()

        async def open_gates() -> list[int]:
            return [epoch for camera in cameras if (epoch := alone.placement.gate(camera)) is not None]

        await eventually(open_gates, until=lambda epochs: epochs == [])
        assert Counter(loss.cause for loss in alone.losses) == {LossCause.TAKEN: 20}
        assert alone.placement.held == {}
        await _all_held([other], cameras)


async def test_a_bus_that_restarts_takes_no_camera_from_anybody(start_node: StartNode, servers: Servers) -> None:
    cameras = _cameras(60)
    nodes = [await start_node(name, cameras) for name in ("a", "b", "c")]
    await _all_held(nodes, cameras)
    held = [dict(node.placement.held) for node in nodes]

    async def isolated() -> float:
        return min(node.placement.isolated_seconds for node in nodes)

    servers.nats.stop()
    try:
        await eventually(isolated, until=lambda silence: silence > 4.5)
        for node, mine in zip(nodes, held, strict=True):
            assert all(node.placement.gate(camera) == holding.epoch for camera, holding in mine.items())
    finally:
        servers.nats.start()
    await eventually(isolated, until=lambda silence: silence == 0.0)
    began = boot_clock()

    async def judged() -> float:
        return boot_clock() - began if all(node.placement.isolated_seconds == 0.0 for node in nodes) else 0.0

    await eventually(judged, until=lambda seconds: seconds > 9.0)
    assert [dict(node.placement.held) for node in nodes] == held
    assert all(node.losses == [] for node in nodes)


async def test_a_drain_hands_over_with_overlap_and_the_orders_of_a_supervisor_hold(
    start_node: StartNode, bus: Bus
) -> None:
    cameras = _cameras(40)
    old, new = [await start_node(name, cameras) for name in ("old", "new")]
    await _all_held([old, new], cameras)
    mine = dict(old.placement.held)
    gates_then: dict[str, tuple[int | None, int | None]] = {}

    def lost(loss: Loss) -> None:
        old.losses.append(loss)
        gates_then[loss.camera_id] = old.placement.gate(loss.camera_id), new.placement.gate(loss.camera_id)

    old.watch_losses = lost
    assert await old.placement.drain(60.0) == frozenset()
    assert set(new.placement.held) == set(cameras)
    for camera, holding in mine.items():
        gained = next(gain for gain in new.gains if gain.camera_id == camera)
        [loss] = [loss for loss in old.losses if loss.camera_id == camera]
        assert gained.handing_over
        assert new.placement.held[camera].epoch == gained.epoch > holding.epoch == loss.epoch
        assert loss.cause is LossCause.HANDED_OVER
        assert loss.finish_by is not None
        assert gates_then[camera] == (holding.epoch, gained.epoch), "both write while it changes hands"

    async def still_open() -> set[str]:
        return {camera for camera in mine if old.placement.gate(camera) is not None}

    await eventually(still_open, until=lambda cameras: cameras == set())

    order = MediaNodeOrder(
        node_id="new", state=NodeState.DRAINING, ordered_at=SystemClock().now(), ordered_by="technicien"
    )
    await Bucket(bus, BUCKET_MEDIA_NODES).put("order.new", order, revision=None)
    await eventually(lambda: _state_of(new), until=lambda state: state is NodeState.DRAINING)
    third = await start_node("third", cameras)
    await _all_held([third], cameras)
    assert new.placement.held == {}


async def test_a_successor_that_never_writes_gets_nothing_and_the_holder_goes_on(start_node: StartNode) -> None:
    cameras = _cameras(5)
    pace = Pace(hand_over_seconds=1.0, settle_seconds=1.0)
    holder = await start_node("holder", cameras, pace=pace)
    await _all_held([holder], cameras)
    epochs = {camera: holding.epoch for camera, holding in holder.placement.held.items()}
    idle = await start_node("idle", cameras, confirms=False, pace=pace)

    async def cancelled() -> set[LossCause]:
        return {loss.cause for loss in idle.losses}

    await eventually(cancelled)
    assert await cancelled() == {LossCause.HAND_OVER_CANCELLED}
    assert holder.losses == []
    assert {camera: holder.placement.gate(camera) for camera in cameras} == epochs


async def test_a_spare_helps_only_until_an_active_node_has_room_again(start_node: StartNode) -> None:
    cameras = _cameras(20)
    pace = Pace(settle_seconds=1.0)
    spare = await start_node("spare", cameras, spare=True, pace=pace)
    await _all_held([spare], cameras)
    active = await start_node("active", cameras, capacity=15, pace=pace)
    await eventually(lambda: _held(active, spare), until=lambda held: [len(share) for share in held] == [15, 5])
    assert Counter(loss.cause for loss in spare.losses) == {LossCause.HANDED_OVER: 15}


async def test_a_second_process_of_the_same_name_ends_the_first(start_node: StartNode) -> None:
    cameras = _cameras(3)
    first = await start_node("same", cameras)
    await _all_held([first], cameras)
    second = await start_node("same", cameras)
    await _all_held([second], cameras)
    assert first.running is not None
    with pytest.raises(NodeReplaced):
        await first.running
    assert all(first.placement.gate(camera) is None for camera in cameras)
    assert {loss.cause for loss in first.losses} == {LossCause.TAKEN}
    previous = {holding.previous.cause for holding in second.placement.held.values() if holding.previous}
    assert previous == {"le nœud média same a été arrêté"}


async def _node_of(bus: Bus) -> dict[str, str]:
    found = await holders(bus)
    return {camera: value.node_id for camera, value in found.items() if value.successor is None}


async def _epoch(bus: Bus, camera: str) -> int:
    entry = await bus.js.get_last_msg("KV_placements", f"$KV.placements.{camera}")
    assert entry.seq is not None
    return entry.seq


async def _state_of(node: Node) -> NodeState:
    return node.placement.state
