"""The present picture as JPEG, from the group of pictures that is kept anyway: no pull, no process."""

import asyncio
import io
from collections.abc import Sequence
from fractions import Fraction
from typing import cast

import av
from av.error import FFmpegError
from av.video.codeccontext import VideoCodecContext

from stream_gateway.domain.access_units import AccessUnit, Codec, ParameterSets

_NAMES = {Codec.H264: "h264", Codec.H265: "hevc"}
_START = b"\0\0\0\1"
_QUALITY = 3
"""Scale of quantisers of the JPEG encoder, 2 (best) to 31."""


class NoStill(Exception):
    """The pictures could not be decoded; the text is French."""


async def still(parameters: ParameterSets, group: Sequence[AccessUnit]) -> bytes:
    """Return the last picture of a group as JPEG; raises NoStill."""
    return await asyncio.to_thread(_still, parameters, group)


def _still(parameters: ParameterSets, group: Sequence[AccessUnit]) -> bytes:
    decoder = cast("VideoCodecContext", av.CodecContext.create(_NAMES[parameters.codec], "r"))
    decoder.thread_count = 1
    sets = b"".join(_START + nal for nal in (*parameters.vps, *parameters.sps, *parameters.pps))
    last = None
    try:
        for index, unit in enumerate(group):
            prefix = sets if index == 0 else b""
            for frame in decoder.decode(av.Packet(prefix + _byte_stream(unit.sample))):
                last = frame
        for frame in decoder.decode(None):
            last = frame
        if last is None:
            raise NoStill("Les images de la caméra ne se décodent pas.")
        return _jpeg(last)
    except FFmpegError as error:
        raise NoStill("Les images de la caméra ne se décodent pas.") from error


def _byte_stream(sample: bytes) -> bytes:
    """Return a sample with start codes instead of lengths (ITU-T H.264 Annex B)."""
    parts, at = list[bytes](), 0
    while at + 4 < len(sample):
        end = at + 4 + int.from_bytes(sample[at : at + 4], "big")
        parts += (_START, sample[at + 4 : end])
        at = end
    return b"".join(parts)


def _jpeg(frame: av.VideoFrame) -> bytes:
    encoder = av.CodecContext.create("mjpeg", "w")
    encoder.width, encoder.height = frame.width, frame.height
    encoder.pix_fmt = "yuvj420p"
    encoder.time_base = Fraction(1, 25)
    encoder.qmin = encoder.qmax = _QUALITY
    encoder.color_range = 2
    picture = frame.reformat(format="yuvj420p")
    picture.pts = 0
    out = io.BytesIO()
    for packet in (*encoder.encode(picture), *encoder.encode(None)):
        out.write(bytes(packet))
    return out.getvalue()
