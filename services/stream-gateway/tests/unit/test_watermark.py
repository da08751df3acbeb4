"""What is burnt in for outside recipients: who, for whom, by which reference and when, wherever one cuts."""

from datetime import UTC, datetime
from itertools import pairwise
from uuid import UUID

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageDraw, ImageFont

from stream_gateway.domain.watermark import Pattern, Stamp, Watermark, reference_of, register_note
from stream_gateway.masking.stamp import OPACITY, Ink, drawable, font_bytes, ink, pattern_of

WHO = Watermark("Adj. Hélène Lefèvre", "Gendarmerie nationale", "1a2b3c4d")
SUMMER = datetime(2026, 7, 14, 21, 30, 5, tzinfo=UTC)
WORDS = st.text(max_size=120)
SIZES = st.sampled_from([(160, 90), (320, 180), (640, 360), (1280, 720), (720, 1280), (1920, 1080), (3840, 2160)])


def test_it_names_who_for_whom_by_which_reference_and_when_in_paris() -> None:
    assert WHO.at(SUMMER).lines == (
        "Adj. Hélène Lefèvre",
        "Gendarmerie nationale",
        "réf. 1a2b3c4d",
        "14/07/2026 23:30:05",
    )
    winter = datetime(2026, 12, 1, 23, 30, tzinfo=UTC)
    assert WHO.at(winter).lines[-1] == "02/12/2026 00:30:00"


def test_the_reference_stands_in_the_register_too() -> None:
    reference = reference_of(UUID("01939d2e-8f00-7000-8000-00001a2b3c4d"))
    assert reference == "1a2b3c4d"
    assert register_note(reference) == "filigrane:1a2b3c4d"


@given(name=WORDS, organisation=WORDS, at=st.datetimes(datetime(2000, 1, 1), datetime(2100, 1, 1)))  # noqa: DTZ001
def test_it_is_never_empty_always_drawable_and_bounded(name: str, organisation: str, at: datetime) -> None:
    stamp = Watermark(name, organisation, "1a2b3c4d").at(at.replace(tzinfo=UTC))
    assert 2 <= len(stamp.lines) <= 6
    assert all(0 < len(line) <= 26 for line in stamp.lines)
    assert stamp.lines[-2] == "réf. 1a2b3c4d"
    drawn = Ink(stamp, 640, 360)
    assert drawn.covered.mean() > 0.05


def test_a_long_name_is_folded_and_shown_to_be_cut() -> None:
    long = "Direction interdépartementale de la police nationale du Val-d'Oise et de ses environs"
    lines = Watermark(long, "", "1a2b3c4d").at(SUMMER).lines
    assert lines[:2] == ("Direction", "interdépartementale de la…")
    assert len(lines) == 4


@settings(max_examples=300)
@given(
    block=st.tuples(st.integers(20, 400), st.integers(20, 200)),
    letter=st.integers(9, 60),
    second=st.integers(0, 2**33),
    size=SIZES,
    data=st.data(),
)
def test_whatever_is_cut_out_and_large_enough_holds_a_whole_block(
    block: tuple[int, int], letter: int, second: int, size: tuple[int, int], data: st.DataObject
) -> None:
    (width, height), pattern = size, Pattern(*block, letter)
    wide, tall = pattern.sure_crop
    if wide > width or tall > height:
        return
    left = data.draw(st.integers(0, width - wide))
    top = data.draw(st.integers(0, height - tall))
    assert any(
        left <= x and x + pattern.block_width <= left + wide and top <= y and y + pattern.block_height <= top + tall
        for x, y in pattern.corners(width, height, second)
    )


@given(second=st.integers(0, 2**33), size=SIZES)
def test_blocks_never_overlap_and_all_touch_the_picture(second: int, size: tuple[int, int]) -> None:
    pattern = Pattern(200, 80, 18)
    corners = list(pattern.corners(*size, second))
    assert len(set(corners)) == len(corners)
    for x, y in corners:
        assert -200 < x < size[0]
        assert -80 < y < size[1]
    rows: dict[int, list[int]] = {}
    for x, y in corners:
        rows.setdefault(y, []).append(x)
    assert all(b - a == pattern.step[0] for row in rows.values() for a, b in pairwise(row))
    assert all(b - a == pattern.step[1] for a, b in pairwise(sorted(rows)))


def test_a_half_of_a_usual_picture_is_large_enough() -> None:
    wide, tall = pattern_of(WHO.at(SUMMER), 720).sure_crop
    assert wide < 1280 / 2
    assert tall < 720 / 2


def test_it_moves_slowly_and_passes_everywhere() -> None:
    pattern = pattern_of(WHO.at(SUMMER), 720)
    first = [next(iter(pattern.corners(1280, 720, second))) for second in range(3)]
    assert all(0 < (b[0] - a[0]) % pattern.step[0] <= 4 for a, b in pairwise(first))
    seen = {x % pattern.step[0] for second in range(600) for x, _ in pattern.corners(1280, 720, second)}
    assert len(seen) > pattern.step[0] // 4


def test_the_same_second_gives_the_same_pixels() -> None:
    grey = np.full((360, 640), 90, np.uint8)
    one, two, later = grey.copy(), grey.copy(), grey.copy()
    Ink(WHO.at(SUMMER), 640, 360).write(one)
    Ink(WHO.at(SUMMER), 640, 360).write(two)
    Ink(WHO.at(SUMMER.replace(second=6)), 640, 360).write(later)
    assert np.array_equal(one, two)
    assert not np.array_equal(one, later)


@pytest.mark.parametrize("ground", [16, 90, 160, 235])
def test_letters_stand_out_on_any_ground_and_the_rest_is_untouched(ground: int) -> None:
    luma = np.full((720, 1280), ground, np.uint8)
    drawn = ink(WHO.at(SUMMER), 1280, 720)
    drawn.write(luma)
    assert (luma[~drawn.covered] == ground).all()
    covered = luma[drawn.covered]
    assert int(covered.max()) - int(covered.min()) > 80, "light letters with a dark edge"
    assert abs(covered.astype(int) - ground).max() <= OPACITY * 235, "what is behind still shows"


def test_every_accent_has_a_letter_of_its_own() -> None:
    font = ImageFont.truetype(font_bytes(), 24)

    def drawn(letter: str) -> bytes:
        picture = Image.new("L", (40, 40))
        ImageDraw.Draw(picture).text((4, 4), letter, fill=255, font=font)
        return picture.tobytes()

    nothing = drawn("\uffff")
    letters = [chr(code) for code in range(0x21, 0x1F00) if drawable(chr(code)) == chr(code)]
    assert len(letters) > 700
    assert all(drawn(letter) != nothing for letter in letters if not letter.isspace())
    assert drawn("e") != drawn("é")
    assert drawable("Ça œuvre à Noël, élève Ñuñez · Łódź") == "Ça œuvre à Noël, élève Ñuñez · Łódź"
    assert drawable("e\u0301") == "é"
    assert drawable("①Ж") == "1?"


def test_a_line_is_drawn_with_its_accents() -> None:
    """The same block without accents has fewer inked pixels above the letters."""

    def inked(text: str) -> int:
        return int(Ink(Stamp((text,), 0), 1280, 720).covered.sum())

    assert inked("éèêàçô") > inked("eeeaco") * 1.05
