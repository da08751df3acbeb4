"""A WHEP viewer that is not ours: aiortc's own peer connection, on loopback, with its own decoder."""

import asyncio
import contextlib
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import httpx
from aiortc import RTCPeerConnection, RTCSessionDescription
from aiortc.mediastreams import MediaStreamError
from av.video.frame import VideoFrame

ChangeAnswer = Callable[[str], str]


@dataclass
class WhepViewer:
    """A connected viewer."""

    peer: RTCPeerConnection
    track: Any
    location: str
    answer: str

    async def frame(self) -> VideoFrame:
        """Wait for the next decoded frame; raises MediaStreamError when the track ended."""
        found = await self.track.recv()
        assert isinstance(found, VideoFrame)
        return found

    async def until_over(self) -> None:
        """Read frames until the track ends."""
        with contextlib.suppress(MediaStreamError):
            while True:
                await self.frame()


def listen_on_loopback(peer: RTCPeerConnection) -> None:
    """Have a peer connection gather 127.0.0.1, which aioice leaves out, and nothing else."""
    for transceiver in peer.getTransceivers():
        gatherer: Any = transceiver.receiver.transport.transport.iceGatherer
        connection: Any = gatherer._connection  # noqa: SLF001

        async def gather(connection: Any = connection) -> None:
            if not connection._local_candidates_start:  # noqa: SLF001
                connection._local_candidates_start = True  # noqa: SLF001
                connection._local_candidates = await connection.get_component_candidates(1, ["127.0.0.1"])  # noqa: SLF001
                connection._local_candidates_end = True  # noqa: SLF001

        connection.gather_candidates = gather


async def new_offer() -> tuple[RTCPeerConnection, Any, str]:
    """Return a peer that wants to receive video, its track, and its offer."""
    peer = RTCPeerConnection()
    transceiver = peer.addTransceiver("video", direction="recvonly")
    listen_on_loopback(peer)
    await peer.setLocalDescription(await peer.createOffer())
    return peer, transceiver.receiver, peer.localDescription.sdp


@asynccontextmanager
async def offering() -> AsyncGenerator[str]:
    """Give the offer of a peer that is there for the time of the context and takes no answer."""
    peer, _, offer = await new_offer()
    try:
        yield offer
    finally:
        await asyncio.shield(peer.close())


async def post_offer(
    http: httpx.AsyncClient, session: dict[str, Any], offer: str, headers: dict[str, str], token: str | None = None
) -> httpx.Response:
    """Send an offer as a WHEP client does."""
    told = {"Content-Type": "application/sdp", "X-Vigie-Session-Token": token or session["whep_token"]}
    url = f"/api/stream/sessions/{session['session_id']}/whep"
    return await http.post(url, content=offer, headers={**headers, **told})


@asynccontextmanager
async def watching(
    http: httpx.AsyncClient,
    session: dict[str, Any],
    headers: dict[str, str],
    change_answer: ChangeAnswer = lambda answer: answer,
) -> AsyncGenerator[WhepViewer, None]:
    """Watch a granted session over WebRTC; ``change_answer`` may send the packets another way round."""
    peer, receiver, offer = await new_offer()
    try:
        answer = await post_offer(http, session, offer, headers)
        answer.raise_for_status()
        text = change_answer(answer.text)
        await peer.setRemoteDescription(RTCSessionDescription(text, "answer"))
        yield WhepViewer(peer, receiver.track, answer.headers["Location"], answer.text)
    finally:
        await asyncio.shield(peer.close())
