"""What a camera says of its coding: checked, measured, and told apart from what it said before.

Everything here reads bytes that came from a camera; the only error is ``MalformedParameterSets``.
"""

from collections.abc import Sequence
from typing import NamedTuple, TypeVar

from stream_gateway.domain.access_units import Codec, ParameterSets
from stream_gateway.domain.bits import BitReader, unescape
from stream_gateway.domain.h264_sequence import H264Sequence, read_h264_sequence
from stream_gateway.domain.h265_sequence import H265Sequence, read_h265_sequence

MAX_SET_BYTES = 4096
"""Longest parameter set that is believed; cameras send some 10 to 100 bytes."""
MAX_SETS = 32
"""Most sets of one kind; an ``avcC`` box counts at most 31 sequence parameter sets (ISO/IEC 14496-15 §5.3.3)."""
SMALLEST_SIDE, LARGEST_SIDE = 16, 16_384

_H264_KINDS = {7: "sps", 8: "pps"}
_H265_KINDS = {32: "vps", 33: "sps", 34: "pps"}
_MAX_IDENTITY = 255
_Read = TypeVar("_Read", H264Sequence, H265Sequence)


class MalformedParameterSets(ValueError):
    """The bytes are no parameter sets of the codec, or of pictures no camera sends; the text says what was found."""


class SetName(NamedTuple):
    """Which set a NAL unit is: ``kind`` vps, sps or pps, its number, and the number of the set it builds on."""

    kind: str
    number: int
    builds_on: int


def parameter_sets(codec: Codec, vps: Sequence[bytes], sps: Sequence[bytes], pps: Sequence[bytes]) -> ParameterSets:
    """Put together what a decoder must know; the size is that of the first sequence parameter set.

    Args:
        codec: whose sets they are.
        vps: video parameter sets, NAL units without start codes; must be empty for H.264.
        sps: sequence parameter sets, at least one.
        pps: picture parameter sets, at least one.

    Raises:
        MalformedParameterSets: a set is missing, of another kind than said, too long, cut, or tells a side below 16
            or above 16 384 pixels.
    """
    if not sps or not pps or bool(vps) != (codec is Codec.H265):
        raise MalformedParameterSets(f"{len(vps)} VPS, {len(sps)} SPS and {len(pps)} PPS do not make {codec.value}")
    for kind, sets in (("vps", vps), ("sps", sps), ("pps", pps)):
        if len(sets) >= MAX_SETS:
            raise MalformedParameterSets(f"{len(sets)} sets of kind {kind}")
        for nal in sets:
            name = set_name(codec, nal)
            if name.kind != kind:
                raise MalformedParameterSets(f"a {name.kind} where a {kind} was told")
    sequences = [sequence(codec, nal) for nal in sps]
    first = sequences[0]
    return ParameterSets(
        codec=codec,
        vps=tuple(vps),
        sps=tuple(sps),
        pps=tuple(pps),
        width=first.width,
        height=first.height,
        reorders=any(one.reorders for one in sequences),
    )


def sequence(codec: Codec, sps: bytes) -> H264Sequence | H265Sequence:
    """Read a sequence parameter set.

    Raises:
        MalformedParameterSets: see ``parameter_sets``.
    """
    return h264_sequence(sps) if codec is Codec.H264 else h265_sequence(sps)


def h264_sequence(sps: bytes) -> H264Sequence:
    """Read what an ``avcC`` box needs; raises MalformedParameterSets."""
    _check_kind(Codec.H264, sps)
    try:
        read = read_h264_sequence(sps)
    except (ValueError, IndexError) as error:
        raise MalformedParameterSets(f"H.264 SPS: {error}") from error
    return _sized(read)


def h265_sequence(sps: bytes) -> H265Sequence:
    """Read what an ``hvcC`` box needs; raises MalformedParameterSets."""
    _check_kind(Codec.H265, sps)
    try:
        read = read_h265_sequence(sps)
    except (ValueError, IndexError) as error:
        raise MalformedParameterSets(f"H.265 SPS: {error}") from error
    return _sized(read)


def set_name(codec: Codec, nal: bytes) -> SetName:
    """Tell which set a NAL unit is, so that a later one of the same name replaces it.

    Raises:
        MalformedParameterSets: no parameter set of the codec, too long or cut.
    """
    kind = _kind(codec, nal)
    try:
        return _numbered(codec, kind, nal)
    except (ValueError, IndexError) as error:
        raise MalformedParameterSets(f"{codec.value} {kind}: {error}") from error


def _numbered(codec: Codec, kind: str, nal: bytes) -> SetName:
    if kind == "vps":
        return SetName(kind, nal[2] >> 4, 0)
    if kind == "pps":
        bits = BitReader(unescape(nal[1 if codec is Codec.H264 else 2 :]))
        name = SetName(kind, bits.unsigned(), bits.unsigned())
    elif codec is Codec.H264:
        name = SetName(kind, BitReader(unescape(nal[4:])).unsigned(), 0)
    else:
        name = SetName(kind, read_h265_sequence(nal).identity, nal[2] >> 4)
    if max(name.number, name.builds_on) > _MAX_IDENTITY:
        raise MalformedParameterSets(f"number {name.number} on {name.builds_on}")
    return name


def _kind(codec: Codec, nal: bytes) -> str:
    if not nal or len(nal) > MAX_SET_BYTES:
        raise MalformedParameterSets(f"a parameter set of {len(nal)} bytes")
    kinds, number = (_H264_KINDS, nal[0] & 0x1F) if codec is Codec.H264 else (_H265_KINDS, nal[0] >> 1 & 0x3F)
    kind = kinds.get(number)
    if kind is None:
        raise MalformedParameterSets(f"{codec.value} NAL unit type {number} is no parameter set")
    return kind


def _check_kind(codec: Codec, sps: bytes) -> None:
    kind = _kind(codec, sps)
    if kind != "sps":
        raise MalformedParameterSets(f"a {kind} where an sps was told")


def _sized(read: _Read) -> _Read:
    for side in (read.width, read.height):
        if not SMALLEST_SIDE <= side <= LARGEST_SIDE:
            raise MalformedParameterSets(f"pictures of {read.width}×{read.height}")
    return read
