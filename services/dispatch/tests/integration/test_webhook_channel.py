"""The channel alone, over real sockets: TLS is checked for the name although the address was pinned."""

import asyncio
import datetime as dt
import ssl
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path
from uuid import uuid4

import httpx
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from contracts.access import OrganisationKind
from contracts.incident import IncidentTransmitted
from dispatch.addresses import AddressPolicy
from dispatch.domain import Dispatch, Partner
from dispatch.ports import Endpoint, NotDelivered
from dispatch.webhook import WebhookChannel

from .conftest import a_transmission

pytestmark = pytest.mark.integration

NOW = dt.datetime.now(dt.UTC)
SECRET = b"s" * 32


def a_certificate(folder: Path, name: str) -> Path:
    """Write a self-signed certificate and its key for one DNS name."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    certificate = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(NOW - dt.timedelta(days=1))
        .not_valid_after(NOW + dt.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
        .sign(key, hashes.SHA256())
    )
    file = folder / f"{name}.pem"
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    file.write_bytes(private + certificate.public_bytes(serialization.Encoding.PEM))
    return file


@asynccontextmanager
async def answering(answer: bytes, tls: ssl.SSLContext | None = None) -> AsyncGenerator[tuple[int, list[bytes]], None]:
    """Listen on the loopback and answer every request with the same bytes; yields port and request heads."""
    heads: list[bytes] = []

    async def answer_one(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        heads.append(await reader.readuntil(b"\r\n\r\n"))
        writer.write(answer)
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(answer_one, "127.0.0.1", 0, ssl=tls)
    async with server:
        yield int(server.sockets[0].getsockname()[1]), heads


def a_dispatch() -> Dispatch:
    transmitted = IncidentTransmitted.model_validate(a_transmission("sdis-95").data)
    partner = Partner("sdis-95", "SDIS", OrganisationKind.SDIS, "sdis-95", frozenset({"95598"}), "https://x.example")
    return Dispatch.ask(transmitted, partner_id="sdis-95", partner=partner, dispatch_id=uuid4())


async def deliver(url: str, *, trusted: Path | None = None, allow_loopback: bool = True) -> None:
    verify = ssl.create_default_context(cafile=trusted) if trusted else ssl.create_default_context()
    async with httpx.AsyncClient(verify=verify, timeout=10, trust_env=False) as client:
        channel = WebhookChannel(client, AddressPolicy(allow_loopback))
        await channel.deliver(a_dispatch(), Endpoint(url, SECRET), at=NOW)


@pytest.mark.parametrize("named", ["localhost", "ailleurs.example"])
async def test_the_certificate_is_checked_for_the_name(tmp_path: Path, named: str) -> None:
    certificate = a_certificate(tmp_path, named)
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(certificate)
    async with answering(b"HTTP/1.1 204 No Content\r\n\r\n", tls) as (port, heads):
        url = f"https://localhost:{port}/hook?site=1"
        if named == "localhost":
            await deliver(url, trusted=certificate)
            assert heads[0].startswith(b"POST /hook?site=1 ")
            assert f"host: localhost:{port}".encode() in heads[0].lower()
        else:
            with pytest.raises(NotDelivered, match="injoignable"):
                await deliver(url, trusted=certificate)
            assert heads == []


async def test_a_redirect_is_not_followed() -> None:
    answer = b"HTTP/1.1 307 Elsewhere\r\nlocation: http://127.0.0.1:9/\r\ncontent-length: 0\r\n\r\n"
    async with answering(answer) as (port, heads):
        with pytest.raises(NotDelivered, match="307"):
            await deliver(f"http://127.0.0.1:{port}/")
    assert len(heads) == 1


async def test_loopback_is_refused_before_a_connection_is_made() -> None:
    async with answering(b"HTTP/1.1 204 No Content\r\n\r\n") as (port, heads):
        for host in ("127.0.0.1", "localhost"):
            with pytest.raises(NotDelivered, match="machine elle-même"):
                await deliver(f"http://{host}:{port}/", allow_loopback=False)
    assert heads == []


async def test_what_is_not_http_is_not_a_delivery() -> None:
    async with answering(b"bonjour\r\n") as (port, _heads):
        with pytest.raises(NotDelivered, match="injoignable"):
            await deliver(f"http://127.0.0.1:{port}/")
