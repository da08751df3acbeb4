"""What a recorded file holds: read from its boxes, never from its name or from what a recorder hoped for."""

import contextlib
from dataclasses import dataclass
from typing import BinaryIO

from stream_gateway.domain.boxes import FragmentTimes, MalformedMedia, Track, box_length, read_fragment, read_init
from stream_gateway.domain.fragments import MAX_BOX_BYTES
from stream_gateway.domain.segment_label import NotALabel, SegmentLabel, read_label

_READ_WHOLE = frozenset({b"ftyp", b"moov", b"moof", b"uuid"})


@dataclass(frozen=True, slots=True)
class Footage:
    """Content of a fragmented MP4 file.

    ``duration_ms`` spans from the first decode time to the end of the last complete fragment.
    ``complete_bytes`` ends with that fragment; ``truncated`` tells that the file goes on after it with a piece
    of a fragment, as a killed recorder leaves it. ``codec`` is the RFC 6381 string. ``label`` is None in files that
    do not tell where they come from. ``pictures``: how many samples the complete fragments hold.
    """

    duration_ms: int
    fragments: int
    complete_bytes: int
    truncated: bool
    codec: str
    label: SegmentLabel | None = None
    pictures: int = 0
    width: int = 0
    height: int = 0


def read_footage(file: BinaryIO, size: int) -> Footage:
    """Read what a recorded file holds; box headers and ``moof`` only, so that cost does not grow with bitrate.

    Args:
        file: an open file at any position.
        size: its length in bytes.

    Raises:
        MalformedMedia: no init segment, or not one complete fragment: there is no footage in it.
    """
    found = _Finding()
    at = 0
    while at < size:
        file.seek(at)
        header = file.read(16)
        try:
            lengths = box_length(header)
            if lengths is None or at + lengths[0] > size:
                break
            kind = header[4:8]
            content = _read_whole(file, at, lengths[0]) if kind in _READ_WHOLE else b""
            found.take(kind, content, at + lengths[0])
        except MalformedMedia:
            if found.track is None:
                raise
            break
        at += lengths[0]
    return found.footage(truncated=at < size)


@dataclass(slots=True)
class _Finding:
    """What was found so far, box by box."""

    init: bytes = b""
    track: Track | None = None
    label: SegmentLabel | None = None
    moof: bytes = b""
    first: int = 0
    last_end: int = 0
    fragments: int = 0
    pictures: int = 0
    complete: int = 0

    def take(self, kind: bytes, content: bytes, end: int) -> None:
        """Take the next box; ``content`` is the whole of one that is read, ``end`` where it ends in the file."""
        if kind in {b"ftyp", b"moov"}:
            self.init += content
            self.track = read_init(self.init) if kind == b"moov" else None
        elif kind == b"uuid":
            with contextlib.suppress(NotALabel):
                self.label = read_label(content)
        elif kind == b"moof":
            self.moof = content
        elif kind == b"mdat" and self.moof and self.track is not None:
            self._fragment(read_fragment(self.moof), end)

    def _fragment(self, times: FragmentTimes, end: int) -> None:
        self.first = times.decode_time if self.fragments == 0 else self.first
        self.last_end = times.decode_time + times.duration
        self.fragments += 1
        self.pictures += times.samples
        self.complete = end
        self.moof = b""

    def footage(self, *, truncated: bool) -> Footage:
        """Return what was found; raises MalformedMedia when there is not one complete fragment."""
        if self.track is None or self.fragments == 0:
            raise MalformedMedia("no complete fragment in the file")
        return Footage(
            duration_ms=round(max(self.last_end - self.first, 0) * 1000 / self.track.timescale),
            fragments=self.fragments,
            complete_bytes=self.complete,
            truncated=truncated or bool(self.moof),
            codec=self.track.codec,
            label=self.label,
            pictures=self.pictures,
            width=self.track.width,
            height=self.track.height,
        )


def _read_whole(file: BinaryIO, at: int, length: int) -> bytes:
    if length > MAX_BOX_BYTES:
        raise MalformedMedia(f"a box of {length} bytes")
    file.seek(at)
    return file.read(length)
