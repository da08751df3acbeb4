"""The looped clip of a counting camera, encoded when the simulator starts, and the clock that shows it on time."""

import math
from fractions import Fraction
from functools import lru_cache

import numpy as np
from av.video.frame import PictureType, VideoFrame

from camera_simulator.clips import NAL_PPS, NAL_SPS, Clip, Codec, access_unit
from camera_simulator.counter import COUNTER_FPS, LOOP_PICTURES, draw_counter
from camera_simulator.pictures import codec_context, split_annex_b

WIDTH, HEIGHT = 640, 360
GOP = 50
NEUTRAL_CHROMA = 128
RATE_FACTOR = 26

__all__ = ["LOOP_PICTURES", "counter_clip", "wall_alignment"]


@lru_cache(maxsize=1)
def counter_clip() -> Clip:
    """Pictures 0 to 499 of the counter: H.264 baseline, no B-frames, a keyframe every 2 s. Takes about a second."""
    encoder = codec_context("libx264", "w")
    encoder.width, encoder.height = WIDTH, HEIGHT
    encoder.pix_fmt = "yuv420p"
    encoder.framerate = COUNTER_FPS
    encoder.time_base = 1 / COUNTER_FPS
    encoder.thread_count = 1
    encoder.profile = "Baseline"
    encoder.options = {
        "preset": "ultrafast",
        "tune": "zerolatency",
        "forced-idr": "1",
        "crf": str(RATE_FACTOR),
        "x264-params": f"keyint={GOP}:min-keyint={GOP}:scenecut=0:bframes=0",
    }
    chroma = np.full((HEIGHT // 2, WIDTH), NEUTRAL_CHROMA, np.uint8)
    coded: list[bytes] = []
    for counter in range(LOOP_PICTURES):
        samples = np.concatenate((draw_counter(counter, width=WIDTH, height=HEIGHT), chroma))
        picture = VideoFrame.from_ndarray(samples, format="yuv420p")
        picture.pts, picture.time_base = counter, 1 / COUNTER_FPS
        picture.pict_type = PictureType.I if counter % GOP == 0 else PictureType.NONE
        coded += [bytes(packet) for packet in encoder.encode(picture)]
    nals = [split_annex_b(unit) for unit in coded]
    first = {nal[0] & 0x1F: nal for nal in nals[0]}
    sps, pps = first[NAL_SPS], first[NAL_PPS]
    return Clip(
        name="counter",
        width=WIDTH,
        height=HEIGHT,
        sample_aspect_ratio=None,
        fps=COUNTER_FPS,
        sps=sps,
        pps=pps,
        gop=GOP,
        access_units=tuple(access_unit(Codec.H264, unit, (sps, pps)) for unit in nals),
        encoder=None,
    )


def wall_alignment(fps: Fraction, *, wall_ahead: float) -> tuple[Fraction, int]:
    """Let ticks of the event loop's clock fall on whole pictures of the wall clock.

    Args:
        fps: pictures per second.
        wall_ahead: wall clock minus the event loop's clock, in seconds.

    Returns:
        The phase of the pacer, and what to add to a tick for floor(wall time · fps).
    """
    ahead = wall_ahead * fps.numerator / fps.denominator
    whole = math.floor(ahead)
    return Fraction(1 - (ahead - whole)).limit_denominator(1_000_000), whole + 1
