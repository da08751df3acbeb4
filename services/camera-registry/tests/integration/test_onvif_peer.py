"""The device that the npm package ``onvif`` tests itself against: probe, search and events on somebody else's answers.

It serves what real cameras once answered (``tests/peers``; ``tools/bootstrap --tests`` installs it).
"""

import asyncio
import os
import shutil
import socket
from collections.abc import AsyncIterator
from contextlib import aclosing
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest
import pytest_asyncio

from camera_registry.domain.alarm import Signal
from camera_registry.domain.camera import Credentials
from camera_registry.onvif.notifications import signals_in
from camera_registry.onvif.probe import OnvifDeviceProbe
from camera_registry.onvif.pull_point import Pace, messages
from camera_registry.onvif.ws_discovery import who_is_there
from common.testing.polling import eventually
from contracts.registry import AlarmKind

pytestmark = pytest.mark.integration
PEERS = Path(__file__).parents[1] / "peers"
NODE_OF_PYPI = Path(__file__).parents[4] / ".venv-node" / "bin"


@dataclass(frozen=True, slots=True)
class Peer:
    """Where the peer listens."""

    url: str
    discovery_port: int


def _free(kind: socket.SocketKind) -> int:
    with socket.socket(socket.AF_INET, kind) as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest_asyncio.fixture
async def peer() -> AsyncIterator[Peer]:
    path = f"{NODE_OF_PYPI}{os.pathsep}{os.environ.get('PATH', os.defpath)}"
    node = shutil.which("node", path=path)
    assert node is not None, "Node is missing: python3 tools/bootstrap --tests"
    port, discovery_port = _free(socket.SOCK_STREAM), _free(socket.SOCK_DGRAM)
    process = await asyncio.create_subprocess_exec(
        node,
        "--require",
        "./on_loopback.cjs",
        "node_modules/coffeescript/bin/coffee",
        "node_modules/onvif/test/serverMockup.coffee",
        cwd=PEERS,
        env={"PORT": str(port), "HOSTNAME": "127.0.0.1", "DISCOVERY_PORT": str(discovery_port)},
    )

    async def listens() -> bool:
        try:
            _, writer = await asyncio.open_connection("127.0.0.1", port)
        except OSError:
            return False
        writer.close()
        return True

    try:
        await eventually(listens)
        yield Peer(f"http://127.0.0.1:{port}/onvif/device_service", discovery_port)
    finally:
        process.terminate()
        await process.wait()


async def test_somebody_elses_device_tells_everything(peer: Peer) -> None:
    found = await OnvifDeviceProbe().ask(peer.url, Credentials("admin", "9999"))
    assert found.error is None
    assert (found.manufacturer, found.model) == ("Mockup Manufacturer", "Mockup Model")
    assert set(found.services) == {"device", "media", "ptz", "events"}
    (main,) = found.streams
    assert (main.codec, main.width, main.height, main.fps, main.gop_s) == ("H.264", 1920, 1080, 5.0, 6.0)
    assert main.uri == "rtsp://127.0.0.1/h264main"
    assert found.has_ptz is True
    assert len(found.presets) == 45
    assert found.alarm_kinds == ("mouvement", "entree_contact")
    assert found.hosts == ("IPNC-RDK", "192.168.68.111")
    assert found.clock_offset_ms is not None
    assert found.clock_offset_ms < 0, "its clock stands in the past"
    assert found.snapshot is None
    assert found.remarks == ("Image fixe : L'image fixe de la caméra n'est pas un JPEG.",)


async def test_somebody_elses_device_answers_a_search(peer: Peer) -> None:
    (found,) = await who_is_there("127.0.0.1", target=("127.0.0.1", peer.discovery_port), within=1.0)
    assert found.xaddrs == (peer.url,)
    assert (found.manufacturer, found.model) == ("PREDATOR", "HD_PREDATOR")


async def test_somebody_elses_events_are_pulled(peer: Peer) -> None:
    signals: list[Signal] = []
    async with asyncio.timeout(60), aclosing(messages(peer.url, None, Pace(within=5, hold=1))) as answers:
        async for answer in answers:
            signals = signals_in(answer, datetime.now(UTC))
            if signals:
                break
    assert {signal.kind for signal in signals} == {AlarmKind.MOUVEMENT}
    assert all(signal.active and not signal.initial for signal in signals)
