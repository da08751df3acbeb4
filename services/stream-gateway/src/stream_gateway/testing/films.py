"""Decoding what was recorded or shown, with a decoder that is not the one under test (PyAV)."""

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
