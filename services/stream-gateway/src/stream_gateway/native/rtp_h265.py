"""RTP payloads of H.265 without decoding order numbers (RFC 7798 §4.4): single NAL units, AP and FU."""

from stream_gateway.native.events import Refusal
from stream_gateway.native.unit_assembly import NalKind, UnitAssembly

HEADER_LENGTH = 2
FRAGMENT_HEADER_LENGTH = 3
FRAGMENT_SHIFT = 8
"""Of the first 4 bytes of a payload as a number, how far the fragment header stands to the left."""
_AP, _FU = 48, 49
_FIRST, _LAST = 0x80, 0x40
_RASL_N, _RASL_R = 8, 9
_IDR_W_RADL, _IDR_N_LP = 19, 20
_KINDS = {
    **dict.fromkeys(range(32), NalKind.SLICE),
    **dict.fromkeys((_RASL_N, _RASL_R), NalKind.LEADING),
    **dict.fromkeys((16, 17, 18, 21), NalKind.OPEN_KEY),
    **dict.fromkeys((_IDR_W_RADL, _IDR_N_LP), NalKind.KEY),
    **dict.fromkeys((32, 33, 34), NalKind.SET),
    **dict.fromkeys((35, 36, 37, 38), NalKind.DROPPED),
    **dict.fromkeys(range(48, 64), NalKind.REFUSED),
}
KINDS = bytes(NalKind.REFUSED if first & 0x80 else _KINDS.get(first >> 1, NalKind.KEPT) for first in range(256))
"""By the first byte (H.265 table 7-1); the highest bit is forbidden."""


def take_payload(unit: UnitAssembly, packet: bytes, at: int, end: int) -> None:
    """Add the payload ``packet[at:end]``, of at least one byte, to the access unit."""
    high = packet[at]
    packet_type = high >> 1 & 0x3F
    if packet_type == _AP:
        _take_aggregate(unit, packet, at + HEADER_LENGTH, end)
    elif end - at < (HEADER_LENGTH if packet_type != _FU else FRAGMENT_HEADER_LENGTH + 1):
        unit.refuse(Refusal.PAYLOAD)
    elif packet_type != _FU:
        unit.add(packet[at:end])
    else:
        low, fragment = packet[at + 1], packet[at + 2]
        part = packet[at + 3 : end]
        middle = high << 16 | low << 8 | fragment & 0x3F
        if not fragment & _FIRST:
            unit.add_fragment(part, middle, fragment & _LAST != 0)
            return
        header = bytes((high & 0x81 | (fragment & 0x3F) << 1, low))
        if fragment & _LAST:  # forbidden by §4.4.3, harmless, and sent by some cameras
            unit.add(header + part)
        else:
            unit.open_fragment(header, part, middle)


def kind_of(packet: bytes, at: int, end: int) -> int:
    """The ``NalKind`` that the payload ``packet[at:end]``, of at least one byte, is a part of; of several, the first
    picture's."""  # noqa: D205, D209
    packet_type = packet[at] >> 1 & 0x3F
    if packet_type == _FU:
        return KINDS[(packet[at + 2] & 0x3F) << 1] if end - at > HEADER_LENGTH else NalKind.REFUSED
    if packet_type != _AP:
        return KINDS[packet[at]]
    kind, at = int(NalKind.KEPT), at + HEADER_LENGTH
    while at + 2 < end and kind > NalKind.LEADING:
        kind = KINDS[packet[at + 2]]
        at += 2 + int.from_bytes(packet[at : at + 2], "big")
    return kind


def _take_aggregate(unit: UnitAssembly, packet: bytes, at: int, end: int) -> None:
    while at < end:
        begin = at + 2
        at = begin + int.from_bytes(packet[at:begin], "big")
        if at > end or at < begin + HEADER_LENGTH:
            unit.refuse(Refusal.PAYLOAD)
            return
        unit.add(packet[begin:at])
