"""Which blocks are hidden: all that was drawn and its margin, and little more."""

import numpy as np
from hypothesis import example, given
from hypothesis import strategies as st

from stream_gateway.masking.raster import BLOCK, hidden_blocks, pixels_of

WIDTH, HEIGHT, MARGIN = 200, 120, 8.0
fractions = st.floats(-0.2, 1.2)
corners = st.tuples(fractions, fractions)
triangles = st.tuples(corners, corners, corners)
shares = st.floats(0, 1)


@given(triangles, shares, shares, st.floats(0, 2 * np.pi), shares)
@example(((0.0, 0.0), (0.0, 5.9e-322), (1.0, 0.5)), 0.5, 0.5, 0.0, 0.0)  # an edge without a slope
def test_every_pixel_of_an_area_and_of_its_margin_is_hidden(
    triangle: tuple[tuple[float, float], ...], a: float, b: float, turn: float, out: float
) -> None:
    """Hypothesis looks for a point of the area, then for one beside it, that shows."""
    root = a**0.5
    weights = (1 - root, root * (1 - b), root * b)
    x = sum(weight * corner[0] for weight, corner in zip(weights, triangle, strict=True)) * WIDTH
    y = sum(weight * corner[1] for weight, corner in zip(weights, triangle, strict=True)) * HEIGHT
    x, y = x + np.cos(turn) * out * MARGIN * 0.999, y + np.sin(turn) * out * MARGIN * 0.999
    if 0 <= x < WIDTH and 0 <= y < HEIGHT:
        blocks = hidden_blocks([triangle], width=WIDTH, height=HEIGHT, margin=MARGIN)
        luma = pixels_of(blocks, width=WIDTH, height=HEIGHT)
        chroma = pixels_of(blocks, width=WIDTH // 2, height=HEIGHT // 2, block=BLOCK // 2)
        assert luma[int(y), int(x)]
        assert chroma[int(y) // 2, int(x) // 2]


@given(st.integers(0, 15), st.integers(0, 10), st.integers(1, 8), st.integers(1, 4))
def test_what_lies_farther_away_stays_visible(left: int, top: int, wide: int, high: int) -> None:
    x1, y1, x2, y2 = left * 8, top * 8, (left + wide) * 8, (top + high) * 8
    area = ((x1 / WIDTH, y1 / HEIGHT), (x2 / WIDTH, y1 / HEIGHT), (x2 / WIDTH, y2 / HEIGHT), (x1 / WIDTH, y2 / HEIGHT))
    blocks = hidden_blocks([area], width=WIDTH, height=HEIGHT, margin=MARGIN)
    far = MARGIN + 2 * BLOCK
    rows, columns = np.nonzero(pixels_of(blocks, width=WIDTH, height=HEIGHT))
    assert columns.min() >= x1 - far
    assert columns.max() <= x2 + far
    assert rows.min() >= y1 - far
    assert rows.max() <= y2 + far


def test_a_picture_that_is_no_multiple_of_a_block_is_hidden_to_its_edge() -> None:
    whole = ((0.0, 0.0), (1.0, 0.0), (1.0, 1.0), (0.0, 1.0))
    blocks = hidden_blocks([whole], width=1278, height=714, margin=0.0)
    assert pixels_of(blocks, width=1278, height=714).shape == (714, 1278)
    assert pixels_of(blocks, width=1278, height=714).all()
    assert pixels_of(blocks, width=639, height=357, block=4).all()


def test_no_area_hides_nothing() -> None:
    assert not hidden_blocks([], width=WIDTH, height=HEIGHT, margin=MARGIN).any()
