"""Which pixels of a picture lie under masks: whole blocks of 8 × 8, never less than what was drawn.

Blocks are aligned to the picture's corner, so a chroma sample (4:2:0) is either wholly hidden or not at all, and what
is solid costs the encoder next to nothing.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from stream_gateway.masking.wire import Corners

BLOCK = 8
_HALF_DIAGONAL = BLOCK * 2**0.5 / 2
_FINE = 1024
"""Parts of a pixel that corners are rounded to: the slope of a shorter edge is no number."""
Flags = NDArray[np.bool_]
Places = NDArray[np.floating[Any]]


def hidden_blocks(areas: Sequence[Corners], *, width: int, height: int, margin: float) -> Flags:
    """Return, by row and column of blocks, whether any pixel of it is within ``margin`` pixels of an area.

    ``width`` and ``height`` in pixels. An area that lies outside of the picture hides what its margin reaches.
    """
    rows, columns = -(-height // BLOCK), -(-width // BLOCK)
    across = (np.arange(columns) + 0.5) * BLOCK
    down = (np.arange(rows) + 0.5) * BLOCK
    hidden = np.zeros((rows, columns), dtype=np.bool_)
    reach = margin + _HALF_DIAGONAL
    for corners in areas:
        pixels = np.round(np.asarray(corners, dtype=np.float64) * (width * _FINE, height * _FINE)) / _FINE
        column = _within(across, pixels[:, 0], reach)
        row = _within(down, pixels[:, 1], reach)
        x, y = np.meshgrid(across[column], down[row])
        hidden[row, column] |= _inside(x, y, pixels) | (_distance_squared(x, y, pixels) <= reach * reach)
    return hidden


def pixels_of(blocks: Flags, *, width: int, height: int, block: int = BLOCK) -> Flags:
    """Return the blocks as pixels of a plane that has ``block`` samples a side for each of them."""
    return np.repeat(np.repeat(blocks, block, axis=0), block, axis=1)[:height, :width]


def _within(centres: Places, corners: Places, reach: float) -> slice:
    low, high = np.searchsorted(centres, (corners.min() - reach, corners.max() + reach))
    return slice(int(low), int(high))


def _inside(x: Places, y: Places, corners: Places) -> Flags:
    """Tell by the parity of crossed edges."""
    inside = np.zeros(x.shape, dtype=np.bool_)
    for (x1, y1), (x2, y2) in zip(corners, np.roll(corners, -1, axis=0), strict=True):
        if y1 != y2:
            crosses = (y1 > y) != (y2 > y)
            inside ^= crosses & (x < (x2 - x1) * (y - y1) / (y2 - y1) + x1)
    return inside


def _distance_squared(x: Places, y: Places, corners: Places) -> Places:
    """Return the square of the distance to the nearest edge, in pixels."""
    nearest = np.full(x.shape, np.inf)
    for (x1, y1), (x2, y2) in zip(corners, np.roll(corners, -1, axis=0), strict=True):
        dx, dy = x2 - x1, y2 - y1
        length = dx * dx + dy * dy
        along = np.clip(((x - x1) * dx + (y - y1) * dy) / length, 0.0, 1.0) if length else np.zeros(x.shape)
        nearest = np.minimum(nearest, (x - x1 - along * dx) ** 2 + (y - y1 - along * dy) ** 2)
    return nearest
