"""Order per aggregate under failures, as a property over all schedules that hypothesis can think of."""

from collections import defaultdict
from dataclasses import dataclass

from hypothesis import given
from hypothesis import strategies as st

from common.parking import Parking


@dataclass(frozen=True, slots=True)
class Event:
    aggregate: str
    sequence: int


@given(
    aggregates=st.lists(st.sampled_from("abc"), min_size=1, max_size=40),
    failures=st.dictionaries(st.integers(1, 40), st.integers(1, 3), max_size=12),
    batch=st.integers(1, 7),
    delay=st.integers(1, 4),
)
def test_an_aggregate_is_never_overtaken_and_nothing_is_lost(
    aggregates: list[str], failures: dict[int, int], batch: int, delay: int
) -> None:
    """Play a bus that delivers in order and delivers a failed event again some deliveries later."""
    stream = [Event(aggregate, number) for number, aggregate in enumerate(aggregates, start=1)]
    parking: Parking[Event] = Parking()
    left_to_fail = dict(failures)
    returning: list[tuple[int, Event]] = []
    acted: dict[str, list[int]] = defaultdict(list)
    turn = 0
    while stream or returning:
        turn += 1
        due = [event for at, event in returning if at <= turn]
        returning = [(at, event) for at, event in returning if at > turn]
        arriving, stream = [*due, *stream[:batch]], stream[batch:]
        work = parking.admit(arriving)
        while work:
            event, *rest = work
            if left_to_fail.get(event.sequence, 0) > 0:
                left_to_fail[event.sequence] -= 1
                parking.park(event)
                returning.append((turn + delay, event))
                released: list[Event] = []
            else:
                acted[event.aggregate].append(event.sequence)
                released = parking.settle(event)
            work = parking.admit([*released, *rest])

    for aggregate in set(aggregates):
        expected = [number for number, name in enumerate(aggregates, start=1) if name == aggregate]
        assert acted[aggregate] == expected
    assert len(parking) == 0
    assert parking.held == []


def test_a_redelivery_of_a_held_event_takes_its_place_once() -> None:
    parking: Parking[Event] = Parking()
    parking.park(Event("a", 1))
    assert parking.admit([Event("a", 2), Event("a", 3), Event("b", 4)]) == [Event("b", 4)]
    assert parking.admit([Event("a", 2)]) == []

    assert parking.settle(Event("a", 1)) == [Event("a", 2), Event("a", 3)]


def test_a_copy_older_than_the_parked_event_passes() -> None:
    parking: Parking[Event] = Parking()
    parking.park(Event("a", 5))

    assert parking.admit([Event("a", 3), Event("a", 5), Event("a", 6)]) == [Event("a", 3), Event("a", 5)]
