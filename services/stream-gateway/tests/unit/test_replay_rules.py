"""Replays: one agent, ten minutes, one hour of footage, never past retention."""

from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stream_gateway.api.byte_range import RangeNotSatisfiable, requested_range
from stream_gateway.domain.replays import (
    LONGEST_OPEN,
    LONGEST_WINDOW,
    OPEN_FOR,
    OWN_SESSION_INSTANT,
    Replay,
    ReplayOver,
    ReplaySegment,
    WindowRefused,
    check_window,
    instant_right,
)

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)


def a_replay(expires_at: datetime) -> Replay:
    segment = ReplaySegment(NOW - timedelta(hours=1), NOW, expires_at, "bucket", "key", 10)
    return Replay(
        replay_id=uuid4(),
        agent_id="chef.martin",
        camera_id="PV-1",
        insee="95598",
        starts_at=NOW - timedelta(hours=1),
        ends_at=NOW,
        opened_at=NOW,
        closes_at=NOW + OPEN_FOR,
        segments=(segment,),
    )


def test_a_window_is_real_short_and_past() -> None:
    check_window(NOW - LONGEST_WINDOW, NOW, NOW)
    for starts_at, ends_at in (
        (NOW, NOW),
        (NOW, NOW - timedelta(seconds=1)),
        (NOW - LONGEST_WINDOW - timedelta(microseconds=1), NOW),
        (NOW, NOW + timedelta(seconds=1)),
    ):
        with pytest.raises(WindowRefused):
            check_window(starts_at, ends_at, NOW)


def test_only_its_agent_reads_and_only_for_ten_minutes() -> None:
    replay = a_replay(NOW + timedelta(days=1))
    assert replay.segment_for("chef.martin", 0, NOW + OPEN_FOR - timedelta(seconds=1)).object_key == "key"
    for agent_id, index, at in (
        ("op.durand", 0, NOW),
        ("chef.martin", 1, NOW),
        ("chef.martin", -1, NOW),
        ("chef.martin", 0, NOW + OPEN_FOR),
    ):
        with pytest.raises(ReplayOver):
            replay.segment_for(agent_id, index, at)


def test_footage_is_unreadable_at_its_retention_sharp() -> None:
    replay = a_replay(NOW)
    assert replay.segment_for("chef.martin", 0, NOW - timedelta(microseconds=1)).expires_at == NOW
    with pytest.raises(ReplayOver):
        replay.segment_for("chef.martin", 0, NOW)


def test_a_watched_replay_stays_open_and_not_for_ever() -> None:
    replay = a_replay(NOW + timedelta(days=1))
    at = NOW
    while at < NOW + LONGEST_OPEN - timedelta(minutes=1):
        replay = replay.renewed(at)
        assert at < replay.closes_at <= NOW + LONGEST_OPEN
        at += timedelta(minutes=5)
    assert replay.closes_at == NOW + LONGEST_OPEN
    with pytest.raises(ReplayOver):
        replay.renewed(NOW + LONGEST_OPEN)
    with pytest.raises(ReplayOver):
        replay.closed(at).renewed(at)


@given(
    asked=st.integers(5, 60),
    watched=st.none() | st.integers(0, 120),
    room_only=st.booleans(),
)
def test_only_what_ones_own_session_has_shown_comes_under_live(
    *, asked: int, watched: int | None, room_only: bool
) -> None:
    opened_at = None if watched is None else NOW - timedelta(seconds=watched)
    right = instant_right(asked=timedelta(seconds=asked), at=NOW, session_opened_at=opened_at, room_only=room_only)
    shown = watched is not None and asked <= watched and timedelta(seconds=asked) <= OWN_SESSION_INSTANT
    assert right == ("live" if shown and not room_only else "replay")


@given(st.text(max_size=30), st.integers(1, 10**9))
def test_a_range_is_inside_the_file_or_refused(header: str, size: int) -> None:
    for asked in (header, f"bytes={header}"):
        try:
            start, length = requested_range(asked, size)
        except RangeNotSatisfiable:
            continue
        assert 0 <= start < start + length <= size


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        (None, (0, 100)),
        ("bytes=0-", (0, 100)),
        ("bytes=10-19", (10, 10)),
        ("bytes=-5", (95, 5)),
        ("bytes=90-999", (90, 10)),
    ],
)
def test_the_ranges_players_send(header: str | None, expected: tuple[int, int]) -> None:
    assert requested_range(header, 100) == expected
