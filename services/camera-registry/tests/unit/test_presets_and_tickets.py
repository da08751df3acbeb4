"""Presets, tours and tickets: what can be kept."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from camera_registry.domain.presets import Preset, PresetInvalid, Tour, TourStep
from camera_registry.domain.ticket import Ticket, TicketClosed, TicketInvalid

AT = datetime(2026, 6, 1, tzinfo=UTC)
PRESET = Preset("p", "C-1", 1, "Entrée")
TOUR = Tour("t", "C-1", "Nuit", (TourStep(1, 10), TourStep(2, 10), TourStep(1, 5)))
TICKET = Ticket("T-1", "95598", ("C-1",), "Image floue", "", "tech", AT)


@given(st.integers(-10, 300), st.integers(-10, 100))
def test_numbers_and_dwells_have_their_bounds(number: int, dwell: int) -> None:
    if 1 <= number <= 256:
        assert replace(PRESET, number=number).number == number
    else:
        with pytest.raises(PresetInvalid):
            replace(PRESET, number=number)
    if 5 <= dwell <= 30:
        assert replace(TOUR, steps=(TourStep(1, dwell),)).visits(1)
    else:
        with pytest.raises(PresetInvalid):
            replace(TOUR, steps=(TourStep(1, dwell),))


@pytest.mark.parametrize("wrong", [{"pan": 1.1}, {"tilt": -1.1}, {"zoom": -0.1}, {"name": " "}, {"name": "x" * 81}])
def test_a_preset_that_no_camera_can_take_is_refused(wrong: dict[str, float | str]) -> None:
    with pytest.raises(PresetInvalid):
        replace(PRESET, **wrong)


def test_a_tour_stops_at_known_presets_only() -> None:
    TOUR.check_presets({1, 2, 3})
    with pytest.raises(PresetInvalid, match="inconnus de cette caméra : 2"):
        TOUR.check_presets({1})
    with pytest.raises(PresetInvalid):
        replace(TOUR, steps=())


@given(st.integers(0, 30))
def test_a_ticket_covers_one_to_twenty_cameras(count: int) -> None:
    names = tuple(f"C-{number}" for number in range(count))
    if 1 <= count <= 20:
        assert replace(TICKET, camera_ids=names).is_open
    else:
        with pytest.raises(TicketInvalid):
            replace(TICKET, camera_ids=names)


def test_a_ticket_is_closed_once_and_then_says_nothing_more() -> None:
    TICKET.check_open()
    closed = TICKET.closed(by="chef", at=AT)
    assert closed.closed(by="autre", at=AT) == closed
    with pytest.raises(TicketClosed):
        closed.check_open()
    assert closed.same_request(TICKET)
    assert not TICKET.same_request(replace(TICKET, title="Autre"))
