"""From the bytes of an RTSP connection to pictures: interleaved frames (RFC 2326 §10.12) and RTP (RFC 3550 §5.1).

This is where every byte of every camera goes through, so the loop of ``StreamReader.feed`` knows two cases by heart: a
middle fragment of the NAL unit that is being received, nothing missing; and any other plain packet in its turn. All
else takes the way of ``_take_frame``.
"""

import struct

from stream_gateway.domain.access_units import Codec, ParameterSets
from stream_gateway.native import rtp_h264, rtp_h265
from stream_gateway.native.backlog import Backlog
from stream_gateway.native.events import Found, Goodbye, Refusal, Repeated, RtspText, SourceChanged
from stream_gateway.native.inband_sets import InBandSets
from stream_gateway.native.rtcp import Reception, SenderReport, read_reports
from stream_gateway.native.rtp_source import RtpSource, payload_bounds
from stream_gateway.native.rtsp_messages import message_end
from stream_gateway.native.unit_assembly import MAX_UNIT_BYTES, MAX_UNIT_PIECES, UnitAssembly

_DOLLAR = 0x24
_FRAME_HEADER = 4
_RTP_HEADER = 12
_RTP_AT = _FRAME_HEADER + _RTP_HEADER
_VERSION = 0x80
_MARKER = 0x80
_LONGEST_FRAME = 0xFFFF
_ALL_BUT_MARKER = 0xFF7F
_SOURCE_BITS = 0xFFFF_FFFF
_LAST_FRAGMENT = 0x40
_BLANKS = (0x0D, 0x0A)

_MOST_AT_ONCE = 64 * 1024
"""The allocator asks the system for each larger copy anew, which costs more than all the rest."""
_FAST_BYTES = 20
_fast = struct.Struct("!IHHQI").unpack_from
"""$ channel length · flags and payload type · sequence number · timestamp and source · first bytes of the payload."""
_rtp = struct.Struct("!BBHII").unpack_from


class StreamReader:
    """Reads one video stream of one connection.

    Args:
        codec: of the stream.
        payload_type: RTP payload type of the video (0–127); others on its channel are passed over.
        channel: interleaved channel of RTP.
        rtcp_channel: interleaved channel of RTCP.
        declared: parameter sets of the session description, if it tells them.

    ``found`` collects pictures and events in the order of the wire. The caller takes what it wants and clears the list
    after each ``feed``.
    """

    __slots__ = (
        "_after_gap",
        "_channel",
        "_fast_header",
        "_flags",
        "_fragment_shift",
        "_fragment_skip",
        "_held",
        "_held_octets",
        "_kind_of",
        "_needed",
        "_origin",
        "_payload_type",
        "_rtcp_channel",
        "_source",
        "_take_payload",
        "_unfinished_octets",
        "_unit",
        "found",
        "malformed_packets",
        "repeated_packets",
        "sender_report",
        "sender_report_time",
    )

    def __init__(
        self, *, codec: Codec, payload_type: int, channel: int, rtcp_channel: int, declared: ParameterSets | None = None
    ) -> None:
        payload = rtp_h264 if codec is Codec.H264 else rtp_h265
        self.found: list[Found] = []
        self.malformed_packets = 0
        self.repeated_packets = 0
        self.sender_report: SenderReport | None = None
        """The last one of this source."""
        self.sender_report_time: int | None = None
        """The instant of ``sender_report`` on the time of the access units; None before the first picture."""
        self._take_payload = payload.take_payload
        self._kind_of = payload.kind_of
        self._unit = UnitAssembly(payload.KINDS, payload.HEADER_LENGTH, InBandSets(codec, declared), self.found)
        self._source = RtpSource()
        self._channel = channel
        self._rtcp_channel = rtcp_channel
        self._payload_type = payload_type
        self._fast_header = _DOLLAR << 24 | channel << 16
        self._flags = _VERSION << 8 | payload_type
        self._fragment_shift = payload.FRAGMENT_SHIFT
        self._fragment_skip = payload.FRAGMENT_HEADER_LENGTH
        self._origin = -1
        self._after_gap = False
        self._held: list[bytes] = []
        self._held_octets = 0
        self._needed = 1
        self._unfinished_octets = 0

    @property
    def lost_packets(self) -> int:
        """Packets missing since the start."""
        return self._source.lost

    @property
    def held_octets(self) -> int:
        """Bytes held until more comes: an incomplete frame and the unfinished picture."""
        return self._held_octets + sum(map(len, self._unit.pieces))

    @property
    def skipped_units(self) -> int:
        """Pictures dropped: damaged, or before a key frame."""
        return self._unit.skipped_units

    @property
    def recovery_points(self) -> int:
        """Recovery points (H.264 §D.2.8) seen. They grow and no picture comes: the camera refreshes without IDR."""
        return self._unit.recovery_points

    @property
    def reordered(self) -> bool:
        """A picture came that is shown before an earlier one: the stream has B-frames."""
        return self._unit.timeline.reordered

    def reception(self) -> Reception | None:
        """What a receiver report tells; None before the first packet."""
        return self._source.reception()

    def feed(self, view: memoryview | bytes) -> None:
        """Take received bytes; nothing of ``view`` is kept.

        Raises:
            RtspMalformed: what stands between two frames is neither a frame nor RTSP; the connection is of no use.
        """
        if len(view) > _MOST_AT_ONCE:
            for start in range(0, len(view), _MOST_AT_ONCE):
                self.feed(view[start : start + _MOST_AT_ONCE])
            return
        self._held_octets += len(view)
        if self._held_octets < self._needed:
            self._held.append(bytes(view))
            return
        octets = b"".join((*self._held, view))
        at = self._read(octets)
        rest = octets[at:]
        self._held = [rest] if rest else []
        self._held_octets = len(rest)
        pieces = self._unit.pieces
        self._unfinished_octets = self._unfinished_octets + at if pieces else 0
        if self._unfinished_octets > MAX_UNIT_BYTES or len(pieces) > MAX_UNIT_PIECES:
            self._unfinished_octets = self._unit.check_size()

    def rest(self) -> Backlog:
        """Read no more pictures: what comes from here on belongs into what is returned, until ``resume``."""
        held = b"".join(self._held)
        self._held, self._held_octets, self._needed = [], 0, 1
        return Backlog(held, kind_of=self._kind_of, channel=self._channel, payload_type=self._payload_type)

    def resume(self, backlog: Backlog) -> None:
        """Read what was kept meanwhile and go on. What was dropped of it is no loss, and times go on without it.

        Raises:
            RtspMalformed: as ``feed``.
        """
        if backlog.cut:
            self._unit.resume()
            self._source.source = None
            self._origin = -1
            self._after_gap = False
            self.sender_report_time = None
        self.feed(backlog.octets)

    def _read(self, octets: bytes) -> int:  # noqa: C901 every call less counts here
        """Read whole frames and messages; returns where the first incomplete one begins."""
        source, unit, take_payload = self._source, self._unit, self._take_payload
        fast_header, plain, shift = self._fast_header, self._flags, self._fragment_shift
        shortest = _RTP_HEADER + self._fragment_skip
        skip = _FRAME_HEADER + shortest
        append = unit.pieces.append
        size = len(octets)
        last_fast = size - _FAST_BYTES
        at = 0
        expected, origin, middle = source.expected, self._origin, unit.middle
        while at <= last_fast:
            header, flags, sequence, sender, head = _fast(octets, at)
            length = header - fast_header
            end = at + _FRAME_HEADER + length
            if (
                head >> shift == middle
                and sequence == expected
                and sender == origin
                and flags == plain
                and shortest < length <= _LONGEST_FRAME
            ):
                if end > size:
                    break
                append(octets[at + skip : end])
                at = end
                expected = sequence + 1
                continue
            if (
                sequence == expected
                and flags & _ALL_BUT_MARKER == plain
                and shortest < length <= _LONGEST_FRAME
                and end <= size
                and origin >= 0
                and (sender ^ origin) & _SOURCE_BITS == 0
                and not self._after_gap
            ):
                if sender != origin:
                    self._origin = origin = sender
                    unit.begin(sender >> 32)
                if head >> shift == middle | _LAST_FRAGMENT:
                    append(octets[at + skip : end])
                    unit.close_fragment()
                else:
                    take_payload(unit, octets, at + _RTP_AT, end)
                if flags != plain:
                    unit.mark()
                middle = unit.middle
                at = end
                expected = sequence + 1
                continue
            source.expected = expected
            end = self._take_frame(octets, at, size)
            expected, origin, middle = source.expected, self._origin, unit.middle
            if end == at:
                break
            at = end
        source.expected = expected
        while at < size:
            end = self._take_frame(octets, at, size)
            if end == at:
                return at
            at = end
        self._needed = 1
        return at

    def _take_frame(self, octets: bytes, at: int, size: int) -> int:
        """Take the frame or message at ``at`` and return its end; ``at`` itself while it is incomplete."""
        if octets[at] != _DOLLAR:
            return self._take_text(octets, at)
        if at + _FRAME_HEADER > size:
            self._needed = _FRAME_HEADER
            return at
        end = at + _FRAME_HEADER + (octets[at + 2] << 8 | octets[at + 3])
        if end > size:
            self._needed = end - at
            return at
        channel = octets[at + 1]
        if channel == self._channel:
            self._take_packet(octets, at + _FRAME_HEADER, end)
        elif channel == self._rtcp_channel:
            self._take_reports(octets[at + _FRAME_HEADER : end])
        return end

    def _take_text(self, octets: bytes, at: int) -> int:
        if octets[at] in _BLANKS:
            return at + 1
        end = message_end(octets, at)
        if end is None:
            self._needed = len(octets) - at + 1
            return at
        if end > len(octets):
            self._needed = end - at
            return at
        self.found.append(RtspText(octets[at:end]))
        return end

    def _take_packet(self, octets: bytes, at: int, end: int) -> None:  # noqa: C901 each call less counts here
        if end - at < _RTP_HEADER or octets[at] & 0xC0 != _VERSION:
            self._refuse_packet()
            return
        flags, kind, sequence, stamp, sender = _rtp(octets, at)
        body = at + _RTP_HEADER
        if flags != _VERSION:
            body, end = payload_bounds(octets, at, end)
            if body > end:
                self._refuse_packet()
                return
        ours = kind & 0x7F == self._payload_type
        source, unit = self._source, self._unit
        if sender != source.source:
            if not ours:
                return
            self._change_source(sender, sequence)
        if sequence != source.expected and not self._follow(sequence, stamp):
            return
        source.expected = sequence + 1
        if not ours:
            return
        origin = stamp << 32 | sender
        if origin != self._origin:
            self._origin = origin
            unit.begin(stamp)
        if self._after_gap:  # what is missing may have been the beginning of this picture
            self._after_gap = False
            unit.damage()
        if body < end:
            self._take_payload(unit, octets, body, end)
        if kind & _MARKER:
            unit.mark()

    def _follow(self, sequence: int, stamp: int) -> bool:
        """Follow a sequence number other than the expected one; False: the packet came before, or too late."""
        missing = self._source.missing(sequence)
        if missing == 0:  # the number wrapped
            return True
        anew = missing is None or (missing < 0 and self._is_later(stamp))
        if missing is not None and missing < 0 and not anew:
            self._repeat()
            return False
        self._unit.lose(0 if anew else missing or 0)
        self._after_gap = True
        if anew:
            self._source.begin(self._source.source or 0, sequence)
            self._unit.abandon()
        return True

    def _change_source(self, sender: int, sequence: int) -> None:
        unit = self._unit
        if self._source.source is not None:
            self.found.append(SourceChanged(sender, unit.timeline.time))
            unit.damage()
            unit.abandon()
            self._origin = -1
            self.sender_report = self.sender_report_time = None
        self._source.begin(sender, sequence)

    def _is_later(self, stamp: int) -> bool:
        """A packet behind in number but ahead in time: the camera began to count anew, close by chance."""
        time = self._unit.timeline.at(stamp)
        ahead = 0 < (stamp - self._unit.stamp) % (1 << 32) < 1 << 31
        return ahead and (time is None or time > self._unit.timeline.latest)

    def _repeat(self) -> None:
        self.repeated_packets += 1
        last = self.found[-1] if self.found else None
        if isinstance(last, Repeated):
            self.found[-1] = Repeated(last.packets + 1)
        else:
            self.found.append(Repeated(1))

    def _refuse_packet(self) -> None:
        self.malformed_packets += 1
        self._unit.refuse(Refusal.PACKET)

    def _take_reports(self, packet: bytes) -> None:
        report, goodbye = read_reports(packet)
        if report is not None and self._source.source in (None, report.source):
            self.sender_report = report
            self.sender_report_time = self._unit.timeline.at(report.stamp)
        if goodbye:
            self.found.append(Goodbye())
