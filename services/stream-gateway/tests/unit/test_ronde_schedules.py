"""When a ronde is due: Paris days and times, on the days on which clocks change as on all others."""

from datetime import UTC, date, datetime, time, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stream_gateway.domain.rondes import CIVIL_TIME, RondeStep, Schedule, UnusableRonde, check_steps

EVERY_DAY = frozenset(range(7))

schedules = st.builds(
    Schedule,
    st.frozensets(st.integers(0, 6)),
    st.lists(st.times().map(lambda at: at.replace(second=0, microsecond=0)), max_size=4).map(tuple),
)
instants = st.datetimes(datetime(2026, 3, 20), datetime(2026, 11, 5)).map(lambda at: at.replace(tzinfo=UTC))  # noqa: DTZ001


def paris(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=CIVIL_TIME)


@given(schedules, instants, st.timedeltas(timedelta(0), timedelta(days=12)), st.floats(0, 1))
def test_looking_in_two_goes_finds_what_looking_once_finds(
    schedule: Schedule, after: datetime, span: timedelta, share: float
) -> None:
    middle, until = after + span * share, after + span
    assert schedule.due_between(after, middle) + schedule.due_between(middle, until) == schedule.due_between(
        after, until
    )


@given(schedules, instants)
def test_the_next_one_is_the_first_of_those_to_come(schedule: Schedule, after: datetime) -> None:
    following = schedule.next_after(after)
    coming = schedule.due_between(after, after + timedelta(days=30))
    assert (coming[0] if coming else None) == following


@given(schedules, st.dates(date(2026, 3, 20), date(2026, 11, 5)))
def test_each_day_has_its_times_once(schedule: Schedule, day: date) -> None:
    start = datetime.combine(day, time(0), CIVIL_TIME).astimezone(UTC)
    end = datetime.combine(day + timedelta(days=1), time(0), CIVIL_TIME).astimezone(UTC)
    moment = timedelta(microseconds=1)
    due = schedule.due_between(start - moment, end - moment)
    expected = {datetime.combine(day, at, CIVIL_TIME).astimezone(UTC) for at in schedule.times}
    assert due == (sorted(expected) if day.weekday() in schedule.days else [])


def test_a_time_that_does_not_exist_is_due_an_hour_later() -> None:
    """29 March 2026: 02:00 becomes 03:00 in Paris."""
    night = Schedule(EVERY_DAY, (time(2, 30),))
    due = night.due_between(paris("2026-03-29T00:00"), paris("2026-03-30T00:00"))
    assert due == [datetime(2026, 3, 29, 1, 30, tzinfo=UTC)]
    assert due[0].astimezone(CIVIL_TIME).time() == time(3, 30)


def test_a_time_that_exists_twice_is_due_once() -> None:
    """25 October 2026: 03:00 becomes 02:00 in Paris."""
    night = Schedule(EVERY_DAY, (time(2, 30),))
    due = night.due_between(paris("2026-10-25T00:00"), paris("2026-10-26T00:00"))
    assert due == [datetime(2026, 10, 25, 0, 30, tzinfo=UTC)]


def test_two_times_that_fall_on_one_instant_are_one() -> None:
    night = Schedule(EVERY_DAY, (time(2, 30), time(3, 30)))
    assert len(night.due_between(paris("2026-03-29T00:00"), paris("2026-03-30T00:00"))) == 1
    assert len(night.due_between(paris("2026-03-28T00:00"), paris("2026-03-29T00:00"))) == 2


@pytest.mark.parametrize("dwell", [4, 31, 0, -1])
def test_a_look_lasts_from_five_to_thirty_seconds(dwell: int) -> None:
    with pytest.raises(UnusableRonde, match="Étape 2"):
        check_steps([RondeStep("a", "95598", 5), RondeStep("b", "95598", dwell)])


def test_a_ronde_has_at_least_a_step_and_an_end() -> None:
    with pytest.raises(UnusableRonde):
        check_steps([])
    with pytest.raises(UnusableRonde):
        check_steps([RondeStep("a", "95598", 5)] * 101)
