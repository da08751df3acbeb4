"""The conversation with a camera from the first byte to PLAY, and what it left behind for the stream."""

import asyncio
import socket
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import unquote, urlsplit, urlunsplit

from stream_gateway.media import EndKind, PullEnded
from stream_gateway.native.rtsp_auth import Authenticator
from stream_gateway.native.rtsp_headers import RtspMalformed, Transport, read_session, read_transport
from stream_gateway.native.rtsp_messages import (
    MessageReader,
    Method,
    RtspRequest,
    RtspResponse,
    answer_to,
    build_request,
)
from stream_gateway.native.sdp import NotForNative, SdpMalformed, VideoTrack, video_track

RTSP_PORT = 554
USER_AGENT = "Vigie"
_CONNECT_SECONDS = 5.0
_ANSWER_SECONDS = 8.0
_READ_BYTES = 64 * 1024
_MOST_MESSAGES = 64
_OK, _UNAUTHORIZED, _FORBIDDEN, _NOT_FOUND, _NO_TRANSPORT, _BUSY = 200, 401, 403, 404, 461, 453
_NO_SUCH_TIME, _NO_SUCH_FEATURE = 457, 551

MALFORMED = PullEnded("la caméra ne parle pas RTSP correctement", EndKind.MALFORMED)


@dataclass(frozen=True, slots=True)
class Address:
    """Where a camera's stream is. ``url`` holds no account."""

    host: str
    port: int
    url: str
    username: str = field(repr=False)
    password: str = field(repr=False)

    @classmethod
    def of(cls, url: str) -> "Address":
        """Take an RTSP URL apart.

        Raises:
            PullEnded: encrypted, not RTSP, or not usable; ffmpeg may know better.
        """
        try:
            parts = urlsplit(url)
            port = parts.port or RTSP_PORT
        except ValueError:
            raise PullEnded("l'adresse de la caméra n'est pas utilisable", EndKind.UNKNOWN_STREAM) from None
        if parts.scheme != "rtsp" or not parts.hostname:
            raise PullEnded("l'adresse de la caméra n'est pas en RTSP simple (chiffrement…)", EndKind.UNSUPPORTED)
        named = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
        plain = urlunsplit(("rtsp", f"{named}:{port}", parts.path, parts.query, ""))
        return cls(parts.hostname, port, plain, unquote(parts.username or ""), unquote(parts.password or ""))


@dataclass(slots=True)
class Playing:
    """A camera that plays. ``early`` is what arrived of the stream already; ``keep_alive_seconds`` how often to ask."""

    connection: socket.socket
    track: VideoTrack
    transport: Transport
    session: str
    keep_alive_seconds: float
    dialogue: "Dialogue"
    early: bytes = field(repr=False)


class Dialogue:
    """Asks and understands answers on one connection. Every wait is bounded."""

    def __init__(self, connection: socket.socket, address: Address) -> None:
        self._connection = connection
        self._address = address
        self._account = Authenticator(address.username, address.password) if address.username else None
        self._reader = MessageReader()
        self._sequence = 0

    def request(self, method: Method, url: str, headers: Mapping[str, str] | None = None) -> bytes:
        """Return a request, authorised as far as the camera has asked for it."""
        self._sequence += 1
        told = {"User-Agent": USER_AGENT, **(headers or {})}
        authorization = self._account.authorization(method.value, url) if self._account else None
        if authorization is not None:
            told["Authorization"] = authorization
        return build_request(method, url, sequence=self._sequence, headers=told)

    def challenged(self, answer: RtspResponse) -> bool:
        """Take a 401; tell whether asking once more makes sense."""
        return self._account is not None and self._account.take_challenges(answer.all("www-authenticate"))

    async def ask(self, method: Method, url: str, headers: Mapping[str, str] | None = None) -> RtspResponse:
        """Ask and return a 200; raises PullEnded for everything else."""
        loop = asyncio.get_running_loop()
        while True:
            try:
                async with asyncio.timeout(_ANSWER_SECONDS):
                    await loop.sock_sendall(self._connection, self.request(method, url, headers))
                    answer = await self._answer(self._sequence)
            except TimeoutError:
                raise PullEnded("la caméra ne répond pas", EndKind.SILENT) from None
            except OSError:
                raise PullEnded("la caméra a fermé la connexion", EndKind.CLOSED) from None
            except (RtspMalformed, ValueError):
                raise MALFORMED from None
            if answer.status == _UNAUTHORIZED and self.challenged(answer):
                continue
            if answer.status != _OK:
                raise _refusal(answer.status)
            if self._account is not None:
                self._account.accepted()
            return answer

    async def _answer(self, sequence: int) -> RtspResponse:
        loop = asyncio.get_running_loop()
        for _ in range(_MOST_MESSAGES * 16):
            octets = await loop.sock_recv(self._connection, _READ_BYTES)
            if not octets:
                raise ConnectionResetError
            found: RtspResponse | None = None
            for message in self._reader.feed(octets):
                if isinstance(message, RtspRequest):
                    await loop.sock_sendall(self._connection, answer_to(message))
                elif message.sequence in (sequence, None):
                    found = message
            if found is not None:
                return found
        raise RtspMalformed("no answer among much else")

    def leftover(self) -> bytes:
        """Return what was received behind the last answer."""
        return self._reader.leftover()


_REFUSALS = {
    _UNAUTHORIZED: ("la caméra refuse les identifiants", EndKind.REFUSED),
    _FORBIDDEN: ("la caméra refuse les identifiants", EndKind.REFUSED),
    _NOT_FOUND: ("la caméra ne connaît pas ce flux", EndKind.UNKNOWN_STREAM),
    _NO_TRANSPORT: ("la caméra n'envoie pas ses images sur TCP", EndKind.UNSUPPORTED),
    _BUSY: ("la caméra n'accepte pas une connexion de plus", EndKind.CLOSED),
    _NO_SUCH_TIME: ("la caméra n'a rien gardé de ce moment", EndKind.UNKNOWN_STREAM),
    _NO_SUCH_FEATURE: ("la caméra ne rejoue pas ses enregistrements", EndKind.UNSUPPORTED),
}


def _refusal(status: int) -> PullEnded:
    reason, kind = _REFUSALS.get(status, (f"la caméra a répondu par une erreur ({status})", EndKind.CLOSED))
    return PullEnded(reason, kind)


async def connect(address: Address) -> socket.socket:
    """Open a connection to a camera; raises PullEnded."""
    loop = asyncio.get_running_loop()
    try:
        async with asyncio.timeout(_CONNECT_SECONDS):
            found = await loop.getaddrinfo(address.host, address.port, type=socket.SOCK_STREAM)
            family, kind, protocol, _, place = found[0]
            connection = socket.socket(family, kind, protocol)
            try:
                connection.setblocking(False)
                connection.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
                await loop.sock_connect(connection, place)
            except BaseException:
                connection.close()
                raise
            return connection
    except TimeoutError:
        raise PullEnded("la caméra ne répond pas", EndKind.UNREACHABLE) from None
    except ConnectionRefusedError:
        raise PullEnded("la caméra refuse la connexion", EndKind.UNREACHABLE) from None
    except (OSError, UnicodeError):
        raise PullEnded("la caméra est injoignable sur le réseau", EndKind.UNREACHABLE) from None


LIVE = {"Range": "npt=0.000-"}


async def play(
    connection: socket.socket,
    address: Address,
    *,
    what: Mapping[str, str] = LIVE,
    always: Mapping[str, str] | None = None,
) -> Playing:
    """Bring a camera to play its video over this connection; raises PullEnded.

    ``what``: headers of PLAY; ``always``: of every request.
    """
    dialogue = Dialogue(connection, address)
    more = always or {}
    described = await dialogue.ask(Method.DESCRIBE, address.url, {"Accept": "application/sdp", **more})
    try:
        text = described.body.decode("utf-8", "replace")
        where = described.header("content-base") or described.header("content-location")
        track = video_track(text, address.url, base=where)
    except NotForNative as error:
        raise PullEnded(error.reason, EndKind.UNSUPPORTED) from None
    except SdpMalformed:
        raise PullEnded("la caméra ne décrit pas son flux correctement", EndKind.MALFORMED) from None
    asked = {"Transport": "RTP/AVP/TCP;unicast;interleaved=0-1", **more}
    granted = await dialogue.ask(Method.SETUP, track.control, asked)
    try:
        transport = read_transport(granted.header("transport") or "")
        session = read_session(granted.header("session") or "")
    except RtspMalformed:
        raise MALFORMED from None
    await dialogue.ask(Method.PLAY, track.aggregate, {"Session": session.identity, **what, **more})
    return Playing(
        connection=connection,
        track=track,
        transport=transport,
        session=session.identity,
        keep_alive_seconds=max(session.seconds / 2.5, 1.0),
        dialogue=dialogue,
        early=dialogue.leftover(),
    )
