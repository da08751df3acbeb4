"""Looks at an RTSP stream as the media plane would: describe, play, count a few frames."""

import asyncio
import base64
import binascii
from dataclasses import dataclass
from urllib.parse import urljoin

from camera_registry.domain.camera import Credentials
from camera_registry.ports import RtspFindings
from camera_registry.rtsp.client import RtspClient, RtspGarbled, RtspRefused
from camera_registry.rtsp.h264_sps import SpsPicture, SpsUnreadable, read_sps

_FRAMES = 12
_LISTEN_SECONDS = 3.0
_CLOCK_HZ = 90_000
_CODECS = {"H264": "H.264", "H265": "H.265", "JPEG": "MJPEG", "MP4V-ES": "MPEG-4"}
_REASONS = {
    401: "La caméra refuse l'identifiant ou le mot de passe.",
    403: "La caméra refuse l'accès à ce flux.",
    404: "La caméra ne connaît pas ce chemin : vérifiez la fin de l'adresse.",
}


@dataclass(frozen=True, slots=True)
class VideoTrack:
    """The video track of a session description; ``parameter_sets`` are the NAL units that it carries."""

    codec: str
    control: str
    fps: float | None
    picture: SpsPicture | None
    parameter_sets: tuple[bytes, ...] = ()


class DirectRtspProbe:
    """Implements `ports.RtspProbe` by talking RTSP over TCP. ``within`` bounds a whole look, in seconds."""

    def __init__(self, within: float = 8.0, *, basic_in_clear: bool = False) -> None:
        self._within = within
        self._basic_in_clear = basic_in_clear

    async def look(self, url: str, credentials: Credentials | None) -> RtspFindings:
        """Describe and play the stream; whatever the camera does becomes a finding."""
        try:
            async with asyncio.timeout(self._within):
                return await _look(RtspClient(url, credentials, basic_in_clear=self._basic_in_clear))
        except (TimeoutError, RtspRefused, RtspGarbled, asyncio.IncompleteReadError, UnicodeError, OSError) as error:
            return RtspFindings(ok=False, error=rtsp_reason(error, self._within))


def rtsp_reason(error: Exception, within: float) -> str:
    """Say in French why a camera could not be looked at; ``within`` is the time it was given, in seconds."""
    match error:
        case TimeoutError():
            return f"Pas de réponse en {within:g} s."
        case RtspRefused():
            return _REASONS.get(error.status, f"La caméra répond par l'erreur RTSP {error.status}.")
        case RtspGarbled() | asyncio.IncompleteReadError() | UnicodeError():
            return "La réponse n'est pas celle d'un serveur RTSP."
        case _:
            return "Caméra injoignable : adresse, port ou réseau."


async def _look(unopened: RtspClient) -> RtspFindings:
    async with unopened as client:
        description, base = await client.describe()
        track = video_track(description)
        if track is None:
            return RtspFindings(ok=False, error="Ce flux ne contient pas de vidéo.")
        await client.play(track_url(base, track.control), base)
        fps, picture = await _listen(client)
        await client.teardown(base)
    known = picture or track.picture
    if fps is None:
        error = "Le flux est décrit mais aucune image n'arrive."
        return RtspFindings(ok=False, codec=track.codec, error=error)
    return RtspFindings(
        ok=True,
        codec=track.codec,
        width=known.width if known else None,
        height=known.height if known else None,
        fps=round(fps or track.fps or 0.0, 2) or None,
    )


def track_url(base: str, control: str) -> str:
    """Return the address of a track, which a description gives whole or relative to ``base``."""
    if not control or control == "*":
        return base
    return control if "://" in control else urljoin(base.rstrip("/") + "/", control)


async def _listen(client: RtspClient) -> tuple[float | None, SpsPicture | None]:
    """Return frames per second over the first frames (0.0: too few to tell; None: nothing came)."""
    stamps: list[int] = []
    picture: SpsPicture | None = None
    try:
        async with asyncio.timeout(_LISTEN_SECONDS):
            while len(stamps) < _FRAMES:
                packet = await client.rtp_packet()
                if len(packet) < 13:  # noqa: PLR2004 - an RTP header and nothing in it
                    continue
                picture = picture or _picture_of(packet)
                stamp = int.from_bytes(packet[4:8], "big")
                if not stamps or stamps[-1] != stamp:
                    stamps.append(stamp)
    except TimeoutError:
        pass
    if not stamps:
        return None, picture
    elapsed = (stamps[-1] - stamps[0]) % (1 << 32)
    return (len(stamps) - 1) * _CLOCK_HZ / elapsed if elapsed else 0.0, picture


def _picture_of(packet: bytes) -> SpsPicture | None:
    """Return the picture if the packet is a lone H.264 SPS, as cameras send before each keyframe."""
    payload = packet[12 + 4 * (packet[0] & 0x0F) :]
    try:
        return read_sps(payload)
    except SpsUnreadable:
        return None


def video_track(description: str) -> VideoTrack | None:
    """Return the first video track of an SDP (RFC 4566), or None."""
    sections = description.replace("\r\n", "\n").split("\nm=")
    section = next((text for text in sections[1:] if text.startswith("video")), None)
    if section is None:
        return None
    attributes: dict[str, str] = {}
    for line in section.split("\n"):
        if line.startswith("a="):
            name, _, value = line[2:].partition(":")
            attributes.setdefault(name, value.strip())
    name = attributes.get("rtpmap", "").partition(" ")[2].partition("/")[0].upper()
    return VideoTrack(
        codec=_CODECS.get(name, name or "inconnu"),
        control=attributes.get("control", ""),
        fps=_rate(attributes.get("framerate", "")),
        picture=_described_picture(attributes.get("fmtp", "")) if name == "H264" else None,
        parameter_sets=tuple(_parameter_sets(attributes.get("fmtp", ""))),
    )


def _rate(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        return None


def _described_picture(parameters: str) -> SpsPicture | None:
    for unit in _parameter_sets(parameters):
        try:
            return read_sps(unit)
        except SpsUnreadable:
            continue
    return None


def _parameter_sets(parameters: str) -> list[bytes]:
    """Return the NAL units that a description carries (RFC 6184 §8.1, RFC 7798 §7.1), in their order."""
    found: list[bytes] = []
    pairs = (part.strip().partition("=") for part in parameters.split(";"))
    given = {name: value for name, _, value in pairs}
    for name in ("sprop-vps", "sprop-sps", "sprop-pps", "sprop-parameter-sets"):
        for unit in given.get(name, "").split(","):
            try:
                found.append(base64.b64decode(unit))
            except binascii.Error:
                continue
    return [unit for unit in found if unit]
