"""Who is told live what the recorders meet, and until when; what a context is worth at the door."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime

import pytest

from common.ids import new_id
from common.testing.polling import eventually
from common.testing.states import an_agent, put_agent
from contracts.access import Role
from contracts.envelope import Envelope, make_envelope
from contracts.stream import (
    FACT_BOOKMARK_ADDED,
    FACT_BOOKMARK_REMOVED,
    FACT_CAMERA_REACHABILITY,
    OWNER,
    BookmarkAdded,
    BookmarkRemoved,
    CameraReachabilityChanged,
)
from stream_gateway.testing.rig import Gateway

pytestmark = pytest.mark.integration
LIVE = "/api/stream/live"


def a_lost_camera() -> Envelope:
    lost = CameraReachabilityChanged(camera_id="PV-1", online=False, since=datetime.now(UTC), reason="silence")
    return make_envelope(
        lost,
        event_id=new_id(),
        owner=OWNER,
        fact=FACT_CAMERA_REACHABILITY,
        source="test",
        aggregate="camera:PV-1",
        insee="95598",
        at=lost.since,
    )


def a_bookmark_and_its_end() -> list[Envelope]:
    at, mark = datetime.now(UTC), new_id()
    added = BookmarkAdded(
        bookmark_id=mark,
        camera_id="PV-1",
        at=at,
        label="Fuite vers la gare",
        color="rouge",
        author_id="op.voisin",
        expires_at=at,
    )
    removed = BookmarkRemoved(bookmark_id=mark, camera_id="PV-1", removed_at=at)
    return [
        make_envelope(
            payload,
            event_id=new_id(),
            owner=OWNER,
            fact=fact,
            source="test",
            aggregate=f"bookmark:{mark}",
            insee="95598",
            at=at,
        )
        for fact, payload in ((FACT_BOOKMARK_ADDED, added), (FACT_BOOKMARK_REMOVED, removed))
    ]


async def events_up_to(lines: AsyncIterator[str], last: str) -> list[str]:
    """Return the facts that are delivered, the last one included."""
    found: list[str] = []
    async for line in lines:
        if line.startswith("event: ") and line != "event: hello":
            found.append(line.removeprefix("event: "))
        if found[-1:] == [last]:
            return found
    raise AssertionError("the stream ended")


async def until_event(lines: AsyncIterator[str], wanted: str) -> None:
    async for line in lines:
        if line == f"event: {wanted}":
            return
    raise AssertionError("the stream ended")


async def test_an_expired_habilitation_ends_the_live_facts(gateway: Gateway) -> None:
    voisin = gateway.headers("op.voisin")

    async def refused_to_open() -> bool:
        async with gateway.http.stream("GET", LIVE, headers=voisin) as answer:
            return answer.status_code == 403

    async with (
        gateway.http.stream("GET", LIVE, headers=gateway.headers()) as kept,
        gateway.http.stream("GET", LIVE, headers=voisin) as ended,
    ):
        still, over = kept.aiter_lines(), ended.aiter_lines()
        for lines in (still, over):
            await until_event(lines, "hello")
        expired = an_agent("op.voisin").model_copy(update={"habilitation_until": datetime.now(UTC)})
        await put_agent(gateway.bus, expired)
        await eventually(refused_to_open)
        envelope = a_lost_camera()
        await gateway.bus.js.publish(envelope.nats_subject, envelope.model_dump_json().encode())
        await until_event(still, FACT_CAMERA_REACHABILITY)
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(1):
                await until_event(over, FACT_CAMERA_REACHABILITY)


async def test_bookmarks_are_told_to_who_may_list_recordings(gateway: Gateway) -> None:
    await put_agent(gateway.bus, an_agent("admin.petit", role=Role.ADMIN))
    admin = gateway.headers("admin.petit")

    async def known() -> bool:
        return (await gateway.http.get("/api/stream/recorders", headers=admin)).status_code == 200

    await eventually(known)
    async with (
        gateway.http.stream("GET", LIVE, headers=gateway.headers()) as room,
        gateway.http.stream("GET", LIVE, headers=admin) as configuring,
    ):
        streams = [room.aiter_lines(), configuring.aiter_lines()]
        for lines in streams:
            await until_event(lines, "hello")
        for envelope in [*a_bookmark_and_its_end(), a_lost_camera()]:
            await gateway.bus.js.publish(envelope.nats_subject, envelope.model_dump_json().encode())
        told = [await events_up_to(lines, FACT_CAMERA_REACHABILITY) for lines in streams]
    assert told == [
        [FACT_BOOKMARK_ADDED, FACT_BOOKMARK_REMOVED, FACT_CAMERA_REACHABILITY],
        [FACT_CAMERA_REACHABILITY],
    ]


async def test_who_may_not_see_cameras_opens_no_live_facts(gateway: Gateway) -> None:
    answer = await gateway.http.get(LIVE, headers=gateway.headers("cr.petit"))
    assert answer.status_code == 403
    assert answer.headers["content-type"] == "application/problem+json"
    row = await gateway.wait_for("entry_requested", lambda row: row["actor_id"] == "cr.petit")
    assert (row["action"], row["result"], row["rule"]) == ("view_camera", "refused", answer.json()["rule"])


async def test_who_may_not_supervise_sees_no_recorders_and_the_register_says_so(gateway: Gateway) -> None:
    assert (await gateway.http.get("/api/stream/recorders", headers=gateway.headers())).status_code == 403
    row = await gateway.wait_for("entry_requested", lambda row: row["action"] == "supervise")
    assert (row["actor_id"], row["result"]) == ("op.durand", "refused")
    supervisor = gateway.headers("chef.martin")
    assert (await gateway.http.get("/api/stream/recorders", headers=supervisor)).status_code == 200
    machine = gateway.tokens.service_headers("worker")
    assert (await gateway.http.get("/api/stream/recorders", headers=machine)).status_code == 200


@pytest.mark.parametrize("blank", ["", "   "])
async def test_a_blank_context_is_not_a_context(gateway: Gateway, blank: str) -> None:
    camera = await gateway.add_camera(1)
    replay = {
        "camera_id": camera.camera_id,
        "from": "2026-01-01T00:00:00Z",
        "to": "2026-01-01T00:10:00Z",
        "motive_code": "levee_de_doute",
        "motive_text": "Vérification d'une rixe",
    }
    posts = [
        ("/api/stream/sessions", {"camera_id": camera.camera_id, "ticket_id": blank}),
        ("/api/stream/sessions", {"camera_id": camera.camera_id, "incident_id": blank}),
        (f"/api/stream/cameras/{camera.camera_id}/ptz", {"incident_id": blank}),
        ("/api/stream/replays", replay | {"incident_id": blank}),
    ]
    for path, body in posts:
        assert (await gateway.http.post(path, json=body, headers=gateway.headers())).status_code == 422
    snapshot = f"/api/stream/cameras/{camera.camera_id}/snapshot"
    asked = await gateway.http.get(snapshot, params={"incident_id": blank}, headers=gateway.headers())
    assert asked.status_code == 422
    unchecked = await gateway.http.post(
        "/api/stream/replays", json=replay | {"requisition_id": "R-1"}, headers=gateway.headers()
    )
    assert (unchecked.status_code, unchecked.json()["rule"]) == (403, "relecture_en_contexte")
