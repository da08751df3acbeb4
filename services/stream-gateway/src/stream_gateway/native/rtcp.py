"""RTCP next to a stream (RFC 3550 §6): what the camera reports of its clock, and what we report of the reception."""

import struct
from dataclasses import dataclass

_SENDER_REPORT, _RECEIVER_REPORT, _DESCRIPTION, _BYE = 200, 201, 202, 203
_HEADER_BYTES = 4
_SENDER_INFO_BYTES = 20
_NTP_EPOCH_OFFSET = 2_208_988_800
"""Seconds from 1900 to 1970."""
_SENDER = struct.Struct("!IIII")
_RECEIVER = struct.Struct("!cBHBBHIIIIIIIBBHIBB2x")


@dataclass(frozen=True, slots=True)
class SenderReport:
    """The camera's wall clock at an RTP timestamp: ``unix_time`` in seconds, ``middle`` the bits of it to send back."""

    source: int
    unix_time: float
    stamp: int
    middle: int


@dataclass(frozen=True, slots=True)
class Reception:
    """What we received of one source; ``highest`` is the extended sequence number, ``lost`` counts since the start."""

    source: int
    highest: int
    lost: int
    fraction_lost: int


def read_reports(packet: bytes) -> tuple[SenderReport | None, bool]:
    """Read a compound packet: the last sender report in it, and whether it says goodbye. What is cut is passed over."""
    report: SenderReport | None = None
    goodbye = False
    at = 0
    while at + _HEADER_BYTES <= len(packet) and packet[at] >> 6 == 2:  # noqa: PLR2004 the version
        kind = packet[at + 1]
        end = at + _HEADER_BYTES + int.from_bytes(packet[at + 2 : at + 4], "big") * 4
        if end > len(packet):
            break
        if kind == _SENDER_REPORT and end - at >= _HEADER_BYTES + _SENDER_INFO_BYTES:
            source, seconds, fraction, stamp = _SENDER.unpack_from(packet, at + _HEADER_BYTES)
            unix_time = seconds - _NTP_EPOCH_OFFSET + fraction / (1 << 32)
            report = SenderReport(source, unix_time, stamp, (seconds & 0xFFFF) << 16 | fraction >> 16)
        goodbye = goodbye or kind == _BYE
        at = end
    return report, goodbye


def receiver_report(channel: int, own_source: int, reception: Reception, *, middle: int = 0, delay: int = 0) -> bytes:
    """An interleaved RTCP receiver report with an empty source description (RFC 3550 §6.4.2, §6.5).

    Args:
        channel: interleaved channel for RTCP.
        own_source: our synchronisation source, 32 bits.
        reception: of the camera's stream.
        middle: of the last sender report, 0 if none came.
        delay: since then, in 1/65536 s.
    """
    source_description = 2
    return _RECEIVER.pack(
        b"$",
        channel,
        _RECEIVER.size - 4,
        0x81,
        _RECEIVER_REPORT,
        7,
        own_source,
        reception.source,
        reception.fraction_lost << 24 | min(reception.lost, 0x7F_FFFF),
        reception.highest & 0xFFFF_FFFF,
        0,  # jitter says nothing over TCP
        middle,
        min(delay, 0xFFFF_FFFF),
        0x81,
        _DESCRIPTION,
        source_description,
        own_source,
        1,  # CNAME
        0,
    )
