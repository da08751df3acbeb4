"""Small pictures for timelines: the key frame nearest to an instant, decoded from its own bytes only."""

import asyncio
import io
from collections import OrderedDict
from fractions import Fraction
from uuid import UUID

import av
from av.error import FFmpegError
from av.video.frame import VideoFrame

from stream_gateway.domain.boxes import MalformedMedia
from stream_gateway.domain.watermark import Stamp
from stream_gateway.masking.stamp import stamped

WIDTH, HEIGHT = 160, 90
_KEPT_BYTES = 16 * 1024 * 1024
_AT_ONCE = 2


class Thumbnails:
    """Decodes key frames in threads, two at a time, and keeps the small pictures in memory, bounded in bytes.

    Kept per replay: the key of a picture is only known to who holds the replay, and reading one asks for the right
    first, like any other byte.
    """

    def __init__(self, kept_bytes: int = _KEPT_BYTES) -> None:
        self._kept_bytes = kept_bytes
        self._kept: OrderedDict[tuple[UUID, int, int], bytes] = OrderedDict()
        self._bytes = 0
        self._slots = asyncio.Semaphore(_AT_ONCE)

    def known(self, replay_id: UUID, recording: int, group: int) -> bytes | None:
        """Return a picture that was made before."""
        return self._kept.get((replay_id, recording, group))

    async def make(
        self, replay_id: UUID, recording: int, group: int, film: bytes, stamp: Stamp | None = None
    ) -> bytes | None:
        """Decode a film of one picture to JPEG, a stamp written over it; None when a decoder cannot read it."""
        async with self._slots:
            try:
                picture = await asyncio.to_thread(small_picture, film, stamp)
            except (FFmpegError, MalformedMedia, StopIteration):
                return None
        replaced = self._kept.pop((replay_id, recording, group), b"")  # two asked for it at once
        self._kept[replay_id, recording, group] = picture
        self._bytes += len(picture) - len(replaced)
        while self._bytes > self._kept_bytes:
            _, gone = self._kept.popitem(last=False)
            self._bytes -= len(gone)
        return picture


def small_picture(film: bytes, stamp: Stamp | None = None) -> bytes:
    """Return the first frame of a film as JPEG, within 160 x 90, its shape kept; raises FFmpegError.

    ``stamp`` is written over the small picture, so that it can be read there.
    """
    with av.open(io.BytesIO(film), "r") as container:
        container.streams.video[0].thread_count = 1
        frame = next(container.decode(video=0), None)
    if frame is None:
        raise MalformedMedia("no picture in the film")
    scale = min(WIDTH / frame.width, HEIGHT / frame.height)
    width, height = (max(2, round(side * scale / 2) * 2) for side in (frame.width, frame.height))
    small = frame.reformat(width=width, height=height, format="yuvj420p")
    return _jpeg(stamped(small, stamp) if stamp is not None else small)


def _jpeg(frame: VideoFrame) -> bytes:
    encoder = av.CodecContext.create("mjpeg", "w")
    encoder.width, encoder.height, encoder.pix_fmt = frame.width, frame.height, "yuvj420p"
    encoder.time_base = Fraction(1, 25)
    frame.pts = 0
    return b"".join(bytes(packet) for packet in [*encoder.encode(frame), *encoder.encode(None)])
