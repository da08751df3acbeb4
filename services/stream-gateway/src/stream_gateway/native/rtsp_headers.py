"""Header fields of RTSP/1.0 answers that a client acts upon (RFC 2326 §12): Transport, Session."""

import re
from dataclasses import dataclass

DEFAULT_SESSION_SECONDS = 60
"""RFC 2326 §12.37: a session without a time-out in its header."""
_LONGEST_SESSION_SECONDS = 86_400
_SESSION_ID = re.compile(r"[\x21-\x3a\x3c-\x7e]{1,256}")
_MAX_CHANNEL = 255


class RtspMalformed(Exception):
    """The peer does not speak RTSP/1.0, or exceeds its limits; the text says what was found."""


@dataclass(frozen=True, slots=True)
class Transport:
    """What the camera grants: interleaved channels, and its synchronisation source when it tells one."""

    channel: int
    rtcp_channel: int
    source: int | None


@dataclass(frozen=True, slots=True)
class Session:
    """A session and the seconds (1–86 400) without a request after which the camera ends it."""

    identity: str
    seconds: int


def read_transport(value: str) -> Transport:
    """Read the Transport header of an answer to SETUP; the camera may grant other channels than asked for.

    Raises:
        RtspMalformed: not RTP over the connection, or no two different channels.
    """
    profile, *parameters = (part.strip() for part in value.split(",", 1)[0].split(";"))
    fields = _fields(parameters)
    if profile.upper() not in ("RTP/AVP/TCP", "RTP/AVPF/TCP"):
        raise RtspMalformed(f"transport {profile[:40]!r} is not interleaved")
    first, _, second = fields.get("interleaved", "").partition("-")
    channel = _number(first, 10, _MAX_CHANNEL)
    rtcp_channel = channel + 1 if channel is not None and not second else _number(second, 10, _MAX_CHANNEL)
    if channel is None or rtcp_channel is None or channel == rtcp_channel or rtcp_channel > _MAX_CHANNEL:
        raise RtspMalformed(f"transport grants channels {fields.get('interleaved', '')[:20]!r}")
    return Transport(channel, rtcp_channel, _number(fields.get("ssrc", ""), 16, 0xFFFF_FFFF))


def read_session(value: str) -> Session:
    """Read a Session header (RFC 2326 §12.37); raises RtspMalformed when it holds no identifier."""
    identity, *parameters = (part.strip() for part in value.split(";"))
    if not _SESSION_ID.fullmatch(identity):
        raise RtspMalformed("no session identifier")
    seconds = _number(_fields(parameters).get("timeout", ""), 10, _LONGEST_SESSION_SECONDS)
    return Session(identity, seconds or DEFAULT_SESSION_SECONDS)


def _fields(parts: list[str]) -> dict[str, str]:
    return {name.strip().lower(): told.strip() for name, _, told in (part.partition("=") for part in parts)}


def _number(text: str, radix: int, largest: int) -> int | None:
    if not re.fullmatch(r"[0-9A-Fa-f]{1,10}", text):
        return None
    try:
        number = int(text, radix)
    except ValueError:
        return None
    return number if number <= largest else None
