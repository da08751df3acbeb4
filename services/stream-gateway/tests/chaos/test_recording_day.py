"""A bad day of recording in a minute, by seed: at its end every expected second is footage or a gap with a cause."""

import asyncio
import hashlib
from collections.abc import AsyncIterator, Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from typing import Protocol

import pytest
import pytest_asyncio

from camera_simulator.testing import SimulatorProcess
from common.bus import Bus
from common.object_store import ObjectStore
from common.testing.polling import eventually
from common.testing.servers import Servers, TestDatabase
from common.testing.tokens import TokenMint
from contracts.stream import GapDeclared
from stream_gateway.domain.ledger import NOT_RETURNED
from stream_gateway.recording.audit import SETTLED_AFTER, audit
from stream_gateway.testing.accounting import every_second_is_told, stored_films, told_by_recorders
from stream_gateway.testing.cluster import Cluster, running_cluster
from stream_gateway.testing.films import frames_of, seconds_of
from stream_gateway.testing.rig import gateway_settings

pytestmark = [pytest.mark.chaos, pytest.mark.timeout(400)]

CAMERAS = 4
NODES = ("est", "ouest")
"""Names under which each has two of the four cameras."""
_PATIENCE = 120.0


@pytest.fixture(scope="module")
def simulator() -> Iterator[SimulatorProcess]:
    with SimulatorProcess(count=CAMERAS, username="vigie", password="p@ss'w:rd") as cameras:
        yield cameras


@pytest_asyncio.fixture
async def cluster(
    servers: Servers,
    make_database: Callable[[str | None], TestDatabase],
    bus: Bus,
    tokens: TokenMint,
    object_store: ObjectStore,
    simulator: SimulatorProcess,
    tmp_path: Path,
) -> AsyncIterator[Cluster]:
    for number in range(1, CAMERAS + 1):
        simulator.set_faults(number)
    settings = gateway_settings(servers, make_database("stream_gateway"), tokens, tmp_path)
    async with running_cluster(
        settings, bus=bus, tokens=tokens, store=object_store, simulator=simulator, folder=tmp_path
    ) as started:
        yield started


class Day:
    """What happens, by chance of a seed."""

    def __init__(self, cluster: Cluster, servers: Servers, random: Random) -> None:
        self._cluster, self._servers, self._random = cluster, servers, random

    async def pass_by(self) -> None:
        """Let everything happen once, two things at a time."""
        evils = [self._camera_away, self._camera_frozen, self._node_dies, self._store_away, self._database_away]
        self._random.shuffle(evils)
        for number, evil in enumerate(evils):
            other = evils[(number + 1) % len(evils)] if number % 2 else self._camera_away
            await asyncio.gather(evil(), other())
            await asyncio.sleep(self._random.uniform(0, 2))

    async def _camera_away(self) -> None:
        await self._camera(offline=True)

    async def _camera_frozen(self) -> None:
        await self._camera(freeze=True)

    async def _camera(self, *, offline: bool = False, freeze: bool = False) -> None:
        number = self._random.randint(1, CAMERAS)
        simulator = self._cluster.gateway.simulator
        await asyncio.to_thread(lambda: simulator.set_faults(number, offline=offline, freeze=freeze))
        await asyncio.sleep(self._random.uniform(2, 7))
        await asyncio.to_thread(lambda: simulator.set_faults(number))

    async def _node_dies(self) -> None:
        if len(self._cluster.nodes) < len(NODES):
            return
        name = self._random.choice(NODES)
        await self._cluster.kill(name)
        await asyncio.sleep(self._random.uniform(0, 8))
        await self._cluster.start(name)

    async def _store_away(self) -> None:
        await self._server_away(self._servers.seaweed)

    async def _database_away(self) -> None:
        await self._server_away(self._servers.postgres)

    async def _server_away(self, server: "Stoppable") -> None:
        if not server.running:
            return
        await asyncio.to_thread(server.stop)
        try:
            await asyncio.sleep(self._random.uniform(2, 6))
        finally:
            await asyncio.to_thread(server.start)


class Stoppable(Protocol):
    """What a server of the tests offers."""

    @property
    def running(self) -> bool: ...

    def start(self) -> None: ...

    def stop(self) -> None: ...


@pytest.mark.parametrize("seed", [1, 2])
async def test_a_day_of_chaos_adds_up(seed: int, cluster: Cluster, servers: Servers) -> None:
    random = Random(seed)  # noqa: S311 - chaos by seed
    cameras = [(await cluster.gateway.add_camera(number)).camera_id for number in range(1, CAMERAS + 1)]
    await cluster.start(*NODES)
    await eventually(
        lambda: _recorded_since(cluster, datetime.min.replace(tzinfo=UTC)), until=cameras.__eq__, within=_PATIENCE
    )
    first = [(await cluster.segments(camera))[0].started_at for camera in cameras]
    begun = max(first)
    await Day(cluster, servers, random).pass_by()
    evening = datetime.now(UTC)
    await eventually(
        lambda: _recorded_since(cluster, evening + timedelta(seconds=4)), until=cameras.__eq__, within=_PATIENCE
    )
    await eventually(lambda: _waits_before(cluster, evening), until=lambda files: files == [], within=_PATIENCE)

    async with cluster.gateway.database.transaction() as connection:
        late = await audit(connection, evening + SETTLED_AFTER)
    await eventually(lambda: _found_by_the_audit(cluster), until=lambda gaps: len(gaps) >= late)
    for gap in await _found_by_the_audit(cluster):
        told, first = await told_by_recorders(cluster, gap.camera_id), (await cluster.segments(gap.camera_id))[0]
        unwritten = told.died_with_a_node((gap.started_at, gap.ended_at))
        assert gap.ended_at <= first.started_at or unwritten, ("a recorder knows itself what it misses", told)
    await every_second_is_told(cluster, cameras, (begun, evening))
    for camera, account in (await cluster.accounts(cameras, (begun, evening))).items():
        assert account.recorded_seconds > account.expected_seconds / 4, camera
    await _every_announced_object_is_there(cluster)
    await _nothing_is_stored_that_nobody_announced(cluster, evening)


async def _recorded_since(cluster: Cluster, since: datetime) -> list[str]:
    return sorted({one.camera_id for one in await cluster.segments() if one.started_at >= since})


async def _waits_before(cluster: Cluster, instant: datetime) -> list[str]:
    """Return what the spools still hold of the time before an instant."""
    return [name for node in NODES for name in await cluster.waiting(node, before=instant)]


async def _found_by_the_audit(cluster: Cluster) -> list[GapDeclared]:
    return [gap for gap in await cluster.gaps() if gap.cause == NOT_RETURNED]


async def _nothing_is_stored_that_nobody_announced(cluster: Cluster, until: datetime) -> None:
    stored = {film.object_key for film in await stored_films(cluster.gateway.store) if film.ended_at <= until}
    assert stored
    assert stored <= {one.object_key for one in await cluster.segments()}


async def _every_announced_object_is_there(cluster: Cluster) -> None:
    segments = await cluster.segments()
    assert len({one.segment_id for one in segments}) == len(segments)
    for one in segments:
        content = await cluster.gateway.store.get_range(one.bucket, one.object_key)
        assert hashlib.sha256(content).hexdigest() == one.sha256
        assert len(content) == one.size
        assert seconds_of(content) == pytest.approx(one.duration_ms / 1000, abs=0.01)
    for one in segments[:: max(len(segments) // 25, 1)]:  # decoding them all takes a minute
        content = await cluster.gateway.store.get_range(one.bucket, one.object_key)
        frames = await asyncio.to_thread(frames_of, content)
        assert len(frames) == one.pictures
