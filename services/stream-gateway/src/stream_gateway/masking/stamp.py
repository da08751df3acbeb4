"""Draws a stamp: semi-transparent letters with a dark edge, legible on any ground, into luma alone."""

import math
import unicodedata
from functools import cache, lru_cache
from importlib.resources import files
from io import BytesIO

import numpy as np
from av.video.frame import VideoFrame
from av.video.plane import VideoPlane
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from stream_gateway.domain.watermark import Pattern, Stamp, letter_height

OPACITY = 0.5
_LIGHT, _DARK = 235, 16
_WHOLE = 256
_LINE_SHARE = 1.25
_EDGE_SHARE = 10
_DRAWABLE = ((0x20, 0x7E), (0xA0, 0xAC), (0xAE, 0x24F), (0x1E00, 0x1EFB), (0x2010, 0x2015), (0x2018, 0x201E))
_SINGLE = "…•"
"""Besides the ranges, what ``watermark.ttf`` has (DejaVu Sans Bold, see its licence beside it)."""

Samples = NDArray[np.uint8]
Weights = NDArray[np.uint16]


class Ink:
    """A stamp drawn for pictures of one size, in pixels."""

    def __init__(self, stamp: Stamp, width: int, height: int) -> None:
        keep, add = _block(stamp.lines, letter_height(height))
        self._keep = np.full((height, width), _WHOLE, np.uint16)
        self._add = np.zeros((height, width), np.uint16)
        tall, wide = keep.shape
        for x, y in pattern_of(stamp, height).corners(width, height, stamp.second):
            rows, columns = slice(max(y, 0), min(y + tall, height)), slice(max(x, 0), min(x + wide, width))
            inside = (slice(rows.start - y, rows.stop - y), slice(columns.start - x, columns.stop - x))
            self._keep[rows, columns], self._add[rows, columns] = keep[inside], add[inside]

    @property
    def covered(self) -> NDArray[np.bool_]:
        """Where letters or their edges are."""
        return self._keep < _WHOLE

    def write(self, luma: Samples) -> None:
        """Write into the luma of a picture, in place."""
        mixed = luma.astype(np.uint16)
        mixed *= self._keep
        mixed += self._add
        mixed >>= 8
        luma[:] = mixed


@lru_cache(maxsize=2)
def ink(stamp: Stamp, width: int, height: int) -> Ink:
    """Return a stamp drawn for a size in pixels."""
    return Ink(stamp, width, height)


def samples_of(plane: VideoPlane) -> Samples:
    """Return the samples of a plane as they lie in memory; to write, the picture must be writable."""
    return np.frombuffer(memoryview(plane), np.uint8).reshape(plane.height, plane.line_size)[:, : plane.width]


def stamped(picture: VideoFrame, stamp: Stamp) -> VideoFrame:
    """Write a stamp into a picture of format ``yuv420p`` or ``yuvj420p``."""
    picture.make_writable()
    ink(stamp, picture.width, picture.height).write(samples_of(picture.planes[0]))
    return picture


def pattern_of(stamp: Stamp, height: int) -> Pattern:
    """Return how a stamp is repeated over pictures of a height."""
    letter = letter_height(height)
    keep, _ = _block(stamp.lines, letter)
    return Pattern(keep.shape[1], keep.shape[0], letter)


def drawable(text: str) -> str:
    """Return a text with only letters that the font has: without an accent where it lacks that one, else ``?``."""
    return "".join(_drawable(one) for one in unicodedata.normalize("NFC", text))


def _drawable(letter: str) -> str:
    if _is_drawn(letter):
        return letter
    base = unicodedata.normalize("NFKD", letter)[0]
    return base if _is_drawn(base) else "?"


def _is_drawn(letter: str) -> bool:
    return letter in _SINGLE or any(first <= ord(letter) <= last for first, last in _DRAWABLE)


@lru_cache(maxsize=2)
def _block(lines: tuple[str, ...], letter: int) -> tuple[Weights, Weights]:
    """Return, of 256 parts, how much of the picture shows through a block, and what its letters add to that."""
    font, edge = _font(letter), max(1, round(letter / _EDGE_SHARE))
    texts = [drawable(line) for line in lines]
    line_height = round(letter * _LINE_SHARE)
    size = math.ceil(max(font.getlength(text) for text in texts)) + 2 * edge, line_height * len(texts) + 2 * edge
    covers: list[NDArray[np.float64]] = []
    for stroke in (0, edge):
        drawn = Image.new("L", size)
        for row, text in enumerate(texts):
            place = (edge, edge + row * line_height)
            ImageDraw.Draw(drawn).text(place, text, fill=255, font=font, stroke_width=stroke, anchor="la")
        covers.append(np.asarray(drawn, dtype=np.float64) / 255)
    light, cover = covers[0], np.maximum(*covers)
    keep = np.rint((1 - OPACITY * cover) * _WHOLE).astype(np.uint16)
    return keep, ((_WHOLE - keep) * (_DARK + (_LIGHT - _DARK) * light)).astype(np.uint16)


def font_bytes() -> BytesIO:
    """Return the font file."""
    return BytesIO(files("stream_gateway.masking").joinpath("watermark.ttf").read_bytes())


@cache
def _font(letter: int) -> ImageFont.FreeTypeFont:
    return ImageFont.truetype(font_bytes(), letter)
