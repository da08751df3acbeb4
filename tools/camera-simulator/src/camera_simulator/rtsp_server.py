"""The RTSP face: `rtsp://host:port/cam/<nnnn>/main` and `/sub`, RTP interleaved in TCP or over UDP unicast."""

import asyncio
import logging
import secrets
import socket
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

from camera_simulator import sdp
from camera_simulator.camera import Camera
from camera_simulator.card_replay import REPLAY_FEATURE, CardPlayer, asked_of
from camera_simulator.outlets import MAX_UNSENT_OCTETS, TcpOutlet, UdpOutlet
from camera_simulator.rtsp_wire import (
    MalformedRequestError,
    RequestReader,
    RtspRequest,
    client_ports,
    encode_response,
    interleaved_channels,
)
from camera_simulator.stream import CameraStream
from camera_simulator.stream_quirks.auth import Gates
from camera_simulator.stream_quirks.kinds import ORDINARY, StreamHabits, StreamQuirk
from camera_simulator.stream_quirks.outlets import Drip, Outlet, TellingFirst
from camera_simulator.stream_quirks.sdp import CLAIMED_OCTETS, oversized, twisted
from camera_simulator.stream_quirks.session_watch import SessionWatch

__all__ = ["MAX_UNSENT_OCTETS", "RtspConnection", "serve_rtsp"]

KERNEL_BUFFER_OCTETS = 1 << 18  # of each client; the kernel would let it grow to megabytes
SESSION_TIMEOUT_SECONDS = 60
SERVER = "Vigie camera simulator"
METHODS = ("OPTIONS", "DESCRIBE", "SETUP", "PLAY", "TEARDOWN", "GET_PARAMETER")
METHODS_WITHOUT_KEEPALIVE = METHODS[:-1]
STREAM_PATH_PARTS = 3
CARD = "card"
log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Asked:
    """A request, and the camera and stream it names."""

    request: RtspRequest
    camera: Camera
    stream: CameraStream

    @property
    def habits(self) -> StreamHabits:
        return self.camera.habits


class RtspConnection(asyncio.Protocol):
    """One client: at most one session on one stream, as the track of a camera is all there is to set up."""

    def __init__(self, cameras: Mapping[str, Camera], gates: Gates) -> None:
        self._cameras = cameras
        self._gates = gates
        self._reader = RequestReader()
        self._transport: asyncio.Transport | None = None
        self._stream: CameraStream | None = None
        self._session = ""
        self._outlet: Outlet | None = None
        self._watch: SessionWatch | None = None
        self._player: CardPlayer | None = None
        self._answers: dict[str, Callable[[Asked], None]] = {
            "DESCRIBE": self._describe,
            "SETUP": self._setup,
            "PLAY": self._play,
            "GET_PARAMETER": self._keep_alive,
            "TEARDOWN": self._teardown,
        }

    # asyncio.Protocol

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)  # noqa: S101 asyncio's contract for TCP
        self._transport = transport
        transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, KERNEL_BUFFER_OCTETS)

    def connection_lost(self, exc: Exception | None) -> None:
        del exc
        self._transport = None
        self._leave()

    def data_received(self, data: bytes) -> None:
        try:
            for request in self._reader.feed(data):
                self._take(request)
                if self._transport is None:
                    return
        except MalformedRequestError as error:
            log.info("connection dropped: %s", error)
            self.drop()

    def drop(self) -> None:
        """Cut the connection at once."""
        transport, self._transport = self._transport, None
        if transport is not None:
            transport.abort()
        self._leave()

    # RTSP

    def _take(self, request: RtspRequest) -> None:
        if self._watch is not None:
            self._watch.touch()
        camera, stream = self._target(request)
        if camera is not None and StreamQuirk.LATE_ANSWER in camera.habits:
            loop = asyncio.get_running_loop()
            loop.call_later(camera.habits.late_answer_s, self._answer, request, camera, stream)
        else:
            self._answer(request, camera, stream)

    def _answer(self, request: RtspRequest, camera: Camera | None, stream: CameraStream | None) -> None:
        if camera is not None and camera.offline:
            self.drop()
            return
        habits = camera.habits if camera is not None else ORDINARY
        methods = METHODS_WITHOUT_KEEPALIVE if StreamQuirk.NO_KEEPALIVE in habits else METHODS
        if request.method == "OPTIONS":
            self._respond(request, 200, {"Public": ", ".join(methods)})
            return
        if request.method not in methods:
            self._respond(request, 501 if request.method in METHODS else 405, {"Allow": ", ".join(methods)})
            return
        required = request.headers.get("require", REPLAY_FEATURE)
        if required != REPLAY_FEATURE:
            self._respond(request, 551, {"Unsupported": required})
            return
        gate = self._gates.of(habits)
        verdict = gate.judge(request.headers.get("authorization"), request.method)
        if not verdict.accepted:
            self._respond(request, 401, {"WWW-Authenticate": gate.challenge(stale=verdict.stale)})
        elif camera is None or stream is None:
            self._respond(request, 404)
        else:
            self._answers[request.method](Asked(request, camera, stream))

    def _target(self, request: RtspRequest) -> tuple[Camera | None, CameraStream | None]:
        path = request.path
        if len(path) < STREAM_PATH_PARTS or path[0] not in ("cam", CARD) or path[3:] not in ((), (sdp.TRACK,)):
            return None, None
        camera = self._cameras.get(path[1])
        if path[0] == CARD and (camera is None or camera.card is None or path[2] != "main"):
            return camera, None
        return camera, camera.streams.get(path[2]) if camera else None

    def _describe(self, asked: Asked) -> None:
        request, stream = asked.request, asked.stream
        headers = {"Content-Base": request.url.rstrip("/") + "/", "Content-Type": "application/sdp"}
        if StreamQuirk.OVERSIZED_SDP in asked.habits:
            self._respond(request, 200, {**headers, "Content-Length": str(CLAIMED_OCTETS)}, oversized())
            return
        body = sdp.describe(
            stream.clip,
            camera=asked.camera.name,
            quality=request.path[2],
            host=urlsplit(request.url).hostname or "0.0.0.0",  # noqa: S104 a name in the SDP, bound to nothing
            session=stream.identity.ssrc,
        )
        self._respond(request, 200, headers, twisted(body, stream.clip.codec, asked.habits))

    def _setup(self, asked: Asked) -> None:
        request, stream = asked.request, asked.stream
        if self._stream is not None and self._stream is not stream:
            self._respond(request, 459)
            return
        if self._is_taken(asked):
            self._respond(request, 453)
            return
        opened = self._open(asked)
        if opened is None:
            self._respond(request, 461)
            return
        self._leave()
        self._outlet, transport = opened
        self._stream = stream
        self._session = self._session or secrets.token_hex(8)
        timeout = SESSION_TIMEOUT_SECONDS
        if StreamQuirk.SESSION_DIES in asked.habits:
            timeout = asked.habits.session_timeout_s
            self._watch = SessionWatch(timeout, self.drop)
            self._watch.touch()
        self._respond(
            request,
            200,
            {
                "Transport": f"{transport};ssrc={stream.ssrc:08X};mode=play",
                "Session": f"{self._session};timeout={timeout}",
            },
        )

    def _open(self, asked: Asked) -> tuple[Outlet, str] | None:
        """An outlet of the kind that the client offers, TCP first, and how the answer describes it."""
        offered = asked.request.headers.get("transport", "")
        transport = self._transport
        channels, ports = interleaved_channels(offered), client_ports(offered)
        if transport is None:
            return None
        if channels is not None and StreamQuirk.UDP_ONLY not in asked.habits:
            described = f"RTP/AVP/TCP;unicast;interleaved={channels[0]}-{channels[1]}"
            return TcpOutlet(transport, channels, self.drop), described
        if ports is not None and StreamQuirk.TCP_ONLY not in asked.habits:
            host, peer = (str(transport.get_extra_info(name)[0]) for name in ("sockname", "peername"))
            outlet = UdpOutlet(host, peer, ports, self.drop)
            own = outlet.ports
            described = f"RTP/AVP;unicast;client_port={ports[0]}-{ports[1]};server_port={own[0]}-{own[1]}"
            return outlet, described
        return None

    def _play(self, asked: Asked) -> None:
        request, stream = asked.request, asked.stream
        if not self._in_session(request, stream) or self._outlet is None:
            return
        if self._is_taken(asked):
            self._respond(request, 453)
            return
        if request.path[0] == CARD:
            self._replay(asked)
            return
        timestamp = stream.next_keyframe_timestamp(asyncio.get_running_loop().time())
        track = "/".join(request.path[1:3])
        parts = urlsplit(request.url)
        url = f"{parts.scheme}://{parts.netloc}/cam/{track}/{sdp.TRACK}"
        headers = {"Session": self._session, "Range": "npt=now-", "RTP-Info": f"url={url};rtptime={timestamp}"}
        if stream.has_viewer(self._outlet):
            self._respond(request, 200, headers)
            return
        if StreamQuirk.RTP_BEFORE_PLAY_ANSWER in asked.habits:
            self._outlet = TellingFirst(self._outlet, lambda: self._respond(request, 200, headers))
        else:
            self._respond(request, 200, headers)
        if StreamQuirk.DRIP in asked.habits:
            self._outlet = Drip(self._outlet, asked.habits.drip_octets_per_s)
        stream.add_viewer(self._outlet)

    def _replay(self, asked: Asked) -> None:
        request, card = asked.request, asked.camera.card
        if card is None or self._transport is None or not isinstance(self._outlet, TcpOutlet):
            self._respond(request, 461)
            return
        asked.camera.card_calls["PLAY"] += 1
        wanted = asked_of(request)
        player = CardPlayer(card, asked.stream, wanted, asked.camera.clock_error_s) if wanted else None
        if player is None or not player.known:
            self._respond(request, 457)
            return
        self._stop_player()
        headers = {"Session": self._session, "Range": player.range, "RTP-Info": f"url={request.url}"}
        self._respond(request, 200, headers)
        self._player = player
        player.start(self._transport, self._outlet.rtp_channel)

    def _stop_player(self) -> None:
        if self._player is not None:
            self._player.stop()
            self._player = None

    def _keep_alive(self, asked: Asked) -> None:
        request = asked.request
        if "session" not in request.headers or self._in_session(request, asked.stream):
            self._respond(request, 200, {"Session": self._session} if self._session else {})

    def _teardown(self, asked: Asked) -> None:
        if self._in_session(asked.request, asked.stream):
            self._leave()
            self._respond(asked.request, 200, {})
            self._session = ""

    def _is_taken(self, asked: Asked) -> bool:
        """Whether another client plays a stream that serves one."""
        others = asked.stream.viewers - (1 if asked.stream.has_viewer(self._outlet) else 0)
        return StreamQuirk.ONE_CLIENT in asked.habits and others > 0

    def _in_session(self, request: RtspRequest, stream: CameraStream) -> bool:
        named = request.headers.get("session", "").partition(";")[0]
        if not self._session or named != self._session:
            self._respond(request, 454)
            return False
        if stream is not self._stream:
            self._respond(request, 455)
            return False
        return True

    def _leave(self) -> None:
        self._stop_player()
        if self._watch is not None:
            self._watch.stop()
            self._watch = None
        if self._outlet is not None:
            if self._stream is not None:
                self._stream.remove_viewer(self._outlet)
            self._outlet.close()
            self._outlet = None
        self._stream = None

    def _respond(
        self, request: RtspRequest, status: int, headers: Mapping[str, str] | None = None, body: str | bytes = ""
    ) -> None:
        if self._transport is None:
            return
        sequence = request.headers.get("cseq", "0")
        answer = encode_response(status, sequence=sequence, headers=headers or {}, body=body, server=SERVER)
        if isinstance(self._outlet, Drip):
            self._outlet.answer(answer)
        else:
            self._transport.write(answer)


async def serve_rtsp(cameras: Mapping[str, Camera], gates: Gates, *, host: str, port: int) -> asyncio.Server:
    """Listen; port 0 takes a free one."""
    loop = asyncio.get_running_loop()
    return await loop.create_server(lambda: RtspConnection(cameras, gates), host, port, backlog=512)
