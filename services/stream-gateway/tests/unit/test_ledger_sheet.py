"""The recorded-seconds ledger adds up, whatever is put into it."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stream_gateway.domain.coverage import TOLERANCE, Gap
from stream_gateway.domain.intervals import Interval, seconds, union, without
from stream_gateway.domain.ledger import NOT_RETURNED, account, overdue

START = datetime(2026, 11, 22, tzinfo=UTC)


def at(offset: float) -> datetime:
    return START + timedelta(seconds=offset)


def between(begin: float, end: float) -> Interval:
    return at(begin), at(end)


spans = st.lists(
    st.tuples(st.integers(-20_000, 120_000), st.integers(0, 40_000)).map(
        lambda drawn: between(drawn[0] / 1000, (drawn[0] + drawn[1]) / 1000)
    ),
    max_size=10,
)
gaps = st.lists(st.tuples(spans, st.sampled_from(["panne", "nœud", "disque"])), max_size=3).map(
    lambda drawn: [Gap(begin, end, cause) for pieces, cause in drawn for begin, end in pieces]
)
WINDOW = between(0, 100)


@given(spans, spans, gaps)
def test_expected_is_recorded_and_gaps_and_open(
    expected: list[Interval], recorded: list[Interval], declared: list[Gap]
) -> None:
    sheet = account(expected, recorded, declared, WINDOW)
    assert sheet.adds_up
    assert 0 <= sheet.expected_seconds <= 100
    told = [(gap.started_at, gap.ended_at) for gap in sheet.gaps]
    assert seconds(told) == sheet.gap_seconds, "no instant is in two gaps"
    assert seconds([*told, *sheet.open_time]) == pytest.approx(sheet.gap_seconds + sheet.open_seconds)
    assert without(told, union(expected)) == []
    assert {gap.cause for gap in sheet.gaps} <= {gap.cause for gap in declared}


@given(spans, spans, gaps)
def test_footage_wins_over_a_declared_gap(
    expected: list[Interval], recorded: list[Interval], declared: list[Gap]
) -> None:
    with_gaps = account(expected, recorded, declared, WINDOW)
    assert with_gaps.recorded_seconds == account(expected, recorded, [], WINDOW).recorded_seconds
    for gap in with_gaps.gaps:
        assert without([(gap.started_at, gap.ended_at)], recorded) == [(gap.started_at, gap.ended_at)]


def test_footage_that_comes_after_its_gap_was_declared_counts_as_recorded() -> None:
    declared = [Gap(at(10), at(40), NOT_RETURNED)]
    before = account([WINDOW], [between(0, 10), between(40, 100)], declared, WINDOW)
    assert (before.recorded_seconds, before.gap_seconds, before.open_seconds) == (70, 30, 0)
    after = account([WINDOW], [between(0, 10), between(40, 100), between(10, 30)], declared, WINDOW)
    assert (after.recorded_seconds, after.gap_seconds, after.open_seconds) == (90, 10, 0)
    assert after.gaps == (Gap(at(30), at(40), NOT_RETURNED),)


def test_neighbours_within_the_tolerance_touch_and_others_do_not() -> None:
    jitter = TOLERANCE.total_seconds()
    touching = account([WINDOW], [between(0, 50), between(50 + jitter, 100)], [], WINDOW)
    assert (touching.recorded_seconds, touching.open_seconds) == (100, 0)
    apart = account([WINDOW], [between(0, 50), between(50.001 + jitter, 100)], [], WINDOW)
    assert apart.open_time == (between(50, 50.001 + jitter),)


def test_of_two_gaps_at_one_time_the_earlier_counts() -> None:
    sheet = account([WINDOW], [], [Gap(at(20), at(60), "nœud"), Gap(at(10), at(50), "caméra")], WINDOW)
    assert sheet.gaps == (Gap(at(10), at(50), "caméra"), Gap(at(50), at(60), "nœud"))
    assert sheet.open_seconds == 50


def test_only_what_is_old_enough_and_longer_than_jitter_is_overdue() -> None:
    sheet = account([WINDOW], [between(0, 10), between(10.9, 20), between(80, 90)], [Gap(at(20), at(30), "x")], WINDOW)
    assert overdue(sheet, at(100), after=timedelta(seconds=60)) == [Gap(at(30), at(40), NOT_RETURNED)]
    assert overdue(sheet, at(100), after=timedelta(0)) == [
        Gap(at(30), at(80), NOT_RETURNED),
        Gap(at(90), at(100), NOT_RETURNED),
    ]
    assert overdue(sheet, at(100), after=timedelta(seconds=70)) == []


@given(spans, spans, gaps, st.integers(0, 100))
def test_what_was_declared_overdue_is_not_overdue_again(
    expected: list[Interval], recorded: list[Interval], declared: list[Gap], after: int
) -> None:
    settled = timedelta(seconds=after)
    first = overdue(account(expected, recorded, declared, WINDOW), at(100), after=settled)
    again = account(expected, recorded, [*declared, *first], WINDOW)
    assert overdue(again, at(100), after=settled) == []
    assert all(gap.ended_at <= at(100) - settled for gap in first)
