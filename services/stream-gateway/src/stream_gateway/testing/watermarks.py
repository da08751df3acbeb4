"""Whether a picture carries a watermark: looked for where its letters and their edges must be."""

from datetime import datetime, timedelta

import numpy as np
from av.video.frame import VideoFrame

from stream_gateway.domain.watermark import Stamp, Watermark
from stream_gateway.masking.stamp import Ink, Samples

_CLEAR = 30
"""Levels of luma between letters and edges, of some 110 that a stamp makes; by chance it is a few."""


def luma_of(frame: VideoFrame) -> Samples:
    """Return the luma of a picture."""
    return frame.to_ndarray(format="yuv420p")[: frame.height].astype(np.uint8, copy=False)


def contrast(luma: Samples, stamp: Stamp) -> float:
    """Return by how many levels a stamp's letters are lighter than their edges."""
    height, width = luma.shape
    ink = Ink(stamp, width, height)
    drawn = np.zeros((height, width), np.uint8)
    ink.write(drawn)
    letters, edges = drawn > 85, ink.covered & (drawn < 25)  # noqa: PLR2004 - on black, half of 235 and of 16
    return float(luma[letters].mean() - luma[edges].mean())


def stamp_in(frame: VideoFrame, watermark: Watermark, since: datetime, until: datetime) -> Stamp | None:
    """Return the stamp of an instant that a picture carries, None when it carries none of them."""
    luma = luma_of(frame)
    seconds = range(int((until - since).total_seconds()) + 2)
    stamps = [watermark.at(since + timedelta(seconds=second)) for second in seconds]
    best = max(stamps, key=lambda stamp: contrast(luma, stamp))
    return best if contrast(luma, best) > _CLEAR else None
