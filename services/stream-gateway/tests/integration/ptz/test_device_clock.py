"""Cameras whose clock is wrong, jumps, or is no clock at all: they refuse what another time signed."""

from collections import deque
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import pytest
import pytest_asyncio
from fastapi import FastAPI, Request, Response

from camera_simulator.testing import SimulatorProcess
from common.testing.serving import serving
from stream_gateway.onvif.device import DeviceTrouble, OnvifDevice
from stream_gateway.onvif.soap import PTZ, Account, Operation, read_xml

pytestmark = pytest.mark.integration

NODES = Operation(PTZ, "GetNodes")
_SOAP = '<s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope"><s:Body>{}</s:Body></s:Envelope>'
_REFUSED = "<s:Fault><s:Code><s:Value>ter:NotAuthorized</s:Value></s:Code></s:Fault>"


@dataclass
class Seconds:
    """A clock that a test moves on."""

    passed: float = 0.0

    def __call__(self) -> float:
        return self.passed


@pytest.fixture
def wandering(heads: SimulatorProcess) -> Iterator[SimulatorProcess]:
    yield heads
    heads.set_faults(1)


async def test_a_camera_whose_clock_is_set_while_it_is_used_is_moved_again(wandering: SimulatorProcess) -> None:
    seconds = Seconds()
    address = wandering.onvif_url(1).replace("device_service", "ptz_service")
    device = OnvifDevice(address, Account("vigie", "p@ss'w:rd"), within=5.0, now=seconds)
    try:
        wandering.set_faults(1, clock_error_s=3600)
        await device.call(NODES)
        wandering.set_faults(1, clock_error_s=-3600)
        with pytest.raises(DeviceTrouble, match="identifiants"):  # its clock was read a moment ago
            await device.call(NODES)
        seconds.passed += 61
        await device.call(NODES)
    finally:
        await device.close()


@dataclass
class LyingCamera:
    """Refuses every signed request but those of its own time; tells the years in ``says``, then its own."""

    says: deque[str] = field(default_factory=deque[str])
    ahead: timedelta = timedelta(hours=2)
    asked: list[str] = field(default_factory=list[str])

    def app(self) -> FastAPI:
        app = FastAPI()

        @app.post("/onvif")
        async def answer(request: Request) -> Response:  # pyright: ignore[reportUnusedFunction]
            return Response(_SOAP.format(self._answer(await request.body())), media_type="application/soap+xml")

        return app

    def _answer(self, body: bytes) -> str:
        document = read_xml(body)
        if document.find("GetSystemDateAndTime") is not None:
            self.asked.append("clock")
            return f"<GetSystemDateAndTimeResponse>{self._clock()}</GetSystemDateAndTimeResponse>"
        self.asked.append("nodes")
        created = datetime.fromisoformat(document.value("Created"))
        lately = abs(datetime.now(UTC) + self.ahead - created) < timedelta(minutes=1)
        return "<GetNodesResponse/>" if lately else _REFUSED

    def _clock(self) -> str:
        now = datetime.now(UTC) + self.ahead
        year = self.says.popleft() if self.says else str(now.year)
        if not year:
            return ""
        date = f"<Year>{year}</Year><Month>{now.month}</Month><Day>{now.day}</Day>"
        hours = f"<Hour>{now.hour}</Hour><Minute>{now.minute}</Minute><Second>{now.second}</Second>"
        return f"<UTCDateTime><Time>{hours}</Time><Date>{date}</Date></UTCDateTime>"


@pytest_asyncio.fixture
async def liar() -> AsyncIterator[tuple[LyingCamera, OnvifDevice]]:
    camera = LyingCamera()
    async with serving(camera.app()) as url:
        device = OnvifDevice(f"{url}/onvif", Account("vigie", "secret"), within=5.0)
        yield camera, device
        await device.close()


@pytest.mark.parametrize("year", ["9" * 30, "9999", "0", "-1", "soon"])
async def test_a_clock_that_is_none_is_said_so_and_asked_again_next_time(
    liar: tuple[LyingCamera, OnvifDevice], year: str
) -> None:
    camera, device = liar
    camera.says.append(year)
    with pytest.raises(DeviceTrouble, match="ONVIF"):
        await device.call(NODES)
    await device.call(NODES)
    assert camera.asked == ["nodes", "clock", "nodes", "clock", "nodes"]


async def test_a_camera_that_tells_no_time_is_not_asked_twice_with_the_same_password(
    liar: tuple[LyingCamera, OnvifDevice],
) -> None:
    camera, device = liar
    camera.says.append("")
    with pytest.raises(DeviceTrouble, match="identifiants"):
        await device.call(NODES)
    assert camera.asked == ["nodes", "clock"]
