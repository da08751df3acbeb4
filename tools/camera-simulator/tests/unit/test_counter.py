"""The counter of a picture is read back, its age is right, and what is no counter is refused."""

import math
from fractions import Fraction

import av
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from camera_simulator.counter import (
    LOOP_PICTURES,
    UnreadableCounterError,
    age_of,
    counter_at,
    draw_counter,
    read_counter,
)
from camera_simulator.counter_clip import counter_clip, wall_alignment
from camera_simulator.pacing import Pacer
from camera_simulator.pictures import ClipDecoder

counters = st.integers(0, LOOP_PICTURES - 1)


@settings(deadline=None)
@given(counters, st.sampled_from([(640, 360), (320, 180), (64, 32), (1280, 720)]), st.floats(0.4, 1), st.floats(0, 40))
def test_what_is_drawn_is_read(counter: int, size: tuple[int, int], contrast: float, light: float) -> None:
    width, height = size
    picture = (draw_counter(counter, width=width, height=height) * contrast + light).clip(0, 255).astype(np.uint8)
    assert read_counter(picture) == counter
    assert read_counter(np.stack([picture] * 3, axis=2)) == counter


@pytest.mark.parametrize(
    "picture",
    [
        np.zeros((360, 640), np.uint8),
        np.random.default_rng(1).integers(0, 255, (360, 640), dtype=np.uint8),
        draw_counter(LOOP_PICTURES, width=640, height=360),
    ],
)
def test_what_is_no_counter_is_not_read(picture: NDArray[np.uint8]) -> None:
    with pytest.raises(UnreadableCounterError):
        read_counter(picture)


@settings(deadline=None)
@given(st.floats(1.6e9, 2.2e9), st.floats(0, 19.9))
def test_age_is_the_time_since_the_picture_was_taken(taken: float, age: float) -> None:
    found = age_of(counter_at(taken), taken + age)
    assert min(abs(found - age), 20 - abs(found - age)) <= 0.0401  # taken within a picture's interval


@settings(deadline=None)
@given(st.floats(1e6, 2e9), st.floats(0, 1e6))
def test_ticks_fall_on_the_pictures_of_the_wall_clock(wall_ahead: float, now: float) -> None:
    phase, ahead = wall_alignment(Fraction(25), wall_ahead=wall_ahead)
    tick = Pacer(Fraction(25), phase).tick_at(now)
    assert 0 <= phase <= 1
    pictures = (now + wall_ahead) * 25
    assert pictures - 1 - 1e-3 <= tick + ahead <= pictures + 1e-3


def test_the_clip_is_baseline_whole_gops_and_readable_after_coding() -> None:
    clip = counter_clip()
    assert clip.sps[1] == 66
    assert [index for index, unit in enumerate(clip.access_units) if unit.keyframe] == list(range(0, LOOP_PICTURES, 50))
    decoder = ClipDecoder(clip)
    seen = [read_counter(decoder.picture(index).to_ndarray(format="gray").astype(np.uint8)) for index in range(120)]
    assert seen == list(range(120))
    small = decoder.picture(499).reformat(160, 90, "rgb24")
    assert read_counter(small.to_ndarray().astype(np.uint8)) == 499
    assert math.isclose(float(clip.seconds), 20)
    assert isinstance(small, av.VideoFrame)
