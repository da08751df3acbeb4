"""Decodes one keyframe to a small grey picture. The picture lives as long as its measure takes."""

from typing import cast

import av
import numpy as np
from av.error import FFmpegError
from av.video.codeccontext import VideoCodecContext
from av.video.frame import VideoFrame
from av.video.reformatter import Interpolation, VideoReformatter

from camera_registry.domain.picture import HEIGHT, WIDTH, Grey

MAX_PIXELS = 64_000_000
"""The largest cameras of streets have 32 million pixels; a sequence header of 100 bytes may claim 268 million."""
_DECODERS = {"H.264": "h264", "H.265": "hevc"}


class KeyframeUnreadable(Exception):
    """The bytes do not decode to a picture."""


def decode(codec: str, keyframe: bytes) -> tuple[Grey, tuple[int, int]]:
    """Return the picture (180 x 320, grey) and its own width and height. Takes milliseconds: call it in a thread.

    Raises:
        KeyframeUnreadable: it does not decode.
    """
    decoder = decoder_for(codec)
    try:
        frames = [*decoder.decode(av.Packet(keyframe)), *decoder.decode(None)]
    except FFmpegError as error:
        raise KeyframeUnreadable(codec) from error
    if not frames:
        raise KeyframeUnreadable(codec)
    return _grey(frames[0]), (frames[0].width, frames[0].height)


def decoder_for(codec: str) -> VideoCodecContext:
    """Return a decoder of one picture that refuses, before it allocates anything, a larger one than any camera's."""
    decoder = cast("VideoCodecContext", av.CodecContext.create(_DECODERS[codec], "r"))
    decoder.thread_count = 1  # one picture: frame threads only delay it
    decoder.options = {"max_pixels": str(MAX_PIXELS)}
    return decoder


def _grey(frame: VideoFrame) -> Grey:
    small = VideoReformatter().reformat(
        frame, width=WIDTH, height=HEIGHT, format="gray", interpolation=Interpolation.AREA
    )
    plane = small.planes[0]
    return np.frombuffer(memoryview(plane), np.uint8).reshape(HEIGHT, plane.line_size)[:, :WIDTH].copy()
