"""Reads the bits of a parameter set (ITU-T H.264 §7.2 and §9.1, H.265 §7.2 and §9.2): fixed lengths and Exp-Golomb."""

_LONGEST_PREFIX = 32
"""ue(v) codes at most 2^32 - 2 (H.264 §9.1): more leading zeros are no code."""


class OutOfBits(ValueError):
    """The bits ended before the value did, or the bits are no Exp-Golomb code."""


class BitReader:
    """Reads from the most significant bit on.

    Args:
        payload: bytes without emulation prevention, see ``unescape``.
    """

    __slots__ = ("_left", "_value")

    def __init__(self, payload: bytes) -> None:
        self._value = int.from_bytes(payload, "big")
        self._left = len(payload) * 8

    def bits(self, count: int) -> int:
        """The next ``count`` bits as an unsigned number; raises OutOfBits."""
        left = self._left - count
        if left < 0:
            raise OutOfBits(f"{count} bits wanted, {self._left} left")
        self._left = left
        return self._value >> left & ((1 << count) - 1)

    def flag(self) -> bool:
        """The next bit; raises OutOfBits."""
        return self.bits(1) == 1

    def unsigned(self) -> int:
        """The next ue(v); raises OutOfBits."""
        rest = self._value & ((1 << self._left) - 1)
        zeros = self._left - rest.bit_length()
        if rest == 0 or zeros > _LONGEST_PREFIX:
            raise OutOfBits("no Exp-Golomb code")
        self._left -= zeros
        return self.bits(zeros + 1) - 1

    def signed(self) -> int:
        """The next se(v); raises OutOfBits."""
        code = self.unsigned()
        return (code + 1) // 2 if code % 2 else -(code // 2)


def unescape(nal: bytes) -> bytes:
    """Remove emulation prevention: of each 0x000003 the 3 goes (H.264 §7.4.1, H.265 §7.4.2)."""
    if b"\x00\x00\x03" not in nal:
        return nal
    kept = bytearray()
    at = 0
    while (found := nal.find(b"\x00\x00\x03", at)) >= 0:
        kept += nal[at : found + 2]
        at = found + 3
    return bytes(kept + nal[at:])
