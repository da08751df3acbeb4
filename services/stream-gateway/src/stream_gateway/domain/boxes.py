"""Boxes of ISO base media files (ISO/IEC 14496-12), as far as fragmented video needs them.

Everything here reads bytes that came from a camera: each length is checked before it is believed, and the only
error is ``MalformedMedia``.
"""

import struct
from collections.abc import Iterator
from dataclasses import dataclass

_LARGE_SIZE = 1
_TO_THE_END = 0
_HEADER = 8
_LARGE_HEADER = 16

_TFHD_BASE_OFFSET, _TFHD_DESCRIPTION = 0x01, 0x02
_TFHD_DURATION, _TFHD_SIZE, _TFHD_FLAGS = 0x08, 0x10, 0x20
_TRUN_DATA_OFFSET, _TRUN_FIRST_FLAGS = 0x001, 0x004
_TRUN_DURATION, _TRUN_SIZE, _TRUN_FLAGS, _TRUN_COMPOSITION = 0x100, 0x200, 0x400, 0x800
_NON_SYNC_SAMPLE = 0x0001_0000
_MAX_SAMPLES = 100_000
_SAMPLE_ENTRY_HEADER = 86
"""Bytes of a VisualSampleEntry before its child boxes, box header included (14496-12 §12.1.3)."""
_WIDTH_AT, _HEIGHT_AT = 32, 34


class MalformedMedia(ValueError):
    """The bytes are not the fragmented MP4 they claim to be; the text says what was found."""


@dataclass(frozen=True, slots=True)
class Box:
    """One box inside a buffer: ``start`` of its header, ``body`` of its content, ``end`` (half-open)."""

    kind: bytes
    start: int
    body: int
    end: int


@dataclass(frozen=True, slots=True)
class Track:
    """What the init segment says of its video: ticks per second, RFC 6381 codec string, size in pixels."""

    timescale: int
    codec: str
    width: int = 0
    height: int = 0


@dataclass(frozen=True, slots=True)
class FragmentTimes:
    """When a fragment is decoded, in ticks of the track, whether it begins with a key frame, its samples."""

    decode_time: int
    duration: int
    keyframe: bool
    samples: int = 1


def box_length(header: bytes) -> tuple[int, int] | None:
    """Return (length of the whole box, length of its header), or None while the header is incomplete.

    Raises:
        MalformedMedia: the length is shorter than the header, or "to the end of the file", which no live
            stream can mean.
    """
    if len(header) < _HEADER:
        return None
    size = int.from_bytes(header[:4], "big")
    header_length = _HEADER
    if size == _LARGE_SIZE:
        if len(header) < _LARGE_HEADER:
            return None
        size = int.from_bytes(header[8:16], "big")
        header_length = _LARGE_HEADER
    if size == _TO_THE_END or size < header_length:
        raise MalformedMedia(f"box {header[4:8]!r} says it has {size} bytes")
    return size, header_length


def boxes(data: bytes, start: int = 0, end: int | None = None) -> Iterator[Box]:
    """Yield the boxes between two offsets; raises MalformedMedia when one overflows its parent."""
    stop = len(data) if end is None else end
    at = start
    while at < stop:
        lengths = box_length(data[at : min(at + _LARGE_HEADER, stop)])
        if lengths is None or at + lengths[0] > stop:
            raise MalformedMedia(f"box at byte {at} goes past byte {stop}")
        yield Box(data[at + 4 : at + 8], at, at + lengths[1], at + lengths[0])
        at += lengths[0]


def _child(data: bytes, parent: Box, kind: bytes) -> Box:
    for box in boxes(data, parent.body, parent.end):
        if box.kind == kind:
            return box
    raise MalformedMedia(f"no {kind!r} in {parent.kind!r}")


def _uint(data: bytes, at: int, length: int, end: int) -> int:
    if at + length > end:
        raise MalformedMedia(f"field at byte {at} goes past its box")
    return int.from_bytes(data[at : at + length], "big")


def read_init(data: bytes) -> Track:
    """Read the video track of an init segment (``ftyp`` + ``moov``)."""
    moov = next((box for box in boxes(data) if box.kind == b"moov"), None)
    if moov is None:
        raise MalformedMedia("no moov in the init segment")
    for trak in boxes(data, moov.body, moov.end):
        if trak.kind != b"trak":
            continue
        mdia = _child(data, trak, b"mdia")
        handler = _child(data, mdia, b"hdlr")
        if data[handler.body + 8 : handler.body + 12] == b"vide":
            return _track(data, mdia)
    raise MalformedMedia("no video track in the init segment")


def _timescale(data: bytes, mdhd: Box) -> int:
    version = _uint(data, mdhd.body, 1, mdhd.end)
    timescale = _uint(data, mdhd.body + (20 if version == 1 else 12), 4, mdhd.end)
    if timescale == 0:
        raise MalformedMedia("timescale is 0")
    return timescale


def _track(data: bytes, mdia: Box) -> Track:
    stsd = _child(data, _child(data, _child(data, mdia, b"minf"), b"stbl"), b"stsd")
    entry = next(boxes(data, stsd.body + 8, stsd.end), None)
    if entry is None:
        raise MalformedMedia("stsd is empty")
    width, height = (_uint(data, entry.start + at, 2, entry.end) for at in (_WIDTH_AT, _HEIGHT_AT))
    return Track(_timescale(data, _child(data, mdia, b"mdhd")), _codec(data, entry), width, height)


def _codec(data: bytes, entry: Box) -> str:
    configuration = Box(entry.kind, entry.start, entry.start + _SAMPLE_ENTRY_HEADER, entry.end)
    if entry.kind in {b"avc1", b"avc3"}:
        avcc = _child(data, configuration, b"avcC")
        return f"{entry.kind.decode()}.{_uint(data, avcc.body + 1, 3, avcc.end):06x}"
    if entry.kind in {b"hvc1", b"hev1"}:
        return _hevc_codec(data, entry.kind.decode(), _child(data, configuration, b"hvcC"))
    raise MalformedMedia(f"codec {entry.kind!r} is not one we carry")


def _hevc_codec(data: bytes, kind: str, hvcc: Box) -> str:
    """Build the codec string of ISO/IEC 14496-15 annex E.3 from an ``hvcC`` box."""
    profile = _uint(data, hvcc.body + 1, 1, hvcc.end)
    compatibility = _uint(data, hvcc.body + 2, 4, hvcc.end)
    reversed_bits = int(f"{compatibility:032b}"[::-1], 2)
    constraints = data[hvcc.body + 6 : hvcc.body + 12].rstrip(b"\0")
    level = _uint(data, hvcc.body + 12, 1, hvcc.end)
    parts = [
        kind,
        f"{('', 'A', 'B', 'C')[profile >> 6]}{profile & 0x1F}",
        f"{reversed_bits:X}",
        f"{'H' if profile & 0x20 else 'L'}{level}",
        *(f"{byte:X}" for byte in constraints),
    ]
    return ".".join(parts)


def read_fragment(moof: bytes) -> FragmentTimes:
    """Read decode time, duration and key-frame flag of a ``moof`` box (first track run wins: one track)."""
    box = next(boxes(moof), None)
    if box is None or box.kind != b"moof":
        raise MalformedMedia("a fragment must begin with moof")
    traf = _child(moof, box, b"traf")
    tfdt = _child(moof, traf, b"tfdt")
    version = _uint(moof, tfdt.body, 1, tfdt.end)
    decode_time = _uint(moof, tfdt.body + 4, 8 if version == 1 else 4, tfdt.end)
    default_duration, default_flags = _defaults(moof, _child(moof, traf, b"tfhd"))
    duration, keyframe, samples = 0, None, 0
    for run in boxes(moof, traf.body, traf.end):
        if run.kind == b"trun":
            run_duration, first_flags, count = _track_run(moof, run, default_duration, default_flags)
            duration += run_duration
            samples += count
            keyframe = not first_flags & _NON_SYNC_SAMPLE if keyframe is None else keyframe
    return FragmentTimes(decode_time, duration, bool(keyframe), samples)


def _defaults(data: bytes, tfhd: Box) -> tuple[int, int]:
    """Return (default sample duration, default sample flags) of a track fragment header."""
    flags = _uint(data, tfhd.body + 1, 3, tfhd.end)
    at = tfhd.body + 8
    found = {_TFHD_DURATION: 0, _TFHD_FLAGS: 0}
    for bit, length in (
        (_TFHD_BASE_OFFSET, 8),
        (_TFHD_DESCRIPTION, 4),
        (_TFHD_DURATION, 4),
        (_TFHD_SIZE, 4),
        (_TFHD_FLAGS, 4),
    ):
        if flags & bit:
            found[bit] = _uint(data, at, length, tfhd.end)
            at += length
    return found[_TFHD_DURATION], found[_TFHD_FLAGS]


def _track_run(data: bytes, trun: Box, default_duration: int, default_flags: int) -> tuple[int, int, int]:
    """Return (duration of the run in ticks, flags of its first sample, number of samples)."""
    flags = _uint(data, trun.body + 1, 3, trun.end)
    count = _uint(data, trun.body + 4, 4, trun.end)
    at = trun.body + 8 + (4 if flags & _TRUN_DATA_OFFSET else 0)
    first_flags = default_flags
    if flags & _TRUN_FIRST_FLAGS:
        first_flags = _uint(data, at, 4, trun.end)
        at += 4
    fields = [bit for bit in (_TRUN_DURATION, _TRUN_SIZE, _TRUN_FLAGS, _TRUN_COMPOSITION) if flags & bit]
    stride = 4 * len(fields)
    if count > _MAX_SAMPLES or at + stride * count > trun.end:
        raise MalformedMedia(f"a run of {count} samples does not fit its box")
    if count and _TRUN_FLAGS in fields:
        first_flags = _uint(data, at + 4 * fields.index(_TRUN_FLAGS), 4, trun.end)
    if _TRUN_DURATION not in fields:
        return default_duration * count, first_flags, count
    words = struct.unpack_from(f">{len(fields) * count}I", data, at)
    return sum(words[:: len(fields)]), first_flags, count
