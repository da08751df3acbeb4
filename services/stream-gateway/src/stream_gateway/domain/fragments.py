"""From a byte stream of fragmented MP4 to whole parts: the init segment, then one fragment after the other."""

from dataclasses import dataclass, field

from stream_gateway.domain.access_units import AccessUnit
from stream_gateway.domain.boxes import MalformedMedia, box_length, read_fragment, read_init

MAX_BOX_BYTES = 16 * 1024 * 1024
"""No init segment and no single frame of a surveillance camera is larger; a larger claim is an error."""


@dataclass(frozen=True, slots=True)
class InitSegment:
    """``ftyp`` + ``moov``: what a decoder must see first. ``codec`` as RFC 6381, e.g. ``avc1.4d401f``."""

    content: bytes
    codec: str
    timescale: int

    @property
    def mime(self) -> str:
        """The type that a browser's Media Source Extensions want."""
        return f'video/mp4; codecs="{self.codec}"'


@dataclass(frozen=True, slots=True)
class Fragment:
    """``moof`` + ``mdat``: one frame (live) or one group of pictures. Times are in ticks of the track.

    ``unit``: the only picture of a fragment that was made here, at its time on the track; None where it is unknown.
    """

    content: bytes
    keyframe: bool
    decode_time: int
    duration: int
    unit: AccessUnit | None = field(default=None, compare=False, repr=False)


class FragmentSplitter:
    """Cuts a stream of bytes, however chunked, into init segments and fragments.

    Boxes that belong to neither (``styp``, ``sidx``, ``mfra``…) are passed over. Memory is bounded by
    ``MAX_BOX_BYTES`` for each of the two parts of a fragment.
    """

    def __init__(self) -> None:
        self._pending = bytearray()
        self._file_type = b""
        self._moof = b""

    def feed(self, chunk: bytes) -> list[InitSegment | Fragment]:
        """Add bytes; return the parts that are complete now. Raises MalformedMedia."""
        self._pending += chunk
        parts: list[InitSegment | Fragment] = []
        at = 0
        while True:
            lengths = box_length(bytes(self._pending[at : at + 16]))
            if lengths is None:
                break
            length = lengths[0]
            if length > MAX_BOX_BYTES:
                raise MalformedMedia(f"a box of {length} bytes")
            if at + length > len(self._pending):
                break
            part = self._take(bytes(self._pending[at : at + length]))
            if part is not None:
                parts.append(part)
            at += length
        del self._pending[:at]
        return parts

    def _take(self, box: bytes) -> InitSegment | Fragment | None:
        kind = box[4:8]
        if kind == b"ftyp":
            self._file_type = box
        elif kind == b"moov":
            content = self._file_type + box
            track = read_init(content)
            return InitSegment(content, track.codec, track.timescale)
        elif kind == b"moof":
            self._moof = box
        elif kind == b"mdat" and self._moof:
            times = read_fragment(self._moof)
            fragment = Fragment(self._moof + box, times.keyframe, times.decode_time, times.duration)
            self._moof = b""
            return fragment
        return None


class GopCache:
    """The present group of pictures, so that a new viewer sees a picture at once.

    Bounded by bytes and by number of fragments: a group that outgrows its bound is dropped and the cache stays
    empty until the next key frame, because half a group decodes to nothing.
    """

    def __init__(self, *, max_bytes: int, max_fragments: int) -> None:
        self._max_bytes = max_bytes
        self._max_fragments = max_fragments
        self._fragments: list[Fragment] = []
        self._bytes = 0

    def add(self, fragment: Fragment) -> None:
        """Take a fragment in the order of decoding."""
        if fragment.keyframe:
            self.clear()
        elif not self._fragments:
            return
        self._fragments.append(fragment)
        self._bytes += len(fragment.content)
        if self._bytes > self._max_bytes or len(self._fragments) > self._max_fragments:
            self.clear()

    def clear(self) -> None:
        """Forget everything: after a restart of the pull the old group belongs to no decoder."""
        self._fragments = []
        self._bytes = 0

    @property
    def fragments(self) -> tuple[Fragment, ...]:
        """The group so far; empty, or beginning with a key frame."""
        return tuple(self._fragments)

    @property
    def size(self) -> int:
        """Bytes held."""
        return self._bytes
