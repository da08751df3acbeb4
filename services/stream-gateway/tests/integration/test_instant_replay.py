"""Instant replay: the last seconds of a camera that is being recorded, at one key, its register row first."""

from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

from common.testing.polling import eventually
from common.testing.states import a_ticket, an_agent, an_incident, put_agent, put_incident, put_ticket
from contracts.access import Role
from stream_gateway.playback.recent import SpoolFootage
from stream_gateway.settings import Settings
from stream_gateway.testing.films import frames_of
from stream_gateway.testing.rig import Gateway

pytestmark = [pytest.mark.integration, pytest.mark.timeout(400)]


async def instant(gateway: Gateway, camera_id: str, agent_id: str = "op.durand", **body: Any) -> httpx.Response:
    path = f"/api/stream/cameras/{camera_id}/instant-replay"
    return await gateway.http.post(path, json={"seconds": 5, **body}, headers=gateway.headers(agent_id))


@pytest.fixture
def settings(settings: Settings) -> Settings:
    """Record long files, so that the last seconds are in the one being written."""
    return settings.model_copy(update={"segment_seconds": 60})


async def recorded_for_a_while(gateway: Gateway) -> str:
    """Return a camera with some seconds of footage; files end on the minute, so a short one may already be stored."""
    camera = await gateway.add_camera(1)
    recent = SpoolFootage(gateway.spool)

    async def long_enough() -> bool:
        now = datetime.now(UTC)
        found = await recent.find(camera.camera_id, now - timedelta(minutes=1), now)
        return any(one.ended_at - one.started_at > timedelta(seconds=5) for one in found)

    await eventually(long_enough)
    return camera.camera_id


async def watched_since(
    gateway: Gateway, camera_id: str, seconds: float, agent_id: str = "op.durand", **more: Any
) -> str:
    """Open a live session and wait until it has lasted ``seconds``."""

    async def opened() -> httpx.Response:
        return await gateway.open_session(camera_id, agent_id, **more)

    answer = await eventually(opened, until=lambda found: found.status_code == 201)
    begun = datetime.now(UTC)

    async def lasted() -> bool:
        return datetime.now(UTC) - begun > timedelta(seconds=seconds)

    await eventually(lasted)
    session_id: str = answer.json()["session_id"]
    return session_id


async def shown(gateway: Gateway, replay: dict[str, Any], agent_id: str = "op.durand") -> int:
    """Return how many pictures a replay has."""
    total = 0
    for segment in replay["segments"]:
        answer = await gateway.http.get(segment["path"], headers=gateway.headers(agent_id))
        if answer.status_code == 200 and len(answer.content) > 2000:
            total += len(frames_of(answer.content))
    return total


async def test_what_ones_own_session_has_just_shown_is_shown_again_without_an_incident(gateway: Gateway) -> None:
    camera_id = await recorded_for_a_while(gateway)
    session_id = await watched_since(gateway, camera_id, 5.5)
    answer = await instant(gateway, camera_id, session_id=session_id)
    assert answer.status_code == 201, answer.text
    replay = answer.json()
    assert replay["right"] == "live"
    assert await shown(gateway, replay) > 0, "footage that lies in the spool is shown"
    row = await gateway.wait_for("entry_requested", lambda data: data["motive_code"] == "relecture_immediate")
    window = [datetime.fromisoformat(row[name]) for name in ("window_from", "window_until")]
    assert window[1] - window[0] == timedelta(seconds=5)
    assert len(row["motive_text"]) >= 10
    assert (await instant(gateway, camera_id, "op.voisin", session_id=session_id)).status_code == 403, "not theirs"


async def test_what_lies_before_the_session_is_a_replay_and_wants_its_context(gateway: Gateway) -> None:
    camera_id = await recorded_for_a_while(gateway)
    session_id = (await gateway.open_session(camera_id)).json()["session_id"]
    refused = await instant(gateway, camera_id, seconds=30, session_id=session_id)
    assert (refused.status_code, refused.json()["rule"]) == (403, "relecture_en_contexte")
    await put_incident(gateway.bus, an_incident("INC-1", camera_id))

    async def allowed() -> httpx.Response:
        return await instant(gateway, camera_id, seconds=30, incident_id="INC-1")

    answer = await eventually(allowed, until=lambda found: found.status_code == 201)
    assert answer.json()["right"] == "replay"
    assert await shown(gateway, answer.json()) > 0


async def test_a_technician_replays_what_the_ticket_shows_until_it_is_closed(gateway: Gateway) -> None:
    camera_id = await recorded_for_a_while(gateway)
    await put_agent(gateway.bus, an_agent("tech.robert", role=Role.TECHNICIEN))
    await put_ticket(gateway.bus, a_ticket("TCK-1", camera_id))
    session_id = await watched_since(gateway, camera_id, 5.5, "tech.robert", ticket_id="TCK-1")
    answer = await instant(gateway, camera_id, "tech.robert", session_id=session_id)
    assert (answer.status_code, answer.json()["right"]) == (201, "live")
    assert await shown(gateway, answer.json(), "tech.robert") > 0

    await put_ticket(gateway.bus, a_ticket("TCK-1", camera_id, closed_at=datetime.now(UTC)))

    async def read() -> httpx.Response:
        path = answer.json()["playlist_path"]
        return await gateway.http.get(path, headers=gateway.headers("tech.robert"))

    await eventually(read, until=lambda found: found.status_code != 200)
    row = await gateway.wait_for("entry_requested", lambda data: data["motive_code"] == "relecture_interrompue")
    assert (row["result"], row["action"], row["context"]) == ("refused", "live", "ticket:TCK-1")
    assert (await read()).status_code == 404


async def test_another_commune_finds_no_camera(gateway: Gateway) -> None:
    camera_id = await recorded_for_a_while(gateway)
    assert (await instant(gateway, camera_id, "op.enghien")).status_code == 404
    assert (await instant(gateway, camera_id, seconds=61)).status_code == 422
