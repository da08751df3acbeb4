"""Access units to be cut into packets: slices of random bytes behind real headers, with real parameter sets.

For property tests of what never decodes; each slice carries the number of its picture, so that no two are equal.
"""

from dataclasses import dataclass

from hypothesis import strategies as st

from stream_gateway.domain.access_units import Codec

SETS: dict[Codec, tuple[bytes, ...]] = {
    Codec.H264: (
        bytes.fromhex("674d4016d900a02ff961000003000100000300148f162e48"),
        bytes.fromhex("68ebc3cb20"),
    ),
    Codec.H265: (
        bytes.fromhex("40010c01ffff01600000030090000003000003003f928090"),
        bytes.fromhex("42010101600000030090000003000003003fa0050201696592a4932b9a020000030002000003001410"),
        bytes.fromhex("4401c172b46240"),
    ),
}
"""Of x264 and x265: 640×360, no reordering; in the order in which a camera sends them."""

_SLICE = {Codec.H264: b"\x41", Codec.H265: b"\x02\x01"}
_KEY = {Codec.H264: b"\x65", Codec.H265: b"\x26\x01"}
_SEI = {Codec.H264: b"\x06\x05", Codec.H265: b"\x4e\x01\x05"}
_DELIMITER = {Codec.H264: b"\x09\xf0", Codec.H265: b"\x46\x01\x50"}
_FILLER = {Codec.H264: b"\x0c\xff\x80", Codec.H265: b"\x4c\x01\xff\x80"}


@dataclass(frozen=True, slots=True)
class Picture:
    """An access unit: ``sent`` NAL units, and which of them are ``kept`` in the sample."""

    keyframe: bool
    sent: tuple[bytes, ...]
    kept: tuple[bytes, ...]


def picture(
    codec: Codec,
    number: int,
    *,
    keyframe: bool,
    slices: tuple[bytes, ...] = (b"",),
    sei: bytes | None = None,
    delimiter: bool = False,
    filler: bool = False,
) -> Picture:
    """Make a picture whose slices end with the given bytes; a key frame brings its parameter sets."""
    head = (_KEY if keyframe else _SLICE)[codec]
    units = [
        head + (b"\x88" if index == 0 else b"\x08") + number.to_bytes(4, "big") + body
        for index, body in enumerate(slices)
    ]
    before = [] if sei is None else [_SEI[codec] + sei + b"\x80"]
    kept = (*before, *units)
    sets = SETS[codec] if keyframe else ()
    sent = (*([_DELIMITER[codec]] if delimiter else []), *sets, *kept, *([_FILLER[codec]] if filler else []))
    return Picture(keyframe, sent, kept)


@st.composite
def pictures(draw: st.DrawFn, codec: Codec, *, at_least: int = 1, at_most: int = 12) -> list[Picture]:
    """Draw some groups of pictures; the first picture is a key frame."""
    count = draw(st.integers(at_least, at_most))
    bodies = st.lists(st.binary(max_size=120), min_size=1, max_size=3).map(tuple)
    return [
        picture(
            codec,
            number,
            keyframe=number == 0 or draw(st.integers(0, 3)) == 0,
            slices=draw(bodies),
            sei=draw(st.none() | st.binary(min_size=1, max_size=20)),
            delimiter=draw(st.booleans()),
            filler=draw(st.booleans()),
        )
        for number in range(count)
    ]
