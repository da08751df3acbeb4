"""Services decide alone: ``access`` is killed, a service restarts meanwhile, and a revocation reaches all at once.

``access`` runs as its own process, as in an installation; the others in this one. All over one NATS and PostgreSQL.
"""

import asyncio
import os
import secrets
import signal
import socket
import sys
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
from pydantic import SecretStr

import dispatch.app
import dispatch.settings
import incident.app
import incident.settings
from common.bus import Bus
from common.testing.polling import eventually
from common.testing.running import running
from common.testing.servers import TestDatabase
from common.testing.states import a_camera, put_camera
from common.testing.tokens import TokenMint

pytestmark = [pytest.mark.integration, pytest.mark.chaos]
CAMERA = "PV-95598-0001-P1"
AGENT = "op.durand"


@dataclass
class AccessProcess:
    """``python -m access all`` that a test may kill and start again."""

    environment: dict[str, str]
    port: int
    tokens: TokenMint
    process: asyncio.subprocess.Process | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    async def start(self) -> None:
        self.process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "access", "all", env=os.environ | self.environment
        )
        await until_ready(self.url)

    async def kill(self) -> None:
        assert self.process is not None
        self.process.send_signal(signal.SIGKILL)
        await self.process.wait()

    async def stop(self) -> None:
        if self.process is not None and self.process.returncode is None:
            self.process.terminate()
            await self.process.wait()

    async def post(self, path: str, body: dict[str, Any]) -> None:
        headers = self.tokens.service_headers("test-machine", "agents.write")
        async with httpx.AsyncClient(base_url=self.url, headers=headers) as client:
            answer = await client.post(f"/api/access/{path}", json=body)
        assert answer.is_success, answer.text

    async def enrol(self) -> None:
        now = datetime.now(UTC)
        await self.post(
            "organisations",
            {"organisation_id": "capv", "name": "CA Plaine Vallée", "kind": "collectivite", "communes": ["95598"]},
        )
        body = {
            "agent_id": AGENT,
            "name": "Camille Durand",
            "role": "operateur",
            "organisation_id": "capv",
            "habilitation_id": "HAB-1",
            "habilitation_from": (now - timedelta(days=1)).isoformat(),
            "habilitation_until": (now + timedelta(days=365)).isoformat(),
        }
        await self.post("agents", body)


@asynccontextmanager
async def access_process(nats_url: str, database: TestDatabase, tokens: TokenMint) -> AsyncGenerator[AccessProcess]:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    environment = {
        "ACCESS_DATABASE_URL": database.app_url,
        "ACCESS_NATS_URL": nats_url,
        "ACCESS_API_PORT": str(port),
        "ACCESS_TRUSTED_KEYS_DIR": str(tokens.folder),
        "ACCESS_SERVICE_KEY_FILE": str(tokens.key_file("access")),
        "ACCESS_OIDC_ISSUER": "http://127.0.0.1:1",
        "ACCESS_OIDC_CLIENT_ID": "vigie",
        "ACCESS_OIDC_CLIENT_SECRET": secrets.token_urlsafe(),
    }
    started = AccessProcess(environment, port, tokens)
    await started.start()
    try:
        yield started
    finally:
        await started.stop()


async def until_ready(base_url: str) -> None:
    async def ready() -> bool:
        async with httpx.AsyncClient(base_url=base_url) as client:
            try:
                return (await client.get("/healthz/ready")).is_success
            except httpx.TransportError:
                return False

    await eventually(ready)


async def declared(client: httpx.AsyncClient) -> int:
    body = {
        "code": "atteintes_personnes.rixe",
        "camera_ids": [CAMERA],
        "origin": "ronde",
        "facts": "Rixe devant la gare.",
    }
    return (await client.post("/api/incident/incidents", json=body)).status_code


async def ended(lines: AsyncIterator[str]) -> bool:
    """Read a push stream until the server closes it."""
    async for _ in lines:
        pass
    return True


async def test_services_go_on_without_access_and_a_revocation_cuts_everything(
    make_database: Callable[[str | None], TestDatabase], bus: Bus, nats_url: str, tokens: TokenMint
) -> None:
    await put_camera(bus, a_camera(CAMERA))
    common: dict[str, Any] = {"nats_url": nats_url, "api_port": 1, "trusted_keys_dir": tokens.folder}
    incident_settings = incident.settings.Settings(
        database_url=SecretStr(make_database("incident").app_url),
        service_key_file=tokens.key_file("incident"),
        **common,
    )
    dispatch_settings = dispatch.settings.Settings(
        database_url=SecretStr(make_database("dispatch").app_url),
        service_key_file=tokens.key_file("dispatch"),
        **common,
    )
    headers = tokens.agent_headers(AGENT)
    async with access_process(nats_url, make_database("access"), tokens) as access:
        await access.enrol()
        async with running(incident.app.build(incident_settings)) as url:
            await until_ready(url)
            async with httpx.AsyncClient(base_url=url, headers=headers) as operator:
                await eventually(lambda: declared(operator), until=lambda status: status == 201)
                await access.kill()
                assert await declared(operator) == 201

        async with AsyncExitStack() as stack:  # restarted, and one more for the first time: all without access
            clients: list[httpx.AsyncClient] = []
            for built in (incident.app.build(incident_settings), dispatch.app.build(dispatch_settings)):
                url = await stack.enter_async_context(running(built))
                await until_ready(url)
                client = httpx.AsyncClient(base_url=url, headers=headers, timeout=60)
                clients.append(await stack.enter_async_context(client))
            operator, dispatcher = clients
            assert await declared(operator) == 201
            streams = [
                await stack.enter_async_context(client.stream("GET", path))
                for client, path in ((operator, "/api/incident/live"), (dispatcher, "/api/dispatch/live"))
            ]
            assert [stream.status_code for stream in streams] == [200, 200]

            await access.start()
            await access.post(f"agents/{AGENT}/revocation", {"reason": "Départ de la collectivité"})
            async with asyncio.timeout(60):  # the bound: a revocation takes effect everywhere within 60 s
                assert await asyncio.gather(*(ended(stream.aiter_lines()) for stream in streams)) == [True, True]
                assert await declared(operator) == 401
                assert (await dispatcher.get("/api/dispatch/dispatches")).status_code == 401
