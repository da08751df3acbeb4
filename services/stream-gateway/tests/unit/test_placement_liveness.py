"""Who is called dead, and when a process may not trust itself."""

from hypothesis import given, settings
from hypothesis import strategies as st

from stream_gateway.domain.media_nodes import (
    AFTER_OUTAGE_SECONDS,
    DEAD_AFTER_SECONDS,
    DEAF_AFTER_SECONDS,
    NodeBoard,
)
from stream_gateway.domain.write_gate import FROZEN_SECONDS, WriteGate


def _beat(board: NodeBoard, revision: int, at: float, *nodes: str) -> int:
    for node in nodes:
        revision += 1
        board.heard(node, f"{node}-1", revision, at)
    return revision


def test_a_node_is_dead_after_four_seconds_without_a_new_heartbeat() -> None:
    board = NodeBoard("me")
    revision = _beat(board, 0, 0.0, "me", "x")
    died: list[tuple[str, float]] = []
    for quarter in range(1, 40):
        at = quarter / 4
        if at == int(at):
            revision = _beat(board, revision, at, "me")
        died += [(node, at) for node in board.judge(at)]
    assert died == [("x", DEAD_AFTER_SECONDS)]
    assert not board.alive("x")
    board.heard("x", "x-1", revision + 1, 11.0)
    assert board.alive("x", "x-1")
    assert not board.alive("x", "x-2")


def test_the_same_heartbeat_read_again_proves_nothing() -> None:
    board = NodeBoard("me")
    _beat(board, 0, 0.0, "me", "x")
    for second in range(1, 6):
        board.heard("me", "me-1", 10 + second, float(second))
        board.heard("x", "x-1", 2, float(second))
    assert board.judge(5.0) == ["x"]


def test_nobody_dies_while_the_observer_hears_nothing_itself_and_all_get_time_afterwards() -> None:
    board = NodeBoard("me")
    revision = _beat(board, 0, 0.0, "me", "x", "y")
    assert not board.hears(DEAF_AFTER_SECONDS + 0.1)
    assert board.judge(100.0) == []
    revision = _beat(board, revision, 100.0, "me")
    assert board.hears(100.0)
    assert board.judge(100.0) == []
    for second in range(1, 9):
        revision = _beat(board, revision, 100.0 + second, "me", "y")
        assert board.judge(100.0 + second) == (["x"] if second == AFTER_OUTAGE_SECONDS else [])
    assert board.alive("y")


def test_a_new_start_replaces_the_old_one_and_a_proper_end_needs_no_waiting() -> None:
    board = NodeBoard("me")
    _beat(board, 0, 0.0, "me", "x", "y")
    board.heard("x", "x-2", 10, 0.5)
    board.heard("y", "y-1", 11, 0.5, stopped=True)
    assert not board.alive("x", "x-1")
    assert board.alive("x", "x-2")
    assert board.stopped("x", "x-1")
    assert not board.alive("y", "y-1")
    assert board.stopped("y", "y-1")


@settings(max_examples=300, deadline=None)
@given(st.lists(st.floats(0.01, 12.0), min_size=1, max_size=30), st.floats(0.0, 1.0))
def test_whoever_is_frozen_until_others_may_call_it_dead_does_not_trust_itself(
    pauses: list[float], beat_phase: float
) -> None:
    """A node that beats each second while it runs, and is asked after pauses of any length.

    If others may call it dead at the end of a pause, and it was not merely cut off from the bus before, then the gate
    is shut at that very look.
    """
    at, last_beat = 0.0, 0.0
    gate = WriteGate(at)
    gate.confirmed(at)
    for pause in pauses:
        at += pause
        trusted = gate.trusted(at)
        was_fine = at - pause - last_beat <= FROZEN_SECONDS
        if at - last_beat >= DEAD_AFTER_SECONDS and (was_fine or pause > FROZEN_SECONDS):
            assert not trusted
            assert gate.doubt is not None
        if not trusted:
            doubt = gate.doubt
            assert doubt is not None
            gate.settle(doubt)
            assert gate.trusted(at)
        if at - last_beat >= 1.0 - beat_phase / 4:
            last_beat = at
            gate.confirmed(at)


def test_a_bus_that_is_away_raises_no_doubt_but_a_pause_that_ends_the_confirmed_time_does() -> None:
    gate = WriteGate(0.0)
    for quarter in range(1, 400):
        assert gate.trusted(quarter / 4)
    assert gate.unconfirmed_for(100.0) == 100.0
    gate.confirmed(100.0)
    assert gate.trusted(100.5)
    assert gate.trusted(101.5)
    assert not gate.trusted(104.0), "2.5 s asleep, over the end of the time that the last heartbeat vouched for"
    first = gate.doubt
    assert first is not None
    assert not gate.trusted(110.0), "a second sleep while the first is not settled"
    gate.settle(first)
    assert not gate.trusted(110.0), "settling the first says nothing of the second"
    second = gate.doubt
    assert second is not None
    gate.settle(second)
    assert gate.trusted(110.0)
