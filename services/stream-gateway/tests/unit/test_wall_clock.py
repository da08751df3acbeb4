"""When a picture was taken: never before it can have been, never after it had arrived."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stream_gateway.domain.access_units import CLOCK_HZ
from stream_gateway.domain.wall_clock import WallClock

START = datetime(2026, 11, 22, tzinfo=UTC)
A_MICROSECOND = timedelta(microseconds=2)


def after(seconds: float) -> datetime:
    return START + timedelta(seconds=seconds)


@given(st.lists(st.floats(0, 2), min_size=1, max_size=200), st.integers(0, 2**40))
def test_with_any_jitter_a_picture_is_placed_between_its_taking_and_its_arrival(
    delays: list[float], first: int
) -> None:
    clock = WallClock()
    for number, delay in enumerate(delays):
        time = first + number * CLOCK_HZ // 10
        clock.observe(time, after(number / 10 + delay))
        placed = clock.at(time)
        assert after(number / 10) - A_MICROSECOND <= placed <= after(number / 10 + delay) + A_MICROSECOND


@given(st.lists(st.floats(0, 0.5), min_size=2, max_size=60), st.integers(1, 40))
def test_pictures_of_one_instant_keep_their_distances(delays: list[float], step: int) -> None:
    clock = WallClock()
    for number, delay in enumerate(delays):
        clock.observe(number * step * 900, after(number * step / 100 + delay))
    placed = [clock.at(number * step * 900) for number in range(len(delays))]
    for earlier, later in pairwise(placed):
        assert abs((later - earlier) - timedelta(seconds=step / 100)) <= A_MICROSECOND


@pytest.mark.parametrize("drift", [-2e-4, 2e-4], ids=["slow", "fast"])
def test_a_clock_that_drifts_is_followed_over_hours(drift: float) -> None:
    """200 ppm is 0.7 s an hour; what is two minutes old is forgotten, so that the error stays below 25 ms."""
    clock = WallClock()
    for second in range(6 * 3600):
        time = round(second * (1 + drift) * CLOCK_HZ)
        clock.observe(time, after(second + 0.02))
        assert timedelta(0) <= after(second + 0.02) - clock.at(time) + A_MICROSECOND <= timedelta(milliseconds=25)


def test_our_own_clock_set_back_is_followed_too() -> None:
    clock = WallClock()
    for second in range(300):
        clock.observe(second * CLOCK_HZ, after(second))
    for second in range(300, 600):
        clock.observe(second * CLOCK_HZ, after(second - 3600))
    for second in range(600, 900):  # and from here the camera's clock runs slow
        clock.observe(round(second * 0.999 * CLOCK_HZ), after(second - 3600))
    time = round(899 * 0.999 * CLOCK_HZ)
    assert abs(clock.at(time) - after(899 - 3600)) < timedelta(seconds=0.2)


def test_before_the_first_picture_nothing_is_known() -> None:
    with pytest.raises(ValueError, match="no picture"):
        WallClock().at(0)
