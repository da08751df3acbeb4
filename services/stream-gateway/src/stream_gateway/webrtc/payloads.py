"""H.264 pictures cut into RTP payloads: single NAL units, fragments and parameter sets together (RFC 6184 §5)."""

from collections import OrderedDict
from collections.abc import Iterator, Sequence

MAX_PAYLOAD_BYTES = 1_200
"""With SRTP, UDP and IP headers still below the 1 280 bytes that every IPv6 link carries."""

_STAP_A, _FU_A = 24, 28
_START, _END = 0x80, 0x40
_ACCESS_UNIT_DELIMITER, _FILLER = 9, 12
_LENGTH_BYTES = 4
_TYPE, _IMPORTANCE = 0x1F, 0xE0


class BrokenPicture(ValueError):
    """The sample is not a row of NAL units behind their lengths."""


def units_of(sample: bytes) -> Iterator[bytes]:
    """Yield the NAL units of a sample (ISO/IEC 14496-15, lengths of 4 bytes); raises BrokenPicture."""
    at, end = 0, len(sample)
    while at < end:
        length = int.from_bytes(sample[at : at + _LENGTH_BYTES], "big")
        at += _LENGTH_BYTES
        if length == 0 or at + length > end:
            raise BrokenPicture(f"a NAL unit of {length} bytes at byte {at} of {end}")
        yield sample[at : at + length]
        at += length


def payloads_of(sample: bytes) -> tuple[bytes, ...]:
    """Return the RTP payloads of one picture, in order; raises BrokenPicture.

    Delimiters and filler say nothing to a decoder and are left out.
    """
    payloads: list[bytes] = []
    for unit in units_of(sample):
        kind = unit[0] & _TYPE
        if kind in {_ACCESS_UNIT_DELIMITER, _FILLER}:
            continue
        if len(unit) <= MAX_PAYLOAD_BYTES:
            payloads.append(unit)
        else:
            payloads += _fragments(unit)
    return tuple(payloads)


def _fragments(unit: bytes) -> list[bytes]:
    indicator, kind = unit[0] & _IMPORTANCE | _FU_A, unit[0] & _TYPE
    step = MAX_PAYLOAD_BYTES - 2
    pieces = [unit[at : at + step] for at in range(1, len(unit), step)]
    last = len(pieces) - 1
    return [
        bytes((indicator, kind | (_START if n == 0 else 0) | (_END if n == last else 0))) + piece
        for n, piece in enumerate(pieces)
    ]


def together(units: Sequence[bytes]) -> tuple[bytes, ...]:
    """Return parameter sets as one aggregation packet, or one by one when they are too long for it."""
    whole = bytes((max(unit[0] & _IMPORTANCE for unit in units) | _STAP_A,)) if units else b""
    whole += b"".join(len(unit).to_bytes(2, "big") + unit for unit in units if len(unit) <= MAX_PAYLOAD_BYTES)
    if len(units) > 1 and len(whole) <= MAX_PAYLOAD_BYTES:
        return (whole,)
    return tuple(unit for unit in units if len(unit) <= MAX_PAYLOAD_BYTES)


class SharedPayloads:
    """Cuts a picture once for all who watch it: the payloads of the last pictures are kept, bounded by bytes."""

    def __init__(self, max_bytes: int = 32 * 1024 * 1024) -> None:
        self._max_bytes = max_bytes
        self._kept: OrderedDict[bytes, tuple[bytes, ...]] = OrderedDict()
        self._bytes = 0

    def of(self, sample: bytes) -> tuple[bytes, ...]:
        """Return the payloads of a picture; raises BrokenPicture."""
        # all viewers have the object that the camera's pull made: its hash is kept in it, identity settles equality
        found = self._kept.get(sample)
        if found is not None:
            return found
        payloads = payloads_of(sample)
        self._kept[sample] = payloads
        self._bytes += 2 * len(sample)
        while self._bytes > self._max_bytes:
            old, _ = self._kept.popitem(last=False)
            self._bytes -= 2 * len(old)
        return payloads

    @property
    def size(self) -> int:
        """Bytes held, samples and payloads."""
        return self._bytes
