"""Two media nodes that are processes: one is killed, frozen or drained, and no second is lost without a word."""

import asyncio
import contextlib
import json
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path

import pytest
import pytest_asyncio
import websockets
from av.error import FFmpegError

from camera_simulator.testing import SimulatorProcess
from common.bus import Bus
from common.clock import SystemClock
from common.object_store import ObjectStore
from common.testing.polling import eventually
from common.testing.states import SOISY
from common.testing.tokens import TokenMint
from contracts.media_nodes import MediaNodeOrder, NodeState
from contracts.stream import SegmentRecorded
from contracts.streams import BUCKET_MEDIA_NODES
from stream_gateway.domain.holdings import unheard
from stream_gateway.domain.intervals import Interval
from stream_gateway.domain.placement import MediaNode, place
from stream_gateway.placement.bucket import Bucket
from stream_gateway.repository.placement import OVERLAP
from stream_gateway.settings import Settings
from stream_gateway.testing.accounting import every_second_is_told
from stream_gateway.testing.cluster import Cluster, running_cluster
from stream_gateway.testing.films import frames_of
from stream_gateway.testing.rig import Gateway

pytestmark = [pytest.mark.integration, pytest.mark.timeout(300)]

CAMERAS = 3
NODES = ("est", "ouest")
"""Names under which each has cameras: the first camera goes to ``ouest``, the others to ``est``."""


@pytest_asyncio.fixture
async def cluster(
    settings: Settings,
    bus: Bus,
    tokens: TokenMint,
    object_store: ObjectStore,
    simulator: SimulatorProcess,
    tmp_path: Path,
) -> AsyncIterator[Cluster]:
    for number in range(1, simulator.count + 1):
        simulator.set_faults(number)
    async with running_cluster(
        settings, bus=bus, tokens=tokens, store=object_store, simulator=simulator, folder=tmp_path
    ) as started:
        yield started


async def two_nodes_at_work(cluster: Cluster) -> tuple[list[str], str, str]:
    """Return the cameras, the node that holds the first of them, and the other node, which holds the rest.

    All cameras are recorded, and none is to move any more.
    """
    cameras = [(await cluster.gateway.add_camera(number)).camera_id for number in range(1, CAMERAS + 1)]
    await cluster.start(*NODES)

    async def all_recorded() -> bool:
        return {one.camera_id for one in await cluster.segments()} == set(cameras)

    await eventually(all_recorded, within=120)
    ideal = place(dict.fromkeys(cameras, SOISY), [MediaNode(name, 600) for name in NODES]).targets
    assert set(ideal.values()) == set(NODES)

    async def settled() -> dict[str, str]:
        found = await cluster.holders()
        return {camera: one.node_id for camera, one in found.items() if one.successor is None}

    await eventually(settled, until=lambda found: found == ideal, within=120)
    mine = ideal[cameras[0]]
    return cameras, mine, next(name for name in NODES if name != mine)


async def recorded_so_far(cluster: Cluster, cameras: list[str]) -> Interval:
    """Return the time over which every camera has announced footage: from its first to its last."""
    of_each = [await cluster.segments(camera) for camera in cameras]
    return max(one[0].started_at for one in of_each), min(max(s.ended_at for s in one) for one in of_each)


async def killed_with_films_on_its_disk(cluster: Cluster, name: str) -> set[str]:
    """Kill a node at a moment when its spool holds pictures; returns the files that do."""
    while True:
        cluster.freeze(name)  # so that nothing changes while it is looked at
        films = {path.name for path in cluster.spool(name).glob("*/*/*/*.mp4") if _holds_pictures(path)}
        if films:
            await cluster.kill(name)
            return films
        cluster.thaw(name)
        await asyncio.sleep(0.1)


def _holds_pictures(film: Path) -> bool:
    try:
        return frames_of(film) != []
    except FFmpegError:  # not one whole picture is written yet
        return False


def _nothing(files: list[str]) -> bool:
    return files == []


class Watching:
    """A viewer's eyes: states and parts as they came."""

    def __init__(self, socket: websockets.ClientConnection) -> None:
        self._socket = socket
        self.states: list[str] = []
        self.parts: list[bytes] = []

    async def pictures(self, count: int) -> list[bytes]:
        """Wait for so many fragments more; returns the film since the last init segment."""
        wanted = count
        while wanted > 0:
            async with asyncio.timeout(120):
                message = await self._socket.recv()
            if isinstance(message, str):
                told = json.loads(message)
                self.states += [told["state"]] if told["type"] == "state" else []
            elif message[4:8] == b"ftyp":
                self.parts = [message]
            else:
                self.parts.append(message)
                wanted -= 1
        return self.parts

    async def film_after_a_break(self) -> list[bytes]:
        """Wait until pictures come again after they were interrupted; returns the film since then."""
        while self.states[-1:] != ["live"]:
            await self.pictures(1)
        return await self.pictures(30)


@asynccontextmanager
async def watching(gateway: Gateway, camera_id: str) -> AsyncGenerator[Watching, None]:
    answer = await gateway.open_session(camera_id)
    assert answer.status_code == 201, answer.text
    session = answer.json()
    async with websockets.connect(
        gateway.ws_url(session["websocket_path"]),
        additional_headers=gateway.headers(),
        compression=None,
        max_size=None,
    ) as socket:
        await socket.send(json.dumps({"token": session["token"]}))
        lease = asyncio.create_task(_renew(gateway, session["session_id"]))
        try:
            yield Watching(socket)
        finally:
            lease.cancel()
            await asyncio.gather(lease, return_exceptions=True)


async def _renew(gateway: Gateway, session_id: str) -> None:
    while True:
        await asyncio.sleep(5)
        with contextlib.suppress(OSError):
            await gateway.http.post(f"/api/stream/sessions/{session_id}/lease", headers=gateway.headers())


def nothing_is_announced_twice(segments: list[SegmentRecorded]) -> None:
    """Of one camera: no segment twice, and two holders overlap no longer than a hand-over may take."""
    assert len({one.segment_id for one in segments}) == len(segments)
    assert len({one.object_key for one in segments}) == len(segments)
    for earlier, later in pairwise(segments):
        overlap = earlier.ended_at - later.started_at
        assert overlap <= (OVERLAP if earlier.epoch != later.epoch else timedelta(milliseconds=500))


async def test_a_killed_node_is_replaced_its_gap_has_its_cause_and_viewers_see_again(cluster: Cluster) -> None:
    cameras, victim, survivor = await two_nodes_at_work(cluster)
    lost = [camera for camera, one in (await cluster.holders()).items() if one.node_id == victim]
    assert lost == cameras[:1]
    async with watching(cluster.gateway, cameras[0]) as viewer:
        assert len(frames_of(await viewer.pictures(8))) >= 8
        viewer.states.clear()
        on_disk = await killed_with_films_on_its_disk(cluster, victim)
        killed_at = datetime.now(UTC)
        for camera in lost:
            await cluster.recorded_by(survivor, camera, since=killed_at)
        film = await viewer.film_after_a_break()
        assert viewer.states[0] == "reconnecting"
        frames = frames_of(film)
        assert frames[0].key_frame
        assert len(frames) >= 30
    assert {one.node_id for one in (await cluster.holders()).values()} == {survivor}

    async def declared() -> set[str]:
        return {gap.camera_id for gap in await cluster.gaps() if gap.cause == unheard(victim)}

    await eventually(declared, until=lambda found: found == set(lost))
    for gap in await cluster.gaps():
        assert gap.camera_id in lost, "the survivor's own cameras lost nothing"
        assert gap.cause == unheard(victim)

    async def missing() -> set[str]:
        return on_disk - {one.object_key.rpartition("/")[2] for one in await cluster.segments()}

    assert await missing(), "a dead node announces nothing"
    await cluster.start(victim)  # what its disk holds comes after all
    await eventually(missing, until=lambda files: files == set())
    await eventually(lambda: cluster.waiting(victim, before=killed_at), until=_nothing)
    for camera in cameras:
        nothing_is_announced_twice(await cluster.segments(camera))
    await every_second_is_told(cluster, cameras, await recorded_so_far(cluster, cameras))


async def test_a_frozen_node_wakes_up_and_announces_nothing_that_is_not_its_own(cluster: Cluster) -> None:
    cameras, victim, survivor = await two_nodes_at_work(cluster)
    lost = [camera for camera, one in (await cluster.holders()).items() if one.node_id == victim]
    frozen_at = datetime.now(UTC)
    cluster.freeze(victim)

    async def taken() -> set[str]:
        return {one.node_id for one in (await cluster.holders()).values()}

    await eventually(taken, until=lambda found: found == {survivor})
    for camera in cameras:
        await cluster.recorded_by(survivor, camera, since=frozen_at)
    cluster.thaw(victim)
    woken_at = datetime.now(UTC)
    settled = woken_at - timedelta(seconds=1)  # what it had written when it was frozen is announced or set aside
    await eventually(lambda: cluster.waiting(victim, before=settled), until=_nothing)
    for camera in cameras:
        holder = (await cluster.holders())[camera].node_id
        await cluster.recorded_by(holder, camera, since=woken_at)
        nothing_is_announced_twice(await cluster.segments(camera))
    for camera in lost:
        segments = await cluster.segments(camera)
        taken_over = min(one.epoch for one in segments if one.node_id == survivor and one.started_at >= frozen_at)
        old = [one for one in segments if one.node_id == victim and one.epoch < taken_over]
        assert old
        assert max(one.ended_at for one in old) <= frozen_at + timedelta(seconds=1), "it was frozen, it saw nothing"
    gaps = {(gap.camera_id, gap.cause) for gap in await cluster.gaps()}
    assert gaps == {(camera, unheard(victim)) for camera in lost}
    await every_second_is_told(cluster, cameras, await recorded_so_far(cluster, cameras))


async def test_a_drained_node_leaves_no_gap(cluster: Cluster, bus: Bus) -> None:
    cameras, drained, other = await two_nodes_at_work(cluster)
    order = MediaNodeOrder(
        node_id=drained, state=NodeState.DRAINING, ordered_at=SystemClock().now(), ordered_by="chef.martin"
    )
    await Bucket(bus, BUCKET_MEDIA_NODES).put(f"order.{drained}", order, revision=None)

    async def moved() -> set[str]:
        return {one.node_id for one in (await cluster.holders()).values()}

    async with watching(cluster.gateway, cameras[0]) as viewer:
        await viewer.pictures(5)
        viewer.states.clear()
        await eventually(moved, until=lambda found: found == {other})
        after = datetime.now(UTC)
        for camera in cameras:
            await cluster.recorded_by(other, camera, since=after)
        frames = frames_of(await viewer.film_after_a_break())  # by the other node
        assert frames[0].key_frame
        assert len(frames) >= 30
    await eventually(lambda: cluster.waiting(drained, before=datetime.now(UTC)), until=_nothing)
    assert list(cluster.spool(drained).glob("*/*/fenced/*.mp4")) == []
    assert await cluster.gaps() == []
    for camera in cameras:
        nothing_is_announced_twice(await cluster.segments(camera))
    await every_second_is_told(cluster, cameras, await recorded_so_far(cluster, cameras))
