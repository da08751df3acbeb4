"""Server push: sequence numbers, resumption without a gap, and only what the caller may see."""

import asyncio
import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime

import httpx
import pytest
import pytest_asyncio
from fastapi import APIRouter, Request, Response

from common.bus import Bus
from common.ids import new_id
from common.live import live_response
from common.testing.serving import serving
from common.web import create_app
from contracts.envelope import Envelope, make_envelope
from contracts.retention import HoldLifted

pytestmark = pytest.mark.integration


@pytest_asyncio.fixture
async def url(bus: Bus) -> AsyncIterator[str]:
    router = APIRouter(prefix="/api/test")

    @router.get("/live")
    async def live(request: Request) -> Response:
        def allowed(envelope: Envelope) -> bool:
            return envelope.insee == "95598"

        def present() -> bool:
            return not request.app.state.gone

        return await live_response(request, bus, "RETENTION", "vigie.*.retention.>", allowed=allowed, present=present)

    @router.delete("/live")
    async def leave(request: Request) -> None:
        request.app.state.gone = True

    app = create_app(title="t", service="test", lifespan=None, routers=[router], public_origin="")
    app.state.gone = False
    async with serving(app) as base_url:
        yield f"{base_url}/api/test/live"


async def publish(bus: Bus, insee: str, reason: str) -> None:
    hold_id, at = new_id(), datetime.now(UTC)
    payload = HoldLifted(hold_id=hold_id, insee=insee, at=at, reason=reason)
    envelope = make_envelope(
        payload,
        event_id=new_id(),
        owner="retention",
        fact="hold_lifted",
        source="retention",
        aggregate=f"hold:{hold_id}",
        insee=insee,
        at=at,
    )
    await bus.js.publish(envelope.nats_subject, envelope.model_dump_json().encode())


async def read(url: str, count: int, *, after: str | None, hello: asyncio.Event) -> list[tuple[str, str, str]]:
    """Return the first events as (id, event, reason)."""
    found: list[tuple[str, str, str]] = []
    headers = {"Last-Event-ID": after} if after is not None else {}
    async with httpx.AsyncClient(timeout=60) as client, client.stream("GET", url, headers=headers) as answer:
        fields: dict[str, str] = {}
        async for line in answer.aiter_lines():
            name, _, value = line.partition(": ")
            if line:
                fields[name] = value
                continue
            if fields.get("event") in {"hello", "reset"}:
                hello.set()
            if fields.get("event") == "hold_lifted":
                reason = json.loads(fields["data"])["data"]["reason"]
                found.append((fields["id"], fields["event"], reason))
            fields = {}
            if len(found) == count:
                return found
    return found


async def test_a_reader_that_comes_back_gets_exactly_what_it_missed(bus: Bus, url: str) -> None:
    hello = asyncio.Event()
    reading = asyncio.create_task(read(url, 1, after=None, hello=hello))
    await asyncio.wait_for(hello.wait(), 30)
    await publish(bus, "95210", "neighbour")
    await publish(bus, "95598", "first")
    seen = await reading
    assert [reason for _, _, reason in seen] == ["first"]
    await publish(bus, "95598", "second")
    await publish(bus, "95210", "neighbour again")
    await publish(bus, "95598", "third")
    missed = await read(url, 2, after=seen[-1][0], hello=hello)
    assert [reason for _, _, reason in missed] == ["second", "third"]
    assert [int(number) for number, _, _ in missed] == sorted(int(number) for number, _, _ in missed)


async def test_the_stream_of_who_is_gone_ends_by_itself(url: str) -> None:
    async with httpx.AsyncClient(timeout=60) as client, client.stream("GET", url) as answer:
        lines = answer.aiter_lines()
        assert await anext(lines) == "id: 0"
        await client.delete(url)
        rest = [line async for line in lines]
    assert "event: hello" in rest
