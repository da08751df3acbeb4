"""A small RTSP 1.0 client over TCP (RFC 2326): enough to be described a stream and to receive some of it.

Passwords travel only as Digest (RFC 7616, MD5 or SHA-256) or, over TLS or where it is allowed in clear, Basic.
"""

import asyncio
import base64
import hashlib
import os
import re
import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from types import TracebackType
from typing import Self
from urllib.parse import urlsplit

from camera_registry.domain.camera import Credentials

_DEFAULT_PORTS = {"rtsp": 554, "rtsps": 322}
_MAX_BODY = 65_536
_UNAUTHORISED = 401
_PARAMETER = re.compile(r'(\w+)=(?:"([^"]*)"|([^\s,]+))')
_DIGESTS = {"MD5": hashlib.md5, "SHA-256": hashlib.sha256}


class RtspRefused(Exception):
    """The camera answered with an error; ``status`` is RTSP's (401, 404, …)."""

    def __init__(self, status: int) -> None:
        super().__init__(f"RTSP {status}")
        self.status = status


class RtspGarbled(Exception):
    """What came back is not RTSP."""


@dataclass(frozen=True, slots=True)
class RtspAnswer:
    """Status line, headers (lower-case names, repeated ones joined by newlines), body."""

    status: int
    headers: Mapping[str, str]
    body: str


class RtspClient:
    """One conversation about one address. Use as an async context manager; the caller bounds the time.

    The password goes out readable, as Basic, only over TLS or where ``basic_in_clear`` allows it.
    """

    def __init__(self, url: str, credentials: Credentials | None, *, basic_in_clear: bool = False) -> None:
        self._url = url
        self._basic_allowed = basic_in_clear or urlsplit(url).scheme == "rtsps"
        self._credentials = credentials
        self._challenge: str | None = None
        self._sequence = 0
        self._session: str | None = None

    async def __aenter__(self) -> Self:
        parts = urlsplit(self._url)
        context: ssl.SSLContext | None = None
        if parts.scheme == "rtsps":
            context = ssl.create_default_context()  # cameras carry self-signed certificates
            context.check_hostname = False
            context.verify_mode = ssl.CERT_NONE
        port = parts.port or _DEFAULT_PORTS[parts.scheme]
        self._reader, self._writer = await asyncio.open_connection(parts.hostname, port, ssl=context)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._writer.close()

    async def describe(self) -> tuple[str, str]:
        """Return the SDP and the base address that its tracks are relative to."""
        answer = await self._ask("DESCRIBE", self._url, {"Accept": "application/sdp"})
        base = answer.headers.get("content-base") or answer.headers.get("content-location") or self._url
        return answer.body, base

    async def play(self, track_url: str, base: str) -> None:
        """Set one track up over this very connection and start it."""
        answer = await self._ask("SETUP", track_url, {"Transport": "RTP/AVP/TCP;unicast;interleaved=0-1"})
        self._session = answer.headers.get("session", "").split(";")[0] or None
        await self._ask("PLAY", base, {"Range": "npt=0.000-"})

    async def options(self) -> None:
        """Ask what the camera can do: the cheapest question that only a living RTSP server answers.

        A camera that wants a password even for this lives all the same.
        """
        self._send("OPTIONS", self._url, {})
        await self._next_answer()

    async def rtp_packet(self) -> bytes:
        """Return the next RTP packet of the track; RTCP and late answers are passed over."""
        while True:
            channel, packet = await self.packet()
            if channel == 0:
                return packet

    async def packet(self) -> tuple[int, bytes]:
        """Return the next packet with its channel: 0 for RTP, 1 for RTCP; late answers are passed over."""
        while (first := await self._reader.readexactly(1)) != b"$":
            await self._answer(first)
        return await self._frame()

    async def teardown(self, base: str) -> None:
        """Tell the camera that this is over; it is not waited for."""
        self._send("TEARDOWN", base, {})
        await self._writer.drain()

    async def _ask(self, method: str, url: str, headers: Mapping[str, str]) -> RtspAnswer:
        self._send(method, url, headers)
        answer = await self._next_answer()
        if answer.status == _UNAUTHORISED and self._credentials is not None and self._challenge is None:
            challenge = _best_challenge(answer.headers.get("www-authenticate", ""))
            if challenge.lower().startswith("basic") and not self._basic_allowed:
                raise RtspRefused(answer.status)
            self._challenge = challenge
            self._send(method, url, headers)
            answer = await self._next_answer()
        if not 200 <= answer.status < 300:  # noqa: PLR2004 - success
            raise RtspRefused(answer.status)
        return answer

    def _send(self, method: str, url: str, headers: Mapping[str, str]) -> None:
        self._sequence += 1
        lines = [f"{method} {url} RTSP/1.0", f"CSeq: {self._sequence}", "User-Agent: Vigie"]
        if self._session:
            lines.append(f"Session: {self._session}")
        if self._challenge is not None and self._credentials is not None:
            lines.append(f"Authorization: {authorization(self._challenge, self._credentials, method, url)}")
        lines.extend(f"{name}: {value}" for name, value in headers.items())
        self._writer.write(("\r\n".join(lines) + "\r\n\r\n").encode())

    async def _next_answer(self) -> RtspAnswer:
        while (first := await self._reader.readexactly(1)) == b"$":
            await self._frame()
        return await self._answer(first)

    async def _frame(self) -> tuple[int, bytes]:
        head = await self._reader.readexactly(3)
        return head[0], await self._reader.readexactly(int.from_bytes(head[1:], "big"))

    async def _answer(self, first: bytes) -> RtspAnswer:
        try:
            head = (first + await self._reader.readuntil(b"\r\n\r\n")).decode("utf-8", errors="replace")
        except asyncio.LimitOverrunError as error:
            raise RtspGarbled from error
        status_line, *header_lines = head.strip().split("\r\n")
        match = re.match(r"RTSP/\d\.\d (\d{3})", status_line)
        if match is None:
            raise RtspGarbled
        headers: dict[str, str] = {}
        for line in header_lines:
            name, _, value = line.partition(":")
            key = name.strip().lower()
            headers[key] = f"{headers[key]}\n{value.strip()}" if key in headers else value.strip()
        length = headers.get("content-length", "0")
        if not length.isdecimal() or int(length) > _MAX_BODY:
            raise RtspGarbled
        body = await self._reader.readexactly(int(length))
        return RtspAnswer(int(match[1]), headers, body.decode("utf-8", errors="replace"))


def authorization(challenge: str, credentials: Credentials, method: str, url: str) -> str:
    """Return the Authorization header that answers a Digest or Basic challenge. Raises RtspGarbled."""
    if challenge.lower().startswith("basic"):
        pair = f"{credentials.username}:{credentials.password}".encode()
        return f"Basic {base64.b64encode(pair).decode()}"
    given = {name.lower(): quoted or bare for name, quoted, bare in _PARAMETER.findall(challenge)}
    algorithm = given.get("algorithm", "MD5").upper()
    if "realm" not in given or "nonce" not in given or algorithm not in _DIGESTS:
        raise RtspGarbled

    def digest(text: str) -> str:
        return _DIGESTS[algorithm](text.encode()).hexdigest()

    secret = digest(f"{credentials.username}:{given['realm']}:{credentials.password}")
    request = digest(f"{method}:{url}")
    fields = {
        "username": credentials.username,
        "realm": given["realm"],
        "nonce": given["nonce"],
        "uri": url,
    }
    extra = f", algorithm={algorithm}" if "algorithm" in given else ""
    if "auth" in given.get("qop", "").replace(",", " ").split():
        cnonce = os.urandom(8).hex()
        fields["response"] = digest(f"{secret}:{given['nonce']}:00000001:{cnonce}:auth:{request}")
        extra += f', qop=auth, nc=00000001, cnonce="{cnonce}"'
    else:
        fields["response"] = digest(f"{secret}:{given['nonce']}:{request}")
    if "opaque" in given:
        fields["opaque"] = given["opaque"]
    return "Digest " + ", ".join(f'{name}="{value}"' for name, value in fields.items()) + extra


def _best_challenge(offered: str) -> str:
    """Prefer Digest (SHA-256 first) to Basic among the challenges, one a line."""
    lines = [line for line in offered.split("\n") if line]
    ranked = sorted(lines, key=lambda line: (not line.lower().startswith("digest"), "SHA-256" not in line))
    return ranked[0] if ranked else ""
