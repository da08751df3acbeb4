"""The PTZ head stays within its limits, and what it shows stays within the picture."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from camera_simulator.ptz import HOME, MAX_PRESETS, Position, PtzHead, Speed, window_at

# Heads resolve a thousandth of their travel; finer floats would only test underflow.
unit = st.integers(-1000, 1000).map(lambda steps: steps / 1000)
positions = st.builds(Position, unit, unit, st.integers(0, 1000).map(lambda steps: steps / 1000))
sides = st.sampled_from([(1280, 720), (1280, 536), (640, 360)])


@given(positions, sides)
def test_window_lies_in_the_picture(position: Position, side: tuple[int, int]) -> None:
    left, top, width, height = window_at(position).pixels(*side)
    assert left >= 0
    assert top >= 0
    assert left + width <= side[0]
    assert top + height <= side[1]
    assert min(width, height) >= 16
    assert all(value % 2 == 0 for value in (left, top, width, height))


def test_home_shows_everything() -> None:
    assert window_at(HOME).pixels(1280, 720) == (0, 0, 1280, 720)


def test_ends_of_the_travel_show_the_edges() -> None:
    assert window_at(Position(pan=-1)).pixels(1280, 720) == (0, 180, 640, 360)
    assert window_at(Position(pan=1, tilt=1)).pixels(1280, 720) == (640, 0, 640, 360)
    assert window_at(Position(zoom=1)).pixels(1280, 720) == (480, 270, 320, 180)


@given(unit, unit, unit, st.floats(0, 30), st.floats(0, 60))
def test_moves_end_within_limits(pan: float, tilt: float, zoom: float, timeout: float, later: float) -> None:
    head = PtzHead()
    head.move_continuously(pan=pan, tilt=tilt, zoom=zoom, timeout_seconds=timeout, now=100.0)
    position = head.position(100.0 + later)
    assert position == position.within_limits()
    at_timeout = head.position(100.0 + timeout)
    assert head.position(100.0 + timeout + 60) == at_timeout


@given(positions, positions)
def test_goes_where_it_is_told_and_rests_there(first: Position, second: Position) -> None:
    head = PtzHead()
    head.go_to(first, 0.0)
    assert head.position(60.0) == first
    head.go_to(second, 60.0)
    assert head.position(60.0) == first
    assert head.position(120.0) == second
    assert not head.moving(120.0)


def test_stop_keeps_the_place() -> None:
    head = PtzHead()
    head.move_continuously(pan=1, tilt=0, zoom=0, timeout_seconds=10, now=0.0)
    assert head.moving(0.5)
    head.stop(0.5)
    assert not head.moving(0.6)
    assert head.position(0.5).pan == pytest.approx(0.3)
    assert head.position(9.0) == head.position(0.5)


def test_stop_of_zoom_lets_the_head_turn() -> None:
    head = PtzHead()
    head.move_continuously(pan=1, tilt=0, zoom=1, timeout_seconds=10, now=0.0)
    head.stop(0.5, pan_tilt=False)
    assert head.position(1.0).pan == pytest.approx(0.6)
    assert head.position(1.0).zoom == pytest.approx(0.15)


def test_rests_at_home_only_when_there_and_still() -> None:
    head = PtzHead()
    assert head.rests_at_home(0.0)
    head.go_to(Position(pan=0.5), 0.0)
    assert not head.rests_at_home(0.0)
    assert not head.rests_at_home(60.0)
    head.go_to(HOME, 60.0)
    assert not head.rests_at_home(60.1)
    assert head.rests_at_home(120.0)


def test_presets_remember_and_forget() -> None:
    head = PtzHead()
    head.go_to(Position(pan=0.5), 0.0)
    token = head.set_preset(None, "Parvis", 60.0)
    assert token is not None
    assert head.preset(token) == Position(pan=0.5)
    assert ("Parvis", Position(pan=0.5)) in [(name, position) for _, name, position in head.presets()]
    assert head.set_preset("unknown", "x", 60.0) is None
    assert head.remove_preset(token)
    assert head.preset(token) is None
    assert not head.remove_preset("1")


def test_preset_memory_is_bounded() -> None:
    head = PtzHead()
    tokens = [head.set_preset(None, None, 0.0) for _ in range(MAX_PRESETS)]
    assert tokens.count(None) == 1
    assert len(head.presets()) == MAX_PRESETS


def test_speed_makes_it_slower_and_axes_are_told_apart() -> None:
    head = PtzHead()
    head.go_to(Position(pan=0.6), 0.0, Speed(pan_tilt=0.5))
    assert head.position(1.0).pan == pytest.approx(0.3)
    assert head.turning(1.0)
    assert not head.zooming(1.0)
    assert head.position(2.0) == Position(pan=0.6)
    assert not head.moving(2.1)
    head.move_continuously(pan=0, tilt=0, zoom=1, timeout_seconds=1, now=3.0)
    assert head.zooming(3.5)
    assert not head.turning(3.5)


def test_home_is_where_it_was_set() -> None:
    head = PtzHead()
    head.go_to(Position(tilt=0.3), 0.0)
    head.set_home(10.0)
    head.go_to(Position(pan=-1), 10.0)
    head.go_home(20.0)
    assert head.position(60.0) == Position(tilt=0.3)
    assert not head.rests_at_home(60.0)  # the whole clip is not seen there
    assert head.preset("1") == HOME
