"""What moves cameras, on real servers with simulated heads that want a password, under a clock that tests move."""

from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path

import pytest
import pytest_asyncio

from camera_simulator.testing import SimulatorProcess
from common.bus import Bus
from common.testing.servers import Servers, TestDatabase
from common.testing.tokens import TokenMint
from stream_gateway.settings import Settings
from stream_gateway.testing.ptz_rig import PtzGateway, ptz_settings, running_ptz


@pytest.fixture(scope="package")
def heads() -> Iterator[SimulatorProcess]:
    with SimulatorProcess(count=2, ptz_count=2, username="vigie", password="p@ss'w:rd") as cameras:
        yield cameras


@pytest.fixture
def settings(
    servers: Servers, make_database: Callable[[str | None], TestDatabase], tokens: TokenMint, tmp_path: Path
) -> Settings:
    return ptz_settings(servers, make_database("stream_gateway"), tokens, tmp_path)


@pytest_asyncio.fixture
async def gateway(
    settings: Settings, bus: Bus, tokens: TokenMint, heads: SimulatorProcess
) -> AsyncIterator[PtzGateway]:
    for number in (1, 2):
        heads.set_quirks(number)
        heads.clear_ptz_log(number)
    async with running_ptz(settings, bus=bus, tokens=tokens, simulator=heads) as started:
        yield started
