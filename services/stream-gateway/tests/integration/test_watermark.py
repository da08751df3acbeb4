"""Outside recipients under an arrêté that asks for it: every way out carries their name, or is refused and says why."""

import asyncio
import base64
import contextlib
import io
import json
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import av
import httpx
import psutil
import pytest
import pytest_asyncio
import websockets
from av.video.frame import VideoFrame
from websockets.asyncio.client import ClientConnection

from camera_simulator.testing import SimulatorProcess
from common.bus import Bus
from common.object_store import ObjectStore
from common.testing.polling import eventually
from common.testing.states import an_agent, an_authorisation, put_agent, put_camera
from common.testing.tokens import TokenMint
from contracts.access import AgentState, OrganisationKind, Role
from contracts.registry import CameraState
from stream_gateway.domain.watermark import Watermark, reference_of
from stream_gateway.settings import Settings
from stream_gateway.testing.films import frames_of
from stream_gateway.testing.recorded import films, put_film
from stream_gateway.testing.rig import Gateway, running_gateway
from stream_gateway.testing.watermarks import stamp_in
from stream_gateway.testing.whep_client import new_offer, post_offer, watching

pytestmark = pytest.mark.integration

HOME, OUTSIDE = "chef.martin", "pm.lefevre"
NAME = "Brig. Hélène Lefèvre"
FILES, SECONDS = 2, 4


@pytest_asyncio.fixture
async def outside(gateway: Gateway) -> AgentState:
    """Somebody of another body, with every right that the law leaves to it."""
    kind = OrganisationKind.POLICE_MUNICIPALE
    agent = an_agent(OUTSIDE, role=Role.CHEF_DE_SALLE, kind=kind).model_copy(update={"name": NAME})
    await put_agent(gateway.bus, agent)

    async def known() -> bool:
        return gateway.parts.app.state.guard.agents.get(OUTSIDE) == agent

    await eventually(known)
    return agent


async def asking_camera(gateway: Gateway, number: int = 1, *, asks: bool = True) -> CameraState:
    terms = an_authorisation().model_copy(update={"partner_watermark": asks})
    return await gateway.add_camera(number, authorisation=terms)


async def opened(gateway: Gateway, camera: CameraState, agent_id: str, **more: Any) -> dict[str, Any]:
    answer = await gateway.open_session(camera.camera_id, agent_id, **more)
    assert answer.status_code == 201, answer.text
    body: dict[str, Any] = answer.json()
    return body


@asynccontextmanager
async def connected(gateway: Gateway, session: dict[str, Any], agent_id: str) -> AsyncGenerator[ClientConnection, None]:
    async with websockets.connect(
        gateway.ws_url(session["websocket_path"]),
        additional_headers=gateway.headers(agent_id),
        compression=None,
        max_size=None,
    ) as socket:
        await socket.send(json.dumps({"token": session["token"]}))
        yield socket


async def received(socket: ClientConnection, *, messages: int) -> list[bytes]:
    """Return the init segment and so many messages of fragments."""
    parts: list[bytes] = []
    async with asyncio.timeout(30):
        while len(parts) < 1 + messages:
            message = await socket.recv()
            if isinstance(message, bytes):
                parts.append(message)
    return parts


async def closing(socket: ClientConnection) -> tuple[int | None, str | None, list[bytes]]:
    """Read until the server closes; return code, reason, and the pictures that came."""
    parts: list[bytes] = []
    with contextlib.suppress(websockets.ConnectionClosed):
        async with asyncio.timeout(30):
            while True:
                message = await socket.recv()
                if isinstance(message, bytes):
                    parts.append(message)
    return socket.close_code, socket.close_reason, parts


def watermark(identity: str) -> Watermark:
    return Watermark(NAME, "Police Municipale", reference_of(UUID(identity)))


class Since:
    """Looks for a watermark of any instant since this was made."""

    def __init__(self, identity: str) -> None:
        self._watermark = watermark(identity)
        self._begun = datetime.now(UTC) - timedelta(seconds=1)

    def in_all(self, frames: list[VideoFrame]) -> bool:
        assert frames
        now = datetime.now(UTC) + timedelta(seconds=1)
        return all(stamp_in(frame, self._watermark, self._begun, now) for frame in frames)

    def in_none(self, frames: list[VideoFrame]) -> bool:
        assert frames
        now = datetime.now(UTC) + timedelta(seconds=1)
        return not any(stamp_in(frame, self._watermark, self._begun, now) for frame in frames)


def children() -> list[psutil.Process]:
    return [one for one in psutil.Process().children() if "stream_gateway.masking.worker" in " ".join(one.cmdline())]


async def test_an_outside_viewer_gets_marked_pictures_and_the_room_its_own_from_one_pull(
    gateway: Gateway, outside: AgentState
) -> None:
    camera = await asking_camera(gateway)
    own = await opened(gateway, camera, HOME)
    theirs = await opened(gateway, camera, outside.agent_id)
    since = Since(theirs["session_id"])
    async with connected(gateway, own, HOME) as room:
        await received(room, messages=2)
        async with connected(gateway, theirs, OUTSIDE) as socket:
            marked = await received(socket, messages=12)
            plain = await received(room, messages=0)
            state = gateway.parts.app.state
            assert len(state.feeds.cameras) == 1
            assert state.feeds.viewers(camera.camera_id) == 2
            assert len(children()) == 1
        plain += await received(room, messages=3)
    frames = frames_of(marked)
    assert frames[0].key_frame
    assert (frames[0].width, frames[0].height) == (1280, 720)
    assert since.in_all(frames)
    again = await opened(gateway, camera, HOME)
    async with connected(gateway, again, HOME) as room:
        assert since.in_none(frames_of(await received(room, messages=3)))

    async def nobody_left() -> bool:
        return not children() and state.burning.running == 0

    await eventually(nobody_left)


async def test_the_register_tells_of_the_mark_by_the_reference_that_is_in_the_picture(
    gateway: Gateway, outside: AgentState
) -> None:
    camera = await asking_camera(gateway)
    theirs = await opened(gateway, camera, outside.agent_id)
    await opened(gateway, camera, HOME)
    row = await gateway.wait_for("entry_requested", lambda data: data["actor_id"] == OUTSIDE)
    assert f"filigrane:{reference_of(UUID(theirs['session_id']))}" in row["context"].split()
    own = await gateway.wait_for("entry_requested", lambda data: data["actor_id"] == HOME)
    assert "filigrane" not in own["context"]


async def test_without_the_term_or_for_the_room_nothing_is_burnt_in(gateway: Gateway, outside: AgentState) -> None:
    silent = await asking_camera(gateway, 2, asks=False)
    session = await opened(gateway, silent, outside.agent_id)
    since = Since(session["session_id"])
    async with connected(gateway, session, OUTSIDE) as socket:
        assert since.in_none(frames_of(await received(socket, messages=3)))
        assert not children()


async def test_webrtc_shows_the_same_marked_pictures(gateway: Gateway, outside: AgentState) -> None:
    camera = await asking_camera(gateway)
    session = await opened(gateway, camera, outside.agent_id, quality="sub")
    since = Since(session["session_id"])
    async with watching(gateway.http, session, gateway.headers(OUTSIDE)) as viewer:
        frames = [await viewer.frame() for _ in range(8)]
    assert since.in_all(frames)


async def test_when_the_marking_dies_the_session_ends_and_the_room_goes_on(
    gateway: Gateway, outside: AgentState
) -> None:
    camera = await asking_camera(gateway)
    own = await opened(gateway, camera, HOME)
    theirs = await opened(gateway, camera, outside.agent_id)
    since = Since(theirs["session_id"])
    async with connected(gateway, own, HOME) as room, connected(gateway, theirs, OUTSIDE) as socket:
        parts = await received(socket, messages=3)
        [child] = children()
        child.kill()
        code, reason, later = await closing(socket)
        await received(room, messages=3)
    assert (code, reason) == (4410, "watermark")
    assert since.in_all(frames_of([*parts, *later]))
    closed = await gateway.wait_for("session_closed", lambda data: data["session_id"] == theirs["session_id"])
    assert closed["reason"] == "watermark"
    answer = await gateway.http.post(
        f"/api/stream/sessions/{theirs['session_id']}/lease", headers=gateway.headers(OUTSIDE)
    )
    assert (answer.status_code, answer.json()["reason"]) == (409, "watermark")


async def test_a_peer_ends_with_its_marking_too(gateway: Gateway, outside: AgentState) -> None:
    camera = await asking_camera(gateway)
    session = await opened(gateway, camera, outside.agent_id, quality="sub")
    async with watching(gateway.http, session, gateway.headers(OUTSIDE)) as viewer:
        await viewer.frame()
        [child] = children()
        child.kill()
        await asyncio.wait_for(viewer.until_over(), 20)
    closed = await gateway.wait_for("session_closed", lambda data: data["session_id"] == session["session_id"])
    assert closed["reason"] == "watermark"


async def test_an_arrete_that_comes_to_ask_ends_what_is_shown_without(gateway: Gateway, outside: AgentState) -> None:
    camera = await asking_camera(gateway, asks=False)
    session = await opened(gateway, camera, outside.agent_id)
    async with connected(gateway, session, OUTSIDE) as socket:
        await received(socket, messages=1)
        assert camera.authorisation is not None
        asks = camera.authorisation.model_copy(update={"partner_watermark": True})
        await put_camera(gateway.bus, camera.model_copy(update={"authorisation": asks, "revision": 1}))
        code, reason, _ = await closing(socket)
    assert (code, reason) == (4410, "watermark")


async def test_a_still_is_marked_for_them_and_not_for_the_room(gateway: Gateway, outside: AgentState) -> None:
    camera = await asking_camera(gateway)
    begun = datetime.now(UTC) - timedelta(seconds=1)
    path = f"/api/stream/cameras/{camera.camera_id}/snapshot"
    theirs = await gateway.http.get(path, headers=gateway.headers(outside.agent_id))
    own = await gateway.http.get(path, headers=gateway.headers(HOME))
    assert theirs.status_code == own.status_code == 200, theirs.text
    row = await gateway.wait_for("entry_requested", lambda data: data["actor_id"] == OUTSIDE)
    [word] = [word for word in row["context"].split() if word.startswith("filigrane:")]
    mark, until = Watermark(NAME, "Police Municipale", word.partition(":")[2]), datetime.now(UTC)
    assert stamp_in(picture(theirs.content), mark, begun, until)
    assert not stamp_in(picture(own.content), mark, begun, until)


def picture(jpeg: bytes) -> VideoFrame:
    with av.open(io.BytesIO(jpeg), "r", format="mjpeg") as container:
        return next(container.decode(video=0))


class Replayed:
    """A replay of recorded films, opened to an agent."""

    def __init__(self, gateway: Gateway, agent_id: str, body: dict[str, Any]) -> None:
        self._gateway, self._agent_id, self.body = gateway, agent_id, body

    async def get(self, path: str, **more: Any) -> httpx.Response:
        return await self._gateway.http.get(path, headers=self._gateway.headers(self._agent_id), **more)

    async def runs(self, playlist_path: str) -> list[list[bytes]]:
        """Return what a playlist of whole answers names: the parts behind each init segment."""
        folder, runs = playlist_path.rpartition("/")[0], list[list[bytes]]()
        answer = await self.get(playlist_path)
        assert answer.status_code == 200, answer.text
        assert "BYTERANGE" not in answer.text
        for line in answer.text.splitlines():
            uri = line.split('"')[1] if line.startswith("#EXT-X-MAP:") else "" if line.startswith("#") else line
            if uri:
                part = await self.get(f"{folder}/{uri}")
                assert part.status_code == 200, part.text
                if line.startswith("#"):
                    runs.append([])
                runs[-1].append(part.content)
        return runs


async def recorded(gateway: Gateway, agent_id: str) -> Replayed:
    camera = await asking_camera(gateway)
    start = datetime.now(UTC).replace(microsecond=0) - timedelta(hours=2)
    later = datetime.now(UTC) + timedelta(days=14)
    for number, film in enumerate(films(FILES, SECONDS, "640x360")):
        await put_film(gateway, camera.camera_id, film, start + timedelta(seconds=number * SECONDS), SECONDS, later)
    body = {
        "camera_id": camera.camera_id,
        "from": start.isoformat(),
        "to": (start + timedelta(seconds=FILES * SECONDS - 0.5)).isoformat(),
        "motive_code": "levee_de_doute",
        "motive_text": "Vérification d'une rixe signalée",
    }
    answer = await gateway.http.post("/api/stream/replays", json=body, headers=gateway.headers(agent_id))
    assert answer.status_code == 201, answer.text
    return Replayed(gateway, agent_id, answer.json())


async def test_a_replay_is_marked_group_by_group_and_never_given_as_recorded(
    gateway: Gateway, outside: AgentState
) -> None:
    replay = await recorded(gateway, outside.agent_id)
    since = Since(replay.body["replay_id"])
    runs = await replay.runs(replay.body["playlist_path"])
    frames = [frame for run in runs for frame in frames_of(run)]
    assert len(runs) == FILES
    assert len(frames) == round((FILES * SECONDS - 0.5) * 10), "every recorded picture, once"
    assert since.in_all(frames)
    keys = [frame for run in await replay.runs(replay.body["key_pictures_path"]) for frame in frames_of(run)]
    assert len(keys) == FILES * SECONDS // 2
    assert since.in_all(keys)
    for index in range(FILES):
        for headers in ({}, {"Range": "bytes=0-99"}):
            refused = await gateway.http.get(
                f"/api/stream/replays/{replay.body['replay_id']}/segments/{index}",
                headers={**gateway.headers(OUTSIDE), **headers},
            )
            assert refused.status_code == 403
            assert "filigrane" in refused.json()["detail"]
    row = await gateway.wait_for("entry_requested", lambda data: data["action"] == "replay")
    assert f"filigrane:{reference_of(UUID(replay.body['replay_id']))}" in row["context"].split()


async def test_small_pictures_of_a_replay_are_marked(gateway: Gateway, outside: AgentState) -> None:
    replay = await recorded(gateway, outside.agent_id)
    since = Since(replay.body["replay_id"])
    instants = (await replay.get(replay.body["timeline_path"])).json()["pictures"]
    path = f"/api/stream/replays/{replay.body['replay_id']}/thumbnails"
    items = (await replay.get(path, params={"at": instants})).json()["items"]
    assert len(items) == len(instants) == FILES * SECONDS // 2
    assert since.in_all([picture(base64.b64decode(item["jpeg"])) for item in items])


async def test_the_rooms_replay_of_the_same_camera_is_as_recorded(gateway: Gateway, outside: AgentState) -> None:
    replay = await recorded(gateway, HOME)
    since = Since(replay.body["replay_id"])
    film = await replay.get(f"/api/stream/replays/{replay.body['replay_id']}/segments/0")
    assert film.content == films(FILES, SECONDS, "640x360")[0][: len(film.content)]
    assert since.in_none(frames_of(film.content))
    made = await replay.get(f"/api/stream/replays/{replay.body['replay_id']}/segments/0/init")
    assert made.status_code == 404
    del outside


async def test_an_open_replay_ends_when_the_arrete_comes_to_ask(gateway: Gateway, outside: AgentState) -> None:
    replay = await recorded(gateway, outside.agent_id)
    database = gateway.database
    async with database.transaction() as connection:
        await connection.exec_driver_sql("UPDATE replays SET marked = false")
    for path in (replay.body["playlist_path"], replay.body["segments"][0]["path"], replay.body["timeline_path"]):
        answer = await replay.get(path)
        assert answer.status_code == 409
        assert "filigrane" in answer.json()["detail"]


async def test_the_last_seconds_of_a_marked_session_are_marked(gateway: Gateway, outside: AgentState) -> None:
    camera = await asking_camera(gateway)
    session = await opened(gateway, camera, outside.agent_id)
    path = f"/api/stream/cameras/{camera.camera_id}/instant-replay"

    async def something_recorded() -> bool:
        answer = await gateway.http.post(
            path, json={"seconds": 6, "session_id": session["session_id"]}, headers=gateway.headers(OUTSIDE)
        )
        if answer.status_code != 201:
            return False
        replay = Replayed(gateway, OUTSIDE, answer.json())
        since = Since(replay.body["replay_id"])
        try:
            runs = await replay.runs(replay.body["playlist_path"])
        except AssertionError:
            return False
        frames = [frame for run in runs for frame in frames_of(run)]
        return len(frames) > 0 and since.in_all(frames)

    await eventually(something_recorded)


@pytest_asyncio.fixture
async def small(
    settings: Settings, bus: Bus, tokens: TokenMint, object_store: ObjectStore, simulator: SimulatorProcess
) -> AsyncIterator[Gateway]:
    """A gateway with room for one."""
    told = settings.model_copy(update={"masked_streams_max": 1})
    async with running_gateway(told, bus=bus, tokens=tokens, store=object_store, simulator=simulator) as started:
        kind = OrganisationKind.POLICE_MUNICIPALE
        agent = an_agent(OUTSIDE, role=Role.CHEF_DE_SALLE, kind=kind).model_copy(update={"name": NAME})
        await put_agent(bus, agent)

        async def known() -> bool:
            return started.parts.app.state.guard.agents.get(OUTSIDE) == agent

        await eventually(known)
        yield started


async def test_without_room_every_way_is_refused_with_a_reason_and_the_room_sees(small: Gateway) -> None:
    camera = await asking_camera(small)
    first = await opened(small, camera, OUTSIDE)
    second = await opened(small, camera, OUTSIDE)
    async with connected(small, first, OUTSIDE) as socket:
        await received(socket, messages=1)
        third = await small.open_session(camera.camera_id, OUTSIDE)
        assert third.status_code == 503
        assert "filigrane" in third.json()["detail"]
        async with connected(small, second, OUTSIDE) as refused:
            code, reason, parts = await closing(refused)
        assert (code, reason, parts) == (4403, "watermark_full", [])
        peer, _, offer = await new_offer()
        answer = await post_offer(small.http, second, offer, small.headers(OUTSIDE))
        await peer.close()
        assert answer.status_code == 503
        assert "filigrane" in answer.json()["detail"]
        body = {
            "camera_id": camera.camera_id,
            "from": (datetime.now(UTC) - timedelta(minutes=5)).isoformat(),
            "to": datetime.now(UTC).isoformat(),
            "motive_code": "levee_de_doute",
            "motive_text": "Vérification d'une rixe signalée",
        }
        replay = await small.http.post("/api/stream/replays", json=body, headers=small.headers(OUTSIDE))
        assert replay.status_code == 503
        own = await opened(small, camera, HOME)
        async with connected(small, own, HOME) as room:
            await received(room, messages=2)

    async def room_again() -> bool:
        return (await small.open_session(camera.camera_id, OUTSIDE)).status_code == 201

    await eventually(room_again)
