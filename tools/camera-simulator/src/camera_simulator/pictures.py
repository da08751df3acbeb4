"""Pictures through a window on a clip: the live encoding of a moved PTZ camera, and JPEG snapshots.

Everything here computes for milliseconds and releases the GIL: call it in a thread, one thread at a time per object.
"""

from fractions import Fraction
from functools import lru_cache
from typing import Literal, cast

import av
import numpy as np
from av.video.codeccontext import VideoCodecContext
from av.video.frame import PictureType, VideoFrame
from av.video.plane import VideoPlane
from av.video.reformatter import Interpolation, VideoReformatter
from numpy.typing import NDArray

from camera_simulator.clips import NAL_DELIMITER, NAL_IDR, NAL_PPS, NAL_SEI, NAL_SPS, START_CODE, Clip
from camera_simulator.ptz import Window

WHOLE_PICTURE = Window(left=0.0, top=0.0, size=1.0)
JPEG_QUALITY_SCALE = 4  # mjpeg's qscale: 2 is best, 31 worst


class ParameterSetsDifferError(Exception):
    """The encoder cannot make pictures that the clip's parameter sets describe."""


class WindowEncoder:
    """Encodes a moving window of a clip with the clip's own resolution, profile and parameter sets."""

    def __init__(self, clip: Clip) -> None:
        self._decoder = ClipDecoder(clip)
        self._encoder = PictureEncoder(clip)

    def encode(self, index: int, window: Window, *, keyframe: bool) -> tuple[tuple[bytes, ...], bool]:
        """Encode picture `index` of the clip as seen through `window`.

        Args:
            index: picture of the loop.
            window: what to show of it.
            keyframe: ask for a keyframe; one comes at least every GOP of the clip anyway.

        Returns:
            The NAL units of the access unit, and whether it is a keyframe.

        Raises:
            ParameterSetsDifferError: the encoder's stream is not described by the clip's parameter sets.
        """
        return self._encoder.encode(_through(self._decoder.picture(index), window), keyframe=keyframe)


class PictureEncoder:
    """Encodes pictures as the clip was: its resolution, profile and parameter sets.

    A decoder, or a recorder that only copies, therefore goes from the shared clip to this encoding and back without
    noticing anything but the picture.
    """

    def __init__(self, clip: Clip) -> None:
        self._clip = clip
        self._encoder = _open_encoder(clip)
        self._reformatter = VideoReformatter()
        self._encoded = 0

    def encode(self, picture: VideoFrame, *, keyframe: bool) -> tuple[tuple[bytes, ...], bool]:
        """Encode a picture of any size.

        Args:
            picture: what to show.
            keyframe: ask for a keyframe; one comes at least every GOP of the clip anyway.

        Returns:
            The NAL units of the access unit, and whether it is a keyframe.

        Raises:
            ParameterSetsDifferError: the encoder's stream is not described by the clip's parameter sets.
        """
        picture = self._reformatter.reformat(
            picture, width=self._clip.width, height=self._clip.height, interpolation=Interpolation.BILINEAR
        )
        picture.pict_type = PictureType.I if keyframe else PictureType.NONE
        picture.pts = self._encoded
        picture.time_base = 1 / self._clip.fps
        self._encoded += 1
        byte_stream = b"".join(bytes(packet) for packet in self._encoder.encode(picture))
        return self._as_clip_unit(byte_stream)

    def _as_clip_unit(self, byte_stream: bytes) -> tuple[tuple[bytes, ...], bool]:
        slices: list[bytes] = []
        is_keyframe = False
        for nal in split_annex_b(byte_stream):
            kind = nal[0] & 0x1F
            if kind == NAL_SPS:
                _check_sps(nal, self._clip.sps)
            elif kind == NAL_PPS:
                if nal != self._clip.pps:
                    raise ParameterSetsDifferError(f"{self._clip.name}: PPS {nal.hex()}")
            elif kind not in (NAL_SEI, NAL_DELIMITER):
                is_keyframe = is_keyframe or kind == NAL_IDR
                slices.append(nal)
        sets = (self._clip.sps, self._clip.pps) if is_keyframe else ()
        return (*sets, *slices), is_keyframe


class ClipDecoder:
    """Decodes any picture of a clip; cheapest when asked for one after the other."""

    def __init__(self, clip: Clip) -> None:
        self._clip = clip
        self._decoder = codec_context(clip.codec, "r")
        self._decoder.thread_count = 1  # frame threads would delay the picture
        self._last = -1

    def picture(self, index: int) -> VideoFrame:
        keyframe = self._clip.keyframe_before(index)
        first = self._last + 1 if keyframe <= self._last < index else keyframe
        decoded: VideoFrame | None = None
        for unit in self._clip.access_units[first : index + 1]:
            for picture in self._decoder.decode(av.Packet(unit.annex_b())):
                decoded = picture
        self._last = index
        if decoded is None:
            raise ParameterSetsDifferError(f"{self._clip.name}: picture {index} did not decode")
        return decoded


@lru_cache(maxsize=64)
def snapshot(clip: Clip, index: int, window: Window) -> bytes:
    """A JPEG of the last keyframe up to picture `index`, seen through `window`."""
    picture = _through(ClipDecoder(clip).picture(clip.keyframe_before(index)), window)
    encoder = codec_context("mjpeg", "w")
    encoder.width, encoder.height = clip.width, clip.height
    encoder.pix_fmt = "yuvj420p"
    encoder.time_base = Fraction(1, 25)
    encoder.options = {"flags": "+qscale", "global_quality": str(JPEG_QUALITY_SCALE * 118)}  # 118 = FF_QP2LAMBDA
    still = VideoReformatter().reformat(picture, width=clip.width, height=clip.height, format="yuvj420p")
    still.pts = 0
    still.pict_type = PictureType.NONE
    return b"".join(bytes(packet) for packet in (*encoder.encode(still), *encoder.encode(None)))


def _open_encoder(clip: Clip) -> VideoCodecContext:
    encoder = codec_context("libx264", "w")
    encoder.width, encoder.height = clip.width, clip.height
    encoder.pix_fmt = "yuv420p"
    encoder.framerate = clip.fps
    encoder.time_base = 1 / clip.fps
    if clip.sample_aspect_ratio is not None:
        encoder.sample_aspect_ratio = clip.sample_aspect_ratio
    encoder.thread_count = 1
    encoder.profile = "Main"
    settings = clip.encoder
    if settings is None:
        raise ParameterSetsDifferError(f"{clip.name}: no encoder makes its parameter sets again")
    # What follows the rate factor is what x264 writes into SPS and PPS; the rest stays as fast as it goes.
    encoder.options = {
        "preset": "ultrafast",
        "tune": "zerolatency",
        "forced-idr": "1",
        "crf": f"{settings.constant_rate_factor:g}",
        "x264-params": (
            f"ref={settings.reference_frames}:chroma-qp-offset={settings.chroma_qp_offset}"
            f":cabac=1:8x8dct=0:weightp=1:bframes=0:keyint={clip.gop}:scenecut=0"
        ),
    }
    return encoder


def codec_context(name: str, mode: Literal["r", "w"]) -> VideoCodecContext:
    """FFmpeg's video codec of that name, for reading or writing."""
    return cast("VideoCodecContext", av.CodecContext.create(name, mode))


def _through(picture: VideoFrame, window: Window) -> VideoFrame:
    if window == WHOLE_PICTURE:
        return picture
    left, top, width, height = window.pixels(picture.width, picture.height)
    seen = VideoFrame(width, height, "yuv420p")
    for plane, (source, target) in enumerate(zip(picture.planes, seen.planes, strict=True)):
        shift = 0 if plane == 0 else 1
        rows = slice(top >> shift, (top + height) >> shift)
        columns = slice(left >> shift, (left + width) >> shift)
        target_view = _samples(target)
        target_view[:, : width >> shift] = _samples(source)[rows, columns]
    return seen


def _samples(plane: VideoPlane) -> NDArray[np.uint8]:
    return np.frombuffer(memoryview(plane), np.uint8).reshape(plane.height, plane.line_size)


def split_annex_b(byte_stream: bytes) -> list[bytes]:
    """The NAL units of a byte stream with start codes."""
    parts = byte_stream.split(START_CODE[1:])
    # A four-octet start code leaves its first zero at the end of the part before; no NAL unit ends in zero.
    return [part.rstrip(b"\x00") for part in parts if part.rstrip(b"\x00")]


def _check_sps(own: bytes, clips: bytes) -> None:
    """The two may differ in one bit: fixed_frame_rate_flag, which no decoder needs."""
    differing = (int.from_bytes(own, "big") ^ int.from_bytes(clips, "big")).bit_count()
    if len(own) != len(clips) or differing > 1:
        raise ParameterSetsDifferError(f"SPS {own.hex()} is not {clips.hex()}")
