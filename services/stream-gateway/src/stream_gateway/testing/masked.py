"""What is seen of a masked picture; for tests."""

from collections.abc import Sequence

import numpy as np
from av.video.frame import VideoFrame
from numpy.typing import NDArray

from stream_gateway.masking.raster import hidden_blocks, pixels_of

Area = Sequence[tuple[float, float]]
Samples = NDArray[np.uint8]
_BLACK = 20
"""Luma of video black is 16; coding moves it a little."""
_COLOURLESS = 128
_TINT = 4


def luma_of(frame: VideoFrame) -> Samples:
    """Return the luma of a picture."""
    return frame.to_ndarray(format="yuv420p")[: frame.height].astype(np.uint8, copy=False)


def under(area: Area, picture: Samples, margin: float = 0.0) -> NDArray[np.bool_]:
    """Return which pixels of a picture lie within ``margin`` pixels of an area."""
    height, width = picture.shape
    return pixels_of(hidden_blocks([area], width=width, height=height, margin=margin), width=width, height=height)


def shows(picture: Samples, area: Area) -> bool:
    """Whether anything but black is seen of an area in the luma of a picture."""
    return int(picture[under(area, picture)].max()) > _BLACK


def is_solid(frame: VideoFrame, area: Area) -> bool:
    """Whether a picture is black, in its colours too, wherever an area lies."""
    planes: Samples = frame.to_ndarray(format="yuv420p").astype(np.uint8, copy=False)
    luma, chroma = planes[: frame.height], planes[frame.height :].reshape(2, frame.height // 2, frame.width // 2)
    hidden = under(area, luma)[::2, ::2]
    return not shows(luma, area) and bool((np.abs(chroma[:, hidden].astype(int) - _COLOURLESS) <= _TINT).all())
