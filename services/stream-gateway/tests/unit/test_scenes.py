"""Layouts and screens: what is shown is exactly what was put there, by whom and when."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stream_gateway.domain.scenes import LAYOUTS, SEAT_FOR, Screen, Seat, Tile, UnusableLayout, arranged, communes_of

AT = datetime(2026, 11, 30, tzinfo=UTC)
tiles = st.builds(Tile, st.sampled_from(["a", "b", "c"]), st.sampled_from(["95598", "95210"]))
places = st.lists(st.none() | tiles, max_size=20)


def a_screen() -> Screen:
    communes = frozenset({"95598", "95210"})
    return Screen("mur-1", "Écran 1", "Salle", communes, 4, (None,) * 4, "definition", "", "", AT, 1)


@given(st.integers(-1, 20), places)
def test_a_layout_is_full_or_refused(layout: int, wanted: list[Tile | None]) -> None:
    if layout not in LAYOUTS or len(wanted) > layout:
        with pytest.raises(UnusableLayout):
            arranged(layout, wanted)
        return
    shown = arranged(layout, wanted)
    assert len(shown) == layout
    assert list(shown[: len(wanted)]) == wanted
    assert all(tile is None for tile in shown[len(wanted) :])
    assert communes_of(shown) == {tile.insee for tile in wanted if tile}


@given(st.sampled_from(LAYOUTS), st.lists(st.tuples(st.integers(-2, 20), st.none() | tiles), max_size=30))
def test_each_push_changes_its_place_only_and_counts(layout: int, pushes: list[tuple[int, Tile | None]]) -> None:
    screen = a_screen().showing(layout, [], by="a", by_name="A", at=AT)
    for number, (place, tile) in enumerate(pushes):
        at = AT + timedelta(seconds=number)
        if not 0 <= place < layout:
            with pytest.raises(UnusableLayout):
                screen.with_tile(place, tile, by="b", by_name="B", at=at)
            continue
        after = screen.with_tile(place, tile, by="b", by_name="B", at=at)
        assert after.tiles[place] == tile
        assert after.tiles[:place] + after.tiles[place + 1 :] == screen.tiles[:place] + screen.tiles[place + 1 :]
        assert (after.revision, after.pushed_by, after.pushed_at) == (screen.revision + 1, "b", at)
        screen = after


def test_a_seat_is_free_when_its_browser_stopped_saying_so() -> None:
    seat = Seat("op.durand", "Op Durand", None, 0, "10.0.0.1", AT + SEAT_FOR)
    assert seat.taken_at(AT + SEAT_FOR - timedelta(microseconds=1))
    assert not seat.taken_at(AT + SEAT_FOR)
    assert a_screen().seated(seat).revision == a_screen().revision
