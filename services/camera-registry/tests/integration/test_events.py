"""Health by bytes received, server push, the media plane's source, the seed run twice."""

import asyncio
import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from common.ids import new_id
from common.testing.polling import eventually
from common.testing.states import ENGHIEN, SOISY, an_agent, put_agent
from contracts.envelope import Envelope, make_envelope
from contracts.registry import CameraHealthChanged
from contracts.stream import FACT_CAMERA_REACHABILITY, OWNER, CameraReachabilityChanged

from .conftest import Registry

pytestmark = pytest.mark.integration

CAMERA = "PV-95598-0001-P1"


def reachability(*, online: bool, since: datetime, camera_id: str = CAMERA, insee: str = SOISY) -> Envelope:
    payload = CameraReachabilityChanged(camera_id=camera_id, online=online, since=since, reason="octets")
    return make_envelope(
        payload,
        event_id=new_id(),
        owner=OWNER,
        fact=FACT_CAMERA_REACHABILITY,
        source="stream-gateway",
        aggregate=f"camera:{camera_id}",
        insee=insee,
        at=since,
    )


async def publish(registry: Registry, envelope: Envelope) -> None:
    await registry.bus.js.publish(envelope.nats_subject, envelope.model_dump_json().encode())


async def online(registry: Registry, camera_id: str = CAMERA) -> bool | None:
    answer = await registry.client.get(f"/api/registry/cameras/{camera_id}", headers=registry.agent("op.durand"))
    return answer.json()["online"]


async def health_events(registry: Registry) -> list[CameraHealthChanged]:
    info = await registry.bus.js.stream_info("REGISTRY")
    events: list[CameraHealthChanged] = []
    for seq in range(1, info.state.last_seq + 1):
        message = await registry.bus.js.get_msg("REGISTRY", seq)
        if message.subject is not None and ".camera_health_changed." in message.subject:
            events.append(CameraHealthChanged(**Envelope.model_validate_json(message.data or b"").data))
    return events


async def test_the_same_news_delivered_twice_has_one_effect(registry: Registry) -> None:
    since = datetime.now(UTC)
    news = reachability(online=True, since=since)
    await publish(registry, news)
    await publish(registry, news)
    stranger = reachability(online=True, since=since, camera_id="INCONNUE-1")
    await publish(registry, stranger)
    last = reachability(online=True, since=since, camera_id="PV-95598-0002-P1")
    await publish(registry, last)

    async def answer() -> bool | None:
        return await online(registry, "PV-95598-0002-P1")

    assert await eventually(answer) is True
    assert await online(registry) is True
    events = await eventually(lambda: health_events(registry), until=lambda found: len(found) >= 2)
    assert sorted(event.camera_id for event in events) == [CAMERA, "PV-95598-0002-P1"]


async def test_old_news_does_not_undo_newer_news(registry: Registry) -> None:
    now = datetime.now(UTC)
    await publish(registry, reachability(online=False, since=now))
    await publish(registry, reachability(online=True, since=now - timedelta(seconds=5)))
    await publish(registry, reachability(online=True, since=now, camera_id="PV-95598-0002-P1"))

    async def answer() -> bool | None:
        return await online(registry, "PV-95598-0002-P1")

    assert await eventually(answer) is True
    assert await online(registry) is False


async def next_event(lines: AsyncIterator[str], wanted: str) -> dict[str, Any]:
    name = ""
    async for line in lines:
        if line.startswith("event:"):
            name = line.removeprefix("event:").strip()
        if line.startswith("data:") and name == wanted:
            return json.loads(line.removeprefix("data:"))
    raise AssertionError("the stream ended")


async def test_the_push_tells_only_ones_own_communes(registry: Registry) -> None:
    headers = registry.agent("op.soisy")
    async with (
        asyncio.timeout(60),
        registry.client.stream("GET", "/api/registry/live", headers=headers) as response,
    ):
        lines = response.aiter_lines()
        await next_event(lines, "hello")
        now = datetime.now(UTC)
        await publish(
            registry,
            reachability(online=True, since=now, camera_id="PV-95210-0001-P1", insee=ENGHIEN),
        )
        await eventually(lambda: health_events(registry))
        await publish(registry, reachability(online=True, since=now))
        envelope = await next_event(lines, "camera_health_changed")
        assert envelope["insee"] == SOISY
        assert envelope["data"]["camera_id"] == CAMERA


async def test_a_machines_push_ends_with_its_token(registry: Registry) -> None:
    machines = (
        registry.tokens.service("deploy", "cameras.read", ttl=2),
        registry.tokens.client("cad-95", "cameras.read", communes=(SOISY,), ttl=2),
    )
    for token in machines:
        headers = {"Authorization": f"Bearer {token}"}
        async with (
            asyncio.timeout(60),
            registry.client.stream("GET", "/api/registry/live", headers=headers) as response,
        ):
            lines = response.aiter_lines()
            await next_event(lines, "hello")
            async for _ in lines:
                pass  # until the server ends it: nobody revoked anything


async def test_only_the_media_plane_learns_how_to_reach_a_camera(registry: Registry) -> None:
    path = f"/api/registry/internal/cameras/{CAMERA}/source"
    for headers in (registry.agent("op.durand"), registry.agent("admin.vigie"), registry.machine("cameras.write")):
        assert (await registry.client.get(path, headers=headers)).status_code == 403
    answer = await registry.client.get(path, headers=registry.machine("cameras.source"))
    source = answer.json()
    assert source["main_url"].endswith("/0001/main")
    assert source["sub_url"].endswith("/0001/sub")
    assert source["onvif_url"].endswith("/0001/device_service")
    assert source["username"] == "vigie"


async def test_an_expired_habilitation_ends_the_push(registry: Registry) -> None:
    path = "/api/registry/live"
    durand, soisy = registry.agent("op.durand"), registry.agent("op.soisy")

    async def refused_to_open() -> bool:
        async with registry.client.stream("GET", path, headers=soisy) as answer:
            return answer.status_code == 403

    async with (
        registry.client.stream("GET", path, headers=durand) as kept,
        registry.client.stream("GET", path, headers=soisy) as ended,
    ):
        still, over = kept.aiter_lines(), ended.aiter_lines()
        for lines in (still, over):
            await next_event(lines, "hello")
        now = datetime.now(UTC)
        expired = an_agent("op.soisy", communes=(SOISY,)).model_copy(update={"habilitation_until": now})
        await put_agent(registry.bus, expired)
        await eventually(refused_to_open)
        await publish(registry, reachability(online=True, since=now))
        assert (await next_event(still, "camera_health_changed"))["insee"] == SOISY
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(1):
                await next_event(over, "camera_health_changed")
