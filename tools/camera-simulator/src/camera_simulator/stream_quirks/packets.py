"""What an odd camera, or the network before it, does to the packets of a picture."""

import secrets
import struct
from collections.abc import Callable

from camera_simulator.clips import Codec
from camera_simulator.rtp import FU_A, FU_START, PacketisedUnit
from camera_simulator.rtp_h265 import FRAGMENTATION
from camera_simulator.stream_quirks.kinds import StreamHabits, StreamQuirk

RTP_OFFSET = 4  # behind "$", channel and length
PAYLOAD_OFFSET = 16
MAX_FRAME_OCTETS = 0xFFFF
NOISE_OCTETS = 4_096
_MARKER_OFFSET = RTP_OFFSET + 1

Packets = list[bytes]
"""Interleaved RTP packets, each with its four octets before it."""
Twist = Callable[[Packets], Packets]


class EveryNth:
    """Does something to every n-th packet, counted over the pictures."""

    def __init__(self, every: int) -> None:
        self._every = every
        self._count = 0

    def is_next(self) -> bool:
        self._count += 1
        return self._count % self._every == 0


class Loss(EveryNth):
    """Loses packets."""

    def __call__(self, packets: Packets) -> Packets:
        return [packet for packet in packets if not self.is_next()]


class Duplicate(EveryNth):
    """Sends packets twice."""

    def __call__(self, packets: Packets) -> Packets:
        return [copy for packet in packets for copy in ((packet, packet) if self.is_next() else (packet,))]


class Reorder(EveryNth):
    """Sends packets after the one that follows, which may be of the next picture."""

    def __init__(self, every: int) -> None:
        super().__init__(every)
        self._held: bytes | None = None

    def __call__(self, packets: Packets) -> Packets:
        sent: Packets = []
        for packet in packets:
            if self._held is None and self.is_next():
                self._held = packet
                continue
            sent.append(packet)
            if self._held is not None:
                sent.append(self._held)
                self._held = None
        return sent


def without_marker(packets: Packets) -> Packets:
    """No packet tells that a picture is complete."""
    return [
        packet[:_MARKER_OFFSET] + bytes((packet[_MARKER_OFFSET] & 0x7F,)) + packet[_MARKER_OFFSET + 1 :]
        for packet in packets
    ]


def garbage(packets: Packets) -> Packets:
    """True headers, random payloads."""
    return [packet[:PAYLOAD_OFFSET] + secrets.token_bytes(len(packet) - PAYLOAD_OFFSET) for packet in packets]


def noise(packets: Packets) -> Packets:
    """Random octets, none of which begins a frame."""
    del packets
    return [secrets.token_bytes(NOISE_OCTETS).replace(b"$", b"%")]


def false_lengths(packets: Packets) -> Packets:
    """The last frame claims 65 535 octets and has as many as before."""
    last = packets[-1]
    return [*packets[:-1], last[:2] + MAX_FRAME_OCTETS.to_bytes(2, "big") + last[RTP_OFFSET:]]


class Oversized:
    """Each picture is one more piece, as large as a frame can be, of a fragmented unit that never ends."""

    def __init__(self, codec: Codec) -> None:
        self._codec = codec
        self._begun = False

    def __call__(self, packets: Packets) -> Packets:
        start = 0 if self._begun else FU_START
        self._begun = True
        header = bytes((0x60 | FU_A, start | 5))
        if self._codec is Codec.H265:
            header = bytes((FRAGMENTATION << 1, 1, start | 19))
        rtp = without_marker(packets[:1])[0][RTP_OFFSET:PAYLOAD_OFFSET]
        piece = rtp + header
        piece += b"\xaa" * (MAX_FRAME_OCTETS - len(piece))
        return [struct.pack("!cBH", b"$", 0, MAX_FRAME_OCTETS) + piece]


class Wire:
    """Everything that one stream does to its packets, in order."""

    def __init__(self, twists: list[Twist], *, mute: bool) -> None:
        self._twists = twists
        self._mute = mute

    def twist(self, unit: PacketisedUnit, packets: bytes) -> tuple[PacketisedUnit, bytes] | None:
        """The stamped packets of a picture as they leave; None when nothing does."""
        if self._mute:
            return None
        ends = (*unit.offsets[1:], len(packets))
        apart = [packets[start:end] for start, end in zip(unit.offsets, ends, strict=True)]
        for twist in self._twists:
            apart = twist(apart) if apart else apart
        offsets: list[int] = []
        at = 0
        for packet in apart:
            if packet[:1] == b"$":
                offsets.append(at)
            at += len(packet)
        together = b"".join(apart)
        return PacketisedUnit(together, tuple(offsets), unit.payload_octets, unit.keyframe), together


def wire_of(habits: StreamHabits, codec: Codec) -> Wire | None:
    """What a stream of a camera with these habits does to its packets; None for nothing."""
    twists: dict[StreamQuirk, Twist] = {
        StreamQuirk.NO_MARKER: without_marker,
        StreamQuirk.GARBAGE: garbage,
        StreamQuirk.NOISE: noise,
        StreamQuirk.OVERSIZED: Oversized(codec),
        StreamQuirk.FALSE_LENGTHS: false_lengths,
        StreamQuirk.LOSS: Loss(habits.every),
        StreamQuirk.DUPLICATE: Duplicate(habits.every),
        StreamQuirk.REORDER: Reorder(habits.every),
    }
    wanted = [twist for quirk, twist in twists.items() if quirk in habits]
    mute = StreamQuirk.MUTE in habits
    return Wire(wanted, mute=mute) if wanted or mute else None
