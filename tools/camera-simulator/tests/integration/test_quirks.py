"""Habits of real devices, and reports beside motion, as a client that we did not write sees them."""

import asyncio
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import httpx
import pytest
from onvif import ONVIFCamera
from onvif.exceptions import ONVIFError
from zeep.exceptions import Fault

from camera_simulator.testing import SimulatorProcess

pytestmark = pytest.mark.integration
GET_SERVICES = (
    '<s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope"><s:Body>'
    '<GetServices xmlns="http://www.onvif.org/ver10/device/wsdl"/></s:Body></s:Envelope>'
)


@pytest.fixture(scope="module")
def open_simulator() -> Iterator[SimulatorProcess]:
    with SimulatorProcess(count=1) as process:
        yield process


@pytest.fixture(autouse=True)
def ordinary(open_simulator: SimulatorProcess) -> Iterator[None]:
    yield
    open_simulator.set_quirks(1)


async def pulled(pull_point: Any, wanted: str) -> list[tuple[str, str]]:
    """Pull until a topic is told; its data items."""
    async with asyncio.timeout(60):
        while True:
            answer = await pull_point.PullMessages({"Timeout": timedelta(seconds=5), "MessageLimit": 10})
            for message in answer.NotificationMessage:
                if wanted in message.Topic._value_1:
                    return [(item.Name, item.Value) for item in message.Message._value_1.Data.SimpleItem]


async def test_reports_reach_a_client_of_another_author(open_simulator: SimulatorProcess) -> None:
    open_simulator.set_quirks(1, "still")
    addresses = open_simulator.addresses
    camera = ONVIFCamera(addresses.host, addresses.onvif_port, "", "")
    try:
        await camera.update_xaddrs()
        manager = await camera.create_pullpoint_manager(timedelta(seconds=60), lambda: None)
        pull_point = manager.get_service()
        open_simulator.report(1, "tamper")
        assert await pulled(pull_point, "TamperDetector") == [("IsTamper", "true")]
        open_simulator.report(1, "contact", active=False)
        assert await pulled(pull_point, "DigitalInput") == [("LogicalState", "false")]
        open_simulator.report(1, "line")
        assert await pulled(pull_point, "LineDetector") == [("ObjectId", "1")]
        open_simulator.reboot(1)
        with pytest.raises((ONVIFError, Fault), match="no such subscription"):
            await pull_point.PullMessages({"Timeout": timedelta(seconds=1), "MessageLimit": 5})
    finally:
        await camera.close()


def test_quirks_change_what_is_answered(open_simulator: SimulatorProcess) -> None:
    url = open_simulator.onvif_url(1)
    plain = httpx.post(url, content=GET_SERVICES, timeout=10)
    assert "xmlns:tds" in plain.text
    open_simulator.set_quirks(1, "no_namespaces", "wrong_xaddr")
    bare = httpx.post(url, content=GET_SERVICES, timeout=10)
    assert "xmlns:tds" not in bare.text
    assert "10.255.255.1" in bare.text
    open_simulator.set_quirks(1, "oversized")
    assert len(httpx.post(url, content=GET_SERVICES, timeout=10).content) > 4_000_000
    open_simulator.set_quirks(1, "circles")
    assert httpx.post(url, content=GET_SERVICES, timeout=10).status_code == 307


@pytest.mark.parametrize(("path", "body"), [("quirks", '["melt"]'), ("reports", '{"kind": "face"}'), ("reports", "[")])
def test_what_the_simulator_does_not_know_is_refused(open_simulator: SimulatorProcess, path: str, body: str) -> None:
    addresses = open_simulator.addresses
    url = f"http://{addresses.host}:{addresses.onvif_port}/simulator/cameras/0001/{path}"
    method = "PUT" if path == "quirks" else "POST"
    assert httpx.request(method, url, content=body, timeout=10).status_code == 400
