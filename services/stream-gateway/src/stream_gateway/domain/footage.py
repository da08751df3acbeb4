"""What a recorded file holds: read from its boxes, never from its name or from what a recorder hoped for."""

from dataclasses import dataclass
from typing import BinaryIO

from stream_gateway.domain.boxes import MalformedMedia, box_length, read_fragment, read_init
from stream_gateway.domain.fragments import MAX_BOX_BYTES


@dataclass(frozen=True, slots=True)
class Footage:
    """Content of a fragmented MP4 file.

    ``duration_ms`` spans from the first decode time to the end of the last complete fragment.
    ``complete_bytes`` ends with that fragment; ``truncated`` tells that the file goes on after it with a piece
    of a fragment, as a killed recorder leaves it. ``codec`` is the RFC 6381 string.
    """

    duration_ms: int
    fragments: int
    complete_bytes: int
    truncated: bool
    codec: str


def read_footage(file: BinaryIO, size: int) -> Footage:
    """Read what a recorded file holds; box headers and ``moof`` only, so that cost does not grow with bitrate.

    Args:
        file: an open file at any position.
        size: its length in bytes.

    Raises:
        MalformedMedia: no init segment, or not one complete fragment: there is no footage in it.
    """
    init, timescale, codec = b"", 0, ""
    first, last_end, fragments, complete = 0, 0, 0, 0
    moof = b""
    at = 0
    while at < size:
        file.seek(at)
        try:
            lengths = box_length(file.read(16))
        except MalformedMedia:
            break
        if lengths is None or at + lengths[0] > size:
            break
        file.seek(at + 4)
        kind = file.read(4)
        if kind in {b"ftyp", b"moov", b"moof"}:
            content = _read_whole(file, at, lengths[0])
            if kind == b"moof":
                moof = content
            else:
                init += content
        if kind == b"moov":
            track = read_init(init)
            timescale, codec = track.timescale, track.codec
        elif kind == b"mdat" and moof and timescale:
            try:
                times = read_fragment(moof)
            except MalformedMedia:
                break
            first = times.decode_time if fragments == 0 else first
            last_end = times.decode_time + times.duration
            fragments += 1
            complete = at + lengths[0]
            moof = b""
        at += lengths[0]
    if fragments == 0:
        raise MalformedMedia("no complete fragment in the file")
    duration_ms = round(max(last_end - first, 0) * 1000 / timescale)
    return Footage(duration_ms, fragments, complete, truncated=at < size or bool(moof), codec=codec)


def _read_whole(file: BinaryIO, at: int, length: int) -> bytes:
    if length > MAX_BOX_BYTES:
        raise MalformedMedia(f"a box of {length} bytes")
    file.seek(at)
    return file.read(length)
