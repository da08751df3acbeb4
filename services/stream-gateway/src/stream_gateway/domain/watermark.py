"""What is burnt into the pictures of an outside recipient, and where: the same for all pictures of a second.

The text stands in a block that is repeated over the whole picture and moves slowly: whatever is cut out of a picture
and is as large as ``Pattern.sure_crop`` holds a whole one.
"""

import textwrap
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from stream_gateway.domain.rondes import CIVIL_TIME

_LONGEST_LINE = 26
_LINES_EACH = 2
_LETTER_SHARE = 40
_LEAST_LETTER, _LEAST_LETTER_OF_SMALL, _SMALL = 12, 9, 240
_DRIFT = 0.15
"""Letters a second: over a cell in minutes, the eye is not drawn to it."""


@dataclass(frozen=True, slots=True)
class Stamp:
    """What is written into pictures: lines, never empty, and the second (of any clock) that tells where."""

    lines: tuple[str, ...]
    second: int


@dataclass(frozen=True, slots=True)
class Watermark:
    """Who is shown the pictures; ``reference`` is the word by which the register's row is found."""

    name: str
    organisation: str
    reference: str

    def at(self, instant: datetime) -> Stamp:
        """Return what pictures that are shown at an instant carry: it is told in the civil time of Paris."""
        shown = instant.astimezone(CIVIL_TIME)
        lines = (*_folded(self.name), *_folded(self.organisation), f"réf. {self.reference}")
        return Stamp((*lines, f"{shown:%d/%m/%Y %H:%M:%S}"), int(instant.timestamp()))


def reference_of(identity: UUID) -> str:
    """Return the eight letters that stand for a session, a replay or a still in its pictures and in the register."""
    return identity.hex[-8:]


def register_note(reference: str) -> str:
    """Return what the register's row says of pictures that leave with a watermark."""
    return f"filigrane:{reference}"


def letter_height(height: int) -> int:
    """Return the height of letters in a picture of ``height`` pixels, in pixels."""
    return max(_LEAST_LETTER if height >= _SMALL else _LEAST_LETTER_OF_SMALL, round(height / _LETTER_SHARE))


@dataclass(frozen=True, slots=True)
class Pattern:
    """Blocks of text of a size, repeated; all in pixels. ``letter``: height of a letter."""

    block_width: int
    block_height: int
    letter: int

    @property
    def step(self) -> tuple[int, int]:
        """From a block to the next one, across and down."""
        return self.block_width + 3 * self.letter, self.block_height + 2 * self.letter

    @property
    def sure_crop(self) -> tuple[int, int]:
        """Width and height from which on any part of a picture holds a whole block, at any instant."""
        across, down = self.step
        return self.block_width + across, self.block_height + down

    def corners(self, width: int, height: int, second: int) -> Iterator[tuple[int, int]]:
        """Yield the top left corners of the blocks that touch a picture, every second row shifted by half a step."""
        across, down = self.step
        moved = second * _DRIFT * self.letter
        left, top = round(moved % across), round(moved / 2 % (2 * down))
        for row in range(-2, height // down + 1):
            y = top + row * down
            begin = left + (across // 2 if row % 2 else 0)
            for x in range(begin - 2 * across, width, across):
                if -self.block_width < x and -self.block_height < y < height:
                    yield x, y


def _folded(text: str) -> list[str]:
    """Return a text in at most two lines; what is left out of a longer one is shown to be."""
    return textwrap.wrap(text, _LONGEST_LINE, max_lines=_LINES_EACH, placeholder="…")
