"""The numbering of the packets of one RTP source: what is missing, what comes again (RFC 3550 §A.1)."""

from stream_gateway.native.rtcp import Reception

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
