"""From the bytes of a replayed recording to pictures with the instants at which they were taken.

A replay tells the instant of each access unit in an extension of the RTP header of its first packet (ONVIF Streaming
Specification, "RTP header extension"): profile 0xABAC, an NTP time, flags. This reader takes the extension off and
hands plain packets to the reader of live streams; their timestamps are replaced by the ordinal of the access unit, so
that each picture that comes out leads back to its instant, however the recording jumps.
"""

import struct
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

from stream_gateway.domain.access_units import AccessUnit, Codec, ParameterSets
from stream_gateway.native.events import Goodbye, RtspText, TimeJump
from stream_gateway.native.interleaved import StreamReader
from stream_gateway.native.rtsp_messages import message_end

_FRAME_HEADER = 4
_DOLLAR = 0x24
_BLANKS = (0x0D, 0x0A)
_RTP = struct.Struct("!BBHII")
_EXTENSION = struct.Struct("!HH")
_REPLAY = struct.Struct("!IIB")
REPLAY_PROFILE = 0xABAC
_VERSION, _PADDING, _EXTENDED, _SOURCES = 0x80, 0x20, 0x10, 0x0F
_TERMINAL = 0x10
_NTP_EPOCH_OFFSET = 2_208_988_800
"""Seconds from 1900 to 1970."""
_NTP_ERA = 1 << 32
_UNIT_TICKS = 3600
_MOST_UNITS = 100_000
"""Pictures that are followed at most: more than a window of ten minutes can hold."""


class ReplayedUnit(NamedTuple):
    """A picture and when it was taken, by the camera's clock; None where the recording never told."""

    unit: AccessUnit
    taken_at: datetime | None


@dataclass(frozen=True, slots=True)
class ReplayOver:
    """The recording has no more."""


Replayed = ParameterSets | ReplayedUnit | ReplayOver | RtspText


@dataclass(frozen=True, slots=True)
class Packet:
    """An RTP packet of a replay without what only a replay has. ``taken_at``: if this packet tells; ``last``: no more
    pictures follow this one."""  # noqa: D205, D209

    kind: int
    sequence: int
    stamp: int
    source: int
    payload: bytes
    taken_at: datetime | None
    last: bool


class ReplayReader:
    """Reads one replayed video track of one connection; ``feed`` returns what came, in order.

    Raises RtspMalformed from ``feed``: the peer does not speak RTSP.
    """

    def __init__(
        self, *, codec: Codec, payload_type: int, channel: int, rtcp_channel: int, declared: ParameterSets | None
    ) -> None:
        self._codec, self._payload_type, self._declared = codec, payload_type, declared
        self._channel, self._rtcp_channel = channel, rtcp_channel
        self._buffer = bytearray()
        self._reader = self._new_reader()
        self._source: int | None = None
        self._expected: int | None = None
        self._stamp: int | None = None
        self._instants: list[datetime | None] = []
        self._first_time: int | None = None
        self._found: list[Replayed] = []
        self._over = False

    @property
    def held_octets(self) -> int:
        """Bytes held until more comes."""
        return len(self._buffer) + self._reader.held_octets

    def feed(self, octets: bytes) -> list[Replayed]:
        """Take received bytes."""
        self._buffer += octets
        at = 0
        while at < len(self._buffer):
            end = self._end_of_next(at)
            if end is None or end > len(self._buffer):
                break
            self._take(bytes(self._buffer[at:end]))
            at = end
        del self._buffer[:at]
        found, self._found = self._found, []
        return found

    def _end_of_next(self, at: int) -> int | None:
        buffer = self._buffer
        if buffer[at] in _BLANKS:
            return at + 1
        if buffer[at] != _DOLLAR:
            return message_end(buffer, at)
        if len(buffer) < at + _FRAME_HEADER:
            return None
        return at + _FRAME_HEADER + int.from_bytes(buffer[at + 2 : at + 4], "big")

    def _take(self, piece: bytes) -> None:
        if piece[0] in _BLANKS:
            return
        if piece[0] == _DOLLAR and piece[1] == self._channel:
            packet = plain(piece[_FRAME_HEADER:])
            if packet is not None and packet.kind & 0x7F == self._payload_type:
                self._take_packet(packet)
        elif piece[0] != _DOLLAR or piece[1] == self._rtcp_channel:
            self._reader.feed(piece)
            self._collect()

    def _take_packet(self, packet: Packet) -> None:
        if self._breaks(packet):
            self._begin_anew()
        if packet.stamp != self._stamp or packet.taken_at not in (None, self._instants[-1]):
            if len(self._instants) >= _MOST_UNITS:
                self._over = True
                self._found.append(ReplayOver())
                return
            self._instants.append(packet.taken_at)
            self._stamp = packet.stamp
        self._source, self._expected = packet.source, packet.sequence + 1 & 0xFFFF
        head = _RTP.pack(_VERSION, packet.kind, packet.sequence, (len(self._instants) - 1) * _UNIT_TICKS, packet.source)
        frame = bytes((_DOLLAR, self._channel)) + (len(head) + len(packet.payload)).to_bytes(2, "big")
        self._reader.feed(frame + head + packet.payload)
        self._collect()
        if packet.last and packet.kind & 0x80 and not self._over:
            self._over = True
            self._found.append(ReplayOver())

    def _breaks(self, packet: Packet) -> bool:
        """Whether this packet does not continue those before: another section of the recording, or lost packets."""
        if self._source is None:
            return False
        return packet.source != self._source or packet.sequence != self._expected

    def _begin_anew(self) -> None:
        self._reader = self._new_reader()
        self._instants, self._stamp, self._first_time = [], None, None

    def _new_reader(self) -> StreamReader:
        return StreamReader(
            codec=self._codec,
            payload_type=self._payload_type,
            channel=self._channel,
            rtcp_channel=self._rtcp_channel,
            declared=self._declared,
        )

    def _collect(self) -> None:
        found = list(self._reader.found)
        self._reader.found.clear()
        for one in found:
            if isinstance(one, AccessUnit):
                self._found.append(ReplayedUnit(one, self._instant_of(one)))
            elif isinstance(one, ParameterSets | RtspText):
                self._found.append(one)
            elif isinstance(one, Goodbye):
                self._found.append(ReplayOver())
            elif isinstance(one, TimeJump):  # so much without a picture that ordinals are not told from times any more
                self._begin_anew()
                return

    def _instant_of(self, unit: AccessUnit) -> datetime | None:
        if self._first_time is None:
            self._first_time = self._time_of_first()
        ordinal = (unit.time - self._first_time) // _UNIT_TICKS
        return self._instants[ordinal] if 0 <= ordinal < len(self._instants) else None

    def _time_of_first(self) -> int:
        """Ask the reader for the time of ordinal 0, as a camera tells its clock: what came first may be no picture."""
        self._reader.feed(_clock_report(self._rtcp_channel, self._source or 0))
        self._reader.found.clear()
        assert self._reader.sender_report_time is not None  # noqa: S101 - it has just told a picture
        return self._reader.sender_report_time


def plain(packet: bytes) -> Packet | None:
    """Read a packet; None when it is no RTP, or its lengths contradict each other."""
    if len(packet) < _RTP.size or packet[0] & 0xC0 != _VERSION:
        return None
    flags, kind, sequence, stamp, source = _RTP.unpack_from(packet)
    begin = _RTP.size + 4 * (flags & _SOURCES)
    end = len(packet)
    taken_at, last = None, False
    if flags & _EXTENDED:
        if begin + _EXTENSION.size > end:
            return None
        profile, words = _EXTENSION.unpack_from(packet, begin)
        inside, begin = begin + _EXTENSION.size, begin + _EXTENSION.size + 4 * words
        if begin > end:
            return None
        if profile == REPLAY_PROFILE and begin - inside >= _REPLAY.size:
            seconds, fraction, bits = _REPLAY.unpack_from(packet, inside)
            taken_at, last = _instant(seconds, fraction), bool(bits & _TERMINAL)
    if flags & _PADDING:
        end -= packet[-1] or len(packet)
    return Packet(kind, sequence, stamp, source, packet[begin:end], taken_at, last) if begin < end else None


def _clock_report(channel: int, source: int) -> bytes:
    """Return an interleaved sender report about timestamp 0 (RFC 3550 §6.4.1)."""
    report = struct.pack("!BBHIIIIII", _VERSION, 200, 6, source, 0, 0, 0, 0, 0)
    return bytes((_DOLLAR, channel)) + len(report).to_bytes(2, "big") + report


def _instant(seconds: int, fraction: int) -> datetime:
    """Return an NTP time; those before 1970 are of the next era, which begins in 2036 (RFC 4330 §3)."""
    unix = seconds - _NTP_EPOCH_OFFSET
    unix += _NTP_ERA if unix < 0 else 0
    return datetime.fromtimestamp(unix, UTC) + timedelta(microseconds=fraction * 1_000_000 >> 32)
