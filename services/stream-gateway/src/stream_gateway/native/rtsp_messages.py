"""RTSP/1.0 messages of a client (RFC 2326): requests into bytes, answers and the camera's own requests out of bytes."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from stream_gateway.native.rtsp_headers import RtspMalformed

MAX_HEAD_BYTES = 16 * 1024
MAX_HEADERS = 64
MAX_BODY_BYTES = 64 * 1024
MAX_EARLY_BYTES = 1024 * 1024
"""Frames that are kept while the answer to PLAY is not here yet; a key frame of a camera fits."""

_DOLLAR = 0x24
_FRAME_HEADER = 4
_BLANKS = b"\r\n"
_BEGINNING = re.compile(rb"RTSP/.*|[A-Z_]{1,24}|[A-Z_]{3,24} .*", re.DOTALL)
_BEGINNING_BYTES = 26
_HEAD_END = re.compile(rb"\r?\n\r?\n")
_LENGTH = re.compile(rb"\ncontent-length[ \t]*:[ \t]*([^\r\n]*)", re.IGNORECASE)
_STATUS_LINE = re.compile(r"RTSP/1\.\d[ \t]+(\d{3})(?:[ \t]+(.*))?")
_REQUEST_LINE = re.compile(r"([A-Z_]+) (\S+) RTSP/1\.\d")
_UNSAFE = re.compile(r"[\x00-\x1f\x7f]")
_UNSAFE_IN_URL = re.compile(r"[\x00-\x20\x7f]")


class Method(StrEnum):
    """What we ask of a camera (RFC 2326 §10)."""

    OPTIONS = "OPTIONS"
    DESCRIBE = "DESCRIBE"
    SETUP = "SETUP"
    PLAY = "PLAY"
    GET_PARAMETER = "GET_PARAMETER"
    TEARDOWN = "TEARDOWN"


@dataclass(frozen=True, slots=True)
class _Message:
    headers: tuple[tuple[str, str], ...]
    body: bytes

    def header(self, name: str) -> str | None:
        """The first header of that name, whatever its case, or None."""
        return next(iter(self.all(name)), None)

    def all(self, name: str) -> tuple[str, ...]:
        """Every header of that name, whatever its case."""
        wanted = name.lower()
        return tuple(value for known, value in self.headers if known == wanted)

    @property
    def sequence(self) -> int | None:
        """CSeq, or None when it is missing or no number."""
        told = self.header("cseq") or ""
        return int(told) if re.fullmatch(r"[0-9]{1,10}", told) else None


@dataclass(frozen=True, slots=True)
class RtspResponse(_Message):
    """An answer of the camera; header names in lower case."""

    status: int
    reason: str


@dataclass(frozen=True, slots=True)
class RtspRequest(_Message):
    """A request that the camera sends to us (RFC 2326 §10: OPTIONS, ANNOUNCE, REDIRECT, SET_PARAMETER…)."""

    method: str
    url: str


Message = RtspResponse | RtspRequest


def build_request(method: Method, url: str, *, sequence: int, headers: Mapping[str, str]) -> bytes:
    """Write a request without body.

    Args:
        method: what is asked.
        url: absolute, without user name and password.
        sequence: CSeq.
        headers: others, such as Session, Authorization, Transport, User-Agent.

    Raises:
        ValueError: a control character would end a line early, or the address carries a password.
    """
    if _UNSAFE_IN_URL.search(url) or "@" in url.partition("://")[2].partition("/")[0]:
        raise ValueError("the address of a request holds blanks, control characters or an account")
    if any(_UNSAFE.search(name) or _UNSAFE.search(value) for name, value in headers.items()):
        raise ValueError("a header holds control characters")
    lines = [f"{method.value} {url} RTSP/1.0", f"CSeq: {sequence}"]
    lines += [f"{name}: {value}" for name, value in headers.items()]
    return "\r\n".join([*lines, "", ""]).encode()


def answer_to(request: RtspRequest) -> bytes:
    """Answer a camera's own request: OPTIONS and parameters kindly, all else with 501, so that it goes on."""
    known = request.method in ("OPTIONS", "SET_PARAMETER", "GET_PARAMETER")
    status = "200 OK" if known else "501 Not Implemented"
    lines = [f"RTSP/1.0 {status}", f"CSeq: {request.sequence or 0}"]
    if request.method == "OPTIONS":
        lines.append("Public: OPTIONS, GET_PARAMETER, SET_PARAMETER")
    return "\r\n".join([*lines, "", ""]).encode()


def message_end(octets: bytes | bytearray, at: int = 0) -> int | None:
    """Where the message that begins at ``at`` ends, perhaps beyond the bytes; None while its head is incomplete.

    Raises:
        RtspMalformed: no message begins here, or its head or body exceeds the limits.
    """
    if not _BEGINNING.fullmatch(octets, at, min(at + _BEGINNING_BYTES, len(octets))):
        raise RtspMalformed("neither a frame nor an RTSP message")
    found = _HEAD_END.search(octets, at, at + MAX_HEAD_BYTES)
    if found is None:
        if len(octets) - at >= MAX_HEAD_BYTES:
            raise RtspMalformed("message head too large")
        return None
    lengths = {told.strip() for told in _LENGTH.findall(octets, at, found.start())}
    if not lengths:
        return found.end()
    told = lengths.pop()
    if lengths or not re.fullmatch(rb"[0-9]{1,5}", told) or int(told) > MAX_BODY_BYTES:
        raise RtspMalformed("message body too large")
    return found.end() + int(told)


def parse_message(octets: bytes) -> Message:
    """Read one whole message, as ``message_end`` cut it.

    Raises:
        RtspMalformed: no RTSP/1.0, too many headers, or incomplete.
    """
    end = message_end(octets)
    found = _HEAD_END.search(octets)
    if end is None or end > len(octets) or found is None:
        raise RtspMalformed("message incomplete")
    first, *lines = re.split(r"\r?\n", octets[: found.start()].decode("utf-8", "replace"))
    if len(lines) > MAX_HEADERS:
        raise RtspMalformed("too many headers")
    headers = _headers(lines)
    body = octets[found.end() : end]
    if status := _STATUS_LINE.fullmatch(first):
        return RtspResponse(headers, body, int(status[1]), status[2] or "")
    if request := _REQUEST_LINE.fullmatch(first):
        return RtspRequest(headers, body, request[1], request[2])
    raise RtspMalformed("no RTSP/1.0 status line")


def _headers(lines: list[str]) -> tuple[tuple[str, str], ...]:
    headers: list[tuple[str, str]] = []
    for line in lines:
        if line[:1] in (" ", "\t") and headers:  # a folded line goes on with the one before (RFC 2326 §4, RFC 822)
            name, value = headers[-1]
            headers[-1] = name, f"{value} {line.strip()}"
        elif ":" in line:
            name, _, value = line.partition(":")
            headers.append((name.strip().lower(), value.strip()))
    return tuple(headers)


class MessageReader:
    """Reads messages until the stream is set up. Frames that come before are kept for the stream's own reader.

    After the answer to PLAY the caller hands ``leftover()`` to the reader of the stream and all later bytes too.
    """

    def __init__(self) -> None:
        self._buffer = bytearray()
        self._early = bytearray()
        self._needed = 1
        self.dropped_early = False
        """Frames came for so long before the answer that the earliest were forgotten; nothing was recorded yet."""

    def feed(self, octets: bytes | memoryview) -> list[Message]:
        """Take received bytes and return the messages that are complete.

        Raises:
            RtspMalformed: see the class of that name.
        """
        self._buffer += octets
        messages: list[Message] = []
        at = 0
        while at < len(self._buffer) and len(self._buffer) - at >= self._needed:
            end = self._next_end(at)
            if end > len(self._buffer):
                self._needed = end - at
                break
            self._needed = 1
            piece = bytes(self._buffer[at:end])
            if piece[0] == _DOLLAR:
                self._keep_frame(piece)
            elif piece[0] not in _BLANKS:
                messages.append(parse_message(piece))
            at = end
        del self._buffer[:at]
        return messages

    def _next_end(self, at: int) -> int:
        """End of what begins at ``at``; one more than there is while it cannot be told."""
        buffer = self._buffer
        if buffer[at] in _BLANKS:
            return at + 1
        if buffer[at] != _DOLLAR:
            return message_end(buffer, at) or len(buffer) + 1
        if len(buffer) < at + _FRAME_HEADER:
            return at + _FRAME_HEADER
        return at + _FRAME_HEADER + int.from_bytes(buffer[at + 2 : at + 4], "big")

    def _keep_frame(self, frame: bytes) -> None:
        if len(self._early) + len(frame) > MAX_EARLY_BYTES:
            self._early.clear()
            self.dropped_early = True
        self._early += frame

    @property
    def held_octets(self) -> int:
        """Bytes held: frames kept, and what is incomplete."""
        return len(self._early) + len(self._buffer)

    def leftover(self) -> bytes:
        """Take the frames kept and whatever has not been read, in the order of the wire."""
        rest = bytes(self._early + self._buffer)
        self._early.clear()
        self._buffer.clear()
        self._needed = 1
        return rest
