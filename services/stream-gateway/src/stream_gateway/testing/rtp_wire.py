"""Cuts access units into RTP packets in every way the payload formats allow, for tests and benches of the reader.

Written from RFC 6184 and RFC 7798, independently of the simulator's packetiser.
"""

import struct
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from stream_gateway.domain.access_units import Codec

PAYLOAD_TYPE = 96
SOURCE = 0x1234_5678


@dataclass(frozen=True, slots=True)
class Packet:
    """An RTP packet; ``unit`` is the index of the access unit that it belongs to, told to nobody."""

    payload: bytes
    stamp: int
    unit: int
    marker: bool = False
    sequence: int = 0
    source: int = SOURCE
    payload_type: int = PAYLOAD_TYPE
    padding: int = 0
    extension: bytes | None = None
    profile: int = 0xBEDE
    contributors: int = 0

    def octets(self) -> bytes:
        """As it stands on the wire, without interleaved header."""
        flags = 0x80 | (0x20 if self.padding else 0) | (0x10 if self.extension is not None else 0) | self.contributors
        kind = self.payload_type | (0x80 if self.marker else 0)
        header = struct.pack("!BBHII", flags, kind, self.sequence, self.stamp & 0xFFFF_FFFF, self.source)
        header += b"\x00\x00\x00\x01" * self.contributors
        if self.extension is not None:
            header += struct.pack("!HH", self.profile, len(self.extension) // 4) + self.extension
        tail = bytes(self.padding - 1) + bytes((self.padding,)) if self.padding else b""
        return header + self.payload + tail

    def frame(self, channel: int = 0) -> bytes:
        """As an interleaved frame."""
        return interleaved(channel, self.octets())


def interleaved(channel: int, octets: bytes) -> bytes:
    """An interleaved frame (RFC 2326 §10.12)."""
    return struct.pack("!cBH", b"$", channel, len(octets)) + octets


def numbered(packets: Iterable[Packet], first: int) -> list[Packet]:
    """Give the packets their sequence numbers."""
    return [replace(packet, sequence=(first + index) & 0xFFFF) for index, packet in enumerate(packets)]


def payloads(codec: Codec, nals: Sequence[bytes], *, limit: int, aggregate: bool) -> list[bytes]:
    """Cut the NAL units of an access unit: fragments where longer than ``limit``, aggregates of neighbours on wish."""
    made: list[bytes] = []
    together: list[bytes] = []
    for nal in nals:
        if len(nal) <= limit:
            together.append(nal)
            if not aggregate:
                made += together
                together = []
            continue
        made += _aggregated(codec, together)
        together = []
        made += fragments(codec, nal, limit)
    return made + _aggregated(codec, together)


def fragments(codec: Codec, nal: bytes, limit: int) -> list[bytes]:
    """FU-A (RFC 6184 §5.8) or FU (RFC 7798 §4.4.3) packets of a NAL unit, at least two."""
    if codec is Codec.H264:
        head, kind, body = bytes((nal[0] & 0xE0 | 28,)), nal[0] & 0x1F, nal[1:]
    else:
        head, kind, body = bytes((nal[0] & 0x81 | 49 << 1, nal[1])), nal[0] >> 1 & 0x3F, nal[2:]
    step = max(1, min(limit, (len(body) + 1) // 2))
    parts = [body[at : at + step] for at in range(0, len(body), step)]
    flags = [0x80, *([0] * (len(parts) - 2)), 0x40]
    return [head + bytes((flag | kind,)) + part for flag, part in zip(flags, parts, strict=True)]


def _aggregated(codec: Codec, nals: Sequence[bytes]) -> list[bytes]:
    if len(nals) < 2:  # noqa: PLR2004 one unit needs no aggregate
        return list(nals)
    head = b"\x18" if codec is Codec.H264 else b"\x60\x01"
    return [head + b"".join(len(nal).to_bytes(2, "big") + nal for nal in nals)]


def unit_packets(
    codec: Codec,
    nals: Sequence[bytes],
    *,
    stamp: int,
    unit: int = 0,
    limit: int = 1400,
    aggregate: bool = False,
    marked: bool = True,
) -> list[Packet]:
    """The packets of an access unit, the last one marked unless told otherwise, not yet numbered."""
    made = [Packet(payload, stamp, unit) for payload in payloads(codec, nals, limit=limit, aggregate=aggregate)]
    made[-1] = replace(made[-1], marker=marked)
    return made


def sample_of(nals: Iterable[bytes]) -> bytes:
    """NAL units behind their lengths, as an access unit holds them."""
    return b"".join(len(nal).to_bytes(4, "big") + nal for nal in nals)
