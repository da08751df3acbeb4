"""Availability adds up to the second: over months, over the change of clocks, whatever overlaps."""

from datetime import UTC, datetime
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from camera_registry.domain.availability import Availability, MonthInvalid, Span, availability, month_span, second_of

YEAR = [f"2026-{month:02d}" for month in range(1, 13)]
START = month_span(YEAR[0]).start
END = month_span(YEAR[-1]).end
SPANS = st.lists(
    st.tuples(st.integers(START - 10**6, END + 10**6), st.integers(0, 4_000_000)).map(
        lambda pair: Span(pair[0], pair[0] + pair[1])
    ),
    max_size=12,
)


def counted(frame: Span, spans: list[Span], step: int) -> int:
    """Count by looking at one second in ``step``: slow, and obviously right."""
    return sum(any(span.start <= at < span.end for span in spans) for at in range(frame.start, frame.end, step))


@given(st.integers(START, END), SPANS, SPANS)
def test_months_add_up_to_the_year(begun: int, outages: list[Span], planned: list[Span]) -> None:
    followed = Span(begun, END)
    months = [availability(month_span(month), followed, outages, planned) for month in YEAR]
    whole = availability(Span(START, END), followed, outages, planned)
    assert sum(months, Availability()) == whole
    assert whole.followed == END - begun
    for account in (*months, whole):
        assert account.available + account.unavailable + account.planned == account.followed
        assert min(account.available, account.unavailable, account.planned) >= 0
        assert account.rate is None or 0 <= account.rate <= 1


@given(st.data())
def test_it_counts_as_a_child_would(data: st.DataObject) -> None:
    spans = st.lists(
        st.tuples(st.integers(-20, 120), st.integers(0, 60)).map(lambda pair: Span(pair[0], pair[0] + pair[1])),
        max_size=6,
    )
    outages, planned = data.draw(spans), data.draw(spans)
    frame = Span(0, 100)
    account = availability(frame, Span(10, 1000), outages, planned)
    followed = Span(10, 100)
    in_works = counted(followed, planned, 1)
    assert account == Availability(90, in_works, counted(followed, [*outages, *planned], 1) - in_works)


def test_months_meet_without_a_gap_and_know_the_change_of_clocks() -> None:
    spans = [month_span(month) for month in YEAR]
    assert all(one.end == following.start for one, following in pairwise(spans))
    assert month_span("2026-03").seconds == 31 * 86_400 - 3600
    assert month_span("2026-10").seconds == 31 * 86_400 + 3600
    paris = datetime.fromtimestamp(month_span("2026-07").start, ZoneInfo("Europe/Paris"))
    assert (paris.month, paris.day, paris.hour) == (7, 1, 0)


@pytest.mark.parametrize("month", ["2026-13", "2026-00", "26-11", "2026-1", "", "0000-01", "9999-12"])
def test_what_is_no_month_is_said(month: str) -> None:
    with pytest.raises(MonthInvalid):
        month_span(month)


@given(st.datetimes(min_value=datetime(2000, 1, 1), max_value=datetime(2100, 1, 1), timezones=st.just(UTC)))  # noqa: DTZ001
def test_neighbouring_intervals_share_their_border(instant: datetime) -> None:
    border = second_of(instant)
    first, then = Span(border - 50, border), Span(border, border + 50)
    frame = Span(border - 100, border + 100)
    assert availability(frame, frame, [first, then], []).unavailable == 100


def test_a_month_not_followed_has_no_rate() -> None:
    assert availability(Span(0, 100), Span(200, 300), [], []).rate is None
    assert availability(Span(0, 100), Span(0, 300), [], [Span(0, 100)]).rate is None
