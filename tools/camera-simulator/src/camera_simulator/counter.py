"""A picture that carries a number, and how to read the number back after any coding, scaling or masking of details.

The number has 16 bits. Each is one cell of a grid of 4 by 4 (most significant first, row by row) in the left half of
the picture, white for 1; the right half repeats the grid in the opposite colour. A reader compares each cell with its
opposite, so neither brightness nor contrast matters, and a picture that is torn or is no counter is told from one.
"""

import math
import time
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

GRID = 4
BITS = GRID * GRID
COUNTER_FPS = Fraction(25)
LOOP_PICTURES = 500  # 10 GOPs of 2 s: an age is known up to 20 s
BLACK, WHITE = 32, 224
MIN_CONTRAST = 48.0
_CENTRE = 0.25  # margin of a cell that is not read, as coding and scaling blur its edges
_COLOUR_DIMENSIONS = 3


class UnreadableCounterError(Exception):
    """The picture carries no counter, or it is damaged."""


def draw_counter(counter: int, *, width: int, height: int) -> NDArray[np.uint8]:
    """A grey picture that carries `counter` modulo 65 536; the sides are multiples of 8 and 4."""
    bits = np.array([counter >> (BITS - 1 - bit) & 1 for bit in range(BITS)], np.uint8).reshape(GRID, GRID)
    both = np.concatenate((bits, 1 - bits), axis=1)
    levels = np.where(both == 1, WHITE, BLACK).astype(np.uint8)
    cells: NDArray[np.uint8] = np.kron(levels, np.ones((height // GRID, width // (2 * GRID)), np.uint8))
    return cells


def read_counter(picture: NDArray[np.uint8]) -> int:
    """The number that a picture of a counting camera carries: 0 to 499.

    Args:
        picture: grey (rows by columns) or colour (rows by columns by 3, in any order), of any size from 64 by 32 up.

    Raises:
        UnreadableCounterError: it carries none.
    """
    grey = picture.astype(np.float32)
    if grey.ndim == _COLOUR_DIMENSIONS:
        grey = grey.mean(axis=2)
    rows, columns = grey.shape
    high, wide = rows / GRID, columns / (2 * GRID)
    number = 0
    for row in range(GRID):
        for column in range(GRID):
            own, opposite = (_mean(grey, row * high, (column + shift) * wide, high, wide) for shift in (0, GRID))
            if abs(own - opposite) < MIN_CONTRAST:
                raise UnreadableCounterError(f"cell {row},{column}: {own:.0f} and {opposite:.0f}")
            number = number << 1 | int(own > opposite)
    if number >= LOOP_PICTURES:
        raise UnreadableCounterError(f"{number} is no counter of the loop")
    return number


def counter_at(wall_time: float) -> int:
    """The counter of the picture taken last at a Unix time: floor(wall_time · 25) mod 500."""
    return math.floor(wall_time * float(COUNTER_FPS)) % LOOP_PICTURES


def age_of(counter: int, now: float | None = None) -> float:
    """Seconds since the picture with this counter was taken, from 0 to 20 (older ones look younger by 20 s).

    Args:
        counter: what `read_counter` gave.
        now: Unix time at which the picture was seen (`time.time()`, or a browser's
            `performance.timeOrigin + performance.now()` in seconds); the present one unless told.
    """
    seen = time.time() if now is None else now
    return (seen - counter / float(COUNTER_FPS)) % (LOOP_PICTURES / float(COUNTER_FPS))


def _mean(grey: NDArray[np.float32], top: float, left: float, high: float, wide: float) -> float:
    rows = slice(int(top + high * _CENTRE), max(int(top + high * _CENTRE) + 1, int(top + high * (1 - _CENTRE))))
    columns = slice(int(left + wide * _CENTRE), max(int(left + wide * _CENTRE) + 1, int(left + wide * (1 - _CENTRE))))
    return float(grey[rows, columns].mean())
