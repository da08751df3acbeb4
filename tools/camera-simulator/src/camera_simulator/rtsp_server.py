"""The RTSP face: `rtsp://host:port/cam/<nnnn>/main` and `/sub`, RTP interleaved in TCP."""

import asyncio
import logging
import secrets
import socket
from collections.abc import Callable, Mapping
from urllib.parse import urlsplit

from camera_simulator import sdp
from camera_simulator.camera import Camera
from camera_simulator.digest import DigestGate, Verdict
from camera_simulator.rtsp_wire import (
    MalformedRequestError,
    RequestReader,
    RtspRequest,
    encode_response,
    interleaved_channels,
)
from camera_simulator.stream import CameraStream

MAX_UNSENT_OCTETS = 1 << 19  # some five seconds of a main stream: a slower client is dropped
KERNEL_BUFFER_OCTETS = 1 << 18  # of each client; the kernel would let it grow to megabytes
SESSION_TIMEOUT_SECONDS = 60
SERVER = "Vigie camera simulator"
METHODS = "OPTIONS, DESCRIBE, SETUP, PLAY, TEARDOWN, GET_PARAMETER"
STREAM_PATH_PARTS = 3
log = logging.getLogger(__name__)


class RtspConnection(asyncio.Protocol):
    """One client: at most one session on one stream, as the track of a camera is all there is to set up."""

    def __init__(self, cameras: Mapping[str, Camera], gate: DigestGate) -> None:
        self._cameras = cameras
        self._gate = gate
        self._reader = RequestReader()
        self._transport: asyncio.Transport | None = None
        self._stream: CameraStream | None = None
        self._session = ""
        self.rtp_channel = 0
        self.rtcp_channel = 1
        self._answers: dict[str, Callable[[RtspRequest, Camera, CameraStream], None]] = {
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
                self._answer(request)
                if self._transport is None:
                    return
        except MalformedRequestError as error:
            log.info("connection dropped: %s", error)
            self.drop()

    # stream.Viewer

    def send(self, packets: bytes) -> None:
        transport = self._transport
        if transport is None:
            return
        transport.write(packets)
        if transport.get_write_buffer_size() > MAX_UNSENT_OCTETS:
            log.info("slow client dropped")
            self.drop()

    def drop(self) -> None:
        transport, self._transport = self._transport, None
        if transport is not None:
            transport.abort()
        self._leave()

    # RTSP

    def _answer(self, request: RtspRequest) -> None:
        camera, stream = self._target(request)
        if camera is not None and camera.offline:
            self.drop()
            return
        if request.method == "OPTIONS":
            self._respond(request, 200, {"Public": METHODS})
            return
        if request.method not in self._answers:
            self._respond(request, 405, {"Allow": METHODS})
            return
        verdict = self._gate.judge(request.headers.get("authorization"), request.method)
        if verdict is not Verdict.ACCEPTED:
            challenge = self._gate.challenge(stale=verdict is Verdict.STALE)
            self._respond(request, 401, {"WWW-Authenticate": challenge})
        elif camera is None or stream is None:
            self._respond(request, 404)
        else:
            self._answers[request.method](request, camera, stream)

    def _target(self, request: RtspRequest) -> tuple[Camera | None, CameraStream | None]:
        path = request.path
        if len(path) < STREAM_PATH_PARTS or path[0] != "cam" or path[3:] not in ((), (sdp.TRACK,)):
            return None, None
        camera = self._cameras.get(path[1])
        return camera, camera.streams.get(path[2]) if camera else None

    def _describe(self, request: RtspRequest, camera: Camera, stream: CameraStream) -> None:
        body = sdp.describe(
            stream.clip,
            camera=camera.name,
            quality=request.path[2],
            host=urlsplit(request.url).hostname or "0.0.0.0",  # noqa: S104 a name in the SDP, bound to nothing
            session=stream.identity.ssrc,
        )
        base = request.url.rstrip("/") + "/"
        self._respond(request, 200, {"Content-Base": base, "Content-Type": "application/sdp"}, body)

    def _setup(self, request: RtspRequest, camera: Camera, stream: CameraStream) -> None:
        del camera
        if self._stream is not None and self._stream is not stream:
            self._respond(request, 459)
            return
        channels = interleaved_channels(request.headers.get("transport", ""))
        if channels is None:
            self._respond(request, 461)
            return
        self.rtp_channel, self.rtcp_channel = channels
        self._stream = stream
        self._session = self._session or secrets.token_hex(8)
        transport = (
            f"RTP/AVP/TCP;unicast;interleaved={channels[0]}-{channels[1]};ssrc={stream.identity.ssrc:08X};mode=play"
        )
        session = f"{self._session};timeout={SESSION_TIMEOUT_SECONDS}"
        self._respond(request, 200, {"Transport": transport, "Session": session})

    def _play(self, request: RtspRequest, camera: Camera, stream: CameraStream) -> None:
        del camera
        if not self._in_session(request, stream):
            return
        timestamp = stream.next_keyframe_timestamp(asyncio.get_running_loop().time())
        track = "/".join(request.path[1:3])
        parts = urlsplit(request.url)
        url = f"{parts.scheme}://{parts.netloc}/cam/{track}/{sdp.TRACK}"
        self._respond(
            request,
            200,
            {
                "Session": self._session,
                "Range": "npt=now-",
                "RTP-Info": f"url={url};rtptime={timestamp}",
            },
        )
        stream.add_viewer(self)

    def _keep_alive(self, request: RtspRequest, camera: Camera, stream: CameraStream) -> None:
        del camera
        if "session" not in request.headers or self._in_session(request, stream):
            self._respond(request, 200, {"Session": self._session} if self._session else {})

    def _teardown(self, request: RtspRequest, camera: Camera, stream: CameraStream) -> None:
        del camera
        if self._in_session(request, stream):
            self._leave()
            self._respond(request, 200, {})
            self._session = ""

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
        if self._stream is not None:
            self._stream.remove_viewer(self)
            self._stream = None

    def _respond(
        self, request: RtspRequest, status: int, headers: Mapping[str, str] | None = None, body: str = ""
    ) -> None:
        if self._transport is not None:
            sequence = request.headers.get("cseq", "0")
            self._transport.write(
                encode_response(status, sequence=sequence, headers=headers or {}, body=body, server=SERVER)
            )


async def serve_rtsp(cameras: Mapping[str, Camera], gate: DigestGate, *, host: str, port: int) -> asyncio.Server:
    """Listen; port 0 takes a free one."""
    loop = asyncio.get_running_loop()
    return await loop.create_server(lambda: RtspConnection(cameras, gate), host, port, backlog=512)
