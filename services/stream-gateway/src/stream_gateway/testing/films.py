"""Decoding what was recorded or shown, with a decoder that is not the one under test (PyAV)."""

import hashlib
import io
from collections.abc import Sequence
from pathlib import Path

import av
from av.video.frame import VideoFrame


def _source(media: bytes | Path) -> io.BytesIO | str:
    return io.BytesIO(media) if isinstance(media, bytes) else str(media)


def frames_of(media: bytes | Path | Sequence[bytes]) -> list[VideoFrame]:
    """Return every decoded frame of a film; a sequence of parts is read as one film."""
    whole = media if isinstance(media, bytes | Path) else b"".join(media)
    with av.open(_source(whole), "r") as container:
        return list(container.decode(video=0))


def kinds_of(media: bytes | Path | Sequence[bytes]) -> list[str]:
    """Return the kinds of the film's tracks, e.g. ``["video"]``."""
    whole = media if isinstance(media, bytes | Path) else b"".join(media)
    with av.open(_source(whole), "r") as container:
        return [stream.type for stream in container.streams]


def digest(frame: VideoFrame) -> str:
    """Return a digest of a frame's pixels: two pictures are the same when theirs are."""
    return hashlib.sha256(frame.to_ndarray(format="yuv420p").tobytes()).hexdigest()


def digests(media: bytes | Path | Sequence[bytes]) -> list[str]:
    """Return the digest of every decoded frame of a film."""
    return [digest(frame) for frame in frames_of(media)]


def seconds_of(media: bytes | Path) -> float:
    """Return how long a film is by the times of its own samples, from the first to the end of the last."""
    with av.open(_source(media), "r") as container:
        stream = container.streams.video[0]
        spans = [(one.pts, one.pts + (one.duration or 0)) for one in container.demux(stream) if one.pts is not None]
        assert stream.time_base is not None
        return float((max(end for _, end in spans) - min(begin for begin, _ in spans)) * stream.time_base)
