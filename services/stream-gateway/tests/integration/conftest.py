"""The gateway on real servers, with simulated cameras that want a password."""

from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path

import pytest
import pytest_asyncio

from camera_simulator.testing import SimulatorProcess
from common.bus import Bus
from common.object_store import ObjectStore
from common.testing.servers import Servers, TestDatabase
from common.testing.tokens import TokenMint
from stream_gateway.settings import Settings
from stream_gateway.testing.rig import Gateway, gateway_settings, running_gateway


@pytest.fixture(scope="module")
def simulator() -> Iterator[SimulatorProcess]:
    with SimulatorProcess(count=3, ptz_count=1, username="vigie", password="p@ss'w:rd") as cameras:
        yield cameras


@pytest.fixture
def settings(
    servers: Servers,
    make_database: Callable[[str | None], TestDatabase],
    tokens: TokenMint,
    tmp_path: Path,
) -> Settings:
    return gateway_settings(servers, make_database("stream_gateway"), tokens, tmp_path)


@pytest_asyncio.fixture
async def gateway(
    settings: Settings, bus: Bus, tokens: TokenMint, object_store: ObjectStore, simulator: SimulatorProcess
) -> AsyncIterator[Gateway]:
    for number in range(1, simulator.count + 1):
        simulator.set_faults(number)
    async with running_gateway(settings, bus=bus, tokens=tokens, store=object_store, simulator=simulator) as started:
        yield started
