"""Fragmented MP4 out of access units (ISO/IEC 14496-12 §8.8, 14496-15 §5 and §8), without touching a coded byte.

One writer serves recording (a fragment per group of pictures) and live (a fragment per picture). Every length that
ends up in a box was measured here, so that nothing a camera sends can make a box lie.
"""

import struct
from collections.abc import Sequence
from itertools import pairwise

from stream_gateway.domain.access_units import CLOCK_HZ, AccessUnit, Codec, ParameterSets
from stream_gateway.domain.boxes import read_init
from stream_gateway.domain.fragments import Fragment, InitSegment
from stream_gateway.domain.parameter_sets import h264_sequence, h265_sequence

_TRACK = 1
_MATRIX = struct.pack(">9I", 0x10000, 0, 0, 0, 0x10000, 0, 0, 0, 0x40000000)
_KEY_SAMPLE, _OTHER_SAMPLE = 0x0200_0000, 0x0101_0000
"""Sample flags: depends on no other / on others, and is no sync sample (14496-12 §8.8.3.1)."""
_TRUN = 0x000701
"""Data offset, then duration, size and flags of each sample; 0x800 adds composition offsets."""
_COMPOSITION = 0x000800
_MOOF_FIXED = 88
"""Bytes of a ``moof`` with one track run, without its samples."""


def _box(kind: bytes, *parts: bytes) -> bytes:
    body = b"".join(parts)
    return struct.pack(">I4s", 8 + len(body), kind) + body


def _full(kind: bytes, version: int, flags: int, *parts: bytes) -> bytes:
    return _box(kind, struct.pack(">I", version << 24 | flags), *parts)


def init_segment(parameters: ParameterSets) -> InitSegment:
    """Return ``ftyp`` + ``moov`` for these parameter sets.

    Raises:
        MalformedParameterSets: the sequence parameter set does not hold what the sample entry must repeat.
    """
    entry = _h264_entry(parameters) if parameters.codec is Codec.H264 else _h265_entry(parameters)
    content = _box(b"ftyp", b"iso5", struct.pack(">I", 512), b"iso5iso6mp41") + _moov(parameters, entry)
    return InitSegment(content, read_init(content).codec, CLOCK_HZ)


def _moov(parameters: ParameterSets, entry: bytes) -> bytes:
    times_and_rates = struct.pack(">4IIH10x", 0, 0, 1000, 0, 0x10000, 0x0100)
    mvhd = _full(b"mvhd", 0, 0, times_and_rates, _MATRIX, bytes(24), struct.pack(">I", _TRACK + 1))
    tkhd = _full(
        b"tkhd",
        0,
        3,
        struct.pack(">5I", 0, 0, _TRACK, 0, 0),
        bytes(16),
        _MATRIX,
        struct.pack(">2I", parameters.width << 16, parameters.height << 16),
    )
    mdhd = _full(b"mdhd", 0, 0, struct.pack(">4I2H", 0, 0, CLOCK_HZ, 0, 0x55C4, 0))
    hdlr = _full(b"hdlr", 0, 0, bytes(4), b"vide", bytes(12), b"video\0")
    dinf = _box(b"dinf", _full(b"dref", 0, 0, struct.pack(">I", 1), _full(b"url ", 0, 1)))
    stbl = _box(
        b"stbl",
        _full(b"stsd", 0, 0, struct.pack(">I", 1), entry),
        _full(b"stts", 0, 0, bytes(4)),
        _full(b"stsc", 0, 0, bytes(4)),
        _full(b"stsz", 0, 0, bytes(8)),
        _full(b"stco", 0, 0, bytes(4)),
    )
    minf = _box(b"minf", _full(b"vmhd", 0, 1, bytes(8)), dinf, stbl)
    trak = _box(b"trak", tkhd, _box(b"mdia", mdhd, hdlr, minf))
    trex = _full(b"trex", 0, 0, struct.pack(">5I", _TRACK, 1, 0, 0, 0))
    return _box(b"moov", mvhd, trak, _box(b"mvex", trex))


def _visual_entry(kind: bytes, parameters: ParameterSets, configuration: bytes) -> bytes:
    fields = struct.pack(
        ">6xH16x2H2I4xH32xHh", 1, parameters.width, parameters.height, 0x480000, 0x480000, 1, 0x0018, -1
    )
    return _box(kind, fields, configuration)


def _h264_entry(parameters: ParameterSets) -> bytes:
    sequence = h264_sequence(parameters.sps[0])
    profile = bytes((sequence.profile, sequence.compatibility, sequence.level))
    parts = [b"\1", profile, b"\xff", bytes((0xE0 | len(parameters.sps),)), *map(_sized, parameters.sps)]
    parts += [bytes((len(parameters.pps),)), *map(_sized, parameters.pps)]
    if sequence.has_chroma_extension:
        chroma = 0xFC | sequence.chroma_format
        depths = (0xF8 | sequence.bit_depth_luma - 8, 0xF8 | sequence.bit_depth_chroma - 8)
        parts.append(bytes((chroma, *depths, 0)))
    return _visual_entry(b"avc1", parameters, _box(b"avcC", *parts))


def _h265_entry(parameters: ParameterSets) -> bytes:
    sequence = h265_sequence(parameters.sps[0])
    profile = sequence.general_profile_space << 6 | sequence.general_tier << 5 | sequence.general_profile
    layers = sequence.temporal_layers << 3 | sequence.temporal_nesting << 2 | 3
    head = (
        bytes((1, profile))
        + sequence.general_compatibility.to_bytes(4, "big")
        + sequence.general_constraints.to_bytes(6, "big")
        + bytes((sequence.general_level, 0xF0, 0, 0xFC, 0xFC | sequence.chroma_format))
        + bytes((0xF8 | sequence.bit_depth_luma - 8, 0xF8 | sequence.bit_depth_chroma - 8, 0, 0, layers))
    )
    arrays = ((32, parameters.vps), (33, parameters.sps), (34, parameters.pps))
    written = [
        bytes((0x80 | kind,)) + struct.pack(">H", len(sets)) + b"".join(map(_sized, sets)) for kind, sets in arrays
    ]
    return _visual_entry(b"hvc1", parameters, _box(b"hvcC", head, bytes((len(arrays),)), *written))


def _sized(nal: bytes) -> bytes:
    return struct.pack(">H", len(nal)) + nal


def durations(units: Sequence[AccessUnit], next_time: int) -> list[int]:
    """Return how long each picture lasts, in ticks; the last one until ``next_time``."""
    times = [unit.time for unit in units]
    times.append(next_time)
    return [later - earlier for earlier, later in pairwise(times)]


def fragment_head(units: Sequence[AccessUnit], next_time: int, *, sequence: int, since: int = 0) -> bytes:
    """Return ``moof`` and the header of ``mdat``; the samples follow as they are.

    Args:
        units: at least one, in order of decoding.
        next_time: decode time of what comes after, later than the last unit's.
        sequence: number of the fragment in its stream, from 1.
        since: decode time that counts as 0.
    """
    composed = any(unit.shown_after for unit in units)
    sizes = [len(unit.sample) for unit in units]
    lengths = durations(units, next_time)
    flags = [_KEY_SAMPLE if unit.keyframe else _OTHER_SAMPLE for unit in units]
    fields: list[int] = []
    if composed:
        for length, size, flag, unit in zip(lengths, sizes, flags, units, strict=True):
            fields += (length, size, flag, unit.shown_after)
    else:
        for row in zip(lengths, sizes, flags, strict=True):
            fields += row
    moof_length = _MOOF_FIXED + 4 * len(fields)
    run = _TRUN | (_COMPOSITION if composed else 0)
    return struct.pack(
        f">I4s I4s2I I4s I4s2I I4sIQ I4s3I {len(fields)}I I4s",
        *(moof_length, b"moof", 16, b"mfhd", 0, sequence),
        *(moof_length - 24, b"traf", 16, b"tfhd", 0x020000, _TRACK),
        *(20, b"tfdt", 0x0100_0000, units[0].time - since),
        *(moof_length - 68, b"trun", run, len(units), moof_length + 8),
        *fields,
        *(8 + sum(sizes), b"mdat"),
    )


def fragment(units: Sequence[AccessUnit], next_time: int, *, sequence: int, since: int = 0) -> Fragment:
    """Return access units as one fragment; see ``fragment_head``."""
    head = fragment_head(units, next_time, sequence=sequence, since=since)
    content = b"".join((head, *(unit.sample for unit in units)))
    first = units[0]
    only = first._replace(time=first.time - since) if len(units) == 1 else None
    return Fragment(content, first.keyframe, first.time - since, next_time - first.time, only)
