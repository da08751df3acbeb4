"""A retention service at work on real PostgreSQL, NATS and SeaweedFS, with a clock that tests move."""

import contextlib
import hashlib
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest
import pytest_asyncio
from pydantic import SecretStr

from common.bus import Bus
from common.clock import SteppedClock
from common.ids import new_id
from common.object_store import ObjectMissing, ObjectStore
from common.testing.running import running
from common.testing.servers import Servers, TestDatabase
from common.testing.states import SOISY, a_camera, an_agent, put_agent, put_camera
from common.testing.tokens import TokenMint
from contracts.access import OrganisationKind, RegisterEntry, Role
from contracts.envelope import Envelope, Payload, make_envelope
from contracts.stream import FACT_SEGMENT_RECORDED, SEGMENT_OWNER, SegmentRecorded
from retention.app import build
from retention.settings import Settings

CAMERA = "PV-95598-0001-P1"
RECORDED_AT = datetime.now(UTC).replace(hour=12, minute=0, second=0, microsecond=0) - timedelta(days=1)
FOOTAGE = b"footage " * 1000
EVIDENCE_BUCKET = f"vigie-evidence-{SOISY}"


def recorded(minute: int, *, since: datetime = RECORDED_AT, retention_days: int = 14) -> SegmentRecorded:
    """Return the announcement of one minute of footage."""
    started_at = since + timedelta(minutes=minute)
    return SegmentRecorded(
        segment_id=new_id(),
        camera_id=CAMERA,
        insee=SOISY,
        bucket=f"vigie-{SOISY}-{started_at:%Y%m%d}",
        object_key=f"{CAMERA}/{started_at:%H}/{started_at:%Y%m%dT%H%M%S}-{new_id()}.mp4",
        started_at=started_at,
        ended_at=started_at + timedelta(minutes=1),
        duration_ms=60_000,
        size=len(FOOTAGE),
        sha256=hashlib.sha256(FOOTAGE).hexdigest(),
        retention_days=retention_days,
        authorisation_id="AUT-1",
    )


@dataclass(frozen=True, slots=True)
class Centre:
    """A running retention service, and what surrounds it."""

    base_url: str
    client: httpx.AsyncClient
    clock: SteppedClock
    tokens: TokenMint
    bus: Bus
    footage: ObjectStore
    evidence: ObjectStore
    folder: Path

    async def record(self, segment: SegmentRecorded, content: bytes = FOOTAGE) -> Envelope:
        """Do what the recorder does: object first, then the fact."""
        path = self.folder / "segment.mp4"
        path.write_bytes(content)
        stored = None
        while stored is None:
            await self.footage.ensure_bucket(segment.bucket)
            with contextlib.suppress(ObjectMissing):  # the service dropped the bucket of a past day: it was empty
                stored = await self.footage.put_file_verified(segment.bucket, segment.object_key, path)
        return await self.announce(segment, SEGMENT_OWNER, FACT_SEGMENT_RECORDED)

    async def announce(self, payload: Payload, owner: str, fact: str) -> Envelope:
        """Publish a fact as its owner would."""
        envelope = make_envelope(
            payload,
            event_id=new_id(),
            owner=owner,
            fact=fact,
            source="test",
            aggregate=f"test:{CAMERA}",
            insee=SOISY,
            at=self.clock.now(),
        )
        await self.publish(envelope)
        return envelope

    async def publish(self, envelope: Envelope) -> None:
        await self.bus.js.publish(envelope.nats_subject, envelope.model_dump_json().encode())

    async def segments(self) -> list[dict[str, object]]:
        """Return what a service may read now, oldest first."""
        headers = self.tokens.service_headers("stream-gateway", "segments.read")
        answer = await self.client.get("/api/retention/segments", params=any_time(), headers=headers)
        assert answer.status_code == 200, answer.text
        return answer.json()["items"]

    async def get(self, path: str, agent_id: str, **params: str) -> httpx.Response:
        headers = self.tokens.agent_headers(agent_id)
        return await self.client.get(f"/api/retention/{path}", params=params, headers=headers)

    async def post(self, path: str, agent_id: str, body: dict[str, str] | None = None) -> httpx.Response:
        headers = self.tokens.agent_headers(agent_id)
        return await self.client.post(f"/api/retention/{path}", json=body or {}, headers=headers)

    async def place_hold(self, since: datetime, until: datetime) -> str:
        """Freeze footage of the camera; returns the hold's id."""
        body = {
            "camera_id": CAMERA,
            "from": since.isoformat(),
            "to": until.isoformat(),
            "legal_basis": "60-1 CPP",
            "procedure_number": "2026/4242",
            "requesting_service": "CSP d'Enghien-les-Bains",
        }
        placed = await self.post("holds", "chef.martin", body)
        assert placed.status_code == 201, placed.text
        return placed.json()["hold_id"]

    async def lift(self, hold_id: str, agent_id: str) -> httpx.Response:
        return await self.post(f"holds/{hold_id}/lifts", agent_id, {"reason": "procédure classée sans suite"})

    async def register_rows(self, action: str) -> list[RegisterEntry]:
        """Return the register rows asked for so far with one action, as they stand on the bus."""
        rows: list[RegisterEntry] = []
        last = (await self.bus.js.stream_info("REGISTER")).state.last_seq
        for sequence in range(1, last + 1):
            message = await self.bus.js.get_msg("REGISTER", sequence)
            entry = RegisterEntry.model_validate(Envelope.model_validate_json(message.data or b"").data)
            rows += [entry] if entry.action == action else []
        return rows


def any_time() -> dict[str, str]:
    """Return query parameters for everything of the camera."""
    year = timedelta(days=365)
    return {"camera_id": CAMERA, "from": (RECORDED_AT - year).isoformat(), "to": (RECORDED_AT + year).isoformat()}


def as_json(instant: datetime) -> str:
    """Write an instant as the API does."""
    return instant.isoformat().replace("+00:00", "Z")


@pytest.fixture
def database(make_database: Callable[[str | None], TestDatabase]) -> TestDatabase:
    """A fresh database of the service."""
    return make_database("retention")


@pytest_asyncio.fixture
async def centre(
    bus: Bus, servers: Servers, database: TestDatabase, tokens: TokenMint, object_store: ObjectStore, tmp_path: Path
) -> AsyncIterator[Centre]:
    """The service an hour after noon of yesterday, with two chiefs, an operator, a volunteer and one camera."""
    seaweed = servers.seaweed
    settings = Settings(
        database_url=SecretStr(database.app_url),
        nats_url=servers.nats.url,
        api_port=0,
        trusted_keys_dir=tokens.folder,
        service_key_file=tokens.key_file("retention"),
        s3_endpoint=seaweed.endpoint,
        s3_access_key=SecretStr(seaweed.recorder.access_key),
        s3_secret_key=SecretStr(seaweed.recorder.secret_key),
        evidence_access_key=SecretStr(seaweed.evidence.access_key),
        evidence_secret_key=SecretStr(seaweed.evidence.secret_key),
        sweep_every=0.2,
    )
    await put_agent(bus, an_agent("chef.martin", role=Role.CHEF_DE_SALLE))
    await put_agent(bus, an_agent("resp.csu", role=Role.RESPONSABLE_CSU))
    await put_agent(bus, an_agent("op.durand", role=Role.OPERATEUR))
    await put_agent(bus, an_agent("cr.petit", role=Role.PARTENAIRE_CROIX_ROUGE, kind=OrganisationKind.ASSOCIATION))
    await put_camera(bus, a_camera(CAMERA))
    clock = SteppedClock(RECORDED_AT + timedelta(hours=1))
    evidence = ObjectStore(seaweed.endpoint, seaweed.evidence.access_key, seaweed.evidence.secret_key)
    async with running(build(settings, clock)) as base_url, httpx.AsyncClient(base_url=base_url) as client:
        yield Centre(base_url, client, clock, tokens, bus, object_store, evidence, tmp_path)
