"""Searches for devices: asked with a reason, within the camera networks, carried out with progress."""

from collections.abc import Iterator
from ipaddress import IPv4Network
from typing import Any

import pytest

from camera_registry.domain.discovery import DeviceFound, addresses_in
from camera_registry.onvif.range_scan import Gently, look, scan
from camera_simulator.testing import SimulatorProcess
from common.testing.polling import eventually

from .conftest import Registry

pytestmark = pytest.mark.integration
LOOPBACK = (IPv4Network("127.0.0.0/8"),)


@pytest.fixture(scope="module")
def simulator() -> Iterator[SimulatorProcess]:
    with SimulatorProcess(count=1) as running:
        yield running


async def test_an_address_tells_its_device(simulator: SimulatorProcess) -> None:
    found = await look(simulator.onvif_url(1), "127.0.0.1", 2.0)
    assert found is not None
    assert (found.address, found.manufacturer, found.model) == ("127.0.0.1", "Vigie", "Simulated camera")


async def test_a_range_is_asked_address_by_address(simulator: SimulatorProcess) -> None:
    heard: list[tuple[int, DeviceFound | None]] = []

    async def progress(done: int, found: DeviceFound | None) -> None:
        heard.append((done, found))

    addresses = addresses_in("127.0.0.0/29", LOOPBACK)
    ports = (1, simulator.addresses.onvif_port)
    await scan(addresses, ports, Gently(at_once=3), progress)
    assert sorted(done for done, _ in heard) == [1, 2, 3, 4, 5, 6]
    assert [found.address for _, found in heard if found] == ["127.0.0.1"]


async def test_a_search_is_carried_out_by_the_worker_and_names_known_cameras(
    registry: Registry, simulator: SimulatorProcess
) -> None:
    headers = registry.agent("tech.moreau")
    path = "/api/registry/discoveries"
    imported = await registry.client.post(
        "/api/registry/cameras/imports",
        files={"file": ("c.csv", f"code;commune;lon;lat;onvif\nTROUVEE-1;95598;2.2996;48.9876;{device(simulator)}\n")},
        headers=registry.machine("cameras.write"),
    )
    assert imported.json()["created"] == 1, imported.text
    asked = {
        "mode": "plage",
        "target": "127.0.0.1-4",
        "ports": [1, simulator.addresses.onvif_port],
        "motive": "inventaire du quartier",
    }
    refusals = [
        await registry.client.post(path, json=asked | changes, headers=headers)
        for changes in ({"target": "10.0.0.0/29"}, {"target": "127.0.0.0/16"}, {"target": "ici"}, {"motive": ""})
    ]
    assert {answer.status_code for answer in refusals} == {422}
    operator = await registry.client.post(path, json=asked, headers=registry.agent("op.durand"))
    assert operator.status_code == 403
    announced = await registry.client.post(path, json={"mode": "annonce", "motive": "inventaire"}, headers=headers)
    assert announced.status_code == 409, "no interface is configured"
    queued = await registry.client.post(path, json=asked, headers=headers)
    assert (queued.status_code, queued.json()["total"]) == (202, 4)

    async def read() -> dict[str, Any]:
        return (await registry.client.get(f"{path}/{queued.json()['discovery_id']}", headers=headers)).json()

    ended = await eventually(read, until=lambda found: found["ended_at"] is not None)
    assert (ended["status"], ended["done"], ended["error"]) == ("terminee", 4, "")
    assert [(one["address"], one["model"], one["camera_id"]) for one in ended["found"]] == [
        ("127.0.0.1", "Simulated camera", "TROUVEE-1")
    ]
    listed = await registry.client.get(path, headers=headers)
    assert [one["discovery_id"] for one in listed.json()["items"]] == [ended["discovery_id"]]


def device(simulator: SimulatorProcess) -> str:
    """Return the address under which cameras usually have their device service."""
    return f"http://127.0.0.1:{simulator.addresses.onvif_port}/onvif/device_service"
