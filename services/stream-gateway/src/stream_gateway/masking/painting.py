"""Decodes access units, paints what is hidden, and codes again: what the child does with each picture."""

from collections.abc import Iterator, Sequence
from fractions import Fraction

import av
import numpy as np
from av.codec.context import Flags as CodecFlags
from av.error import FFmpegError
from av.video.codeccontext import VideoCodecContext
from av.video.frame import PictureType, VideoFrame

from stream_gateway.domain.access_units import CLOCK_HZ, AccessUnit
from stream_gateway.domain.watermark import Stamp
from stream_gateway.masking.raster import BLOCK, Flags, hidden_blocks, pixels_of
from stream_gateway.masking.stamp import samples_of, stamped
from stream_gateway.masking.wire import Coding, Corners, joined, parted

_START = b"\x00\x00\x00\x01"
_TICK = Fraction(1, CLOCK_HZ)
_BLACK_LUMA, _NO_COLOUR = 16, 128
_PAINTABLE = ("yuv420p", "yuvj420p")
_IDR, _SPS, _PPS = 5, 7, 8
_SLICES = range(1, 6)
_MAX_FAILURES = 100
"""Access units in a row that give no picture: then the stream is not what it says."""

Sets = tuple[bytes, ...]


class NothingToHide(RuntimeError):
    """A picture came before anybody said what to hide in it, or what to write."""


class Unreadable(ValueError):
    """The camera's pictures cannot be decoded."""


class Painter:
    """One stream, from access units in H.264 or H.265 to painted ones in H.264 without B-frames.

    Nothing comes out before ``hide`` was called, nor, where the coding is ``stamped``, before ``stamp`` was.
    """

    def __init__(self, coding: Coding) -> None:
        self._coding = coding
        self._areas: Sequence[Corners] | None = None
        self._stamp: Stamp | None = None
        self._planes: tuple[Flags, Flags] | None = None
        self._decoder: VideoCodecContext | None = None
        self._encoder: VideoCodecContext | None = None
        self._shape = ("", 0, 0)
        self._pending_sets = b""
        self._key_wanted = True
        self._last_key = 0
        self._last_time: int | None = None
        self._failures = 0

    def hide(self, areas: Sequence[Corners]) -> None:
        """Hide these areas from the next picture on."""
        if self._areas != areas:
            self._areas, self._planes = areas, None

    def stamp(self, stamp: Stamp) -> None:
        """Write this over what is shown, from the next picture on."""
        self._stamp = stamp

    def begin(self, codec: str, sets: Sequence[bytes]) -> None:
        """Take what the decoder must know. ``codec`` as ``access_units.Codec``."""
        self._decoder = av.CodecContext.create("hevc" if codec == "h265" else "h264", "r")
        self._decoder.thread_count = 1
        self._decoder.flags |= CodecFlags.low_delay
        self._pending_sets = b"".join(_START + nal for nal in sets)
        self._key_wanted = True

    def want_key(self) -> None:
        """Make the next picture a key frame."""
        self._key_wanted = True

    def paint(self, unit: AccessUnit) -> Iterator[tuple[Sets, AccessUnit]]:
        """Yield painted access units, each with the parameter sets that came with it (a key frame's).

        Raises:
            NothingToHide: nobody said what to hide, or what to write.
            Unreadable: the pictures do not decode.
        """
        unsaid = self._areas is None or (self._coding.stamped and self._stamp is None)
        if unsaid or self._decoder is None:
            raise NothingToHide
        packet = av.Packet(self._pending_sets + b"".join(_START + nal for nal in parted(unit.sample)))
        packet.pts, packet.dts, packet.time_base = unit.time + unit.shown_after, unit.time, _TICK
        self._failures += 1
        try:
            pictures = self._decoder.decode(packet)
        except FFmpegError:
            pictures = []
        else:
            self._pending_sets = b""
        if pictures:
            self._failures = 0
        elif self._failures > _MAX_FAILURES:
            raise Unreadable
        for picture in pictures:
            yield from self._coded(picture)

    def rest(self) -> Iterator[tuple[Sets, AccessUnit]]:
        """Yield the painted access units of pictures that the decoder still holds: nothing more comes in."""
        if self._decoder is None:
            return
        try:
            pictures = self._decoder.decode(None)
        except FFmpegError:
            return
        for picture in pictures:
            yield from self._coded(picture)

    def _coded(self, picture: VideoFrame) -> Iterator[tuple[Sets, AccessUnit]]:
        time = picture.pts
        if time is None or (self._last_time is not None and time <= self._last_time):
            return
        painted = self._painted(picture)
        encoder = self._encoder_for(painted)
        keyframe = self._key_wanted or time - self._last_key >= self._coding.group_ticks
        painted.pts, painted.time_base = time, _TICK
        painted.pict_type = PictureType.I if keyframe else PictureType.P
        for packet in encoder.encode(painted):
            sets, unit = _unit_of(bytes(packet), time)
            self._last_time = time
            if unit.keyframe:
                self._last_key, self._key_wanted = time, False
            yield sets, unit

    def _painted(self, picture: VideoFrame) -> VideoFrame:
        """Return the picture with its hidden blocks solid. The decoder's own stays whole: later ones build on it."""
        if picture.format.name in _PAINTABLE:
            picture.make_writable()
        else:
            picture = picture.reformat(format="yuv420p")
        shape = (picture.format.name, picture.width, picture.height)
        if shape != self._shape:
            self._shape, self._planes, self._encoder = shape, None, None
        luma, chroma = self._planes or self._laid_out(picture.width, picture.height)
        for number, plane in enumerate(picture.planes):
            hidden, tone = (luma, _BLACK_LUMA) if number == 0 else (chroma, _NO_COLOUR)
            np.copyto(samples_of(plane), tone, where=hidden)
        return stamped(picture, self._stamp) if self._stamp is not None else picture

    def _laid_out(self, width: int, height: int) -> tuple[Flags, Flags]:
        blocks = hidden_blocks(self._areas or (), width=width, height=height, margin=self._coding.margin)
        luma = pixels_of(blocks, width=width, height=height)
        chroma = pixels_of(blocks, width=-(-width // 2), height=-(-height // 2), block=BLOCK // 2)
        self._planes = (luma, chroma)
        return self._planes

    def _encoder_for(self, picture: VideoFrame) -> VideoCodecContext:
        if self._encoder is None:
            encoder = av.CodecContext.create("libx264", "w")
            encoder.width, encoder.height, encoder.pix_fmt = picture.width, picture.height, picture.format.name
            encoder.time_base, encoder.framerate = _TICK, Fraction(25)
            encoder.thread_count = 1
            if self._decoder is not None and self._decoder.sample_aspect_ratio:
                encoder.sample_aspect_ratio = self._decoder.sample_aspect_ratio
            if self._decoder is not None:
                encoder.color_range, encoder.colorspace = self._decoder.color_range, self._decoder.colorspace
                encoder.color_primaries, encoder.color_trc = self._decoder.color_primaries, self._decoder.color_trc
            encoder.options = {
                "preset": self._coding.preset,
                "tune": "zerolatency",
                "profile": "main",
                "crf": f"{self._coding.rate_factor:g}",
                "forced-idr": "1",
                "x264-params": "keyint=infinite:scenecut=0:bframes=0",
            }
            self._encoder, self._key_wanted = encoder, True
        return self._encoder


def _unit_of(byte_stream: bytes, time: int) -> tuple[Sets, AccessUnit]:
    """Part what x264 wrote: parameter sets, and the slices as a sample; its own messages are dropped."""
    nals = [part.rstrip(b"\x00") for part in byte_stream.split(_START[1:]) if part.rstrip(b"\x00")]
    kinds = [nal[0] & 0x1F for nal in nals]
    sets = tuple(nal for nal, kind in zip(nals, kinds, strict=True) if kind in (_SPS, _PPS))
    slices = [nal for nal, kind in zip(nals, kinds, strict=True) if kind in _SLICES]
    return sets, AccessUnit(joined(slices), _IDR in kinds, time)
