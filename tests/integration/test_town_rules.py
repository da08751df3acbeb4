"""Same code, other configuration: the rules of Liévin and of Valenciennes, on the real services.

The registry is seeded with the shipped town, ``access`` with its people; gateway and retention learn the arrêtés from
the bus. All share one clock that the test moves; the message bus, PostgreSQL and the object store are real.
"""

import hashlib
import secrets
import tomllib
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from importlib.resources import files
from pathlib import Path
from typing import Any

import httpx
import pytest
import pytest_asyncio
from pydantic import SecretStr

import access.app
import access.seed
import access.settings
import camera_registry.app
import camera_registry.settings
import retention.app
import retention.settings
import stream_gateway.app
from camera_registry.credential_vault import AesGcmVault
from camera_registry.seed_command import seed_town
from camera_registry.seeds.generator import Streams, TownSeed, generate
from camera_registry.seeds.town import load_town
from common.bus import Bus
from common.clock import SteppedClock
from common.database import Database
from common.ids import new_id
from common.object_store import ObjectStore
from common.service import ServiceParts
from common.testing.polling import eventually
from common.testing.running import running
from common.testing.servers import Servers, TestDatabase
from common.testing.tokens import TokenMint
from contracts.envelope import make_envelope
from contracts.registry import CameraState
from contracts.stream import FACT_SEGMENT_RECORDED, SEGMENT_OWNER, SegmentRecorded
from policy import Action, Context
from stream_gateway.testing.rig import gateway_settings

pytestmark = pytest.mark.integration

JUNE = datetime(2027, 6, 20, 9, tzinfo=UTC)
FETE_NATIONALE = datetime(2027, 7, 14, 20, tzinfo=UTC)
MakeDatabase = Callable[[str | None], TestDatabase]


def rules_of(town: str) -> dict[str, Any]:
    """Return what the town decided for itself, as `vigie up` hands it to every service."""
    document = tomllib.loads((files("vigie_local") / "town_rules.toml").read_text(encoding="utf-8"))
    return document.get(town, {})


@dataclass
class Platform:
    """The services of one town."""

    servers: Servers
    make_database: MakeDatabase
    tokens: TokenMint
    bus: Bus
    folder: Path
    clock: SteppedClock = field(default_factory=lambda: SteppedClock(JUNE))
    stack: AsyncExitStack = field(default_factory=AsyncExitStack)

    def common(self, service: str, town: str) -> dict[str, Any]:
        return {
            "database_url": SecretStr(self.make_database(service.replace("-", "_")).app_url),
            "nats_url": self.servers.nats.url,
            "api_port": 1,
            "trusted_keys_dir": self.tokens.folder,
            "service_key_file": self.tokens.key_file(service),
            "town": town,
            **rules_of(town),
        }

    async def serve(self, parts: ServiceParts) -> str:
        return await self.stack.enter_async_context(running(parts))

    async def registry(self, town: str) -> tuple[str, ServiceParts, TownSeed]:
        """Run the registry with the shipped town; the first of its cameras has a stream."""
        key_file = self.folder / "credentials.key"
        AesGcmVault.write_new_key(key_file)
        settings = camera_registry.settings.Settings(
            credential_key_file=key_file, **self.common("camera-registry", town)
        )
        seed = generate(load_town(town), self.clock.now(), Streams(1, 0, "rtsp://127.0.0.1:1/cam", None, None))
        database = Database(settings.database_url.get_secret_value())
        await seed_town(database=database, vault=AesGcmVault.from_file(key_file), seed=seed, at=self.clock.now())
        await database.dispose()
        parts = camera_registry.app.build(settings, self.clock)
        return await self.serve(parts), parts, seed

    async def people(self, town: str) -> str:
        """Run ``access`` with the town's people."""
        settings = access.settings.Settings(
            oidc_issuer="http://127.0.0.1:1",
            oidc_client_id="vigie",
            oidc_client_secret=SecretStr(secrets.token_urlsafe()),
            **self.common("access", town),
        )
        database = Database(settings.database_url.get_secret_value())
        async with database.transaction() as conn:
            await access.seed.seed(conn, access.seed.load_town(town), at=self.clock.now())
        await database.dispose()
        return await self.serve(access.app.build(settings, self.clock))

    async def http(self, url: str, headers: dict[str, str]) -> httpx.AsyncClient:
        return await self.stack.enter_async_context(httpx.AsyncClient(base_url=url, headers=headers, timeout=30))


@pytest_asyncio.fixture
async def platform(
    servers: Servers, make_database: MakeDatabase, tokens: TokenMint, bus: Bus, tmp_path: Path
) -> AsyncIterator[Platform]:
    made = Platform(servers, make_database, tokens, bus, tmp_path)
    async with made.stack:
        yield made


async def test_lievin_watches_live_only_during_its_event_and_each_refusal_is_in_the_register(
    platform: Platform, servers: Servers
) -> None:
    access_url = await platform.people("lievin")
    registry_url, _, seed = await platform.registry("lievin")
    rig = gateway_settings(servers, platform.make_database("stream_gateway"), platform.tokens, platform.folder)
    gateway = stream_gateway.app.build(
        rig.model_copy(update={"registry_url": registry_url, "retention_url": registry_url}), platform.clock
    )
    gateway_url = await platform.serve(gateway)
    guard = gateway.app.state.guard
    camera_id = next(camera.camera_id for camera in seed.cameras if camera.has_stream)
    await eventually(_true(lambda: guard.cameras.get(camera_id) and guard.agents.get("op.durand")))
    operator = await platform.http(gateway_url, platform.tokens.agent_headers("op.durand"))
    auditor = await platform.http(access_url, platform.tokens.agent_headers("auditeur.cnil"))

    async def opened() -> httpx.Response:
        return await operator.post("/api/stream/sessions", json={"camera_id": camera_id})

    async def register(result: str) -> list[dict[str, Any]]:
        async def read() -> list[dict[str, Any]]:
            answer = await auditor.get("/api/access/register", params={"camera_id": camera_id, "limit": 100})
            answer.raise_for_status()
            return [row for row in answer.json()["items"] if row["result"] == result]

        return await eventually(read)

    refused = await opened()
    assert (refused.status_code, refused.json()["rule"]) == (403, "mode_d_exploitation")
    (row,) = await register("refused")
    assert (row["actor_id"], row["action"], row["rule"]) == ("op.durand", "live", "mode_d_exploitation")

    platform.clock.set(FETE_NATIONALE)
    allowed = await opened()
    assert allowed.status_code == 201, allowed.text
    (row,) = await register("allowed")
    assert row["actor_id"] == "op.durand"

    platform.clock.set(datetime(2027, 7, 15, 0, tzinfo=UTC))  # two in the morning in Liévin: the fête is over
    over = await opened()
    assert (over.status_code, over.json()["rule"]) == (403, "mode_d_exploitation")


async def test_valenciennes_keeps_thirty_days_and_only_the_replay_room_replays(
    platform: Platform, servers: Servers, object_store: ObjectStore
) -> None:
    await platform.people("valenciennes")
    _, registry, seed = await platform.registry("valenciennes")
    guard = registry.app.state.guard
    camera_id = next(camera.camera_id for camera in seed.cameras if camera.has_stream)
    state: CameraState = await eventually(_true(lambda: guard.cameras.get(camera_id)))
    assert state.authorisation is not None
    assert state.authorisation.retention_days == 30

    seaweed = servers.seaweed
    settings = retention.settings.Settings(
        s3_endpoint=seaweed.endpoint,
        s3_access_key=SecretStr(seaweed.recorder.access_key),
        s3_secret_key=SecretStr(seaweed.recorder.secret_key),
        evidence_access_key=SecretStr(seaweed.evidence.access_key),
        evidence_secret_key=SecretStr(seaweed.evidence.secret_key),
        **platform.common("retention", "valenciennes"),
    )
    url = await platform.serve(retention.app.build(settings, platform.clock))
    reader = await platform.http(url, platform.tokens.service_headers("stream-gateway", "segments.read"))
    recorded_at = platform.clock.now()
    await _record(platform, state, recorded_at, object_store)

    async def readable() -> list[dict[str, Any]]:
        params = {"camera_id": camera_id, "from": "2020-01-01T00:00:00Z", "to": "2040-01-01T00:00:00Z"}
        answer = await reader.get("/api/retention/segments", params=params)
        assert answer.status_code == 200, answer.text
        return answer.json()["items"]

    platform.clock.set(recorded_at + timedelta(days=30) - timedelta(seconds=1))
    assert len(await eventually(readable)) == 1
    platform.clock.set(recorded_at + timedelta(days=30))
    assert await readable() == []

    replayer = await eventually(_true(lambda: guard.agents.get("relec.nadal")))
    assert replayer.role == "agent_relecture"
    for agent_id, rule in (("relec.nadal", "toutes_regles"), ("op.durand", "salle_de_relecture")):
        agent = guard.agent(platform.tokens.verifier.verify(platform.tokens.session(agent_id)))
        asked = Context(requisition_id="REQ-2027-1")
        assert guard.decide(agent, Action.REPLAY, camera_id, asked, platform.clock.now())[1].rule == rule
        live = guard.decide(agent, Action.LIVE, camera_id, Context(), platform.clock.now())[1]
        assert live.allowed == (agent_id == "op.durand")


async def _record(platform: Platform, state: CameraState, at: datetime, store: ObjectStore) -> None:
    """Put a minute of footage into the store and announce it, as the recorder does."""
    footage = b"footage"
    bucket, key = f"vigie-{state.insee}-{at:%Y%m%d}", f"{state.camera_id}/{at:%H}/one.mp4"
    path = platform.folder / "one.mp4"
    path.write_bytes(footage)
    await store.ensure_bucket(bucket)
    await store.put_file_verified(bucket, key, path)
    assert state.authorisation is not None
    segment = SegmentRecorded(
        segment_id=new_id(),
        camera_id=state.camera_id,
        insee=state.insee,
        bucket=bucket,
        object_key=key,
        started_at=at,
        ended_at=at + timedelta(minutes=1),
        duration_ms=60_000,
        size=len(footage),
        sha256=hashlib.sha256(footage).hexdigest(),
        retention_days=state.authorisation.retention_days,
        authorisation_id=state.authorisation.authorisation_id,
    )
    envelope = make_envelope(
        segment,
        event_id=new_id(),
        owner=SEGMENT_OWNER,
        fact=FACT_SEGMENT_RECORDED,
        source="test",
        aggregate=f"camera:{state.camera_id}",
        insee=state.insee,
        at=at,
    )
    await platform.bus.js.publish(envelope.nats_subject, envelope.model_dump_json().encode())


def _true(look: Callable[[], Any]) -> Callable[[], Any]:
    async def found() -> Any:
        return look()

    return found
