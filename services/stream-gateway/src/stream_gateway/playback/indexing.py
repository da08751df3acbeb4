"""Reads what a recorded film holds with as few ranges of bytes as it takes: never the pictures themselves."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from stream_gateway.domain.boxes import MalformedMedia, box_length, boxes, read_fragment, read_init
from stream_gateway.domain.films import FilmIndex, Group, groups_of_points, mfra_length, random_access_points
from stream_gateway.domain.fragments import MAX_BOX_BYTES

Read = Callable[[int, int], Awaitable[bytes]]
"""(start, length) → bytes; fewer than asked only at the end of the film."""

_HEAD_BYTES = 16 * 1024
_TAIL_BYTES = 16 * 1024
_STEP_BYTES = 8 * 1024
_SMALL_FRAGMENT = 64 * 1024
_WIDE_STEP_BYTES = 256 * 1024
_MAX_MFRA = 1024 * 1024


@dataclass(slots=True)
class _Window:
    """The bytes read last; a film of small fragments is read in wide steps."""

    read: Read
    size: int
    start: int = 0
    content: bytes = b""
    step: int = field(default=_HEAD_BYTES)

    async def take(self, start: int, length: int) -> bytes:
        length = min(length, self.size - start)
        if start < self.start or start + length > self.start + len(self.content):
            self.start, self.content = start, await self.read(start, min(max(length, self.step), self.size - start))
        return self.content[start - self.start : start - self.start + length]


async def index_film(read: Read, size: int) -> FilmIndex:
    """Return what a film of ``size`` bytes holds, up to its last complete fragment.

    A file that was closed well ends with an index (``mfra``): four reads. One that was cut off, that is still being
    written, or that has one fragment a frame is walked from fragment to fragment.

    Raises:
        MalformedMedia: there is no film in it.
    """
    window = _Window(read, size)
    init = await _read_init(window)
    track = read_init(init)
    groups = await _groups_from_mfra(window, len(init))
    if groups is None:
        groups = await _walk(window, len(init))
    if not groups:
        raise MalformedMedia("no complete group of pictures in the film")
    moov = next(box for box in boxes(init) if box.kind == b"moov")
    return FilmIndex(init, init[moov.start : moov.end], track.timescale, track.codec, groups)


async def _read_init(window: _Window) -> bytes:
    at = 0
    while at < window.size:
        lengths = box_length(await window.take(at, 16))
        if lengths is None or at + lengths[0] > window.size or lengths[0] > MAX_BOX_BYTES:
            break
        kind = (await window.take(at + 4, 4))[:4]
        at += lengths[0]
        if kind == b"moov":
            return await window.take(0, at)
        if kind in {b"moof", b"mdat"}:
            break
    raise MalformedMedia("no init segment at the beginning of the film")


async def _groups_from_mfra(window: _Window, first_offset: int) -> tuple[Group, ...] | None:
    tail_start = max(window.size - _TAIL_BYTES, 0)
    tail = await window.read(tail_start, window.size - tail_start)
    length = mfra_length(tail)
    if length is None or not 0 < length <= min(window.size - first_offset, _MAX_MFRA):
        return None
    end = window.size - length
    try:
        mfra = tail[-length:] if length <= len(tail) else await window.read(end, length)
        points = random_access_points(mfra)
        if not points or points[0][1] < first_offset or points[-1][1] >= end:
            return None
        first, _, _ = await _fragment(window, points[0][1])
        # A film of one fragment a frame lists each of them: its second one begins with no key frame.
        _, _, second_is_key = await _fragment(window, points[min(1, len(points) - 1)][1])
        last, last_length, last_is_key = await _fragment(window, points[-1][1])
        if not (second_is_key and last_is_key) or points[-1][1] + last_length != end:
            return None
    except MalformedMedia:
        return None
    return groups_of_points(points, first=first[0], last=last, end=end)


async def _fragment(window: _Window, at: int) -> tuple[tuple[int, int], int, bool]:
    """Return ((decode time, duration), length in bytes, whether it begins with a key frame) of a whole fragment."""
    window.step = _STEP_BYTES
    header = await window.take(at, 16)
    lengths = box_length(header)
    if lengths is None or header[4:8] != b"moof" or lengths[0] > MAX_BOX_BYTES or at + lengths[0] > window.size:
        raise MalformedMedia("no whole moof where one should be")
    times = read_fragment(await window.take(at, lengths[0]))
    after = await window.take(at + lengths[0], 16)
    content = box_length(after)
    if content is None or after[4:8] != b"mdat" or at + lengths[0] + content[0] > window.size:
        raise MalformedMedia("no whole mdat after moof")
    return (times.decode_time, times.duration), lengths[0] + content[0], times.keyframe


async def _walk(window: _Window, at: int) -> tuple[Group, ...]:
    groups: list[Group] = []
    while at + 16 <= window.size:
        header = await window.take(at, 16)
        try:
            lengths = box_length(header)
            if lengths is None or at + lengths[0] > window.size:
                break
            if header[4:8] != b"moof":
                at += lengths[0]
                continue
            (decode_time, duration), length, keyframe = await _walked(window, at)
        except MalformedMedia:
            break
        if keyframe:
            groups.append(Group(at, length, decode_time, duration))
        elif groups and groups[-1].offset + groups[-1].length == at:
            begun = groups[-1]
            groups[-1] = Group(
                begun.offset, begun.length + length, begun.decode_time, decode_time + duration - begun.decode_time
            )
        window.step = _WIDE_STEP_BYTES if length < _SMALL_FRAGMENT else _STEP_BYTES
        at += length
    return tuple(groups)


async def _walked(window: _Window, at: int) -> tuple[tuple[int, int], int, bool]:
    step = window.step
    found = await _fragment(window, at)
    window.step = step
    return found
