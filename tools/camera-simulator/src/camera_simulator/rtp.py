"""RTP for H.264 (RFC 6184, packetization-mode 1) interleaved in RTSP (RFC 2326 §10.12), and RTCP reports.

What cuts the NAL units of another codec into payloads stands beside (`rtp_h265`).

A picture is cut into packets once, when its clip is read. Sending it costs one copy and a few bytes written per
packet (sequence, timestamp, SSRC), whatever the number of clients.
"""

import struct
from collections.abc import Callable, Sequence
from dataclasses import dataclass

PAYLOAD_TYPE = 96
MAX_PAYLOAD_OCTETS = 1400  # fits an Ethernet frame with every header, as cameras choose it
STAP_A = 24
FU_A = 28
FU_START = 0x80
FU_END = 0x40
NTP_EPOCH_OFFSET = 2_208_988_800  # seconds from 1900 to 1970

_INTERLEAVED = struct.Struct("!cBH")
_RTP_HEADER = struct.Struct("!BBHII")
_STAMP = struct.Struct("!HII")
_STAMP_OFFSET = _INTERLEAVED.size + 2
_CHANNEL_OFFSET = 1
_SENDER_REPORT = struct.Struct("!BBHIIIIII")


@dataclass(frozen=True, slots=True)
class PacketisedUnit:
    """A picture as interleaved RTP packets, lacking what differs from camera to camera."""

    template: bytes
    offsets: tuple[int, ...]  # where each packet's "$" stands in the template
    payload_octets: int
    keyframe: bool
    display_shift: int = 0  # pictures by which it is shown later than its turn (B-frames)


Payloads = Callable[[Sequence[bytes], int], list[bytes]]
"""Cuts the NAL units of a picture into RTP payloads of at most so many octets."""


def h264_payloads(nals: Sequence[bytes], max_payload: int) -> list[bytes]:
    """Single-NAL and FU-A payloads."""
    return [payload for nal in nals for payload in _cut(nal, max_payload)]


def h264_aggregated_payloads(nals: Sequence[bytes], max_payload: int) -> list[bytes]:
    """Payloads that put neighbours which fit together (parameter sets, a small IDR) into STAP-A units."""
    payloads: list[bytes] = []
    together: list[bytes] = []
    for nal in nals:
        if together and len(_aggregated([*together, nal])) > max_payload:
            payloads += [_aggregated(together)]
            together = []
        if len(_aggregated([nal])) > max_payload:
            payloads += _cut(nal, max_payload)
        else:
            together.append(nal)
    return [*payloads, _aggregated(together)] if together else payloads


def packetise(
    nals: Sequence[bytes],
    *,
    keyframe: bool,
    max_payload: int = MAX_PAYLOAD_OCTETS,
    payloads_of: Payloads = h264_payloads,
    display_shift: int = 0,
) -> PacketisedUnit:
    """Cut one access unit into packets; the last one carries the marker bit."""
    payloads = payloads_of(nals, max_payload)
    template = bytearray()
    offsets: list[int] = []
    for position, payload in enumerate(payloads, start=1):
        marker = 0x80 if position == len(payloads) else 0
        offsets.append(len(template))
        template += _INTERLEAVED.pack(b"$", 0, _RTP_HEADER.size + len(payload))
        template += _RTP_HEADER.pack(0x80, marker | PAYLOAD_TYPE, 0, 0, 0)
        template += payload
    return PacketisedUnit(
        template=bytes(template),
        offsets=tuple(offsets),
        payload_octets=sum(map(len, payloads)),
        keyframe=keyframe,
        display_shift=display_shift,
    )


def _aggregated(nals: Sequence[bytes]) -> bytes:
    indicator = max(nal[0] & 0x60 for nal in nals) | STAP_A
    return bytes((indicator,)) + b"".join(len(nal).to_bytes(2, "big") + nal for nal in nals)


def _cut(nal: bytes, max_payload: int) -> list[bytes]:
    if len(nal) <= max_payload:
        return [nal]
    indicator = nal[0] & 0xE0 | FU_A
    nal_type = nal[0] & 0x1F
    step = max_payload - 2
    cuts = range(1, len(nal), step)
    return [
        bytes((indicator, nal_type | (FU_START if at == 1 else 0) | (FU_END if at + step >= len(nal) else 0)))
        + nal[at : at + step]
        for at in cuts
    ]


def stamp(unit: PacketisedUnit, *, channel: int, sequence: int, timestamp: int, ssrc: int) -> bytes:
    """The packets of a picture as one camera sends them.

    Args:
        unit: the picture.
        channel: interleaved channel that the client chose for RTP.
        sequence: sequence number (16 bits) of the first packet.
        timestamp: RTP timestamp (32 bits) of the picture.
        ssrc: synchronisation source of the stream.
    """
    packets = bytearray(unit.template)
    for offset in unit.offsets:
        _STAMP.pack_into(packets, offset + _STAMP_OFFSET, sequence, timestamp, ssrc)
        sequence = (sequence + 1) & 0xFFFF
    if channel:
        put_on_channel(packets, unit, channel)
    return bytes(packets)


def put_on_channel(packets: bytearray, unit: PacketisedUnit, channel: int) -> None:
    """Move stamped packets of `unit` to another interleaved channel, in place."""
    for offset in unit.offsets:
        packets[offset + _CHANNEL_OFFSET] = channel


def sender_report(
    *, channel: int, ssrc: int, unix_time: float, timestamp: int, packets: int, octets: int, cname: str
) -> bytes:
    """An interleaved RTCP compound packet (SR + SDES CNAME, RFC 3550 §6.4.1).

    Args:
        channel: interleaved channel that the client chose for RTCP.
        ssrc: synchronisation source of the stream.
        unix_time: wall clock in seconds at which `timestamp` is now.
        timestamp: RTP time of that instant (32 bits).
        packets: packets sent so far.
        octets: payload octets sent so far.
        cname: canonical name of the camera, ASCII, at most 255 characters.
    """
    seconds = int(unix_time)
    fraction = int((unix_time - seconds) * (1 << 32))
    report = _SENDER_REPORT.pack(
        0x80,
        200,
        _SENDER_REPORT.size // 4 - 1,
        ssrc,
        seconds + NTP_EPOCH_OFFSET & 0xFFFFFFFF,
        fraction,
        timestamp,
        packets & 0xFFFFFFFF,
        octets & 0xFFFFFFFF,
    )
    item = bytes((1, len(cname))) + cname.encode("ascii")
    chunk = struct.pack("!I", ssrc) + item + b"\x00"
    chunk += b"\x00" * (-len(chunk) % 4)
    compound = report + struct.pack("!BBH", 0x81, 202, len(chunk) // 4) + chunk
    return _INTERLEAVED.pack(b"$", channel, len(compound)) + compound
