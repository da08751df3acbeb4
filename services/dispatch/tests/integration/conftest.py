"""The dispatch service as it really runs, with the real partner simulator in its own process."""

from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx
import pytest
import pytest_asyncio
from pydantic import SecretStr

from common.bus import Bus
from common.database import Database
from common.ids import new_id
from common.testing.polling import eventually
from common.testing.running import running
from common.testing.servers import TestDatabase
from common.testing.states import ENGHIEN, SOISY, an_agent, put_agent
from common.testing.tokens import TokenMint
from contracts.access import OrganisationKind, Role
from contracts.envelope import Envelope, make_envelope
from contracts.incident import FACT_INCIDENT_TRANSMITTED, OWNER, IncidentTransmitted, Priority
from dispatch import seed
from dispatch.app import build
from dispatch.settings import Settings
from partner_simulator.testing import SimulatorProcess, new_secret_file

AGENTS = (
    an_agent("op.durand"),
    an_agent("op.soisy", communes=(SOISY,)),
    an_agent("pn.bernard", role=Role.PARTENAIRE_PN, kind=OrganisationKind.POLICE_NATIONALE).model_copy(
        update={"organisation_id": "pn-enghien"}
    ),
    an_agent("cr.petit", role=Role.PARTENAIRE_CROIX_ROUGE, kind=OrganisationKind.ASSOCIATION).model_copy(
        update={"organisation_id": "croix-rouge-95"}
    ),
)


@dataclass(frozen=True, slots=True)
class DispatchService:
    """The running service, its database as the serving role, and what its tests do with it."""

    base_url: str
    settings: Settings
    database: Database
    tokens: TokenMint
    bus: Bus

    def client(self, agent_id: str) -> httpx.AsyncClient:
        return httpx.AsyncClient(base_url=self.base_url, headers=self.tokens.agent_headers(agent_id), timeout=30)

    async def transmit(self, *partner_ids: str, insee: str = SOISY, times: int = 1) -> UUID:
        """Put the event on the bus ``times`` times (no message id: JetStream filters nothing); the incident's id."""
        envelope = a_transmission(*partner_ids, insee=insee)
        for _ in range(times):
            await self.bus.nc.request(envelope.nats_subject, envelope.model_dump_json().encode(), timeout=5)
        return UUID(envelope.data["incident_id"])

    async def dispatches(self, incident_id: UUID, agent_id: str = "op.durand") -> list[dict[str, Any]]:
        async with self.client(agent_id) as client:
            asked = {"incident_id": str(incident_id)}
            return (await client.get("/api/dispatch/dispatches", params=asked)).json()["items"]

    async def becomes(self, incident_id: UUID, status: str) -> dict[str, Any]:
        """Wait until the incident's only dispatch has a status."""
        found = await eventually(
            lambda: self.dispatches(incident_id), until=lambda items: [item["status"] for item in items] == [status]
        )
        return found[0]


def a_transmission(*partner_ids: str, insee: str = SOISY) -> Envelope:
    transmitted = IncidentTransmitted(
        incident_id=new_id(),
        number=f"2026-{insee}-000001",
        insee=insee,
        code="atteintes_personnes.rixe",
        title="Rixe",
        priority=Priority.P1,
        address="Place de la gare",
        lon=2.3,
        lat=48.98,
        message="Rixe en cours, quatre personnes à l'arrêt de bus",
        partner_ids=partner_ids,
        transmission_id=new_id(),
        at=datetime.now(UTC),
        by="op.durand",
    )
    return make_envelope(
        transmitted,
        event_id=new_id(),
        owner=OWNER,
        fact=FACT_INCIDENT_TRANSMITTED,
        source="incident",
        aggregate=f"incident/{transmitted.incident_id}",
        insee=insee,
        at=transmitted.at,
    )


async def until_ready(base_url: str) -> None:
    """Wait until the service has mirrored agents and cameras."""
    async with httpx.AsyncClient(base_url=base_url) as client:
        await eventually(lambda: client.get("/healthz/ready"), until=lambda answer: answer.is_success)


@pytest_asyncio.fixture
async def service(
    make_database: Callable[[str | None], TestDatabase], bus: Bus, nats_url: str, tokens: TokenMint
) -> AsyncIterator[DispatchService]:
    for agent in AGENTS:
        await put_agent(bus, agent)
    settings = Settings(
        database_url=SecretStr(make_database("dispatch").app_url),
        nats_url=nats_url,
        api_port=1,
        trusted_keys_dir=tokens.folder,
        service_key_file=tokens.key_file("dispatch"),
        allow_loopback_partners=True,
        delivery_first_retry_seconds=0.05,
        delivery_longest_retry_seconds=0.2,
        delivery_poll_seconds=0.05,
    )
    parts = build(settings)
    async with running(parts) as base_url:
        await until_ready(base_url)
        yield DispatchService(base_url, settings, parts.app.state.database, tokens, bus)


@pytest.fixture
def secret_file(tmp_path: Path) -> Path:
    return new_secret_file(tmp_path / "webhook-secret")


@pytest.fixture
def simulator(service: DispatchService, secret_file: Path, tmp_path: Path) -> Iterator[SimulatorProcess]:
    with SimulatorProcess(tmp_path, callback_base=service.base_url, secret_file=secret_file) as started:
        yield started


@pytest_asyncio.fixture
async def partners(service: DispatchService, simulator: SimulatorProcess, secret_file: Path) -> int:
    """The demonstration's partners, seeded twice: the second time changes nothing."""
    asked: dict[str, Any] = {"partner_base": simulator.base_url, "secret_file": secret_file}
    await seed.seed(service.settings, town="plaine-vallee", **asked)
    return await seed.seed(service.settings, town="plaine-vallee", **asked)


__all__ = ["ENGHIEN", "SOISY"]
