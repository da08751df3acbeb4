"""Live viewing: a session, its WebSocket, and everything that ends it."""

import contextlib
import json
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import websockets
from websockets.asyncio.client import ClientConnection

from common.auth import SESSION_COOKIE
from common.testing.polling import eventually
from common.testing.states import a_ticket, an_agent, an_authorisation, put_agent, put_camera, put_ticket
from contracts.access import Role
from contracts.registry import CameraState
from stream_gateway.domain.boxes import boxes
from stream_gateway.domain.sessions import CloseReason
from stream_gateway.testing.films import frames_of, kinds_of
from stream_gateway.testing.rig import ORIGIN, Gateway

pytestmark = pytest.mark.integration


@dataclass
class Pictures:
    """What a viewer received."""

    messages: list[dict[str, Any]] = field(default_factory=list)
    parts: list[bytes] = field(default_factory=list)


async def receive(socket: ClientConnection, *, messages: int) -> Pictures:
    """Read until that many messages of fragments came after the init segment; fragments that waited come joined."""
    pictures = Pictures()
    while len(pictures.parts) < 1 + messages:
        message = await socket.recv()
        if isinstance(message, str):
            pictures.messages.append(json.loads(message))
        else:
            pictures.parts.append(message)
    return pictures


async def closing_code(socket: ClientConnection) -> int | None:
    """Read until the server closes and return its code."""
    try:
        while True:
            await socket.recv()
    except websockets.ConnectionClosed:
        return socket.close_code


@asynccontextmanager
async def connected(
    gateway: Gateway, path: str, token: str, agent_id: str | None = "op.durand"
) -> AsyncGenerator[ClientConnection, None]:
    headers = gateway.headers(agent_id) if agent_id else {}
    async with websockets.connect(
        gateway.ws_url(path), additional_headers=headers, compression=None, max_size=None
    ) as socket:
        with contextlib.suppress(websockets.ConnectionClosed):  # a refused caller is not even listened to
            await socket.send(json.dumps({"token": token}))
        yield socket


async def opened(gateway: Gateway, camera: CameraState, agent_id: str = "op.durand", **more: Any) -> dict[str, Any]:
    answer = await gateway.open_session(camera.camera_id, agent_id, **more)
    assert answer.status_code == 201, answer.text
    body: dict[str, Any] = answer.json()
    return body


async def test_the_first_fragments_decode_and_start_with_a_key_frame(gateway: Gateway) -> None:
    camera = await gateway.add_camera(1)
    session = await opened(gateway, camera)
    async with connected(gateway, session["websocket_path"], session["token"]) as socket:
        pictures = await receive(socket, messages=10)
    init = next(message for message in pictures.messages if message["type"] == "init")
    assert init["codec"].startswith("avc1.")
    assert init["mime"] == f'video/mp4; codecs="{init["codec"]}"'
    assert kinds_of(pictures.parts) == ["video"]
    frames = frames_of(pictures.parts)
    fragments = [box for part in pictures.parts for box in boxes(part) if box.kind == b"moof"]
    assert len(frames) == len(fragments) >= 10
    assert frames[0].key_frame
    assert (frames[0].width, frames[0].height) == (1280, 720)


async def test_a_second_viewer_shares_the_pull_and_starts_from_the_cached_pictures(gateway: Gateway) -> None:
    camera = await gateway.add_camera(1)
    first = await opened(gateway, camera, quality="sub")
    async with connected(gateway, first["websocket_path"], first["token"]) as one:
        await receive(one, messages=3)
        second = await opened(gateway, camera, "op.voisin", quality="sub")
        async with connected(gateway, second["websocket_path"], second["token"], "op.voisin") as two:
            pictures = await receive(two, messages=1)
            assert len(gateway.parts.app.state.feeds.cameras) == 1
    assert frames_of(pictures.parts)[0].width == 640


async def test_the_register_row_is_committed_before_the_answer(gateway: Gateway) -> None:
    camera = await gateway.add_camera(1)
    await opened(gateway, camera, motive_code="levee_de_doute", incident_id="INC-1")
    row = await gateway.wait_for("entry_requested", lambda data: data["camera_id"] == camera.camera_id)
    assert row["action"] == "live"
    assert row["result"] == "allowed"
    assert row["actor_id"] == "op.durand"
    assert row["motive_code"] == "levee_de_doute"
    assert "INC-1" in row["context"]
    assert (await gateway.wait_for("session_opened"))["agent_id"] == "op.durand"


async def test_the_red_cross_gets_no_picture_and_a_register_row(gateway: Gateway) -> None:
    camera = await gateway.add_camera(1)
    for answer in (
        await gateway.open_session(camera.camera_id, "cr.petit"),
        await gateway.http.get(f"/api/stream/cameras/{camera.camera_id}/snapshot", headers=gateway.headers("cr.petit")),
    ):
        assert answer.status_code == 403
        assert answer.json()["rule"] == "association_sans_image"
    for action in ("live", "snapshot"):
        row = await gateway.wait_for("entry_requested", lambda data, action=action: data["action"] == action)
        assert row["result"] == "refused"
        assert row["rule"] == "association_sans_image"
    assert await gateway.events("session_opened") == []


async def test_a_camera_of_a_neighbour_commune_does_not_exist(gateway: Gateway) -> None:
    camera = await gateway.add_camera(1)
    answer = await gateway.open_session(camera.camera_id, "op.enghien")
    unknown = await gateway.open_session("PV-00000-0000-P1", "op.enghien")
    assert answer.status_code == unknown.status_code == 404
    assert answer.json()["type"] == unknown.json()["type"]
    row = await gateway.wait_for("entry_requested", lambda data: data["actor_id"] == "op.enghien")
    assert row["rule"] == "commune_de_l_employeur"


async def test_an_ended_authorisation_opens_nothing(gateway: Gateway) -> None:
    ended = an_authorisation(valid_until=datetime.now(UTC) - timedelta(seconds=1))
    camera = await gateway.add_camera(1, authorisation=ended)
    answer = await gateway.open_session(camera.camera_id)
    assert answer.status_code == 403
    assert answer.json()["rule"] == "autorisation_en_vigueur"


async def test_without_the_right_tokens_no_frame_comes(gateway: Gateway) -> None:
    camera = await gateway.add_camera(1)
    mine = await opened(gateway, camera)
    other = await opened(gateway, camera, "op.voisin")
    service = gateway.tokens.service("stream-gateway", "cameras.source")
    path = mine["websocket_path"]
    late = gateway.parts.app.state.session_tokens.key.sign(
        {"sub": "op.durand", "sid": mine["session_id"], "typ": "stream-session"}, ttl=-30, audience="stream-session"
    )
    for agent_id, token in (
        (None, mine["token"]),  # nobody is logged in
        ("op.voisin", mine["token"]),  # another's token
        ("op.voisin", other["token"]),  # own token, another's session
        ("op.durand", other["token"]),
        ("op.durand", late),
        ("op.durand", service),
        ("op.durand", "not a token"),
    ):
        async with connected(gateway, path, token, agent_id) as socket:
            with pytest.raises(websockets.ConnectionClosed):
                await socket.recv()
            assert socket.close_code == 4401


async def test_a_page_of_another_origin_does_not_even_connect(gateway: Gateway) -> None:
    camera = await gateway.add_camera(1)
    session = await opened(gateway, camera)
    cookie = {"Cookie": f"{SESSION_COOKIE}={gateway.tokens.session('op.durand')}"}
    url = gateway.ws_url(session["websocket_path"])
    for headers in ({**cookie, "Origin": "https://elsewhere.example"}, cookie):
        with pytest.raises(websockets.InvalidStatus):
            await websockets.connect(url, additional_headers=headers)
    async with websockets.connect(
        url, additional_headers={**cookie, "Origin": ORIGIN}, compression=None, max_size=None
    ) as socket:
        await socket.send(json.dumps({"token": session["token"]}))
        assert len((await receive(socket, messages=1)).parts) == 2


async def test_releasing_a_session_closes_its_pictures(gateway: Gateway) -> None:
    camera = await gateway.add_camera(1)
    session = await opened(gateway, camera)
    async with connected(gateway, session["websocket_path"], session["token"]) as socket:
        await receive(socket, messages=1)
        answer = await gateway.http.delete(f"/api/stream/sessions/{session['session_id']}", headers=gateway.headers())
        assert answer.status_code == 204
        assert await closing_code(socket) == 1000
    assert (await gateway.wait_for("session_closed"))["reason"] == CloseReason.RELEASED
    renewed = await gateway.http.post(f"/api/stream/sessions/{session['session_id']}/lease", headers=gateway.headers())
    assert renewed.status_code == 409


async def test_a_revoked_agent_sees_nothing_more(gateway: Gateway) -> None:
    camera = await gateway.add_camera(1)
    session = await opened(gateway, camera)
    async with connected(gateway, session["websocket_path"], session["token"]) as socket:
        await receive(socket, messages=1)
        await put_agent(gateway.bus, an_agent("op.durand", session_epoch=1))
        assert await closing_code(socket) == 4410
    assert (await gateway.wait_for("session_closed"))["reason"] == CloseReason.REVOKED


async def test_logging_out_ends_the_pictures_of_that_log_in_only(gateway: Gateway) -> None:
    camera = await gateway.add_camera(1)
    headers = gateway.headers()
    login = gateway.tokens.verifier.verify(headers["Authorization"].removeprefix("Bearer ")).session_id
    asked = {"camera_id": camera.camera_id}
    session = (await gateway.http.post("/api/stream/sessions", json=asked, headers=headers)).json()
    other = await opened(gateway, camera)
    async with (
        connected(gateway, session["websocket_path"], session["token"]) as left,
        connected(gateway, other["websocket_path"], other["token"]) as stays,
    ):
        for socket in (left, stays):
            await receive(socket, messages=1)
        logged_out = an_agent("op.durand").model_copy(update={"ended_sessions": (str(login),)})
        await put_agent(gateway.bus, logged_out)
        assert await closing_code(left) == 4410
        await receive(stays, messages=5)


async def test_a_technician_sees_while_the_ticket_is_open(gateway: Gateway) -> None:
    await put_agent(gateway.bus, an_agent("tech.moreau", role=Role.TECHNICIEN))
    camera = await gateway.add_camera(1)
    await put_ticket(gateway.bus, a_ticket("TCK-1", camera.camera_id))
    guard = gateway.parts.app.state.guard

    async def mirrored() -> bool:
        return bool(guard.agents.get("tech.moreau") and guard.replicas.tickets.get("TCK-1"))

    await eventually(mirrored)
    invented = await gateway.open_session(camera.camera_id, "tech.moreau", ticket_id="TCK-9")
    assert (invented.status_code, invented.json()["rule"]) == (403, "ticket_confirme")
    session = await opened(gateway, camera, "tech.moreau", ticket_id="TCK-1")
    async with connected(gateway, session["websocket_path"], session["token"], "tech.moreau") as socket:
        await receive(socket, messages=1)
        await put_ticket(gateway.bus, a_ticket("TCK-1", camera.camera_id, closed_at=datetime.now(UTC)))
        assert await closing_code(socket) == 4410


async def test_the_end_of_the_authorisation_ends_the_pictures(gateway: Gateway) -> None:
    camera = await gateway.add_camera(1)
    session = await opened(gateway, camera)
    async with connected(gateway, session["websocket_path"], session["token"]) as socket:
        await receive(socket, messages=1)
        ending = an_authorisation(valid_until=datetime.now(UTC) + timedelta(seconds=1))
        await put_camera(gateway.bus, camera.model_copy(update={"authorisation": ending}))
        assert await closing_code(socket) == 4410
    assert gateway.parts.app.state.feeds.cameras == frozenset()
    assert (await gateway.wait_for("session_closed"))["reason"] == CloseReason.AUTHORISATION_ENDED


async def test_a_broken_pull_is_announced_and_goes_on_later_in_time(gateway: Gateway) -> None:
    camera = await gateway.add_camera(2)
    session = await opened(gateway, camera)
    async with connected(gateway, session["websocket_path"], session["token"]) as socket:
        before = await receive(socket, messages=5)
        gateway.simulator.set_faults(2, offline=True)
        states: list[dict[str, Any]] = []
        while not states or states[-1]["state"] != "reconnecting":
            message = await socket.recv()
            states += [json.loads(message)] if isinstance(message, str) else []
        assert states[-1]["reason"]
        gateway.simulator.set_faults(2)
        after = await receive(socket, messages=5)
    last, first = frames_of(before.parts)[-1].time, frames_of(after.parts)[0].time
    assert last is not None
    assert first is not None
    assert first > last
