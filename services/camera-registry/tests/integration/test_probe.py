"""Probing simulated cameras and an independent one (ipycam) through their own protocols."""

import asyncio
import threading
from collections.abc import AsyncIterator, Iterator
from http.server import ThreadingHTTPServer
from types import SimpleNamespace

import pytest
import pytest_asyncio
from ipycam.config import CameraConfig
from ipycam.http import IPCameraHTTPHandler
from ipycam.onvif import ONVIFService
from ipycam.ptz import PTZController

from camera_registry.domain.camera import Credentials
from camera_registry.onvif.probe import OnvifDeviceProbe
from camera_registry.rtsp.probe import DirectRtspProbe
from camera_simulator.testing import SimulatorProcess
from common.testing.polling import eventually

from .conftest import Registry

pytestmark = pytest.mark.integration

RIGHT = Credentials("vigie", "le-bon-mot")
WRONG = Credentials("vigie", "le-mauvais")


@pytest.fixture(scope="module")
def simulator() -> Iterator[SimulatorProcess]:
    with SimulatorProcess(count=2, ptz_count=1, username=RIGHT.username, password=RIGHT.password) as running:
        yield running


@pytest_asyncio.fixture
async def silent_port() -> AsyncIterator[int]:
    """Yield a port that accepts and never answers."""

    async def keep(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await _reader.read()
        writer.close()

    server = await asyncio.start_server(keep, "127.0.0.1", 0)
    yield int(server.sockets[0].getsockname()[1])
    server.close()


@pytest.mark.parametrize(("quality", "size"), [("main", (1280, 720)), ("sub", (640, 360))])
async def test_a_stream_tells_codec_size_and_rate(
    simulator: SimulatorProcess, quality: str, size: tuple[int, int]
) -> None:
    found = await DirectRtspProbe().look(simulator.rtsp_url(2, quality), RIGHT)
    assert found.error is None
    assert found.ok
    assert found.codec == "H.264"
    assert (found.width, found.height) == size
    assert found.fps is not None
    assert 8 <= found.fps <= 26


async def test_a_wrong_password_is_said_in_words(simulator: SimulatorProcess) -> None:
    found = await DirectRtspProbe().look(simulator.rtsp_url(1), WRONG)
    assert not found.ok
    assert found.error == "La caméra refuse l'identifiant ou le mot de passe."
    device = await OnvifDeviceProbe().ask(simulator.onvif_url(1), WRONG)
    assert not device.ok
    assert device.error == "La caméra refuse l'identifiant ou le mot de passe."


async def test_an_unknown_path_is_said_in_words(simulator: SimulatorProcess) -> None:
    found = await DirectRtspProbe().look(simulator.rtsp_url(99), RIGHT)
    assert found.error == "La caméra ne connaît pas ce chemin : vérifiez la fin de l'adresse."


async def test_a_frozen_camera_is_described_but_not_ok(simulator: SimulatorProcess) -> None:
    simulator.set_faults(2, freeze=True)
    try:
        found = await DirectRtspProbe().look(simulator.rtsp_url(2), RIGHT)
    finally:
        simulator.set_faults(2)
    assert not found.ok
    assert found.error is not None


async def test_a_device_tells_what_it_is(simulator: SimulatorProcess) -> None:
    turning = await OnvifDeviceProbe().ask(simulator.onvif_url(1), RIGHT)
    assert turning.error is None
    assert turning.ok
    assert turning.has_ptz is True
    assert turning.manufacturer
    assert len(turning.profiles) >= 2
    still = await OnvifDeviceProbe().ask(simulator.onvif_url(2), RIGHT)
    assert still.ok
    assert still.has_ptz is False


async def test_a_camera_that_never_answers_is_given_up(silent_port: int) -> None:
    found = await DirectRtspProbe(within=0.5).look(f"rtsp://127.0.0.1:{silent_port}/x", RIGHT)
    assert found.error == "Pas de réponse en 0.5 s."
    device = await OnvifDeviceProbe(within=0.5).ask(f"http://127.0.0.1:{silent_port}/x", RIGHT)
    assert device.error == "Pas de réponse en 0.5 s."


async def test_nobody_there_is_said_in_words() -> None:
    found = await DirectRtspProbe().look("rtsp://127.0.0.1:1/x", None)
    assert found.error == "Caméra injoignable : adresse, port ou réseau."
    device = await OnvifDeviceProbe().ask("http://127.0.0.1:1/x", None)
    assert device.error == "Caméra injoignable : adresse, port ou réseau."


async def test_a_technician_probes_a_camera_of_the_register(registry: Registry, simulator: SimulatorProcess) -> None:
    content = (
        "code;commune;lon;lat;rtsp_main;onvif;username;password\n"
        f"SONDE-1;95598;2.2996;48.9876;{simulator.rtsp_url(1)};{simulator.onvif_url(1)};"
        f"{RIGHT.username};{RIGHT.password}\n"
    )
    imported = await registry.client.post(
        "/api/registry/cameras/imports",
        files={"file": ("c.csv", content.encode(), "text/csv")},
        headers=registry.machine("cameras.write"),
    )
    assert imported.json()["created"] == 1
    answer = await registry.client.post(
        "/api/registry/cameras/SONDE-1/probe", headers=registry.machine("cameras.write")
    )
    report = answer.json()
    assert report["rtsp"]["ok"] is True
    assert report["onvif"]["has_ptz"] is True
    assert report["onvif"]["presets"]
    assert [stream["width"] for stream in report["onvif"]["streams"]] == [1280, 640]
    assert RIGHT.password not in answer.text
    assert "rtsp://" not in answer.text
    adopting = "/api/registry/cameras/SONDE-1/probe/adoption"
    choices = {"choices": ["identite", "flux", "adresses", "pilotage", "prepositions"]}
    operator = registry.agent("op.durand")
    await eventually(  # until the guard knows the camera that was imported this second
        lambda: registry.client.post(adopting, json=choices, headers=operator),
        until=lambda answer: answer.status_code == 403,
    )
    adopted = await registry.client.post(adopting, json=choices, headers=registry.machine("cameras.write"))
    assert adopted.status_code == 200
    assert len(adopted.json()["changed"]) == 5
    again = await registry.client.post(adopting, json=choices, headers=registry.machine("cameras.write"))
    assert again.json()["changed"] == []
    source = await registry.client.get(
        "/api/registry/internal/cameras/SONDE-1/source", headers=registry.machine("cameras.source")
    )
    assert source.json()["sub_url"] == simulator.rtsp_url(1, "sub")
    assert source.json()["password"] == RIGHT.password
    for who, status in (("op.durand", 403), ("op.soisy", 403)):
        refused = await registry.client.post(
            "/api/registry/cameras/PV-95598-0001-P1/probe", headers=registry.agent(who)
        )
        assert refused.status_code == status
    nothing = await registry.client.post(
        "/api/registry/cameras/PV-95598-0009-F1/probe", headers=registry.agent("tech.moreau")
    )
    assert nothing.status_code == 200
    assert nothing.json()["rtsp"]["ok"] is False


@pytest.fixture(params=[None, RIGHT], ids=["open", "with a password"])
def independent_camera(request: pytest.FixtureRequest) -> Iterator[tuple[str, Credentials | None]]:
    """Yield the address of ipycam's ONVIF face, someone else's implementation, and its account."""
    account: Credentials | None = request.param
    config = CameraConfig(
        local_ip="127.0.0.1",
        username=account.username if account else "",
        password=account.password if account else "",
    )
    face = SimpleNamespace(config=config, onvif=ONVIFService(config, PTZController(640, 360)))
    server = ThreadingHTTPServer(("127.0.0.1", 0), type("Face", (IPCameraHTTPHandler,), {"camera": face}))
    config.onvif_port = server.server_address[1]
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{config.onvif_port}/onvif/device_service", account
    server.shutdown()
    server.server_close()
    thread.join()


async def test_somebody_elses_device_is_understood_too(
    independent_camera: tuple[str, Credentials | None],
) -> None:
    url, account = independent_camera
    found = await OnvifDeviceProbe().ask(url, account)
    assert found.error is None
    assert (found.manufacturer, found.model) == ("PythonCam", "VirtualCam-1")
    assert found.has_ptz is True
    assert len(found.profiles) == 2


async def test_somebody_elses_refusal_is_understood_too(
    independent_camera: tuple[str, Credentials | None],
) -> None:
    url, account = independent_camera
    found = await OnvifDeviceProbe().ask(url, WRONG)
    assert found.ok is (account is None)
    if account is not None:
        assert found.error == "La caméra refuse l'identifiant ou le mot de passe."
