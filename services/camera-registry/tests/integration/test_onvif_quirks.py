"""Devices that do not keep to the specification, or mean harm: each becomes a finding, within its time."""

import asyncio
import ssl
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import pytest_asyncio
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from camera_registry.domain.camera import Credentials
from camera_registry.onvif.probe import OnvifDeviceProbe
from camera_simulator.testing import SimulatorProcess

pytestmark = pytest.mark.integration

RIGHT = Credentials("vigie", "le-bon-mot")
PROBE = OnvifDeviceProbe(within=2.0)
NOT_ONVIF = "La réponse n'est pas celle d'un équipement ONVIF."


@pytest.fixture(scope="module")
def simulator() -> Iterator[SimulatorProcess]:
    with SimulatorProcess(count=2, ptz_count=1, username=RIGHT.username, password=RIGHT.password) as running:
        yield running


@pytest.fixture(autouse=True)
def healthy(simulator: SimulatorProcess) -> Iterator[None]:
    yield
    simulator.set_quirks(1)
    simulator.set_faults(1)


async def test_a_device_tells_everything_the_register_can_use(simulator: SimulatorProcess) -> None:
    found = await PROBE.ask(simulator.onvif_url(1), RIGHT)
    assert found.error is None
    assert (found.manufacturer, found.model, found.serial) == ("Vigie", "Simulated camera", "SIM-0001")
    main, sub = found.streams
    assert (main.codec, main.width, main.height) == ("H.264", 1280, 720)
    assert (sub.width, sub.height) == (640, 360)
    assert main.uri == simulator.rtsp_url(1)
    assert main.gop_s is not None
    assert main.bitrate_kbps is not None
    assert found.has_ptz is True
    assert found.presets
    assert found.has_events is True
    assert set(found.alarm_kinds) == {"mouvement", "franchissement", "sabotage", "entree_contact"}
    assert found.has_masks is False
    assert found.hosts == ("camera-0001",)
    assert found.snapshot == (1280, 720)
    assert found.clock_offset_ms is not None
    assert abs(found.clock_offset_ms) < 2000


@pytest.mark.parametrize("quirk", ["wrong_xaddr", "no_namespaces", "http_digest", "no_get_services"])
async def test_a_quirk_is_put_up_with(simulator: SimulatorProcess, quirk: str) -> None:
    simulator.set_quirks(1, quirk)
    found = await PROBE.ask(simulator.onvif_url(1), RIGHT)
    assert found.error is None
    assert len(found.streams) == 2
    assert found.streams[0].uri == simulator.rtsp_url(1)
    assert found.has_ptz is True
    assert found.snapshot == (1280, 720)


async def test_a_clock_that_is_three_hours_late_is_measured_and_signed_for(simulator: SimulatorProcess) -> None:
    simulator.set_faults(1, clock_error_s=-10_800)
    found = await PROBE.ask(simulator.onvif_url(1), RIGHT)
    assert found.error is None
    assert found.clock_offset_ms == pytest.approx(-10_800_000, abs=2000)


async def test_a_wrong_password_is_refused_over_http_digest_too(simulator: SimulatorProcess) -> None:
    simulator.set_quirks(1, "http_digest")
    found = await PROBE.ask(simulator.onvif_url(1), Credentials("vigie", "le-mauvais"))
    assert found.error == "La caméra refuse l'identifiant ou le mot de passe."


@pytest.mark.parametrize(
    ("quirk", "said"),
    [
        ("hang", "Pas de réponse en 2 s."),
        ("trickle", "Pas de réponse en 2 s."),
        ("oversized", NOT_ONVIF),
        ("web_page", NOT_ONVIF),
        ("circles", NOT_ONVIF),
        ("entities", NOT_ONVIF),
    ],
)
async def test_a_device_that_means_harm_is_given_up(simulator: SimulatorProcess, quirk: str, said: str) -> None:
    simulator.set_quirks(1, quirk)
    found = await PROBE.ask(simulator.onvif_url(1), RIGHT)
    assert (found.ok, found.error) == (False, said)


@pytest.mark.parametrize(
    "answer",
    [
        b"",
        b"\x00" * 64,
        b"SSH-2.0-OpenSSH_9.2\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 99999999999\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
        b"HTTP/1.1 302 Found\r\nLocation: http://169.254.169.254/latest\r\nContent-Length: 0\r\n\r\n",
        b'HTTP/1.1 401 No\r\nWWW-Authenticate: Digest qop=,realm="\r\nContent-Length: 0\r\n\r\n',
        b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 3\r\n\r\nabc",
        b"HTTP/1.1 200 OK\r\nContent-Type: text/xml\r\nContent-Length: 12\r\n\r\n<a><b></a></",
    ],
)
async def test_no_answer_at_all_makes_the_probe_fail(answer: bytes) -> None:
    async def speak(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(100)
        writer.write(answer)
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(speak, "127.0.0.1", 0)
    async with server:
        url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/onvif/device_service"
        found = await OnvifDeviceProbe(within=1.0).ask(url, RIGHT)
    assert not found.ok
    assert found.error


@pytest_asyncio.fixture
async def tls_port(simulator: SimulatorProcess, tmp_path: Path) -> AsyncIterator[int]:
    """Yield the port of a TLS door in front of the simulator, with a certificate that nobody vouches for."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(_self_signed(tmp_path))

    async def carry(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        inner_reader, inner_writer = await asyncio.open_connection("127.0.0.1", simulator.addresses.onvif_port)
        try:
            await asyncio.wait(
                [asyncio.create_task(_pipe(reader, inner_writer)), asyncio.create_task(_pipe(inner_reader, writer))],
                return_when=asyncio.FIRST_COMPLETED,
            )
        finally:
            inner_writer.close()
            writer.close()

    server = await asyncio.start_server(carry, "127.0.0.1", 0, ssl=context)
    yield int(server.sockets[0].getsockname()[1])
    server.close()


async def test_a_certificate_that_the_camera_signed_itself_is_no_obstacle(
    simulator: SimulatorProcess, tls_port: int
) -> None:
    simulator.set_quirks(1, "wrong_xaddr")  # it names http addresses: the encrypted one that we know is kept
    found = await PROBE.ask(f"https://127.0.0.1:{tls_port}/onvif/0001/device_service", RIGHT)
    assert found.error is None
    assert len(found.streams) == 2


async def _pipe(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while data := await reader.read(65_536):
        writer.write(data)
        await writer.drain()


def _self_signed(folder: Path) -> Path:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "camera")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .sign(key, hashes.SHA256())
    )
    file = folder / "camera.pem"
    private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    file.write_bytes(private + certificate.public_bytes(Encoding.PEM))
    return file
