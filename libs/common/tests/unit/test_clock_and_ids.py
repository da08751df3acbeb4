"""Ids sort by time; a stepped clock goes forward only."""

from datetime import UTC, datetime, timedelta

import pytest

from common.clock import SteppedClock, SystemClock
from common.ids import new_id


def test_ids_are_version_seven_and_sort_by_the_millisecond_they_were_made_in() -> None:
    made = [new_id() for _ in range(2000)]
    assert {(item.version, item.variant) for item in made} == {(7, "specified in RFC 4122")}
    assert len(set(made)) == len(made)
    stamps = [item.int >> 80 for item in made]
    assert stamps == sorted(stamps)


def test_a_stepped_clock_stands_still_until_moved() -> None:
    start = datetime(2026, 11, 22, tzinfo=UTC)
    clock = SteppedClock(start)
    assert clock.now() == clock.now() == start
    clock.advance(timedelta(days=14))
    assert clock.now() == start + timedelta(days=14)
    with pytest.raises(ValueError, match="cannot go back"):
        clock.advance(timedelta(seconds=-1))


def test_the_system_clock_is_aware_and_utc() -> None:
    assert SystemClock().now().utcoffset() == timedelta(0)
