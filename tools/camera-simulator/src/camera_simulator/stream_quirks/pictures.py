"""Other encodings of a camera's clip: another size, rare keyframes, B-frames, aggregated packets."""

from dataclasses import dataclass, replace
from fractions import Fraction
from functools import lru_cache

from av.video.codeccontext import VideoCodecContext
from av.video.frame import PictureType, VideoFrame
from av.video.reformatter import VideoReformatter

from camera_simulator import hevc
from camera_simulator.clips import NAL_PPS, NAL_SPS, AccessUnit, Clip, Codec, access_unit
from camera_simulator.pictures import ClipDecoder, codec_context, split_annex_b
from camera_simulator.rtp import Payloads, h264_aggregated_payloads
from camera_simulator.stream import Rendition
from camera_simulator.stream_quirks.kinds import StreamHabits, StreamQuirk

BIG_GOP_SECONDS = 10
ORDINARY_GOPS = 2  # of a clip that is encoded again with keyframes as often as before
SMALLER = Fraction(1, 2)
B_FRAMES = 2
RATE_FACTOR = 28


@dataclass(frozen=True, slots=True)
class Shape:
    """How a clip is encoded again."""

    width: int
    height: int
    gop: int
    pictures: int
    b_frames: int


def odd_rendition(healthy: Rendition, clip: Clip, habits: StreamHabits, *, smaller: bool) -> Rendition:
    """The clip as a camera with these habits encodes and cuts it. May take seconds: call it in a thread.

    Args:
        healthy: what is sent without any habit; returned itself where nothing differs.
        clip: its clip, or a spoiled one.
        habits: of the camera.
        smaller: whether the camera was told to change its resolution.
    """
    if smaller or StreamQuirk.BIG_GOP in habits or StreamQuirk.B_FRAMES in habits:
        clip = encoded_again(clip, _shape(clip, habits, smaller=smaller))
    if StreamQuirk.STAP in habits and clip.codec is Codec.H264:
        return _cut(clip, h264_aggregated_payloads)
    return healthy if clip is healthy.clip else _cut(clip, None)


@lru_cache(maxsize=32)
def _cut(clip: Clip, payloads_of: Payloads | None) -> Rendition:
    """The same object for the same clip, so that an unchanged picture goes on without a gap."""
    return Rendition(clip, payloads_of)


def _shape(clip: Clip, habits: StreamHabits, *, smaller: bool) -> Shape:
    scale = SMALLER if smaller else Fraction(1)
    big = StreamQuirk.BIG_GOP in habits
    gop = int(BIG_GOP_SECONDS * clip.fps) if big else clip.gop
    return Shape(
        width=int(clip.width * scale) // 4 * 4,
        height=int(clip.height * scale) // 4 * 4,
        gop=gop,
        pictures=gop if big else ORDINARY_GOPS * gop,
        b_frames=B_FRAMES if StreamQuirk.B_FRAMES in habits else 0,
    )


@lru_cache(maxsize=16)
def encoded_again(clip: Clip, shape: Shape) -> Clip:
    """Encode a clip in another shape, from its beginning and round its loop; parameter sets are its own."""
    decoder, reformatter = ClipDecoder(clip), VideoReformatter()
    encoder = _open(clip, shape)
    pictures = (
        reformatter.reformat(decoder.picture(index % len(clip.access_units)), shape.width, shape.height, "yuv420p")
        for index in range(shape.pictures)
    )
    packets = [
        packet
        for index, picture in enumerate(pictures)
        for packet in encoder.encode(_numbered(picture, index, clip.fps, keyframe=index % shape.gop == 0))
    ]
    packets += encoder.encode(None)
    nals = [split_annex_b(bytes(packet)) for packet in packets]
    sets = _parameter_sets(clip.codec, nals[0])
    return replace(
        clip,
        name=f"{clip.name} {shape.width}x{shape.height}",
        width=shape.width,
        height=shape.height,
        vps=sets[0],
        sps=sets[1],
        pps=sets[2],
        gop=shape.gop,
        access_units=tuple(
            _unit(clip.codec, units, sets, (packet.pts or 0) - turn)
            for turn, (units, packet) in enumerate(zip(nals, packets, strict=True))
        ),
        encoder=None,
    )


def _numbered(picture: VideoFrame, index: int, fps: Fraction, *, keyframe: bool) -> VideoFrame:
    picture.pts = index
    picture.time_base = 1 / fps
    picture.pict_type = PictureType.I if keyframe else PictureType.NONE
    return picture


def _unit(codec: Codec, nals: list[bytes], sets: tuple[bytes, bytes, bytes], display_shift: int) -> AccessUnit:
    return access_unit(codec, tuple(nals), sets, display_shift=display_shift)


def _parameter_sets(codec: Codec, nals: list[bytes]) -> tuple[bytes, bytes, bytes]:
    """VPS (empty in H.264), SPS and PPS of the first picture."""
    if codec is Codec.H265:
        by_kind = {hevc.nal_kind(nal): nal for nal in nals}
        return by_kind[hevc.NAL_VPS], by_kind[hevc.NAL_SPS], by_kind[hevc.NAL_PPS]
    by_kind = {nal[0] & 0x1F: nal for nal in nals}
    return b"", by_kind[NAL_SPS], by_kind[NAL_PPS]


def _open(clip: Clip, shape: Shape) -> VideoCodecContext:
    h265 = clip.codec is Codec.H265
    encoder = codec_context("libx265" if h265 else "libx264", "w")
    encoder.width, encoder.height = shape.width, shape.height
    encoder.pix_fmt = "yuv420p"
    encoder.framerate = clip.fps
    encoder.time_base = 1 / clip.fps
    if clip.sample_aspect_ratio is not None:
        encoder.sample_aspect_ratio = clip.sample_aspect_ratio
    encoder.thread_count = 1
    settings = f"keyint={shape.gop}:min-keyint={shape.gop}:scenecut=0:bframes={shape.b_frames}:b-adapt=0"
    settings += ":open-gop=0:repeat-headers=1:log-level=none:pools=none" if h265 else ":open-gop=0:b-pyramid=none"
    encoder.options = {
        "preset": "ultrafast",
        "forced-idr": "1",
        "crf": str(RATE_FACTOR),
        "x265-params" if h265 else "x264-params": settings,
    }
    return encoder
