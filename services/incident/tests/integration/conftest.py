"""The incident service as it really runs: real PostgreSQL, real NATS, real HTTP, its relay and consumers."""

from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from typing import Any

import httpx
import pytest
import pytest_asyncio
from pydantic import SecretStr

from common.bus import Bus
from common.database import Database
from common.testing.polling import eventually
from common.testing.running import running
from common.testing.servers import TestDatabase
from common.testing.states import ENGHIEN, SOISY, a_camera, an_agent, put_agent, put_camera
from common.testing.tokens import TokenMint
from incident.app import build
from incident.settings import Settings

CAMERA_SOISY = "PV-95598-0001-P1"
CAMERA_ENGHIEN = "PV-95210-0001-P1"


@dataclass(frozen=True, slots=True)
class IncidentService:
    """The running service: its database as the serving role, and HTTP clients that speak for agents."""

    database: Database
    base_url: str
    tokens: TokenMint

    def client(self, agent_id: str) -> httpx.AsyncClient:
        return httpx.AsyncClient(base_url=self.base_url, headers=self.tokens.agent_headers(agent_id), timeout=30)


def a_request(**changes: Any) -> dict[str, Any]:
    return {
        "code": "atteintes_personnes.rixe",
        "camera_ids": [CAMERA_SOISY],
        "address": "Place de la gare",
        "origin": "ronde",
        "facts": "Rixe devant la gare, quatre personnes.",
    } | changes


@pytest.fixture
def incident_database(make_database: Callable[[str | None], TestDatabase]) -> TestDatabase:
    return make_database("incident")


async def until_ready(base_url: str) -> None:
    """Wait until the service has mirrored agents and cameras."""
    async with httpx.AsyncClient(base_url=base_url) as client:
        await eventually(lambda: client.get("/healthz/ready"), until=lambda answer: answer.is_success)


@pytest_asyncio.fixture
async def service(
    incident_database: TestDatabase, bus: Bus, nats_url: str, tokens: TokenMint
) -> AsyncIterator[IncidentService]:
    await put_agent(bus, an_agent("op.durand"))
    await put_agent(bus, an_agent("op.soisy", communes=(SOISY,)))
    await put_camera(bus, a_camera(CAMERA_SOISY))
    await put_camera(bus, a_camera(CAMERA_ENGHIEN, insee=ENGHIEN))
    settings = Settings(
        database_url=SecretStr(incident_database.app_url),
        nats_url=nats_url,
        api_port=1,
        trusted_keys_dir=tokens.folder,
        service_key_file=tokens.key_file("incident"),
    )
    parts = build(settings)
    async with running(parts) as base_url:
        await until_ready(base_url)
        yield IncidentService(parts.app.state.database, base_url, tokens)
