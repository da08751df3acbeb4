"""The present picture as JPEG, from the group of pictures that is kept anyway: no pull, no process."""

import io
import os
from collections.abc import Iterable, Iterator, Sequence
from fractions import Fraction
from typing import cast

import av
from av.codec.context import ThreadType
from av.error import FFmpegError
from av.stream import Stream
from av.video.codeccontext import VideoCodecContext
from av.video.frame import VideoFrame

from stream_gateway.domain.access_units import AccessUnit, Codec, ParameterSets
from stream_gateway.domain.watermark import Stamp
from stream_gateway.masking.stamp import stamped

_NAMES = {Codec.H264: "h264", Codec.H265: "hevc"}
_START = b"\0\0\0\1"
_QUALITY = 3
"""Scale of quantisers of the JPEG encoder, 2 (best) to 31."""
_THREADS = min(4, os.cpu_count() or 1)
_H264_SLICES = frozenset({1, 2, 5})


class NoStill(Exception):
    """The pictures could not be decoded; the text is French."""


def still(parameters: ParameterSets, group: Sequence[AccessUnit], stamp: Stamp | None = None) -> bytes:
    """Return the last picture of a group as JPEG, with a stamp written over it if there is one; raises NoStill.

    Computes for as long as the decoder needs for the group, without the GIL.
    """
    return jpeg_of(newest_picture(parameters, group), stamp)


def newest_picture(parameters: ParameterSets, group: Sequence[AccessUnit]) -> VideoFrame:
    """Return the picture of a group that is shown last; raises NoStill."""
    decoder = opened(parameters.codec, threads=_THREADS)
    last = None
    try:
        for packet in packets_of(_needed(parameters.codec, group), parameters):
            for frame in decoder.decode(packet):
                last = frame
        for frame in decoder.decode(None):
            last = frame
    except FFmpegError as error:
        raise NoStill("Les images de la caméra ne se décodent pas.") from error
    if last is None:
        raise NoStill("Les images de la caméra ne se décodent pas.")
    return last


def opened(codec: Codec, *, threads: int = 1) -> VideoCodecContext:
    """Return a decoder. With more than one thread it decodes as many pictures at once, and gives them that much later.

    With one, a picture comes out as soon as it went in, where the stream allows it.
    """
    decoder = cast("VideoCodecContext", av.CodecContext.create(_NAMES[codec], "r"))
    decoder.thread_count = threads
    decoder.thread_type = ThreadType.FRAME if threads > 1 else ThreadType.SLICE
    return decoder


def packets_of(units: Iterable[AccessUnit], parameters: ParameterSets | None) -> "Iterator[av.Packet[Stream]]":
    """Return pictures as a decoder takes them (ITU-T H.264 Annex B), the first behind the parameter sets, if told."""
    sets = (*parameters.vps, *parameters.sps, *parameters.pps) if parameters is not None else ()
    before = b"".join(_START + nal for nal in sets)
    for unit in units:
        yield own_packet(before + b"".join(_START + nal for nal in _nals(unit.sample)))
        before = b""


def own_packet(content: bytes) -> "av.Packet[Stream]":
    """Return a packet that owns its bytes.

    A decoder's threads free it. Bytes that belong to Python are freed with the GIL: the threads would wait for it, and
    whoever has it and closes the decoder, for the threads.
    """
    packet = av.Packet(len(content))
    packet.update(content)
    return packet


def jpeg_of(frame: VideoFrame, stamp: Stamp | None) -> bytes:
    """Return a picture as JPEG. A stamp may be written into the frame itself: nobody else may use it then."""
    encoder = av.CodecContext.create("mjpeg", "w")
    encoder.width, encoder.height = frame.width, frame.height
    encoder.pix_fmt = "yuvj420p"
    encoder.time_base = Fraction(1, 25)
    encoder.thread_count = 1  # two would be slower for one picture, and its file larger
    encoder.qmin = encoder.qmax = _QUALITY
    encoder.color_range = 2
    picture = frame.reformat(format="yuvj420p")
    if stamp is not None:
        picture = stamped(picture, stamp)
    picture.pts = 0
    out = io.BytesIO()
    for packet in (*encoder.encode(picture), *encoder.encode(None)):
        out.write(bytes(packet))
    return out.getvalue()


def _needed(codec: Codec, group: Sequence[AccessUnit]) -> Sequence[AccessUnit]:
    """Leave out pictures that no other is built on, all but the one shown last.

    Only H.264 says so of a picture: one that H.265 calls unreferenced may be referred to by a higher temporal layer.
    """
    if codec is not Codec.H264 or not group:
        return group
    newest = max(group, key=lambda unit: unit.time + unit.shown_after)
    return [unit for unit in group if unit is newest or _is_built_on(unit)]


def _is_built_on(unit: AccessUnit) -> bool:
    """Whether a slice has a nal_ref_idc other than 0 (ITU-T H.264 §7.4.1)."""
    return any(nal[0] & 0x60 and nal[0] & 0x1F in _H264_SLICES for nal in _nals(unit.sample))


def _nals(sample: bytes) -> Iterator[bytes]:
    """Return the NAL units of a sample, without their lengths."""
    at = 0
    while at + 4 < len(sample):
        end = at + 4 + int.from_bytes(sample[at : at + 4], "big")
        yield sample[at + 4 : end]
        at = end
