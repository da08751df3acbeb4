"""Sets of half-open intervals of time."""

from collections.abc import Iterable
from datetime import datetime, timedelta

Interval = tuple[datetime, datetime]
"""Half-open: the first instant belongs to it, the second does not."""


def union(intervals: Iterable[Interval], *, touching: timedelta = timedelta(0)) -> list[Interval]:
    """Return the same time as disjoint intervals in order; holes of at most ``touching`` are closed."""
    merged: list[Interval] = []
    for begin, end in sorted(one for one in intervals if one[0] < one[1]):
        if merged and begin - merged[-1][1] <= touching:
            merged[-1] = (merged[-1][0], max(merged[-1][1], end))
        else:
            merged.append((begin, end))
    return merged


def without(intervals: Iterable[Interval], taken: Iterable[Interval]) -> list[Interval]:
    """Return the time of the first that is not in the second."""
    left: list[Interval] = []
    away = union(taken)
    for begin, end in union(intervals):
        at = begin
        for gone_from, gone_until in away:
            if gone_until <= at:
                continue
            if gone_from >= end:
                break
            if gone_from > at:
                left.append((at, gone_from))
            at = max(at, gone_until)
        if at < end:
            left.append((at, end))
    return left


def common(first: Iterable[Interval], second: Iterable[Interval]) -> list[Interval]:
    """Return the time that is in both."""
    whole = union(first)
    return without(whole, without(whole, second))


def seconds(intervals: Iterable[Interval]) -> float:
    """Return how long they are together, each instant counted once."""
    return sum(((end - begin) for begin, end in union(intervals)), timedelta(0)).total_seconds()
