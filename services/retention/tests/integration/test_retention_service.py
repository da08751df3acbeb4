"""The retention service on real PostgreSQL, NATS and SeaweedFS: index, refuse, destroy, hold."""

import hashlib
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID

import asyncpg
import httpx
import pytest
import pytest_asyncio
from pydantic import SecretStr

from common.bus import Bus
from common.clock import SteppedClock
from common.ids import new_id
from common.object_store import ObjectStore
from common.testing.polling import eventually
from common.testing.running import running
from common.testing.servers import Servers, TestDatabase
from common.testing.states import SOISY, a_camera, an_agent, an_authorisation, put_agent, put_camera
from common.testing.tokens import TokenMint
from contracts.access import OrganisationKind, RegisterEntry, Role
from contracts.envelope import Envelope, make_envelope
from contracts.stream import FACT_SEGMENT_RECORDED, SEGMENT_OWNER, SegmentRecorded
from retention.app import build
from retention.settings import Settings

pytestmark = pytest.mark.integration

CAMERA = "PV-95598-0001-P1"
RECORDED_AT = datetime.now(UTC).replace(hour=12, minute=0, second=0, microsecond=0) - timedelta(days=1)
FOOTAGE = b"footage " * 1000


class Centre:
    """A retention service at work, its clock and its object store."""

    def __init__(self, base_url: str, clock: SteppedClock, tokens: TokenMint) -> None:
        self.base_url, self.clock, self.tokens = base_url, clock, tokens

    async def segments(self, client: httpx.AsyncClient) -> list[dict[str, object]]:
        window = {
            "from": (RECORDED_AT - timedelta(hours=1)).isoformat(),
            "to": (RECORDED_AT + timedelta(days=2)).isoformat(),
        }
        headers = self.tokens.service_headers("stream-gateway", "segments.read")
        answer = await client.get(
            f"{self.base_url}/api/retention/segments", params={"camera_id": CAMERA, **window}, headers=headers
        )
        assert answer.status_code == 200, answer.text
        return answer.json()["items"]


@pytest.fixture
def database(make_database: Callable[[str | None], TestDatabase]) -> TestDatabase:
    return make_database("retention")


@pytest_asyncio.fixture
async def centre(bus: Bus, servers: Servers, database: TestDatabase, tokens: TokenMint) -> AsyncIterator[Centre]:
    seaweed = servers.seaweed
    settings = Settings(
        database_url=SecretStr(database.app_url),
        nats_url=servers.nats.url,
        api_port=0,
        trusted_keys_dir=tokens.folder,
        service_key_file=tokens.key_file("retention"),
        s3_endpoint=seaweed.endpoint,
        s3_access_key=SecretStr(seaweed.access_key),
        s3_secret_key=SecretStr(seaweed.secret_key),
        evidence_access_key=SecretStr(seaweed.evidence.access_key),
        evidence_secret_key=SecretStr(seaweed.evidence.secret_key),
        sweep_every=0.2,
    )
    await put_agent(bus, an_agent("chef.martin", role=Role.CHEF_DE_SALLE))
    await put_agent(bus, an_agent("resp.csu", role=Role.RESPONSABLE_CSU))
    await put_agent(bus, an_agent("cr.petit", role=Role.PARTENAIRE_CROIX_ROUGE, kind=OrganisationKind.ASSOCIATION))
    await put_camera(bus, a_camera(CAMERA))
    clock = SteppedClock(RECORDED_AT + timedelta(hours=1))
    async with running(build(settings, clock)) as base_url:
        yield Centre(base_url, clock, tokens)


def recorded(minute: int, *, retention_days: int = 14) -> SegmentRecorded:
    started_at = RECORDED_AT + timedelta(minutes=minute)
    return SegmentRecorded(
        segment_id=new_id(),
        camera_id=CAMERA,
        insee=SOISY,
        bucket=f"vigie-{SOISY}-{started_at:%Y%m%d}",
        object_key=f"{CAMERA}/{started_at:%H}/{started_at:%Y%m%dT%H%M%S}.mp4",
        started_at=started_at,
        ended_at=started_at + timedelta(minutes=1),
        duration_ms=60_000,
        size=len(FOOTAGE),
        sha256=hashlib.sha256(FOOTAGE).hexdigest(),
        retention_days=retention_days,
        authorisation_id="AUT-1",
    )


async def store_and_announce(bus: Bus, store: ObjectStore, segment: SegmentRecorded, folder: Path) -> Envelope:
    """Do what the recorder does: object first, then the fact."""
    path = folder / "segment.mp4"
    path.write_bytes(FOOTAGE)
    await store.ensure_bucket(segment.bucket)
    await store.put_file_verified(segment.bucket, segment.object_key, path)
    envelope = make_envelope(
        segment,
        event_id=new_id(),
        owner=SEGMENT_OWNER,
        fact=FACT_SEGMENT_RECORDED,
        source="stream-gateway",
        aggregate=f"recording:{CAMERA}",
        insee=SOISY,
        at=segment.ended_at,
    )
    await announce(bus, envelope)
    return envelope


async def announce(bus: Bus, envelope: Envelope) -> None:
    await bus.js.publish(envelope.nats_subject, envelope.model_dump_json().encode())


async def register_rows(bus: Bus, action: str) -> list[RegisterEntry]:
    """Return the register rows asked for so far with one action, as they stand on the bus."""
    rows: list[RegisterEntry] = []
    last = (await bus.js.stream_info("REGISTER")).state.last_seq
    for sequence in range(1, last + 1):
        message = await bus.js.get_msg("REGISTER", sequence)
        entry = RegisterEntry.model_validate(Envelope.model_validate_json(message.data or b"").data)
        rows += [entry] if entry.action == action else []
    return rows


async def test_a_segment_is_indexed_once_however_often_it_is_announced(
    centre: Centre, bus: Bus, object_store: ObjectStore, tmp_path: Path
) -> None:
    envelope = await store_and_announce(bus, object_store, recorded(0), tmp_path)
    await announce(bus, envelope)
    await store_and_announce(bus, object_store, recorded(1), tmp_path)
    async with httpx.AsyncClient() as client:
        found = await eventually(lambda: centre.segments(client), until=lambda items: len(items) >= 2)
    assert len(found) == 2
    assert found[0]["sha256"] == hashlib.sha256(FOOTAGE).hexdigest()


async def test_past_retention_it_is_refused_at_once_and_then_physically_gone_with_a_proof(
    centre: Centre, bus: Bus, object_store: ObjectStore, tmp_path: Path
) -> None:
    segment = recorded(0)
    await store_and_announce(bus, object_store, segment, tmp_path)
    async with httpx.AsyncClient() as client:
        await eventually(lambda: centre.segments(client), until=bool)
        centre.clock.set(segment.started_at + timedelta(days=14))
        assert await centre.segments(client) == []

    async def still_there() -> bool:
        return segment.bucket in await object_store.list_buckets()

    await eventually(still_there, until=lambda there: not there)
    assert not await object_store.exists(segment.bucket, segment.object_key)
    rows = await eventually(lambda: register_rows(bus, "destruction"), until=bool)
    assert "1 segments" in rows[0].motive_text
    assert rows[0].insee == SOISY


async def test_a_hold_wins_over_the_sweep_while_its_neighbour_goes(
    centre: Centre, bus: Bus, object_store: ObjectStore, tmp_path: Path, servers: Servers
) -> None:
    kept, neighbour = recorded(0), recorded(5)
    await store_and_announce(bus, object_store, kept, tmp_path)
    await store_and_announce(bus, object_store, neighbour, tmp_path)
    async with httpx.AsyncClient() as client:
        await eventually(lambda: centre.segments(client), until=lambda items: len(items) == 2)
        centre.clock.set(kept.started_at + timedelta(days=13))
        placed = await client.post(
            f"{centre.base_url}/api/retention/holds",
            json={
                "camera_id": CAMERA,
                "from": kept.started_at.isoformat(),
                "to": (kept.started_at + timedelta(seconds=30)).isoformat(),
                "legal_basis": "60-1 CPP",
                "procedure_number": "2026/4242",
                "requesting_service": "CSP d'Enghien-les-Bains",
            },
            headers=centre.tokens.agent_headers("chef.martin"),
        )
        assert placed.status_code == 201, placed.text
        centre.clock.set(kept.started_at + timedelta(days=14, hours=1))

        async def neighbour_there() -> bool:
            return await object_store.exists(neighbour.bucket, neighbour.object_key)

        await eventually(neighbour_there, until=lambda there: not there)
        assert await object_store.exists(kept.bucket, kept.object_key)
        found = await centre.segments(client)
        assert [item["segment_id"] for item in found] == [str(kept.segment_id)]
        assert found[0]["held"] is True

        evidence = ObjectStore(
            servers.seaweed.endpoint, servers.seaweed.evidence.access_key, servers.seaweed.evidence.secret_key
        )

        async def copied() -> bool:
            return await evidence.exists(f"vigie-evidence-{SOISY}", kept.object_key)

        await eventually(copied)
        hold_id = placed.json()["hold_id"]
        await lift(client, centre, hold_id, "chef.martin", 200)
        await lift(client, centre, hold_id, "chef.martin", 409)
        await lift(client, centre, hold_id, "resp.csu", 200)

        async def kept_there() -> bool:
            return await object_store.exists(kept.bucket, kept.object_key)

        await eventually(kept_there, until=lambda there: not there)
        assert await copied()


async def lift(client: httpx.AsyncClient, centre: Centre, hold_id: UUID, agent: str, expected: int) -> None:
    answer = await client.post(
        f"{centre.base_url}/api/retention/holds/{hold_id}/lifts",
        json={"reason": "procédure classée sans suite"},
        headers=centre.tokens.agent_headers(agent),
    )
    assert answer.status_code == expected, answer.text


async def test_a_shortened_authorisation_acts_on_stored_footage_and_a_longer_one_brings_nothing_back(
    centre: Centre, bus: Bus, object_store: ObjectStore, tmp_path: Path
) -> None:
    segment = recorded(0, retention_days=30)
    await store_and_announce(bus, object_store, segment, tmp_path)
    async with httpx.AsyncClient() as client:
        await eventually(lambda: centre.segments(client), until=bool)
        await put_camera(bus, a_camera(CAMERA, authorisation=an_authorisation(retention_days=5)))
        await eventually(
            lambda: centre.segments(client),
            until=lambda items: items[0]["expires_at"] == as_json(segment.started_at + timedelta(days=5)),
        )
        await put_camera(bus, a_camera(CAMERA, authorisation=an_authorisation(retention_days=30)))
        await store_and_announce(bus, object_store, recorded(2, retention_days=30), tmp_path)
        found = await eventually(lambda: centre.segments(client), until=lambda items: len(items) == 2)
    assert found[0]["expires_at"] == as_json(segment.started_at + timedelta(days=5))


def as_json(instant: datetime) -> str:
    return instant.isoformat().replace("+00:00", "Z")


async def test_croix_rouge_gets_no_recording_and_the_refusal_is_in_the_register(centre: Centre, bus: Bus) -> None:
    async with httpx.AsyncClient() as client:
        answer = await client.get(
            f"{centre.base_url}/api/retention/recordings",
            params={"camera_id": CAMERA, "from": RECORDED_AT.isoformat(), "to": RECORDED_AT.isoformat()},
            headers=centre.tokens.agent_headers("cr.petit"),
        )
        unnamed = await client.get(f"{centre.base_url}/api/retention/segments", params={"camera_id": CAMERA})
    assert answer.status_code in {403, 404}
    assert answer.headers["content-type"] == "application/problem+json"
    assert unnamed.status_code == 401
    rows = await eventually(lambda: register_rows(bus, "view_recordings"), until=bool)
    assert rows[0].actor_id == "cr.petit"
    assert rows[0].result == "refused"


async def test_the_serving_role_cannot_drop_a_day_that_still_holds_footage(
    centre: Centre, bus: Bus, object_store: ObjectStore, tmp_path: Path, database: TestDatabase
) -> None:
    segment = recorded(0)
    await store_and_announce(bus, object_store, segment, tmp_path)
    async with httpx.AsyncClient() as client:
        await eventually(lambda: centre.segments(client), until=bool)
    connection = await asyncpg.connect(database.app_url.replace("+asyncpg", ""))
    try:
        dropped = await connection.fetchval("SELECT drop_empty_segment_partition($1)", segment.started_at.date())
        assert dropped is False
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await connection.execute(f"DROP TABLE segments_{segment.started_at:%Y%m%d}")
    finally:
        await connection.close()
