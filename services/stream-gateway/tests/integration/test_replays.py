"""Replays: recorded footage for one agent, with a motive, through the gateway."""

from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

from common.testing.polling import eventually
from common.testing.states import an_incident, put_incident
from contracts.stream import SegmentRecorded
from stream_gateway.testing.rig import Gateway

pytestmark = pytest.mark.integration

MOTIVE = "Vérification d'une rixe signalée par la PM"


async def recorded(gateway: Gateway, *, expires_in: timedelta = timedelta(days=14)) -> SegmentRecorded:
    """Record a segment and let retention know it."""
    camera = await gateway.add_camera(1)
    fact = await gateway.wait_for("segment_recorded", lambda data: data["camera_id"] == camera.camera_id)
    segment = SegmentRecorded.model_validate(fact)
    gateway.neighbours.segments = [
        {
            **segment.model_dump(mode="json", include={"bucket", "object_key", "size", "started_at", "ended_at"}),
            "expires_at": (datetime.now(UTC) + expires_in).isoformat(),
            "held": False,
        }
    ]
    return segment


async def ask(gateway: Gateway, agent_id: str, segment: SegmentRecorded, **more: Any) -> httpx.Response:
    body = {
        "camera_id": segment.camera_id,
        "from": segment.started_at.isoformat(),
        "to": segment.ended_at.isoformat(),
        "motive_code": "levee_de_doute",
        "motive_text": MOTIVE,
        **more,
    }
    return await gateway.http.post("/api/stream/replays", json=body, headers=gateway.headers(agent_id))


async def test_a_replay_gives_the_recorded_bytes_to_its_agent_only(gateway: Gateway) -> None:
    segment = await recorded(gateway)
    answer = await ask(gateway, "chef.martin", segment)
    assert answer.status_code == 201, answer.text
    [item] = answer.json()["segments"]
    stored = await gateway.store.get_range(segment.bucket, segment.object_key)

    whole = await gateway.http.get(item["path"], headers=gateway.headers("chef.martin"))
    assert whole.content == stored
    assert whole.headers["content-type"] == "video/mp4"
    part = await gateway.http.get(item["path"], headers={**gateway.headers("chef.martin"), "Range": "bytes=100-199"})
    assert part.status_code == 206
    assert part.content == stored[100:200]
    assert part.headers["content-range"] == f"bytes 100-199/{len(stored)}"
    assert (await gateway.http.get(item["path"], headers=gateway.headers("op.durand"))).status_code == 404
    assert (await gateway.http.get(item["path"])).status_code == 401

    row = await gateway.wait_for("entry_requested", lambda data: data["action"] == "replay")
    assert row["motive_text"] == MOTIVE
    assert datetime.fromisoformat(row["window_from"]) == segment.started_at


async def test_footage_past_its_retention_is_refused_in_an_open_replay(gateway: Gateway) -> None:
    segment = await recorded(gateway, expires_in=timedelta(seconds=-1))
    [item] = (await ask(gateway, "chef.martin", segment)).json()["segments"]
    assert (await gateway.http.get(item["path"], headers=gateway.headers("chef.martin"))).status_code == 404


async def test_an_operator_replays_only_in_the_context_of_an_incident(gateway: Gateway) -> None:
    segment = await recorded(gateway)
    refused = await ask(gateway, "op.durand", segment)
    assert refused.status_code == 403
    assert refused.json()["rule"] == "relecture_en_contexte"
    invented = await ask(gateway, "op.durand", segment, incident_id="INC-1")
    assert (invented.status_code, invented.json()["rule"]) == (403, "incident_confirme")
    await put_incident(gateway.bus, an_incident("INC-1", segment.camera_id))

    async def allowed() -> int:
        return (await ask(gateway, "op.durand", segment, incident_id="INC-1")).status_code

    assert await eventually(allowed, until=lambda status: status == 201) == 201


async def test_a_replay_wants_a_motive_and_a_window_of_an_hour(gateway: Gateway) -> None:
    segment = await recorded(gateway)
    assert (await ask(gateway, "chef.martin", segment, motive_text="court")).status_code == 422
    long = (segment.started_at + timedelta(hours=1, seconds=1)).isoformat()
    assert (await ask(gateway, "chef.martin", segment, to=long)).status_code == 422
    assert await gateway.events("entry_requested") == []


async def test_retention_away_is_said_so(gateway: Gateway) -> None:
    segment = await recorded(gateway)
    gateway.neighbours.segments = [{"unexpected": True}]
    assert (await ask(gateway, "chef.martin", segment)).status_code == 503
