"""What a viewer's SDP offer says, as far as one camera's picture needs it (RFC 8866, RFC 8829, RFC 6184 §8.2).

An offer comes from outside: sizes are bounded, nothing of it is repeated but what matched a strict pattern, and the
only error is ``UnusableOffer``. Its candidates are not even read: we answer whoever proves to know the password of
our answer and never send a packet to an address that only an SDP names.
"""

import re
from dataclasses import dataclass

MAX_OFFER_BYTES = 64 * 1024
_MAX_LINES = 2_000
_MAX_MEDIA = 16
_TOKEN = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`{|}~-]{1,64}")
_UFRAG = re.compile(r"[A-Za-z0-9+/]{4,256}")
_PASSWORD = re.compile(r"[A-Za-z0-9+/]{22,256}")
_FINGERPRINT = re.compile(r"(sha-(?:256|384|512)) ((?:[0-9A-Fa-f]{2}:){31,63}[0-9A-Fa-f]{2})", re.IGNORECASE)
_MEDIA = re.compile(r"(audio|video|application|text|message) (\d{1,5}) (\S{1,40})((?: \S{1,64}){1,200})")
_RTPMAP = re.compile(r"(\d{1,3}) ([A-Za-z0-9.-]{1,32})/(\d{1,6})")
_FMTP = re.compile(r"(\d{1,3}) (.{1,512})")
_FEEDBACK = re.compile(r"(\d{1,3}|\*) (.{1,64})")
_PROFILE = re.compile(r"[0-9A-Fa-f]{6}")
_BASELINES = ("42e0", "4200")
"""Profiles under which browsers also decode main and high: constrained baseline, baseline."""


class UnusableOffer(ValueError):
    """The offer cannot be answered; ``detail`` is a French sentence for whoever wrote the client."""

    def __init__(self, detail: str) -> None:
        super().__init__(detail)
        self.detail = detail


@dataclass(frozen=True, slots=True)
class OfferedCodec:
    """One way of carrying H.264 with packetization-mode 1. ``profile_level_id``: 6 hexadecimal digits as offered.

    ``rtx`` is the payload type of its retransmissions (RFC 4588), None without.
    """

    payload_type: int
    profile_level_id: str
    rtx: int | None
    nack: bool
    pli: bool


@dataclass(frozen=True, slots=True)
class OfferedMedia:
    """One media section, to be accepted or refused at its place."""

    kind: str
    protocol: str
    formats: str
    mid: str


@dataclass(frozen=True, slots=True)
class Offer:
    """What to answer to. ``video`` is the index of the section that takes the picture."""

    media: tuple[OfferedMedia, ...]
    video: int
    codecs: tuple[OfferedCodec, ...]
    ufrag: str
    password: str
    fingerprints: tuple[tuple[str, str], ...]

    def codec_for(self, profile: str) -> OfferedCodec:
        """Return the best offered way to carry a profile (the first four digits of ``profile-level-id``)."""
        wanted = (profile.lower(), *_BASELINES)

        def rank(codec: OfferedCodec) -> int:
            offered = codec.profile_level_id.lower()
            return next((n for n, name in enumerate(wanted) if offered.startswith(name)), len(wanted))

        return min(self.codecs, key=rank)


@dataclass(slots=True)
class _Section:
    media: OfferedMedia
    lines: list[tuple[str, str]]

    def all(self, name: str) -> list[str]:
        return [value for key, value in self.lines if key == name]

    def first(self, name: str) -> str | None:
        return next((value for key, value in self.lines if key == name), None)


def read_offer(text: str) -> Offer:
    """Read an offer; raises UnusableOffer."""
    session, sections = _sections(text)
    chosen = next((n for n, section in enumerate(sections) if _takes_video(section)), None)
    if chosen is None:
        raise UnusableOffer("L'offre SDP ne demande pas de vidéo à recevoir (m=video, recvonly).")
    section = sections[chosen]
    codecs = _codecs(section)
    if not codecs:
        raise UnusableOffer("L'offre SDP ne propose pas H.264 avec packetization-mode=1.")

    def of(name: str) -> str:
        return section.first(name) or session.first(name) or ""

    setup = of("setup")
    if setup not in {"actpass", "passive"}:
        raise UnusableOffer("L'offre SDP doit laisser le rôle DTLS libre (a=setup:actpass).")
    ufrag, password = of("ice-ufrag"), of("ice-pwd")
    if not _UFRAG.fullmatch(ufrag) or not _PASSWORD.fullmatch(password):
        raise UnusableOffer("L'offre SDP ne porte pas d'identifiants ICE valides (a=ice-ufrag, a=ice-pwd).")
    named = section.all("fingerprint") or session.all("fingerprint")
    fingerprints = tuple((m[1].lower(), m[2].upper()) for m in map(_FINGERPRINT.fullmatch, named) if m)
    if not fingerprints:
        raise UnusableOffer("L'offre SDP ne porte pas d'empreinte DTLS (a=fingerprint:sha-256 …).")
    media = tuple(section.media for section in sections)
    return Offer(media, chosen, codecs, ufrag, password, fingerprints)


def _sections(text: str) -> tuple[_Section, list[_Section]]:
    lines = text.replace("\r\n", "\n").split("\n")
    if len(lines) > _MAX_LINES or not lines[0].startswith("v=0"):
        raise UnusableOffer("Le corps n'est pas une offre SDP : envoyez celle de RTCPeerConnection.createOffer().")
    session = _Section(OfferedMedia("", "", "", ""), [])
    sections: list[_Section] = []
    for line in lines:
        if line.startswith("m="):
            match = _MEDIA.fullmatch(line[2:])
            if match is None or len(sections) == _MAX_MEDIA:
                raise UnusableOffer("L'offre SDP contient une section média illisible.")
            sections.append(_Section(OfferedMedia(match[1], match[3], match[4].strip(), ""), []))
        elif line.startswith("a="):
            name, _, value = line[2:].partition(":")
            (sections[-1] if sections else session).lines.append((name, value))
    for section in sections:
        mid = section.first("mid") or ""
        if not _TOKEN.fullmatch(mid):
            raise UnusableOffer("L'offre SDP contient une section sans identifiant (a=mid).")
        section.media = OfferedMedia(section.media.kind, section.media.protocol, section.media.formats, mid)
    if len({section.media.mid for section in sections}) != len(sections):
        raise UnusableOffer("L'offre SDP donne deux fois le même identifiant (a=mid).")
    return session, sections


def _takes_video(section: _Section) -> bool:
    directions = {name for name, _ in section.lines}
    receives = not directions & {"sendonly", "inactive"}
    protocol = section.media.protocol in {"UDP/TLS/RTP/SAVPF", "TLS/RTP/SAVPF", "RTP/SAVPF"}
    return section.media.kind == "video" and protocol and receives and "rtcp-mux" in directions


def _codecs(section: _Section) -> tuple[OfferedCodec, ...]:
    names = {int(m[1]): (m[2].lower(), int(m[3])) for m in map(_RTPMAP.fullmatch, section.all("rtpmap")) if m}
    formats = {int(m[1]): _parameters(m[2]) for m in map(_FMTP.fullmatch, section.all("fmtp")) if m}
    feedback = {(m[1], m[2].strip()) for m in map(_FEEDBACK.fullmatch, section.all("rtcp-fb")) if m}
    found: list[OfferedCodec] = []
    for written in section.media.formats.split():
        number = int(written) if written.isascii() and written.isdigit() and len(written) <= len("127") else -1
        parameters = formats.get(number, {})
        profile = parameters.get("profile-level-id", "42e01f")
        carries = names.get(number) == ("h264", 90_000) and parameters.get("packetization-mode") == "1"
        if not carries or not _PROFILE.fullmatch(profile) or not _dynamic(number):
            continue
        repeats = [
            n for n, name in names.items() if name == ("rtx", 90_000) and formats.get(n, {}).get("apt") == written
        ]
        rtx = next(filter(_dynamic, repeats), None)
        found.append(
            OfferedCodec(
                number,
                profile,
                rtx,
                nack=bool({(str(number), "nack"), ("*", "nack")} & feedback),
                pli=bool({(str(number), "nack pli"), ("*", "nack pli")} & feedback),
            )
        )
    return tuple(found)


def _dynamic(payload_type: int) -> bool:
    """Tell whether a payload type cannot be taken for RTCP on the same port (RFC 5761 §4, RFC 3551 §6)."""
    return 35 <= payload_type <= 63 or 96 <= payload_type <= 127  # noqa: PLR2004 - the two dynamic ranges


def _parameters(text: str) -> dict[str, str]:
    pairs = (part.partition("=") for part in text.split(";"))
    return {name.strip().lower(): value.strip() for name, _, value in pairs}
