"""Back from fragmented MP4 of one picture per fragment to coded pictures: what ffmpeg hands us through its pipe."""

import struct

from stream_gateway.domain.access_units import CLOCK_HZ, AccessUnit, Codec, ParameterSets
from stream_gateway.domain.boxes import Box, MalformedMedia, boxes
from stream_gateway.domain.films import sample_table
from stream_gateway.domain.fragments import Fragment, InitSegment
from stream_gateway.domain.parameter_sets import MalformedParameterSets, parameter_sets

_ENTRY_HEADER = 86
"""Bytes of a VisualSampleEntry before its child boxes (ISO/IEC 14496-12 §12.1.3)."""
_HVCC_ARRAYS_AT = 22
_LENGTH_SIZE = 0x03
"""lengthSizeMinusOne: NAL units stand behind their length in 4 bytes."""
_PATH = (b"trak", b"mdia", b"minf", b"stbl", b"stsd")
_SETS = {Codec.H264: frozenset({7, 8, 9, 12}), Codec.H265: frozenset({32, 33, 34, 35, 38})}
"""NAL units that do not belong into a sample here: parameter sets, delimiters, filler."""
_COMPOSITION = 0x800


def parameter_sets_of(init: InitSegment) -> ParameterSets:
    """Return what a decoder must know first; raises MalformedMedia."""
    content = init.content
    entry = _sample_entry(content)
    inside = {box.kind: box for box in boxes(content, entry.start + _ENTRY_HEADER, entry.end)}
    try:
        if b"avcC" in inside:
            sps, pps = _avcc_sets(_body(content, inside[b"avcC"]))
            return parameter_sets(Codec.H264, (), sps, pps)
        if b"hvcC" in inside:
            return parameter_sets(Codec.H265, *_hvcc_sets(_body(content, inside[b"hvcC"])))
    except (MalformedParameterSets, IndexError, struct.error) as error:
        raise MalformedMedia(f"parameter sets of the init segment: {error}") from error
    raise MalformedMedia("no avcC and no hvcC in the init segment")


def unit_of(fragment: Fragment, codec: Codec, timescale: int) -> AccessUnit:
    """Return the one picture of a fragment; raises MalformedMedia."""
    content, sample, shown_after = fragment.content, b"", 0
    for box in boxes(content):
        if box.kind == b"mdat":
            sample = content[box.body : box.end]
        elif box.kind == b"moof":
            shown_after = _composition(content, box)
    if not sample:
        raise MalformedMedia("a fragment without a picture")
    return AccessUnit(
        _cleaned(sample, codec),
        fragment.keyframe,
        fragment.decode_time * CLOCK_HZ // timescale,
        max(shown_after * CLOCK_HZ // timescale, 0),
    )


def units_of_group(content: bytes, codec: Codec, timescale: int) -> tuple[list[AccessUnit], int]:
    """Return the pictures of whole fragments of any size, and when the last one ends, in ticks of ``CLOCK_HZ``.

    Raises:
        MalformedMedia: there is none, or one lies outside.
    """
    units: list[AccessUnit] = []
    at = 0
    for box in boxes(content):
        if box.kind != b"moof":
            continue
        table = sample_table(content[box.start : box.end])
        at = table.decode_time
        for sample in table.samples:
            begin = box.start + sample.offset
            picture = content[begin : begin + sample.size]
            if sample.offset < 0 or len(picture) != sample.size:
                raise MalformedMedia("a picture lies outside of its group")
            shown_after = max(sample.composition * CLOCK_HZ // timescale, 0)
            units.append(AccessUnit(_cleaned(picture, codec), not units, at * CLOCK_HZ // timescale, shown_after))
            at += sample.duration
    if not units:
        raise MalformedMedia("a group without a picture")
    return units, at * CLOCK_HZ // timescale


def _cleaned(sample: bytes, codec: Codec) -> bytes:
    """Return the sample without parameter sets, delimiters and filler; the same object when there is none."""
    unwanted, kept, at, changed = _SETS[codec], list[bytes](), 0, False
    while at + 4 < len(sample):
        end = at + 4 + int.from_bytes(sample[at : at + 4], "big")
        if end > len(sample):
            raise MalformedMedia("a NAL unit goes past its picture")
        header = sample[at + 4]
        if (header & 0x1F if codec is Codec.H264 else header >> 1 & 0x3F) in unwanted:
            changed = True
        else:
            kept.append(sample[at:end])
        at = end
    if at != len(sample):
        raise MalformedMedia("a picture ends within a NAL unit")
    return b"".join(kept) if changed else sample


def _composition(content: bytes, moof: Box) -> int:
    """Return the composition offset of the only sample, in ticks."""
    traf = _child(content, moof, b"traf")
    trun = _child(content, traf, b"trun")
    flags = int.from_bytes(content[trun.body + 1 : trun.body + 4], "big")
    if not flags & _COMPOSITION:
        return 0
    return int.from_bytes(content[trun.end - 4 : trun.end], "big", signed=content[trun.body] == 1)


def _sample_entry(content: bytes) -> Box:
    box = _child(content, Box(b"", 0, 0, len(content)), b"moov")
    for kind in _PATH:
        box = _child(content, box, kind)
    entry = next(boxes(content, box.body + 8, box.end), None)
    if entry is None or entry.start + _ENTRY_HEADER > entry.end:
        raise MalformedMedia("no video sample entry in the init segment")
    return entry


def _child(content: bytes, parent: Box, kind: bytes) -> Box:
    for box in boxes(content, parent.body, parent.end):
        if box.kind == kind:
            return box
    raise MalformedMedia(f"no {kind!r} in {parent.kind!r}")


def _body(content: bytes, box: Box) -> bytes:
    return content[box.body : box.end]


def _avcc_sets(avcc: bytes) -> tuple[list[bytes], list[bytes]]:
    """Read an AVCDecoderConfigurationRecord (ISO/IEC 14496-15 §5.3.3.1)."""
    if avcc[4] & _LENGTH_SIZE != _LENGTH_SIZE:
        raise MalformedMedia("avcC without lengths of 4 bytes")
    sps, at = _row(avcc, 6, avcc[5] & 0x1F)
    pps, _ = _row(avcc, at + 1, avcc[at])
    return sps, pps


def _hvcc_sets(hvcc: bytes) -> tuple[list[bytes], list[bytes], list[bytes]]:
    """Read an HEVCDecoderConfigurationRecord (ISO/IEC 14496-15 §8.3.3.1)."""
    found: dict[int, list[bytes]] = {32: [], 33: [], 34: []}
    at = _HVCC_ARRAYS_AT + 1
    for _ in range(hvcc[_HVCC_ARRAYS_AT]):
        kind, count = hvcc[at] & 0x3F, int.from_bytes(hvcc[at + 1 : at + 3], "big")
        sets, at = _row(hvcc, at + 3, count)
        found.setdefault(kind, []).extend(sets)
    return found[32], found[33], found[34]


def _row(record: bytes, at: int, count: int) -> tuple[list[bytes], int]:
    sets: list[bytes] = []
    for _ in range(count):
        (length,) = struct.unpack_from(">H", record, at)
        at += 2
        if length == 0 or at + length > len(record):
            raise MalformedMedia("a parameter set goes past its record")
        sets.append(record[at : at + length])
        at += length
    return sets, at
