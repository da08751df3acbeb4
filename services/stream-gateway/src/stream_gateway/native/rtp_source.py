"""RTP packets: where the payload stands, and the numbering of one source: what is missing or comes again (RFC 3550)."""

from stream_gateway.native.rtcp import Reception

_RTP_HEADER = 12
_PADDING, _EXTENSION, _SOURCES = 0x20, 0x10, 0x0F
_MODULUS = 1 << 16
_LATE_PACKETS = 100
"""Packets that far behind came again or late (MAX_MISORDER of RFC 3550 §A.1); further behind, counting began anew."""


class RtpSource:
    """Follows sequence numbers; the stream reader does so itself while nothing is missing."""

    __slots__ = ("_base", "_cycles", "_lost_before", "_reported", "expected", "lost", "source")

    def __init__(self) -> None:
        self.source: int | None = None
        self.expected = 0
        """The next sequence number, or 65536 where it wraps."""
        self.lost = 0
        """Packets missing since the start, of all countings."""
        self._base = 0
        self._cycles = 0
        self._lost_before = 0
        self._reported = (0, 0)

    def begin(self, source: int, sequence: int) -> None:
        """Take a source's first packet, or the first one of a new counting."""
        self.source = source
        self.expected = self._base = sequence
        self._cycles = 0
        self._lost_before = self.lost
        self._reported = (0, 0)

    def missing(self, sequence: int) -> int | None:
        """How many packets are missing before this one; -1: it came again or late; None: counting began anew."""
        if self.expected == _MODULUS:
            self.expected = 0
            self._cycles += _MODULUS
        gap = (sequence - self.expected) % _MODULUS
        if gap >= _MODULUS // 2:
            return -1 if gap >= _MODULUS - _LATE_PACKETS else None
        if sequence < self.expected:
            self._cycles += _MODULUS
        self.lost += gap
        return gap

    def reception(self) -> Reception | None:
        """What to report to the sender, the lost fraction since the last call; None before the first packet."""
        if self.source is None:
            return None
        due = self._cycles + self.expected - self._base
        lost = self.lost - self._lost_before
        due_now, lost_now = due - self._reported[0], lost - self._reported[1]
        self._reported = (due, lost)
        fraction = min(lost_now * 256 // due_now, 255) if due_now > 0 else 0
        return Reception(self.source, self._cycles + self.expected - 1, lost, fraction)


def payload_bounds(octets: bytes, at: int, end: int) -> tuple[int, int]:
    """Begin and end of the payload of a packet with padding, extension or contributing sources."""
    flags = octets[at]
    body = at + _RTP_HEADER + 4 * (flags & _SOURCES)
    if flags & _EXTENSION:
        body += 4 + 4 * int.from_bytes(octets[body + 2 : body + 4], "big") if body + 4 <= end else end
    if flags & _PADDING:
        padding = octets[end - 1]
        end = end - padding if padding else -1  # the count includes itself (RFC 3550 §5.1)
    return body, end
