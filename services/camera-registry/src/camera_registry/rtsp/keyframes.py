"""Keyframes out of RTP packets: H.264 (RFC 6184) and H.265 (RFC 7798). Other pictures are counted, not put together."""

import struct
from dataclasses import dataclass, field

CLOCK_HZ = 90_000
_START = b"\x00\x00\x00\x01"
_HEADER = 12
_STEPS = 1 << 32
MAX_OCTETS = 33_554_432
"""Of one stream at one look: two seconds of the heaviest camera take a quarter of it."""
MAX_UNIT_OCTETS = 16_777_216
MAX_PARAMETER_SET_OCTETS = 65_536
MAX_KEYFRAMES = 8
MAX_PICTURES = 10_000


@dataclass(frozen=True, slots=True)
class _Codec:
    """NAL unit types: parameter sets, pictures that start anew, the two ways to pack; ``head`` bytes of a header."""

    head: int
    sets: frozenset[int]
    keys: frozenset[int]
    aggregate: int
    fragment: int

    def kind(self, unit: bytes | memoryview) -> int:
        return unit[0] & 0x1F if self.head == 1 else unit[0] >> 1 & 0x3F


_CODECS = {
    "H.264": _Codec(1, frozenset({7, 8}), frozenset({5}), aggregate=24, fragment=28),
    "H.265": _Codec(2, frozenset({32, 33, 34}), frozenset(range(16, 22)), aggregate=48, fragment=49),
}


def can_collect(codec: str) -> bool:
    """Whether keyframes of this codec can be collected."""
    return codec in _CODECS


@dataclass(slots=True)
class KeyframeCollector:
    """Takes the packets of one stream, in order.

    ``keyframes`` are byte streams (Annex B) with their parameter sets; ``stamps`` the RTP times of all pictures,
    ``key_stamps`` those of pictures that start anew. A picture with a lost packet is counted and not kept. Of what a
    camera sends, however much, a bounded part is kept: the last keyframes, and nothing once it is ``full``.
    """

    codec: str
    parameter_sets: tuple[bytes, ...] = ()
    keyframes: list[bytes] = field(default_factory=list[bytes])
    stamps: list[int] = field(default_factory=list[int])
    key_stamps: list[int] = field(default_factory=list[int])
    octets: int = 0
    _sets: dict[int, bytes] = field(default_factory=dict[int, bytes])
    _slices: list[bytes] = field(default_factory=list[bytes])
    _fragment: bytearray | None = None
    _sequence: int | None = None
    _whole: bool = False

    def __post_init__(self) -> None:
        names = _CODECS[self.codec]
        self._sets = {names.kind(unit): unit for unit in self.parameter_sets if names.kind(unit) in names.sets}

    def add(self, packet: bytes) -> None:
        """Take one RTP packet, header included; what is no packet, and what comes when full, is left out."""
        if self.full:
            return
        self.octets += len(packet)
        if len(packet) <= _HEADER:
            return
        marker, sequence, stamp = packet[1] & 0x80, *struct.unpack_from("!HI", packet, 2)
        payload = _payload(packet)
        lost = self._sequence is not None and sequence != self._sequence + 1 & 0xFFFF
        self._sequence = sequence
        if not self.stamps or stamp != self.stamps[-1]:
            self._finish()
            self._whole = not lost
            self.stamps.append(stamp)
        elif lost:
            self._whole = False
        if payload:
            self._take(payload)
        if marker:
            self._finish()

    @property
    def full(self) -> bool:
        """Whether so much came that nothing more is taken: more is not needed, and no camera sends it in earnest."""
        return self.octets >= MAX_OCTETS or len(self.stamps) >= MAX_PICTURES

    @property
    def rate(self) -> float | None:
        """Pictures per second, None while too few have come."""
        span = _elapsed(self.stamps)
        return (len(self.stamps) - 1) * CLOCK_HZ / span if span else None

    @property
    def key_interval(self) -> float | None:
        """Seconds from one keyframe to the next, None before two have begun."""
        span = _elapsed(self.key_stamps)
        return span / CLOCK_HZ / (len(self.key_stamps) - 1) if span else None

    def _take(self, payload: bytes) -> None:
        names = _CODECS[self.codec]
        kind = names.kind(payload)
        if kind == names.fragment:
            self._take_fragment(payload, names)
        elif kind == names.aggregate:
            at = names.head
            while at + 2 < len(payload):
                length = int.from_bytes(payload[at : at + 2], "big")
                self._take_unit(payload[at + 2 : at + 2 + length], names)
                at += 2 + length
        else:
            self._take_unit(payload, names)

    def _take_fragment(self, payload: bytes, names: _Codec) -> None:
        if len(payload) < names.head + 2:
            return
        header = payload[names.head]
        if header & 0x80:
            kind = header & (0x1F if names.head == 1 else 0x3F)
            self._fragment = bytearray(_unit_head(payload, kind, names)) if kind in names.keys | names.sets else None
        if self._fragment is None:
            return
        self._fragment += payload[names.head + 1 :]
        if len(self._fragment) > MAX_UNIT_OCTETS:
            self._fragment = None
            return
        if header & 0x40:
            unit, self._fragment = bytes(self._fragment), None
            self._take_unit(unit, names)

    def _take_unit(self, unit: bytes, names: _Codec) -> None:
        if not unit:
            return
        kind = names.kind(unit)
        if kind in names.sets:
            if len(unit) <= MAX_PARAMETER_SET_OCTETS:
                self._sets[kind] = unit
        elif kind in names.keys:
            self._slices.append(unit)

    def _finish(self) -> None:
        """End the picture under way: it is kept if it starts anew and came whole."""
        slices, self._slices = self._slices, []
        self._fragment = None
        if not slices or (self.key_stamps and self.key_stamps[-1] == self.stamps[-1]):
            return
        self.key_stamps.append(self.stamps[-1])
        if self._whole and self._sets:
            units = [*(self._sets[kind] for kind in sorted(self._sets)), *slices]
            self.keyframes.append(b"".join(_START + unit for unit in units))
            del self.keyframes[:-MAX_KEYFRAMES]


def sender_clock(packet: bytes) -> float | None:
    """Return what a camera's clock said when it sent an RTCP sender report (RFC 3550 §6.4.1), in Unix seconds."""
    if len(packet) < 28 or packet[1] != 200:  # noqa: PLR2004 - a sender report and its type
        return None
    seconds, fraction = struct.unpack_from("!II", packet, 8)
    return seconds - 2_208_988_800 + fraction / _STEPS if seconds else None


def _payload(packet: bytes) -> bytes:
    start = _HEADER + 4 * (packet[0] & 0x0F)
    if packet[0] & 0x10 and len(packet) >= start + 4:
        start += 4 + 4 * int.from_bytes(packet[start + 2 : start + 4], "big")
    return packet[start : len(packet) - (packet[-1] if packet[0] & 0x20 else 0)]


def _unit_head(payload: bytes, kind: int, names: _Codec) -> bytes:
    if names.head == 1:
        return bytes((payload[0] & 0xE0 | kind,))
    return bytes((payload[0] & 0x81 | kind << 1, payload[1]))


def _elapsed(stamps: list[int]) -> int:
    return (stamps[-1] - stamps[0]) % _STEPS if len(stamps) > 1 else 0
