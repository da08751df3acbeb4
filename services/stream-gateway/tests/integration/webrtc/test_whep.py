"""WHEP against a real WebRTC peer (aiortc's): pictures, refusals, and everything that ends them."""

import asyncio
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import av
import psutil
import pytest
from av.video.frame import VideoFrame

from camera_simulator.testing import SimulatorProcess
from common.bus import Bus
from common.object_store import ObjectStore
from common.testing.polling import eventually
from common.testing.states import an_agent, an_authorisation, put_agent, put_camera
from common.testing.tokens import TokenMint
from contracts.registry import CameraState
from stream_gateway.domain.access_units import Group, ParameterSets
from stream_gateway.domain.sessions import CloseReason
from stream_gateway.metrics import WEBRTC_RESENT_PACKETS
from stream_gateway.settings import Settings
from stream_gateway.testing.filmed import MEDIA
from stream_gateway.testing.films import digest, digests
from stream_gateway.testing.lossy_link import lossy_link
from stream_gateway.testing.rig import Gateway, running_gateway
from stream_gateway.testing.taking import film_of
from stream_gateway.testing.whep_client import WhepViewer, offering, post_offer, watching

pytestmark = pytest.mark.integration


class Straight:
    """Looks of the frames that are decoded straight from the camera, while somebody watches it through the gateway."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._last: str | None = None
        self._over = False
        self.keyframes = 0
        self.looks: set[str] = set()
        """Those of all frames so far."""
        self.reading = asyncio.create_task(asyncio.to_thread(self._read))

    async def without(self, shown: Sequence[str]) -> set[str]:
        """Return which of the shown looks the camera did not send, the last one among them when it comes never again.

        Once it has sent the last of them it has sent them all.
        """
        self._last = shown[-1]
        await self.reading
        return set(shown) - self.looks

    async def end(self) -> None:
        """Stop reading, whatever was asked."""
        self._over = True
        await asyncio.gather(self.reading, return_exceptions=True)

    def _read(self) -> None:
        left = max(map(_pictures, MEDIA.glob("*.mp4")))  # a round of the longest film shows everything once
        with av.open(self._url, "r", options={"rtsp_transport": "tcp"}, timeout=30) as container:
            for frame in container.decode(video=0):
                self.looks.add(digest(frame))
                self.keyframes += frame.key_frame
                left -= self._last is not None
                if self._over or self._last in self.looks or left == 0:
                    break


def _pictures(film: Path) -> int:
    with av.open(str(film)) as container:
        return container.streams.video[0].frames


@asynccontextmanager
async def straight(gateway: Gateway, number: int, quality: str) -> AsyncGenerator[Straight]:
    """Read a camera beside the gateway; the group of pictures that the gateway keeps now was read from its begin on."""
    reader = Straight(gateway.simulator.rtsp_url(number, quality, with_credentials=True))
    try:

        async def keyframes() -> int:
            assert not reader.reading.done()
            return reader.keyframes

        await eventually(keyframes, until=lambda count: count >= 3)
        yield reader
    finally:
        await reader.end()


async def opened(gateway: Gateway, camera: CameraState, agent_id: str = "op.durand", **more: Any) -> dict[str, Any]:
    answer = await gateway.open_session(camera.camera_id, agent_id, **more)
    assert answer.status_code == 201, answer.text
    body: dict[str, Any] = answer.json()
    return body


async def over(viewer: WhepViewer, gateway: Gateway) -> None:
    """Wait until the viewer's track ended and the server kept nothing of it."""
    await viewer.until_over()

    async def peers() -> int:
        return int(gateway.parts.app.state.whep.count)

    await eventually(peers, until=lambda count: count == 0)


async def test_the_frames_are_those_that_the_camera_sends(gateway: Gateway) -> None:
    camera = await gateway.add_camera(1)
    session = await opened(gateway, camera, quality="sub")
    async with (
        straight(gateway, 1, "sub") as sent,
        watching(gateway.http, session, gateway.headers()) as viewer,
    ):
        frames = [await viewer.frame() for _ in range(60)]
        shown = [digest(frame) for frame in frames]
        assert await sent.without(shown) == set()
    assert {(frame.width, frame.height) for frame in frames} == {(640, 360)}
    assert len(set(shown)) > 20


async def test_a_second_viewer_starts_from_the_cached_group_of_the_same_pull(gateway: Gateway) -> None:
    gateway.simulator.set_stream_quirks(1, "one_client", "big_gop")  # a second pull would be refused
    try:
        camera = await gateway.add_camera(1)

        async def pictured() -> bool:
            hub = gateway.parts.app.state.hubs.hub(camera.camera_id, "main")
            return hub is not None and hub.group is not None

        await eventually(pictured)
        one, two = await opened(gateway, camera), await opened(gateway, camera, "op.voisin")
        async with watching(gateway.http, one, gateway.headers()) as first:
            await first.frame()
            group, frame = await first_frame_within_one_group(gateway, camera, two)
            await first.frame()
    finally:
        gateway.simulator.set_stream_quirks(1)
    [keyframe] = digests(film_of(group[0], group[1][:1]))
    assert digest(frame) == keyframe, "the next one comes ten seconds later"


async def first_frame_within_one_group(
    gateway: Gateway, camera: CameraState, session: dict[str, Any]
) -> tuple[tuple[ParameterSets, Group], VideoFrame]:
    """Return the group that the hub had all the while a second viewer came, and the first frame that was shown."""
    hub = gateway.parts.app.state.hubs.hub(camera.camera_id, "main")
    for _ in range(4):
        before = hub.group
        async with watching(gateway.http, session, gateway.headers("op.voisin")) as second:
            frame = await second.frame()
            assert len(gateway.parts.app.state.feeds.cameras) == 1
            assert gateway.parts.app.state.whep.count == 2
        after = hub.group
        assert before is not None
        assert after is not None
        if before[1][0] == after[1][0]:
            return before, frame
    raise AssertionError("the viewer saw nothing before the next group began")


async def test_the_gateway_listens_on_the_configured_address_only(gateway: Gateway) -> None:
    camera = await gateway.add_camera(1)
    session = await opened(gateway, camera, quality="sub")
    async with watching(gateway.http, session, gateway.headers()) as viewer:
        await viewer.frame()
        udp = [item.laddr for item in psutil.Process().net_connections("udp")]
    assert len(udp) >= 2  # the viewer's and the gateway's
    assert {address.ip for address in udp} == {"127.0.0.1"}
    assert viewer.answer.count("a=candidate:") == 1
    assert f"127.0.0.1 {udp[-1].port}" in viewer.answer or f"127.0.0.1 {udp[0].port}" in viewer.answer


async def test_deleting_the_resource_ends_the_pictures_and_not_the_session(gateway: Gateway) -> None:
    camera = await gateway.add_camera(1)
    session = await opened(gateway, camera, quality="sub")
    async with watching(gateway.http, session, gateway.headers()) as viewer:
        await viewer.frame()
        assert viewer.location.startswith(f"/api/stream/sessions/{session['session_id']}/whep/")
        for foreign in ("op.voisin", "op.enghien"):
            answer = await gateway.http.delete(viewer.location, headers=gateway.headers(foreign))
            assert answer.status_code == 404
        trickle = await gateway.http.patch(viewer.location, headers=gateway.headers())
        assert (trickle.status_code, trickle.headers["Allow"]) == (405, "DELETE")
        await viewer.frame()
        assert (await gateway.http.delete(viewer.location, headers=gateway.headers())).status_code == 204
        await over(viewer, gateway)
    assert (await gateway.http.delete(viewer.location, headers=gateway.headers())).status_code == 404
    path = f"/api/stream/sessions/{session['session_id']}/lease"
    assert (await gateway.http.post(path, headers=gateway.headers())).status_code == 200


async def test_a_camera_with_b_frames_is_sent_the_other_way_at_once(gateway: Gateway) -> None:
    gateway.simulator.set_stream_quirks(2, "b_frames")
    try:
        camera = await gateway.add_camera(2)
        session = await opened(gateway, camera)
        async with offering() as offer:
            answer = await post_offer(gateway.http, session, offer, gateway.headers())
    finally:
        gateway.simulator.set_stream_quirks(2)
    assert answer.status_code == 415, answer.text
    assert (answer.json()["fallback"], "images B" in answer.json()["detail"]) == ("websocket", True)
    assert gateway.parts.app.state.whep.count == 0


async def test_releasing_the_session_ends_the_pictures(gateway: Gateway) -> None:
    camera = await gateway.add_camera(1)
    session = await opened(gateway, camera, quality="sub")
    async with watching(gateway.http, session, gateway.headers()) as viewer:
        await viewer.frame()
        await gateway.http.delete(f"/api/stream/sessions/{session['session_id']}", headers=gateway.headers())
        await over(viewer, gateway)
    async with offering() as offer:
        answer = await post_offer(gateway.http, session, offer, gateway.headers())
    assert (answer.status_code, answer.json()["reason"]) == (409, "released")


async def test_a_revoked_agent_sees_nothing_more(gateway: Gateway) -> None:
    camera = await gateway.add_camera(1)
    session = await opened(gateway, camera, quality="sub")
    async with watching(gateway.http, session, gateway.headers()) as viewer:
        await viewer.frame()
        await put_agent(gateway.bus, an_agent("op.durand", session_epoch=1))
        await over(viewer, gateway)
    assert (await gateway.wait_for("session_closed"))["reason"] == CloseReason.REVOKED


async def test_the_end_of_the_authorisation_ends_the_pictures(gateway: Gateway) -> None:
    camera = await gateway.add_camera(1)
    session = await opened(gateway, camera, quality="sub")
    async with watching(gateway.http, session, gateway.headers()) as viewer:
        await viewer.frame()
        ending = an_authorisation(valid_until=datetime.now(UTC) + timedelta(seconds=1))
        await put_camera(gateway.bus, camera.model_copy(update={"authorisation": ending}))
        await over(viewer, gateway)
    assert gateway.parts.app.state.feeds.cameras == frozenset()


async def test_a_viewer_that_leaves_is_forgotten(gateway: Gateway) -> None:
    camera = await gateway.add_camera(1)
    session = await opened(gateway, camera, quality="sub")
    async with watching(gateway.http, session, gateway.headers()) as viewer:
        await viewer.frame()
    await over(viewer, gateway)


async def test_a_second_offer_for_a_session_replaces_the_first(gateway: Gateway) -> None:
    camera = await gateway.add_camera(1)
    session = await opened(gateway, camera, quality="sub")
    async with watching(gateway.http, session, gateway.headers()) as first:
        await first.frame()
        async with watching(gateway.http, session, gateway.headers()) as second:
            await second.frame()
            await first.until_over()
            await second.frame()


async def test_without_the_right_tokens_nothing_is_answered(gateway: Gateway) -> None:
    camera = await gateway.add_camera(1)
    mine = await opened(gateway, camera)
    other = await opened(gateway, camera, "op.voisin")
    async with offering() as offer:
        for agent_id, token in (
            (None, mine["whep_token"]),
            ("op.voisin", mine["whep_token"]),
            ("op.voisin", other["whep_token"]),
            ("op.durand", other["whep_token"]),
            ("op.durand", gateway.tokens.service("stream-gateway", "cameras.source")),
            ("op.durand", "not a token"),
        ):
            headers = gateway.headers(agent_id) if agent_id else {}
            answer = await post_offer(gateway.http, mine, offer, headers, token)
            assert answer.status_code == 401, (agent_id, answer.text)
        url = f"/api/stream/sessions/{mine['session_id']}/whep"
        without = {**gateway.headers(), "Content-Type": "application/sdp"}
        assert (await gateway.http.post(url, content=offer, headers=without)).status_code == 422
    assert gateway.parts.app.state.whep.count == 0
    assert gateway.parts.app.state.feeds.cameras == frozenset()


async def test_what_is_no_offer_is_refused_with_a_sentence(gateway: Gateway) -> None:
    camera = await gateway.add_camera(1)
    session = await opened(gateway, camera)
    url = f"/api/stream/sessions/{session['session_id']}/whep"
    headers = {**gateway.headers(), "X-Vigie-Session-Token": session["whep_token"]}
    for content, kind, status in (
        (b"hello", "application/sdp", 422),
        (b"", "application/sdp", 422),
        (b"\xff\xfe", "application/sdp", 422),
        (b"v=0\r\n" * 1000, "application/sdp", 422),
        (b"v=0\r\n" * 100_000, "application/sdp", 413),
        (b"{}", "application/json", 415),
    ):
        answer = await gateway.http.post(url, content=content, headers={**headers, "Content-Type": kind})
        assert answer.status_code == status, answer.text
        assert answer.json()["detail"].endswith(".")
        assert answer.headers["content-type"].startswith("application/problem+json")
    assert gateway.parts.app.state.whep.count == 0


async def test_a_peer_that_never_comes_is_given_up(
    settings: Settings, bus: Bus, tokens: TokenMint, object_store: ObjectStore, simulator: SimulatorProcess
) -> None:
    hurried = settings.model_copy(update={"webrtc_handshake_seconds": 0.2, "webrtc_peers": 1})
    async with running_gateway(hurried, bus=bus, tokens=tokens, store=object_store, simulator=simulator) as gateway:
        camera = await gateway.add_camera(1)
        session = await opened(gateway, camera, quality="sub")
        async with offering() as offer:
            pass
        assert (await post_offer(gateway.http, session, offer, gateway.headers())).status_code == 201

        async def peers() -> int:
            return int(gateway.parts.app.state.whep.count)

        await eventually(peers, until=lambda count: count == 0)


async def test_more_peers_than_the_node_may_serve_are_sent_the_other_way(
    settings: Settings, bus: Bus, tokens: TokenMint, object_store: ObjectStore, simulator: SimulatorProcess
) -> None:
    small = settings.model_copy(update={"webrtc_peers": 1})
    async with running_gateway(small, bus=bus, tokens=tokens, store=object_store, simulator=simulator) as gateway:
        camera = await gateway.add_camera(1)
        one, two = await opened(gateway, camera, quality="sub"), await opened(gateway, camera, "op.voisin")
        async with watching(gateway.http, one, gateway.headers()) as first:
            await first.frame()
            async with offering() as offer:
                answer = await post_offer(gateway.http, two, offer, gateway.headers("op.voisin"))
            assert answer.status_code == 503
            assert "WebSocket" in answer.json()["detail"]
            await first.frame()


@pytest.mark.parametrize("loss", [0.02, 0.05])
async def test_on_a_bad_line_pictures_go_on_and_are_whole_again(gateway: Gateway, loss: float) -> None:
    camera = await gateway.add_camera(1)
    session = await opened(gateway, camera)
    resent = resent_packets()
    async with (
        straight(gateway, 1, "main") as sent,
        lossy_link(seed=20_260_412) as link,
        watching(gateway.http, session, gateway.headers(), link.through) as viewer,
    ):
        await viewer.frame()
        link.loss = loss
        during = [digest(await viewer.frame()) for _ in range(200)]
        link.loss = 0.0
        await a_whole_second(viewer, sent)
        damaged = await sent.without(during)
    assert link.dropped > 20
    assert resent_packets() > resent
    assert sum(look in damaged for look in during) < len(during) // 2  # most losses are mended before they show


async def a_whole_second(viewer: WhepViewer, sent: Straight) -> None:
    """Wait until 25 pictures in a row are such as the camera sends."""
    whole = 0
    async with asyncio.timeout(90):
        while whole < 25:
            whole = whole + 1 if digest(await viewer.frame()) in sent.looks else 0


def resent_packets() -> float:
    """Return how many packets were sent again so far."""
    return sum(sample.value for family in WEBRTC_RESENT_PACKETS.collect() for sample in family.samples[:1])
