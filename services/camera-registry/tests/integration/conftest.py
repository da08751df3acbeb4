"""A running camera registry on real servers, seeded with a small part of Plaine Vallée."""

import asyncio
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

import httpx
import pytest_asyncio

from camera_registry.app import build
from camera_registry.credential_vault import AesGcmVault
from camera_registry.domain.camera import Credentials
from camera_registry.seed_command import seed_town
from camera_registry.seeds.generator import Streams, TownSeed, generate
from camera_registry.seeds.town import Town, load_town
from camera_registry.settings import Settings
from common.bus import Bus
from common.database import Database
from common.service import ServiceParts
from common.testing.polling import eventually
from common.testing.servers import TestDatabase
from common.testing.serving import serving
from common.testing.states import ENGHIEN, SOISY, an_agent, put_agent
from common.testing.tokens import TokenMint
from contracts.access import OrganisationKind, Role
from contracts.registry import CameraKind

SMALL_TOWN = {"95598": 12, "95210": 10, "95288": 6, "95199": 4}
"""Points d'implantation by commune; 95288 is the one whose arrêté ends soon."""

STREAM_PASSWORD = "mot-de-passe-des-cameras"


@dataclass(slots=True)
class Registry:
    """A running service and what a test needs to look behind it."""

    parts: ServiceParts
    database: Database
    vault: AesGcmVault
    client: httpx.AsyncClient
    tokens: TokenMint
    bus: Bus
    seed: TownSeed

    def agent(self, agent_id: str) -> dict[str, str]:
        return self.tokens.agent_headers(agent_id)

    def machine(self, *scopes: str) -> dict[str, str]:
        return self.tokens.service_headers("deploy", *scopes)


def small_town() -> Town:
    """Return four communes of Plaine Vallée with 132 cameras."""
    town = load_town("plaine-vallee")
    communes = tuple(
        replace(commune, sites=SMALL_TOWN[commune.insee]) for commune in town.communes if commune.insee in SMALL_TOWN
    )
    cameras = {CameraKind.PTZ: 32, CameraKind.PANORAMIQUE: 32, CameraKind.FIXE: 64, CameraKind.NOMADE: 4}
    return replace(town, communes=communes, cameras=cameras)


async def _agents(bus: Bus, seed: TownSeed) -> None:
    everywhere = tuple(commune.insee for commune in seed.communes)
    await put_agent(bus, an_agent("op.durand", communes=everywhere))
    await put_agent(bus, an_agent("op.soisy", communes=(SOISY,)))
    await put_agent(bus, an_agent("tech.moreau", role=Role.TECHNICIEN, communes=(SOISY, ENGHIEN)))
    await put_agent(bus, an_agent("admin.vigie", role=Role.ADMIN, communes=everywhere))
    await put_agent(
        bus,
        an_agent(
            "cr.petit",
            role=Role.PARTENAIRE_CROIX_ROUGE,
            kind=OrganisationKind.ASSOCIATION,
            communes=everywhere,
        ),
    )


@pytest_asyncio.fixture
async def registry(
    make_database: Callable[[str | None], TestDatabase],
    bus: Bus,
    nats_url: str,
    tokens: TokenMint,
    tmp_path: Path,
) -> AsyncIterator[Registry]:
    """Yield the service with all its parts running and its replicas up to date."""
    key_file = tmp_path / "credentials.key"
    AesGcmVault.write_new_key(key_file)
    url = make_database("camera_registry").app_url
    settings = Settings.model_validate(
        {
            "database_url": url,
            "nats_url": nats_url,
            "api_port": 0,
            "trusted_keys_dir": tokens.folder,
            "service_key_file": tokens.key_file("camera-registry"),
            "credential_key_file": key_file,
            "renew_every": 0.2,
            "discovery_networks": ["127.0.0.0/8"],
            "camera_networks": ["10.0.0.0/8", "127.0.0.0/8"],
            "discovery_every": 0.2,
            "warn_every": 0.5,
        }
    )
    vault = AesGcmVault.from_file(key_file)
    database = Database(url)
    streams = Streams(
        count=8,
        ptz_count=4,
        rtsp_base="rtsp://127.0.0.1:8554/cam",
        onvif_base="http://127.0.0.1:8555/onvif",
        credentials=Credentials("vigie", STREAM_PASSWORD),
    )
    at = datetime.now(UTC)
    seed = generate(small_town(), at, streams)
    await seed_town(database=database, vault=vault, seed=seed, at=at)
    await _agents(bus, seed)
    parts = build(settings)
    await parts.open()
    by_hand = {"health", "masks"}  # no camera of the seed answers; a test of masks looks when it wants to
    running = [part for name, part in parts.workers.items() if name not in by_hand]
    loops = [asyncio.create_task(part()) for part in (parts.relay, *running)]
    async with serving(parts.app) as base_url, httpx.AsyncClient(base_url=base_url, timeout=30) as client:

        async def mirrored() -> bool:
            guard = parts.app.state.guard
            return len(guard.cameras.values()) == len(seed.cameras) and len(guard.agents.values()) == 5

        await eventually(mirrored)
        yield Registry(parts, database, vault, client, tokens, bus, seed)
    for loop in loops:
        loop.cancel()
    await asyncio.gather(*loops, return_exceptions=True)
    await parts.close()
    await database.dispose()
