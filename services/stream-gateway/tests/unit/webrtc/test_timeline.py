"""RTP times: the newest picture at once, the camera's pace afterwards, never backwards."""

import itertools

from hypothesis import given
from hypothesis import strategies as st

from stream_gateway.domain.access_units import CLOCK_HZ
from stream_gateway.webrtc.timeline import Timeline

FRAME = CLOCK_HZ // 25


def test_a_group_at_once_ends_now_and_the_next_pictures_keep_the_cameras_pace() -> None:
    timeline = Timeline()
    group = [timeline.stamp(number * FRAME, 10.0) for number in range(50)]
    assert group[-1] - group[0] < CLOCK_HZ // 10
    jitter = (0.0, 0.004, 0.001, 0.007)
    live = [timeline.stamp((50 + n) * FRAME, 10.04 + n * 0.04 + jitter[n % 4]) for n in range(100)]
    steps = {after - before for before, after in itertools.pairwise(live[3:])}
    assert steps == {FRAME}


def test_a_group_sent_again_does_not_go_back_and_the_stream_goes_on_in_time() -> None:
    timeline = Timeline()
    for number in range(50):
        timeline.stamp(number * FRAME, 10 + number * 0.04)
    last = timeline.stamp(50 * FRAME, 12.0)
    again = [timeline.stamp(number * FRAME, 12.01) for number in range(51)]
    assert again[0] > last
    following = timeline.stamp(51 * FRAME, 12.04)
    assert again[-1] < following + CLOCK_HZ // 10
    assert timeline.stamp(100 * FRAME, 14.0) == round(14.0 * CLOCK_HZ)


def test_after_a_pause_times_jump_as_the_wall_clock_did() -> None:
    timeline = Timeline()
    first = timeline.stamp(0, 10.0)
    assert timeline.stamp(FRAME, 20.0) - first == 10 * CLOCK_HZ


@given(st.lists(st.tuples(st.integers(-(10**7), 10**7), st.floats(0, 30, allow_nan=False)), min_size=2, max_size=100))
def test_times_only_ever_rise(steps: list[tuple[int, float]]) -> None:
    timeline, media, now = Timeline(), 0, 5.0
    before = None
    for ticks, seconds in steps:
        media, now = media + ticks, now + seconds
        stamped = timeline.stamp(media, now)
        assert before is None or stamped > before
        before = stamped
