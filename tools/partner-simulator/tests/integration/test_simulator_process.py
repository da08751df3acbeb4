"""The simulator as a real process: signatures, inbox, misbehaviour, and a platform that is away at first."""

import asyncio
import json
import socket
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import pytest
from fastapi import FastAPI, Request, Response
from uvicorn import Config, Server

from common.testing.polling import eventually
from partner_simulator.signatures import partner_secret, read_master_secret, signed_headers, verify
from partner_simulator.testing import SimulatorProcess, new_secret_file

pytestmark = pytest.mark.integration

PARTNER = "sdis-95"


class Platform:
    """A tiny receiver of acknowledgements on a port known before it serves."""

    def __init__(self, *, refuse_first: int = 0) -> None:
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.base_url = f"http://127.0.0.1:{self.listener.getsockname()[1]}"
        self.received: list[tuple[dict[str, str], bytes]] = []
        self.refuse_first = refuse_first

    async def serve(self, server: Server) -> None:
        await server.serve(sockets=[self.listener])

    def server(self) -> Server:
        app = FastAPI()

        @app.post("/api/dispatch/acknowledgements")
        async def acknowledge(request: Request) -> Response:  # pyright: ignore[reportUnusedFunction]
            self.received.append((dict(request.headers), await request.body()))
            return Response(status_code=503 if len(self.received) <= self.refuse_first else 200)

        return Server(Config(app, log_config=None, lifespan="off"))


@pytest.fixture
def secret_file(tmp_path: Path) -> Path:
    return new_secret_file(tmp_path / "secret")


@pytest.fixture
def platform() -> Iterator[Platform]:
    started = Platform(refuse_first=2)
    yield started
    started.listener.close()


def signed(secret_file: Path, webhook_id: str, *, partner_id: str = PARTNER) -> tuple[str, dict[str, str]]:
    body = json.dumps({"type": "x", "data": {"dispatch_id": str(uuid4()), "title": "Malaise"}})
    secret = partner_secret(read_master_secret(secret_file), partner_id)
    return body, signed_headers(secret, webhook_id, datetime.now(UTC), body)


async def messages(client: httpx.AsyncClient) -> dict[str, Any]:
    return (await client.get(f"/partners/{PARTNER}/messages")).json()


async def test_it_acknowledges_until_the_platform_takes_it(
    tmp_path: Path, secret_file: Path, platform: Platform
) -> None:
    process = SimulatorProcess(tmp_path, callback_base=platform.base_url, secret_file=secret_file, ack_after=0)
    server = platform.server()
    with process as simulator:
        async with httpx.AsyncClient(base_url=simulator.base_url) as client:
            body, headers = signed(secret_file, "message-1")
            answers = [
                await client.post(f"/partners/{PARTNER}/webhook", content=body, headers=headers) for _ in range(2)
            ]
            serving = asyncio.create_task(platform.serve(server))
            found = await eventually(
                lambda: messages(client), until=lambda inbox: inbox["items"][0]["acknowledged_at"] is not None
            )
            page = (await client.get(f"/partners/{PARTNER}")).text
        server.should_exit = True
        await serving
    assert [answer.status_code for answer in answers] == [204, 204]
    assert [item["deliveries"] for item in found["items"]] == [2]
    assert len(platform.received) == 3
    headers, body = platform.received[-1]
    verify(partner_secret(read_master_secret(secret_file), PARTNER), body, headers)
    assert set(json.loads(body)) == {"dispatch_id", "acknowledged_at", "acknowledged_by", "reference"}
    assert "Malaise" in page


async def test_a_wrong_signature_is_refused_and_counted(tmp_path: Path, secret_file: Path, platform: Platform) -> None:
    process = SimulatorProcess(tmp_path, callback_base=platform.base_url, secret_file=secret_file)
    with process as simulator:
        async with httpx.AsyncClient(base_url=simulator.base_url) as client:
            body, headers = signed(secret_file, "message-1", partner_id="pn-enghien")
            other = await client.post(f"/partners/{PARTNER}/webhook", content=body, headers=headers)
            none = await client.post(f"/partners/{PARTNER}/webhook", content=body)
            inbox = await messages(client)
    assert (other.status_code, none.status_code) == (401, 401)
    assert (inbox["refused"], inbox["items"]) == (2, [])


async def test_it_fails_and_stays_silent_as_told(tmp_path: Path, secret_file: Path, platform: Platform) -> None:
    process = SimulatorProcess(tmp_path, callback_base=platform.base_url, secret_file=secret_file)
    with process as simulator:
        async with httpx.AsyncClient(base_url=simulator.base_url) as client:
            await client.post(f"/partners/{PARTNER}/behaviour", json={"fail": 2, "ack": False})
            body, headers = signed(secret_file, "message-1")
            answers = [
                await client.post(f"/partners/{PARTNER}/webhook", content=body, headers=headers) for _ in range(3)
            ]
            inbox = await messages(client)
    assert [answer.status_code for answer in answers] == [503, 503, 204]
    assert inbox["behaviour"] == {"ack": False, "fail": 0}
    assert inbox["items"][0]["acknowledgement_attempts"] == 0


def test_a_secret_file_that_is_missing_is_said_in_words(tmp_path: Path) -> None:
    process = SimulatorProcess(tmp_path, callback_base="http://127.0.0.1:9", secret_file=tmp_path / "absent")
    with pytest.raises(RuntimeError, match="absent"):
        process.start()


def test_it_ends_in_order_when_asked(tmp_path: Path, secret_file: Path) -> None:
    process = SimulatorProcess(tmp_path, callback_base="http://127.0.0.1:9", secret_file=secret_file)
    process.start()
    assert process.stop() == 0
    assert process.stop() is None
