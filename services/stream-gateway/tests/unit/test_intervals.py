"""Sets of time, against the plainest of models: whole seconds in a Python set."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from stream_gateway.domain.intervals import Interval, common, seconds, union, without

START = datetime(2026, 11, 22, tzinfo=UTC)
spans = st.lists(st.tuples(st.integers(0, 60), st.integers(-3, 20)), max_size=12)


def intervals(drawn: list[tuple[int, int]]) -> list[Interval]:
    """Return intervals of whole seconds; some are empty or the wrong way round."""
    return [(START + timedelta(seconds=at), START + timedelta(seconds=at + length)) for at, length in drawn]


def model(drawn: list[tuple[int, int]]) -> set[int]:
    return {second for at, length in drawn for second in range(at, at + length)}


def read_back(found: list[Interval]) -> set[int]:
    """Return the seconds of intervals, and see that these are disjoint, in order and not empty."""
    assert all(begin < end for begin, end in found)
    assert all(earlier[1] <= later[0] for earlier, later in pairwise(found))
    return {
        second
        for begin, end in found
        for second in range(int((begin - START).total_seconds()), int((end - START).total_seconds()))
    }


@given(spans)
def test_a_union_is_the_same_time_in_pieces_that_do_not_touch(drawn: list[tuple[int, int]]) -> None:
    found = union(intervals(drawn))
    assert read_back(found) == model(drawn)
    assert all(earlier[1] < later[0] for earlier, later in pairwise(found))
    assert seconds(intervals(drawn)) == len(model(drawn))


@given(spans, spans)
def test_difference_and_intersection(one: list[tuple[int, int]], other: list[tuple[int, int]]) -> None:
    assert read_back(without(intervals(one), intervals(other))) == model(one) - model(other)
    assert read_back(common(intervals(one), intervals(other))) == model(one) & model(other)


@given(spans, st.integers(0, 5))
def test_short_holes_are_closed_and_longer_ones_stay(drawn: list[tuple[int, int]], touching: int) -> None:
    found = read_back(union(intervals(drawn), touching=timedelta(seconds=touching)))
    plain = union(intervals(drawn))
    holes = [
        (int((earlier[1] - START).total_seconds()), int((later[0] - START).total_seconds()))
        for earlier, later in pairwise(plain)
    ]
    closed = {second for begin, end in holes if end - begin <= touching for second in range(begin, end)}
    assert found == model(drawn) | closed
