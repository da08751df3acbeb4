"""Slots and fair shares: pure rules of the outbox and its leases."""

from hypothesis import given
from hypothesis import strategies as st

from common.leases import fair_share
from common.outbox import SLOTS, slot_of


@given(st.text(min_size=1, max_size=200))
def test_an_aggregate_has_one_slot_everywhere(aggregate: str) -> None:
    assert 0 <= slot_of(aggregate) < SLOTS
    assert slot_of(aggregate) == slot_of(str(aggregate.encode().decode()))


def test_slots_do_not_change_between_versions() -> None:
    """A relay of the next version must put the events of an aggregate where the rows of this one are."""
    assert [slot_of(f"incident/{number}") for number in range(8)] == [8, 14, 4, 2, 1, 7, 13, 11]


def test_aggregates_spread_over_all_slots() -> None:
    assert {slot_of(f"camera/PV-{number}") for number in range(400)} == set(range(SLOTS))


@given(names=st.integers(1, 64), seekers=st.integers(1, 20))
def test_fair_shares_leave_nothing_over_and_nobody_with_much_more(names: int, seekers: int) -> None:
    share = fair_share(names, seekers)

    assert share * seekers >= names
    assert (share - 1) * seekers < names
