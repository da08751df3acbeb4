"""RTP payloads of H.264, packetization modes 0 and 1 (RFC 6184 §5): single NAL units, STAP-A and FU-A."""

from stream_gateway.native.events import Refusal
from stream_gateway.native.unit_assembly import NalKind, UnitAssembly

HEADER_LENGTH = 1
FRAGMENT_HEADER_LENGTH = 2
FRAGMENT_SHIFT = 16
"""Of the first 4 bytes of a payload as a number, how far the fragment header stands to the left."""
_STAP_A, _FU_A = 24, 28
_FIRST, _LAST = 0x80, 0x40
_HEADERS = tuple(bytes((first,)) for first in range(256))
_KINDS = {
    **dict.fromkeys(range(1, 5), NalKind.SLICE),
    5: NalKind.KEY,
    **dict.fromkeys((7, 8), NalKind.SET),
    **dict.fromkeys((9, 10, 11, 12, 13, 15), NalKind.DROPPED),
    **dict.fromkeys((0, *range(24, 32)), NalKind.REFUSED),
}
KINDS = bytes(NalKind.REFUSED if first & 0x80 else _KINDS.get(first & 0x1F, NalKind.KEPT) for first in range(256))
"""By the first byte (H.264 table 7-1); the highest bit tells a damaged unit (RFC 6184 §1.3)."""


def take_payload(unit: UnitAssembly, packet: bytes, at: int, end: int) -> None:
    """Add the payload ``packet[at:end]``, of at least one byte, to the access unit."""
    indicator = packet[at]
    packet_type = indicator & 0x1F
    if packet_type == _STAP_A:
        _take_aggregate(unit, packet, at + 1, end)
    elif packet_type != _FU_A:
        unit.add(packet[at:end])
    elif end - at <= FRAGMENT_HEADER_LENGTH:
        unit.refuse(Refusal.PAYLOAD)
    else:
        fragment = packet[at + 1]
        part = packet[at + 2 : end]
        middle = indicator << 8 | fragment & 0x1F
        if not fragment & _FIRST:
            unit.add_fragment(part, middle, fragment & _LAST != 0)
            return
        header = _HEADERS[indicator & 0xE0 | fragment & 0x1F]
        if fragment & _LAST:  # forbidden by §5.8, harmless, and sent by some cameras
            unit.add(header + part)
        else:
            unit.open_fragment(header, part, middle)


def kind_of(packet: bytes, at: int, end: int) -> int:
    """The ``NalKind`` that the payload ``packet[at:end]``, of at least one byte, is a part of; of several, the first
    picture's."""  # noqa: D205, D209
    packet_type = packet[at] & 0x1F
    if packet_type == _FU_A:
        return KINDS[packet[at + 1] & 0x1F] if end - at > 1 else NalKind.REFUSED
    if packet_type != _STAP_A:
        return KINDS[packet[at]]
    kind, at = int(NalKind.KEPT), at + 1
    while at + 2 < end and kind > NalKind.LEADING:
        kind = KINDS[packet[at + 2]]
        at += 2 + int.from_bytes(packet[at : at + 2], "big")
    return kind


def _take_aggregate(unit: UnitAssembly, packet: bytes, at: int, end: int) -> None:
    while at < end:
        begin = at + 2
        at = begin + int.from_bytes(packet[at:begin], "big")
        if at > end or at == begin:
            unit.refuse(Refusal.PAYLOAD)
            return
        unit.add(packet[begin:at])
