"""RTSP 1.0 on the wire: requests out of a byte stream with interleaved RTCP, responses into bytes."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

MAX_REQUEST_OCTETS = 16_384
INTERLEAVED_HEADER_OCTETS = 4
REASONS = {
    200: "OK",
    400: "Bad Request",
    401: "Unauthorized",
    404: "Not Found",
    405: "Method Not Allowed",
    453: "Not Enough Bandwidth",
    454: "Session Not Found",
    455: "Method Not Valid in This State",
    457: "Invalid Range",
    459: "Aggregate Operation Not Allowed",
    461: "Unsupported Transport",
    501: "Not Implemented",
    551: "Option not supported",
}


class MalformedRequestError(Exception):
    """The peer does not speak RTSP 1.0, or sends a request too large to be one."""


@dataclass(frozen=True, slots=True)
class RtspRequest:
    """One request; header names in lower case."""

    method: str
    url: str
    headers: Mapping[str, str]

    @property
    def path(self) -> tuple[str, ...]:
        """Path of the URL in parts, without empty ones."""
        return tuple(part for part in urlsplit(self.url).path.split("/") if part)


class RequestReader:
    """Cuts a byte stream into requests and skips the interleaved frames (receiver reports) between them."""

    def __init__(self) -> None:
        self._buffer = bytearray()

    def feed(self, octets: bytes) -> Iterator[RtspRequest]:
        """Add received octets and yield each request that is complete.

        Raises:
            MalformedRequestError: see the class.
        """
        self._buffer += octets
        while self._buffer:
            if self._buffer[0] == ord("$"):
                if not self._skip_interleaved():
                    return
                continue
            request = self._take_request()
            if request is None:
                return
            yield request

    def _skip_interleaved(self) -> bool:
        if len(self._buffer) < INTERLEAVED_HEADER_OCTETS:
            return False
        end = INTERLEAVED_HEADER_OCTETS + int.from_bytes(self._buffer[2:4], "big")
        if len(self._buffer) < end:
            return False
        del self._buffer[:end]
        return True

    def _take_request(self) -> RtspRequest | None:
        head_end = self._buffer.find(b"\r\n\r\n")
        if head_end < 0:
            if len(self._buffer) > MAX_REQUEST_OCTETS:
                raise MalformedRequestError("request head too large")
            return None
        request = _parse_head(bytes(self._buffer[:head_end]))
        length = request.headers.get("content-length", "0")
        if not length.isdecimal() or int(length) > MAX_REQUEST_OCTETS:
            raise MalformedRequestError("request body too large")
        end = head_end + 4 + int(length)
        if len(self._buffer) < end:
            return None
        del self._buffer[:end]
        return request


def _parse_head(head: bytes) -> RtspRequest:
    try:
        first, *lines = head.decode("utf-8").lstrip("\r\n").split("\r\n")
        method, url, version = first.split(" ")
        urlsplit(url)
    except ValueError as error:
        raise MalformedRequestError("no RTSP request line") from error
    if version != "RTSP/1.0":
        raise MalformedRequestError("not RTSP/1.0")
    pairs = (line.partition(":") for line in lines if ":" in line)
    return RtspRequest(method, url, {name.strip().lower(): value.strip() for name, _, value in pairs})


def encode_response(
    status: int, *, sequence: str, headers: Mapping[str, str], body: str | bytes = "", server: str
) -> bytes:
    """A response with its CSeq, and Content-Length when it has a body and the headers do not claim another length."""
    content = body.encode() if isinstance(body, str) else body
    lines = [f"RTSP/1.0 {status} {REASONS[status]}", f"CSeq: {sequence}", f"Server: {server}"]
    lines += [f"{name}: {value}" for name, value in headers.items()]
    if content and "Content-Length" not in headers:
        lines.append(f"Content-Length: {len(content)}")
    return "\r\n".join([*lines, "", ""]).encode() + content


def interleaved_channels(transport: str) -> tuple[int, int] | None:
    """The RTP and RTCP channels of the first transport over TCP that a SETUP offers, or None."""
    for offer in transport.split(","):
        profile, *parameters = (part.strip() for part in offer.split(";"))
        if profile.upper() != "RTP/AVP/TCP":
            continue
        for parameter in parameters:
            name, _, value = parameter.partition("=")
            if name.lower() == "interleaved":
                return _pair(value, 0, 0xFF)
        return 0, 1
    return None


def client_ports(transport: str) -> tuple[int, int] | None:
    """The client's RTP and RTCP ports of the first unicast transport over UDP that a SETUP offers, or None."""
    for offer in transport.split(","):
        profile, *parameters = (part.strip() for part in offer.split(";"))
        if profile.upper() not in ("RTP/AVP", "RTP/AVP/UDP") or "multicast" in parameters:
            continue
        for parameter in parameters:
            name, _, value = parameter.partition("=")
            if name.lower() == "client_port":
                return _pair(value, 1, 0xFFFF)
    return None


def _pair(value: str, lowest: int, highest: int) -> tuple[int, int] | None:
    first, _, second = value.partition("-")
    if not (first.isascii() and first.isdecimal()) or not ((second.isascii() and second.isdecimal()) or not second):
        return None
    pair = int(first), int(second) if second else int(first) + 1
    return pair if lowest <= min(pair) and max(pair) <= highest and pair[0] != pair[1] else None
