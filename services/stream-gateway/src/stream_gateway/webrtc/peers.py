"""All peers of this process: answered, fed, and closed when the law, the lease, the agent or the line says so."""

import asyncio
import contextlib
import secrets
from collections.abc import AsyncGenerator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from uuid import UUID

import structlog

from stream_gateway.domain.access_units import ParameterSets
from stream_gateway.domain.boxes import MalformedMedia
from stream_gateway.domain.sessions import ViewingSession
from stream_gateway.live.marked import NoRoomToMark
from stream_gateway.live.watch import Attachment, SessionWatch
from stream_gateway.metrics import WEBRTC_PEERS
from stream_gateway.webrtc.answer import OwnSide, write_answer
from stream_gateway.webrtc.carried import CodecNotCarried, NoPictureYet, carried_sets, refuse_uncarried
from stream_gateway.webrtc.offer import Offer
from stream_gateway.webrtc.payloads import SharedPayloads
from stream_gateway.webrtc.pictures import Pictures, PicturesOver
from stream_gateway.webrtc.sender import PictureStream
from stream_gateway.webrtc.transport import PeerLost, PeerTransport

_LOG = structlog.get_logger("stream-gateway.webrtc")
_REPORT_SECONDS = 1.0
_RESTART_SECONDS = 1.0
"""A peer that asks for key frames gets the cached group again at most so often."""

OpenPictures = Callable[[Attachment], AbstractAsyncContextManager[Pictures]]


class TooManyPeers(Exception):
    """The process serves as many as it may."""


_REFUSALS = (CodecNotCarried, NoPictureYet, PicturesOver, NoRoomToMark)


@dataclass(frozen=True, slots=True)
class PeerLimits:
    """Bounds. ``host`` is the only address that UDP is bound to; ``most`` peers at a time in this process.

    ``handshake_seconds``: from the answer to a connected peer; ``picture_seconds``: until the camera must have told
    its codec.
    """

    host: str = "127.0.0.1"
    most: int = 200
    handshake_seconds: float = 10.0
    picture_seconds: float = 6.0


@dataclass(slots=True)
class Peer:
    """One viewer's connection."""

    peer_id: str
    session: ViewingSession
    answer: str
    task: asyncio.Task[None]


class WhepPeers:
    """Answers offers and keeps what came of them, one per session: a second offer replaces the first."""

    def __init__(self, *, open_pictures: OpenPictures, watch: SessionWatch, limits: PeerLimits) -> None:
        self._open_pictures = open_pictures
        self._watch = watch
        self._limits = limits
        self._shared = SharedPayloads()
        self._peers: dict[UUID, Peer] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    @property
    def count(self) -> int:
        """Peers that are open, opening or closing."""
        return len(self._tasks)

    async def answer(self, session: ViewingSession, offer: Offer) -> Peer:
        """Answer an offer for an admitted session and begin to serve it.

        Raises:
            TooManyPeers, CodecNotCarried, NoPictureYet: as they say.
            PicturesOver: the camera may not be watched any more.
            NoRoomToMark: the pictures need a watermark, and there is no room to burn one in.
        """
        if self.count >= self._limits.most:
            raise TooManyPeers
        ready: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        task = asyncio.create_task(self._serve(session, offer, ready))
        self._tasks.add(task)
        WEBRTC_PEERS.inc()
        task.add_done_callback(self._forget)
        try:
            answer = await ready
        except asyncio.CancelledError:
            task.cancel()
            raise
        peer = Peer(secrets.token_urlsafe(16), session, answer, task)
        replaced = self._peers.get(session.session_id)
        self._peers[session.session_id] = peer
        if replaced is not None:
            replaced.task.cancel()
        return peer

    def find(self, session_id: UUID, peer_id: str, agent_id: str) -> Peer | None:
        """Return an agent's own peer, None for everybody else's."""
        peer = self._peers.get(session_id)
        if peer is None or peer.session.agent_id != agent_id or peer.peer_id != peer_id:
            return None
        return peer

    async def end(self, peer: Peer) -> None:
        """Close a peer and wait until its sockets are gone."""
        peer.task.cancel()
        await asyncio.gather(peer.task, return_exceptions=True)

    async def close(self) -> None:
        """Close all of them."""
        tasks = list(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def _forget(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        WEBRTC_PEERS.dec()
        for session_id, peer in list(self._peers.items()):
            if peer.task is task:
                del self._peers[session_id]
        if not task.cancelled() and task.exception() is not None:
            _LOG.error("peer failed", error=repr(task.exception()))

    async def _serve(self, session: ViewingSession, offer: Offer, ready: asyncio.Future[str]) -> None:
        """Answer through ``ready``, then show pictures until anything ends it."""
        try:
            with self._watch.attach(session) as attachment:
                async with self._open_pictures(attachment) as pictures:
                    sets = await carried_sets(pictures, seconds=self._limits.picture_seconds)
                    async with self._transport() as transport:
                        stream, cname = self._stream(offer, sets, transport), secrets.token_hex(8)
                        own = await self._own_side(transport, stream, cname)
                        ready.set_result(write_answer(offer, offer.codec_for(_profile(sets)), own))
                        line = _Line(transport, stream, pictures, cname)
                        await self._until_over(line.run(offer, self._limits.handshake_seconds), transport, attachment)
        except (*_REFUSALS, PeerLost, MalformedMedia, ConnectionError) as error:
            if ready.done():
                _LOG.info("peer ended", session_id=str(session.session_id), cause=type(error).__name__)
            else:
                ready.set_exception(error)
        finally:
            ready.cancel()

    @asynccontextmanager
    async def _transport(self) -> AsyncGenerator[PeerTransport, None]:
        transport = PeerTransport(self._limits.host)
        try:
            yield transport
        finally:
            await asyncio.shield(transport.close())

    def _stream(self, offer: Offer, sets: ParameterSets, transport: PeerTransport) -> PictureStream:
        now = asyncio.get_running_loop().time
        codec = offer.codec_for(_profile(sets))
        return PictureStream(codec, send=transport.send, shared=self._shared, now=now, seed=secrets.randbits(64))

    async def _own_side(self, transport: PeerTransport, stream: PictureStream, cname: str) -> OwnSide:
        candidates = await transport.gather()
        ufrag, password = transport.credentials
        return OwnSide(
            ufrag=ufrag,
            password=password,
            fingerprint=transport.fingerprint,
            candidates=candidates,
            ssrc=stream.ssrc,
            rtx_ssrc=stream.rtx_ssrc,
            cname=cname,
            session=secrets.randbits(62),
        )

    @staticmethod
    async def _until_over(running: asyncio.Task[None], transport: PeerTransport, attachment: Attachment) -> None:
        gone = asyncio.create_task(transport.gone.wait())
        try:
            await asyncio.wait({running, gone, attachment.over}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in (running, gone):
                task.cancel()
            await asyncio.gather(running, gone, return_exceptions=True)
        if not running.cancelled() and (error := running.exception()) is not None:
            raise error


class _Line:
    """Handshake, then pictures, reports and repetitions."""

    def __init__(self, transport: PeerTransport, stream: PictureStream, pictures: Pictures, cname: str) -> None:
        self._transport, self._stream, self._pictures, self._cname = transport, stream, pictures, cname
        self._keyframe_wanted = False
        self._restarted_at = float("-inf")

    def run(self, offer: Offer, handshake_seconds: float) -> asyncio.Task[None]:
        """Return the task; it ends with PeerLost, PicturesOver, CodecNotCarried or ConnectionError."""
        return asyncio.create_task(self._run(offer, handshake_seconds))

    async def _run(self, offer: Offer, handshake_seconds: float) -> None:
        await self._transport.connect(offer, handshake_seconds)
        self._transport.listen(self._stream.ssrc, lost=self._stream.repeat, keyframe_wanted=self._want_keyframe)
        reporting = asyncio.create_task(self._report())
        try:
            await self._restart()  # the handshake took a while: what waited is old, the newest group is not
            while True:
                if self._keyframe_wanted and self._now() - self._restarted_at >= _RESTART_SECONDS:
                    await self._restart()
                part = await self._pictures.next_picture()
                if isinstance(part, ParameterSets):
                    refuse_uncarried(part)
                    self._stream.begin(part)
                else:
                    await self._stream.show(part)
        finally:
            reporting.cancel()
            await asyncio.gather(reporting, return_exceptions=True)
            await self._transport.farewell(self._stream.ssrc)

    async def _restart(self) -> None:
        self._keyframe_wanted = False
        self._restarted_at = self._now()
        await self._pictures.restart()

    async def _report(self) -> None:
        stream = self._stream
        with contextlib.suppress(ConnectionError):
            while True:
                await asyncio.sleep(_REPORT_SECONDS)
                time = stream.rtp_time()
                if time is not None:
                    counts = {"packets": stream.packets, "payload_bytes": stream.payload_bytes}
                    await self._transport.report(stream.ssrc, self._cname, rtp_time=time, **counts)

    def _want_keyframe(self) -> None:
        self._keyframe_wanted = True

    @staticmethod
    def _now() -> float:
        return asyncio.get_running_loop().time()


def _profile(sets: ParameterSets) -> str:
    """Return profile and constraints as ``profile-level-id`` begins with them (RFC 6184 §8.1)."""
    return sets.sps[0][1:3].hex()
