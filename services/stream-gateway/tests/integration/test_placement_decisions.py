"""Decisions of a media node against a bus that others write to at the same moment."""

import asyncio
from datetime import UTC, datetime
from functools import partial

import pytest

from common.bus import Bus
from common.clock import SystemClock
from common.testing.polling import eventually
from contracts.media_nodes import NODE_KEY, CameraPlacement, MediaNodeState, NodeState, PlacementState
from contracts.streams import BUCKET_MEDIA_NODES, BUCKET_PLACEMENTS
from stream_gateway.placement.bucket import Bucket, Entry
from stream_gateway.placement.clocks import boot_clock
from stream_gateway.placement.decisions import Decisions
from stream_gateway.placement.holders import Holders
from stream_gateway.placement.nodes import NodesWatch
from stream_gateway.placement.settings import Pace

pytestmark = pytest.mark.integration

CAMERA = "PV-95598-0001-P1"
NOW = datetime(2026, 11, 30, tzinfo=UTC)


def heartbeat(node_id: str) -> MediaNodeState:
    return MediaNodeState(
        node_id=node_id,
        instance="first",
        started_at=NOW,
        state=NodeState.ACTIVE,
        communes=(),
        capacity=10,
        load=0,
        url="http://127.0.0.1:9",
        version="0",
        sequence=1,
    )


async def test_a_camera_that_another_takes_between_decision_and_write_stays_with_the_other(bus: Bus) -> None:
    await Bucket(bus, BUCKET_MEDIA_NODES).put(f"{NODE_KEY}a", heartbeat("a"), revision=None)
    nodes = NodesWatch(partial(Bucket, bus), me="a", monotonic=boot_clock, on_change=lambda: None)
    following = asyncio.create_task(nodes.run())
    placements = Bucket(bus, BUCKET_PLACEMENTS)
    holders = Holders(
        node_id="a",
        instance="first",
        monotonic=boot_clock,
        linger=lambda: 0.0,
        on_gain=lambda _: pytest.fail("taken from a living holder"),
        on_loss=lambda _: None,
    )
    decisions = Decisions(
        me="a",
        instance="first",
        bucket=placements,
        holders=holders,
        nodes=nodes,
        cameras=lambda: {CAMERA: "95598"},
        clock=SystemClock(),
        monotonic=boot_clock,
        pace=Pace(),
    )

    async def taking() -> bool:
        return nodes.takes("a", "first")

    try:
        await eventually(taking)
        claim = CameraPlacement(node_id="b", instance="first", state=PlacementState.HELD, taken_at=NOW)
        revision = await placements.put(CAMERA, claim, revision=0)
        decisions.decide(draining=False)
        holders.apply(Entry(CAMERA, revision, claim.model_dump_json().encode()))
        await asyncio.gather(*decisions._writing.values())  # pyright: ignore[reportPrivateUsage]
        found: list[Entry] = []
        await placements.read(found.append)
        assert [(one.key, one.revision) for one in found] == [(CAMERA, revision)]
    finally:
        following.cancel()
        await decisions.close()
