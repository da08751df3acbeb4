"""Pictures that a sick camera sends: still, black, blurred, or of another place. Encoded once, then looped.

The pictures carry the parameter sets of the clip they come from, so that a client goes from one to the other at a
keyframe, as when it happens to a real camera.
"""

from dataclasses import replace
from enum import StrEnum
from functools import lru_cache

import numpy as np
from av.video.frame import VideoFrame
from numpy.typing import NDArray

from camera_simulator.clips import AccessUnit, Clip
from camera_simulator.pictures import ClipDecoder, PictureEncoder

MAX_GOPS = 2
BLUR_ROUNDS = 6
SHIFT = 0.25
"""Share of the width by which a shifted camera looks elsewhere."""

Samples = NDArray[np.uint8]


class Spoil(StrEnum):
    """What is wrong with the pictures."""

    STILL = "still"
    BLACK = "black"
    BLURRED = "blurred"
    SHIFTED = "shifted"


@lru_cache(maxsize=16)
def spoil(clip: Clip, how: Spoil) -> Clip:
    """Return a few seconds of the clip as the sick camera would send them. Takes a second or so: call it in a thread.

    Raises:
        ParameterSetsDifferError: the encoder's stream is not described by the clip's parameter sets.
    """
    gops = 1 if how in (Spoil.STILL, Spoil.BLACK) else min(MAX_GOPS, len(clip.access_units) // clip.gop)
    decoder, encoder = ClipDecoder(clip), PictureEncoder(clip)
    units: list[AccessUnit] = []
    for index in range(gops * clip.gop):
        picture = decoder.picture(0 if how is Spoil.STILL else index)
        nals, keyframe = encoder.encode(_spoiled(picture, how), keyframe=index % clip.gop == 0)
        units.append(AccessUnit(nals, keyframe=keyframe))
    return replace(clip, name=f"{clip.name} {how}", access_units=tuple(units))


def _spoiled(picture: VideoFrame, how: Spoil) -> VideoFrame:
    samples: Samples = picture.to_ndarray(format="yuv420p").astype(np.uint8)
    rows = picture.height
    luma, chroma = samples[:rows], samples[rows:]
    match how:
        case Spoil.STILL:
            pass
        case Spoil.BLACK:
            luma[:], chroma[:] = 16, 128
        case Spoil.BLURRED:
            luma[:] = _blurred(luma)
        case Spoil.SHIFTED:
            luma[:] = np.roll(luma, int(picture.width * SHIFT), axis=1)
    return VideoFrame.from_ndarray(samples, format="yuv420p")


def _blurred(luma: Samples) -> Samples:
    plane = luma.astype(np.float32)
    for _ in range(BLUR_ROUNDS):
        for step in (1, 2):
            across = np.roll(plane, step, 1) + np.roll(plane, -step, 1)
            along = np.roll(plane, step, 0) + np.roll(plane, -step, 0)
            plane = (plane + across + along) / 5
    return plane.astype(np.uint8)
