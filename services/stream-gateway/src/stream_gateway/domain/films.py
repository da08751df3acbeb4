"""What is where in a recorded film: groups of pictures and their bytes, and films cut out of films.

A film is fragmented MP4 (ISO/IEC 14496-12 §8.8): an init segment, then ``moof`` + ``mdat`` pairs. Everything here
reads bytes that came from a camera; the only error is ``MalformedMedia``.
"""

import struct
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

from stream_gateway.domain.boxes import Box, MalformedMedia, boxes

_DEFAULT_BASE_IS_MOOF = 0x02_0000
_BASE_OFFSET, _DESCRIPTION, _DURATION, _SIZE, _FLAGS = 0x01, 0x02, 0x08, 0x10, 0x20
_RUN_OFFSET, _RUN_FIRST_FLAGS = 0x001, 0x004
_RUN_FIELDS = (0x100, 0x200, 0x400, 0x800)
_MAX_SAMPLES = 100_000
_MFRO_BYTES = 16
_KEY_FLAGS = 0x0200_0000


@dataclass(frozen=True, slots=True)
class Group:
    """One group of pictures: bytes [offset, offset + length), times in ticks of the track."""

    offset: int
    length: int
    decode_time: int
    duration: int


@dataclass(frozen=True, slots=True)
class FilmIndex:
    """What a film holds. ``init``: its first bytes, up to the end of ``moov``; ``timescale`` in ticks a second."""

    init: bytes
    moov: bytes
    timescale: int
    codec: str
    groups: tuple[Group, ...]


@dataclass(frozen=True, slots=True)
class Sample:
    """One coded picture of a fragment; ``offset`` counts from the first byte of its ``moof``."""

    offset: int
    size: int
    duration: int
    flags: int
    composition: int


@dataclass(frozen=True, slots=True)
class SampleTable:
    """The pictures of one ``moof``."""

    track_id: int
    decode_time: int
    samples: tuple[Sample, ...]


def mfra_length(tail: bytes) -> int | None:
    """Return how many last bytes of a file are its random access index (``mfra``), None without one."""
    box = tail[-_MFRO_BYTES:]
    if len(box) < _MFRO_BYTES or box[:4] != _MFRO_BYTES.to_bytes(4, "big") or box[4:8] != b"mfro":
        return None
    return int.from_bytes(box[12:16], "big")


def random_access_points(mfra: bytes) -> list[tuple[int, int]]:
    """Return (time in ticks, offset of the ``moof``) of each random access point of the first track, in order."""
    parent = next(boxes(mfra), None)
    if parent is None or parent.kind != b"mfra":
        raise MalformedMedia("no mfra where the file says it is")
    table = next((box for box in boxes(mfra, parent.body, parent.end) if box.kind == b"tfra"), None)
    if table is None or table.body + 16 > table.end:
        raise MalformedMedia("no tfra in mfra")
    wide = mfra[table.body] == 1
    lengths = int.from_bytes(mfra[table.body + 8 : table.body + 12], "big")
    count = int.from_bytes(mfra[table.body + 12 : table.body + 16], "big")
    field = 8 if wide else 4
    numbers = sum(((lengths >> shift) & 3) + 1 for shift in (4, 2, 0))
    stride = 2 * field + numbers
    if count > _MAX_SAMPLES or table.body + 16 + stride * count > table.end:
        raise MalformedMedia(f"{count} random access points do not fit their box")
    points: list[tuple[int, int]] = []
    for at in range(table.body + 16, table.body + 16 + stride * count, stride):
        time = int.from_bytes(mfra[at : at + field], "big")
        points.append((time, int.from_bytes(mfra[at + field : at + 2 * field], "big")))
    return points


def random_access_box(points: Sequence[tuple[int, int]], track_id: int = 1) -> bytes:
    """Return an ``mfra`` box for the end of a film: (time in ticks, offset of the ``moof``) of each group.

    With it a player or a replay finds every group with one read of the last bytes instead of one read a group.
    """
    rows = b"".join(struct.pack(">QQBBB", time, offset, 1, 1, 1) for time, offset in points)
    tfra = _box(b"tfra", struct.pack(">IIII", 0x0100_0000, track_id, 0, len(points)) + rows)
    length = 8 + len(tfra) + _MFRO_BYTES
    return _box(b"mfra", tfra + _box(b"mfro", struct.pack(">II", 0, length)))


def groups_of_points(
    points: Sequence[tuple[int, int]], *, first: int, last: tuple[int, int], end: int
) -> tuple[Group, ...] | None:
    """Turn random access points, each of which is a key frame, into groups; None when their times do not go up.

    Args:
        points: presentation times and offsets.
        first: decode time of the first fragment: presentation may be later by a constant.
        last: (decode time, duration) of the last fragment.
        end: first byte after the last fragment.
    """
    if not points or any(later <= sooner for (_, sooner), (_, later) in pairwise(points)):
        return None
    times = [time - points[0][0] + first for time, _ in points]
    if times[-1] != last[0] or any(later <= sooner for sooner, later in pairwise(times)):
        return None
    offsets = [offset for _, offset in points] + [end]
    ends = [*times[1:], last[0] + last[1]]
    return tuple(
        Group(offsets[at], offsets[at + 1] - offsets[at], times[at], ends[at] - times[at]) for at in range(len(times))
    )


def sample_table(moof: bytes) -> SampleTable:
    """Read the pictures of a ``moof`` with one track."""
    box = next(boxes(moof), None)
    if box is None or box.kind != b"moof":
        raise MalformedMedia("a fragment must begin with moof")
    traf = next((child for child in boxes(moof, box.body, box.end) if child.kind == b"traf"), None)
    if traf is None:
        raise MalformedMedia("no traf in moof")
    children = list(boxes(moof, traf.body, traf.end))
    header = next((child for child in children if child.kind == b"tfhd"), None)
    time = next((child for child in children if child.kind == b"tfdt"), None)
    if header is None or time is None:
        raise MalformedMedia("no tfhd or no tfdt in traf")
    track_id, defaults = _track_header(moof, header)
    wide = moof[time.body : time.body + 1] == b"\1"
    decode_time = int.from_bytes(moof[time.body + 4 : time.body + (12 if wide else 8)], "big")
    samples: list[Sample] = []
    for run in children:
        if run.kind == b"trun":
            after = samples[-1].offset + samples[-1].size if samples else box.end + 8
            samples.extend(_run(moof, run, defaults, after))
    if not samples:
        raise MalformedMedia("no pictures in the fragment")
    return SampleTable(track_id, decode_time, tuple(samples))


def _track_header(data: bytes, tfhd: Box) -> tuple[int, tuple[int, int, int]]:
    """Return the track and its default (duration, size, flags)."""
    flags = int.from_bytes(data[tfhd.body + 1 : tfhd.body + 4], "big")
    if flags & _BASE_OFFSET or not flags & _DEFAULT_BASE_IS_MOOF:
        raise MalformedMedia("offsets of a fragment must count from its moof")
    at = tfhd.body + 8
    found = {_DURATION: 0, _SIZE: 0, _FLAGS: 0}
    for bit in (_DESCRIPTION, _DURATION, _SIZE, _FLAGS):
        if flags & bit:
            if at + 4 > tfhd.end:
                raise MalformedMedia("tfhd is too short")
            found[bit] = int.from_bytes(data[at : at + 4], "big")
            at += 4
    track_id = int.from_bytes(data[tfhd.body + 4 : tfhd.body + 8], "big")
    return track_id, (found[_DURATION], found[_SIZE], found[_FLAGS])


def _run(data: bytes, trun: Box, defaults: tuple[int, int, int], offset: int) -> Iterable[Sample]:
    flags = int.from_bytes(data[trun.body + 1 : trun.body + 4], "big")
    count = int.from_bytes(data[trun.body + 4 : trun.body + 8], "big")
    at = trun.body + 8
    if flags & _RUN_OFFSET:
        offset = int.from_bytes(data[at : at + 4], "big", signed=True)
        at += 4
    first_flags = None
    if flags & _RUN_FIRST_FLAGS:
        first_flags = int.from_bytes(data[at : at + 4], "big")
        at += 4
    present = [bool(flags & bit) for bit in _RUN_FIELDS]
    stride = 4 * sum(present)
    if count > _MAX_SAMPLES or at + stride * count > trun.end:
        raise MalformedMedia(f"a run of {count} samples does not fit its box")
    signed = data[trun.body : trun.body + 1] == b"\1"
    for number in range(count):
        values = [*defaults, 0]
        for field, there in enumerate(present):
            if there:
                is_signed = signed and field == len(_RUN_FIELDS) - 1
                values[field] = int.from_bytes(data[at : at + 4], "big", signed=is_signed)
                at += 4
        duration, size, sample_flags, composition = values
        if number == 0 and first_flags is not None:
            sample_flags = first_flags
        yield Sample(offset, size, duration, sample_flags, composition)
        offset += size


def fragment_of(table: SampleTable, pictures: Sequence[tuple[Sample, bytes]]) -> bytes:
    """Return a fragment (``moof`` + ``mdat``) of some pictures of another one, at the same decode time."""
    content = b"".join(picture for _, picture in pictures)
    rows = b"".join(
        struct.pack(">IIIi", sample.duration, sample.size, sample.flags, sample.composition) for sample, _ in pictures
    )
    head = struct.pack(">II", 0x0100_0F01, len(pictures))
    length = 8 + 16 + 8 + 16 + 20 + 8 + len(head) + 4 + len(rows)
    tfhd = _box(b"tfhd", struct.pack(">II", _DEFAULT_BASE_IS_MOOF, table.track_id))
    tfdt = _box(b"tfdt", struct.pack(">IQ", 0x0100_0000, table.decode_time))
    trun = _box(b"trun", head + struct.pack(">i", length + 8) + rows)
    moof = _box(b"moof", _box(b"mfhd", struct.pack(">II", 0, 1)) + _box(b"traf", tfhd + tfdt + trun))
    return moof + _box(b"mdat", content)


def _box(kind: bytes, content: bytes) -> bytes:
    return (8 + len(content)).to_bytes(4, "big") + kind + content


def cut_group(content: bytes, decode_time: int) -> bytes:
    """Return the pictures of a group of pictures (one or more fragments) that are decoded before ``decode_time``."""
    kept: list[bytes] = []
    moof: Box | None = None
    for box in boxes(content):
        if box.kind == b"moof":
            moof = box
        elif box.kind == b"mdat" and moof is not None:
            kept.append(_cut_fragment(content[moof.start : box.end], moof.end - moof.start, decode_time))
            moof = None
    return b"".join(kept)


def _cut_fragment(fragment: bytes, moof_length: int, decode_time: int) -> bytes:
    table = sample_table(fragment[:moof_length])
    at = table.decode_time
    pictures: list[tuple[Sample, bytes]] = []
    for sample in table.samples:
        if at >= decode_time:
            break
        picture = fragment[sample.offset : sample.offset + sample.size]
        if len(picture) != sample.size:
            raise MalformedMedia("a picture lies outside of its fragment")
        pictures.append((sample, picture))
        at += sample.duration
    if len(pictures) == len(table.samples):
        return fragment
    return fragment_of(table, pictures) if pictures else b""


def key_picture(table: SampleTable, picture: bytes, duration: int) -> bytes:
    """Return a fragment of the first picture only, shown for ``duration`` ticks: one frame a group, for high speed."""
    first = replace(table.samples[0], duration=duration, flags=_KEY_FLAGS)
    return fragment_of(table, [(first, picture)])
