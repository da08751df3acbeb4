"""No burst: within any window the number of starts is bounded, and everybody has a turn in each period."""

from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from camera_registry.domain.check_schedule import MAX_LATE_S, CheckSchedule, next_try

FLEETS = st.sets(st.from_regex(r"PV-[0-9]{5}-[0-9]{4}-P[0-9]", fullmatch=True), min_size=1, max_size=120)


def all_starts(schedule: CheckSchedule, until: float, tick: float) -> list[tuple[float, str]]:
    found: list[tuple[float, str]] = []
    steps = round(until / tick)
    for step in range(steps):
        found += schedule.starts(step * tick, (step + 1) * tick)
    return found


@given(FLEETS, st.floats(5, 300), st.floats(0.1, 3), st.floats(0.01, 1.0))
def test_starts_in_any_window_are_bounded(fleet: set[str], period: float, windows: float, tick: float) -> None:
    schedule = CheckSchedule.of(fleet, period)
    starts = [at for at, _ in all_starts(schedule, 2 * period, min(tick, MAX_LATE_S / 2))]
    window = period * windows / 3
    bound = window * len(fleet) / period + 2
    for first, at in enumerate(starts):
        assert sum(1 for later in starts[first:] if later < at + window) <= bound + 1e-6


@given(FLEETS, st.floats(5, 300))
def test_everybody_starts_once_a_period(fleet: set[str], period: float) -> None:
    schedule = CheckSchedule.of(fleet, period)
    steps = max(int(period), 4)
    turns = [schedule.starts(period * (3 + n / steps), period * (3 + (n + 1) / steps)) for n in range(steps)]
    if period / steps <= MAX_LATE_S:
        assert Counter(one for turn in turns for _, one in turn) == dict.fromkeys(fleet, 1)


@given(FLEETS, st.floats(5, 300), st.floats(3, 10_000))
def test_after_a_pause_there_is_no_crowd(fleet: set[str], period: float, pause: float) -> None:
    schedule = CheckSchedule.of(fleet, period)
    assert len(schedule.starts(1000.0, 1000.0 + pause)) <= MAX_LATE_S * len(fleet) / period + 2


@given(FLEETS)
def test_the_order_of_the_list_does_not_matter_and_the_slots_are_spread(fleet: set[str]) -> None:
    schedule = CheckSchedule.of(fleet, 60.0)
    assert CheckSchedule.of(sorted(fleet, reverse=True), 60.0) == schedule
    assert list(schedule.offsets) == sorted(schedule.offsets)
    assert all(rank * 60 / len(fleet) <= at < (rank + 1) * 60 / len(fleet) for rank, at in enumerate(schedule.offsets))


def test_a_period_of_zero_starts_nothing() -> None:
    assert CheckSchedule.of({"PV-1"}, 0).starts(0, 1e6) == []


@given(st.integers(1, 200), st.floats(0.1, 100), st.floats(100, 2000))
def test_who_does_not_answer_is_left_alone_for_longer_each_time_up_to_a_bound(
    failures: int, period: float, longest: float
) -> None:
    assert period <= next_try(failures, period, longest) <= next_try(failures + 1, period, longest) <= longest
