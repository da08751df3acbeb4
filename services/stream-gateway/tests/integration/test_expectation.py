"""Who says what the ledger expects: only a node that knows the cameras."""

from collections.abc import AsyncIterator, Callable
from datetime import timedelta

import pytest
import pytest_asyncio

from common.bus import Bus
from common.clock import SystemClock
from common.database import Database
from common.kv_replica import KvReplica
from common.testing.polling import eventually
from common.testing.servers import TestDatabase
from common.testing.states import a_camera, put_camera
from contracts.registry import CameraState
from contracts.streams import BUCKET_CAMERAS
from stream_gateway.recording.demand import Demand
from stream_gateway.recording.expectation import Expectation
from stream_gateway.repository.ledger import expected_cameras

pytestmark = pytest.mark.integration

CAMERA = "PV-95598-0001-P1"


@pytest_asyncio.fixture
async def database(make_database: Callable[[str | None], TestDatabase]) -> AsyncIterator[Database]:
    made = Database(make_database("stream_gateway").app_url)
    yield made
    await made.dispose()


async def expected(database: Database) -> set[str]:
    """Return the cameras that are expected at this moment."""
    async with database.transaction() as connection:
        return set(await expected_cameras(connection, since=SystemClock().now() + timedelta(hours=1)))


async def test_a_node_that_knows_no_camera_ends_nobodys_expected_time(bus: Bus, database: Database) -> None:
    clock = SystemClock()
    camera = a_camera(CAMERA)
    await put_camera(bus, camera)
    mirror = KvReplica(bus, BUCKET_CAMERAS, CameraState)
    await mirror.start(wait_seconds=30.0)
    try:
        knowing = Expectation(Demand(mirror, clock), database, clock)
        await knowing.note()
        assert await expected(database) == {CAMERA}

        unread = KvReplica(bus, BUCKET_CAMERAS, CameraState)
        await Expectation(Demand(unread, clock), database, clock).note()
        assert await expected(database) == {CAMERA}

        await put_camera(bus, camera.model_copy(update={"authorisation": None, "revision": camera.revision + 1}))

        async def heard() -> bool:
            known = mirror.get(CAMERA)
            return known is not None and known.authorisation is None

        await eventually(heard)
        await knowing.note()
        assert await expected(database) == set()
    finally:
        await mirror.stop()


async def test_a_mirror_that_hears_nothing_any_more_is_not_certain(bus: Bus) -> None:
    mirror = KvReplica(bus, BUCKET_CAMERAS, CameraState)
    await mirror.start(wait_seconds=30.0)
    try:
        demand = Demand(mirror, SystemClock())
        assert demand.certain
    finally:
        await mirror.stop()

    async def uncertain() -> bool:
        return not demand.certain

    await eventually(uncertain)
