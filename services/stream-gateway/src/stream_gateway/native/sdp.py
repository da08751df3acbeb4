"""The session description of a camera (RFC 8866; RFC 6184 §8.2, RFC 7798 §7.2): which video it sends, and where.

It is written by the camera, so its size is bounded, and no address in it can lead to another host: of an absolute one
only path and query are used.
"""

import base64
import binascii
import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from stream_gateway.domain.access_units import CLOCK_HZ, Codec, ParameterSets
from stream_gateway.domain.parameter_sets import MalformedParameterSets, parameter_sets

MAX_SDP_CHARACTERS = 64 * 1024
MAX_LINES = 1024
MAX_CONTROL_CHARACTERS = 2048
_CODECS = {"H264": Codec.H264, "H265": Codec.H265, "HEVC": Codec.H265}
_STATIC_TYPES = {"26": "JPEG", "31": "H261", "32": "MPV", "33": "MP2T", "34": "H263"}
_PROFILES = ("RTP/AVP", "RTP/AVPF", "RTP/AVP/TCP")
_ABSOLUTE = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://")
_UNSAFE_IN_URL = re.compile(r"[\x00-\x20\x7f]")
_MEDIA = re.compile(r"video\s+(\d{1,5})(?:/\d+)?\s+(\S+)\s+(.+)", re.IGNORECASE)
_NOT_FOR_US = "seul le moteur compatible (ffmpeg) sait la recevoir"


class SdpMalformed(Exception):
    """No session description, or none of a camera: no video, too long, no usable address."""


class NotForNative(Exception):
    """The camera sends video that the native ingest does not read; ffmpeg may. ``reason``: a French sentence."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(frozen=True, slots=True)
class VideoTrack:
    """The video to set up.

    ``control``: URL for SETUP; ``aggregate``: URL for PLAY, GET_PARAMETER and TEARDOWN; both absolute, on the camera's
    own host, without account. ``parameter_sets``: None when the description tells none that can be read.
    """

    codec: Codec
    control: str
    aggregate: str
    payload_type: int
    parameter_sets: ParameterSets | None


@dataclass(slots=True)
class _Media:
    port: int
    profile: str
    formats: list[str]
    attributes: list[tuple[str, str]] = field(default_factory=list)

    def first(self, name: str) -> str | None:
        return next((value for known, value in self.attributes if known == name), None)

    def of_format(self, name: str, payload_type: str) -> str:
        """What an attribute says of one payload type, or an empty string."""
        for known, value in self.attributes:
            number, _, told = value.partition(" ")
            if known == name and number == payload_type:
                return told.strip()
        return ""


def video_track(text: str, url: str, *, base: str | None = None) -> VideoTrack:
    """Choose the first H.264 or H.265 video of a description.

    Args:
        text: the body of the answer to DESCRIBE.
        url: the address that was asked; scheme, host and port of every address in the result are its own.
        base: Content-Base, else Content-Location, of the answer, if it has one (RFC 2326 §C.1.1).

    Raises:
        NotForNative: there is video, but none that the native ingest reads.
        SdpMalformed: see the class.
    """
    if len(text) > MAX_SDP_CHARACTERS:
        raise SdpMalformed("session description too long")
    lines = text.replace("\r", "\n").split("\n")
    if len(lines) > 2 * MAX_LINES:
        raise SdpMalformed("session description of too many lines")
    session, medias = _sections(lines)
    if not medias:
        raise SdpMalformed("no video in the session description")
    origin = _origin(url)
    root = _on_host(origin, base) if base and _ABSOLUTE.match(base) else _on_host(origin, url)
    aggregate = _resolve(origin, root, session or "*")
    refused: NotForNative | None = None
    for media in medias:
        try:
            return _track(media, origin, root, aggregate)
        except NotForNative as error:
            refused = refused or error
    raise refused or SdpMalformed("no video in the session description")


def _sections(lines: Iterable[str]) -> tuple[str | None, list[_Media]]:
    """Session-level control address, and the video sections that are not switched off."""
    control: str | None = None
    medias: list[_Media] = []
    current: _Media | None = None
    in_session = True
    for line in lines:
        kind, _, value = line.strip().partition("=")
        if kind == "m":
            in_session, current = False, None
            if found := _MEDIA.fullmatch(value):
                current = _Media(int(found[1]), found[2].upper(), found[3].split())
                medias.append(current)
        elif kind == "a":
            name, _, told = value.partition(":")
            name = name.strip().lower()
            if in_session and name == "control":
                control = told.strip()
            elif current is not None:
                current.attributes.append((name, told.strip()))
    return control, medias


def _track(media: _Media, origin: str, root: str, aggregate: str) -> VideoTrack:
    if media.profile not in _PROFILES:
        raise NotForNative(f"La caméra envoie sa vidéo selon le profil {_shown(media.profile)} : {_NOT_FOR_US}.")
    payload_type, codec = _choose(media)
    told = _format_parameters(media.of_format("fmtp", payload_type))
    _refuse_interleaving(codec, told)
    return VideoTrack(
        codec=codec,
        control=_resolve(origin, root, media.first("control") or "*"),
        aggregate=aggregate,
        payload_type=int(payload_type),
        parameter_sets=_declared_sets(codec, told),
    )


def _choose(media: _Media) -> tuple[str, Codec]:
    """The first payload type that is H.264 or H.265 on a clock of 90 kHz."""
    names: list[str] = []
    for payload_type in media.formats:
        name, _, clock = media.of_format("rtpmap", payload_type).partition("/")
        name = name.strip().upper() or _STATIC_TYPES.get(payload_type, "")
        codec = _CODECS.get(name)
        if codec is None or not re.fullmatch(r"[0-9]{1,2}|1[01][0-9]|12[0-7]", payload_type):
            names.append(name or f"type {payload_type}")
            continue
        if clock.partition("/")[0].strip() != str(CLOCK_HZ):
            raise NotForNative(f"La caméra date ses images à {_shown(clock)} Hz au lieu de 90 000 : {_NOT_FOR_US}.")
        return payload_type, codec
    raise NotForNative(f"La caméra envoie une vidéo {_shown(', '.join(names))} : {_NOT_FOR_US}.")


def _format_parameters(text: str) -> dict[str, str]:
    pairs = (part.partition("=") for part in text.split(";"))
    return {name.strip().lower(): value.strip() for name, _, value in pairs if name.strip()}


def _refuse_interleaving(codec: Codec, told: dict[str, str]) -> None:
    if codec is Codec.H264:
        mode = told.get("packetization-mode", "0")
        if mode not in ("0", "1") or told.get("sprop-interleaving-depth", "0") != "0":
            raise NotForNative(f"La caméra entrelace ses paquets H.264 (mode {_shown(mode)}) : {_NOT_FOR_US}.")
    elif (
        told.get("sprop-max-don-diff", "0") != "0"
        or told.get("sprop-depack-buf-nalus", "0") != "0"
        or told.get("tx-mode", "SRST").upper() != "SRST"
    ):
        raise NotForNative(f"La caméra entrelace ses paquets H.265 ou les envoie en plusieurs flux : {_NOT_FOR_US}.")


def _declared_sets(codec: Codec, told: dict[str, str]) -> ParameterSets | None:
    """The parameter sets of the description; None when they are missing or wrong, for they come in band as well."""
    try:
        if codec is Codec.H265:
            vps, sps, pps = (_decoded(told.get(f"sprop-{kind}", "")) for kind in ("vps", "sps", "pps"))
        else:
            nals = _decoded(told.get("sprop-parameter-sets", ""))
            vps, sps, pps = [], [n for n in nals if n[0] & 0x1F == 7], [n for n in nals if n[0] & 0x1F == 8]  # noqa: PLR2004 NAL types of SPS and PPS
        return parameter_sets(codec, vps, sps, pps)
    except (binascii.Error, ValueError, MalformedParameterSets):
        return None


def _decoded(text: str) -> list[bytes]:
    """NAL units in base64 with commas between; start codes, which some cameras leave in, are taken off."""
    nals = [base64.b64decode(part.strip() + "=" * (-len(part.strip()) % 4)) for part in text.split(",") if part.strip()]
    bare = (re.sub(rb"\A\x00{2,3}\x01", b"", nal).rstrip(b"\x00") for nal in nals)
    return [nal for nal in bare if nal]


def _origin(url: str) -> str:
    """Scheme, host and port, without account."""
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port
    except ValueError as error:
        raise SdpMalformed("the address of the camera cannot be read") from error
    if parts.scheme not in ("rtsp", "rtsps") or not host or _UNSAFE_IN_URL.search(url):
        raise SdpMalformed("the address of the camera is no RTSP address")
    shown_host = f"[{host}]" if ":" in host else host
    return f"{parts.scheme}://{shown_host}" + (f":{port}" if port else "")


def _on_host(origin: str, url: str) -> str:
    """Move an absolute address to the camera's own host: its path and query are all that is believed."""
    rest = url[_end_of_scheme(url) :]
    authority = re.match(r"[^/?#]*", rest)
    path = rest[authority.end() if authority else 0 :].partition("#")[0]
    if len(path) > MAX_CONTROL_CHARACTERS or _UNSAFE_IN_URL.search(path):
        raise SdpMalformed("the address of the video cannot be read")
    return origin + (path if path.startswith("/") else "/" + path)


def _end_of_scheme(url: str) -> int:
    found = _ABSOLUTE.match(url)
    return found.end() if found else 0


def _resolve(origin: str, root: str, control: str) -> str:
    """Absolute address of a control attribute (RFC 2326 §C.1.1).

    A relative one is put behind the base, as cameras and clients do, also when the base does not end in a slash or has
    a query: by RFC 1808 its last part would have to go, and no camera means that.
    """
    if len(control) > MAX_CONTROL_CHARACTERS or _UNSAFE_IN_URL.search(control):
        raise SdpMalformed("the address of the video cannot be read")
    if control == "*":
        return root
    if _ABSOLUTE.match(control):
        return _on_host(origin, control)
    if control.startswith("/"):
        return origin + "/" + control.lstrip("/")
    if control.startswith("?"):
        return root.partition("?")[0] + control
    return root + ("" if root.endswith("/") else "/") + control


def _shown(text: str) -> str:
    """A camera's word inside a sentence for people: short, and letters only."""
    return re.sub(r"[^A-Za-z0-9 ,./+-]", "?", text)[:40]
