"""Who moves a camera: rank, idle time and insistence decide."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stream_gateway.domain.ptz.lock import (
    IDLE_AFTER,
    Change,
    Claimant,
    NotHolder,
    PtzHeld,
    PtzLock,
    Rank,
    rank_of,
    released,
    released_if_idle,
    take,
)

START = datetime(2026, 11, 22, tzinfo=UTC)
ROLES = ("partenaire_pn", "partenaire_gn", "chef_de_salle", "operateur", "ronde")
claims = st.tuples(
    st.floats(0, 90), st.sampled_from([(role, f"{role}-{n}") for role in ROLES for n in (1, 2)]), st.booleans()
)


def claim(role: str, holder_id: str | None = None) -> Claimant:
    return Claimant(holder_id or role, (holder_id or role).title(), rank_of(role))


def at(seconds: float) -> datetime:
    return START + timedelta(seconds=seconds)


def taken_by(role: str, **more: Any) -> PtzLock:
    return take(None, claim(role), camera_id="C", insee="95598", at=START, **more)[0]


def test_ranks_are_those_of_the_trade() -> None:
    assert rank_of("partenaire_pn") == rank_of("partenaire_gn") == Rank.FORCES
    assert rank_of("partenaire_pn") > rank_of("chef_de_salle") > rank_of("operateur") > rank_of("ronde")
    assert rank_of("unknown") == Rank.RONDE


@given(st.lists(claims, max_size=30))
def test_the_holder_changes_only_by_rank_or_idleness(steps: list[tuple[float, tuple[str, str], bool]]) -> None:
    lock: PtzLock | None = None
    now = START
    for pause, (role, holder_id), insists in steps:
        now += timedelta(seconds=pause)
        claimant = claim(role, holder_id)
        ask: Any = {"camera_id": "C", "insee": "95598", "at": now, "insists": insists}
        free = lock is None or now >= lock.commanded_at + IDLE_AFTER
        own = lock is not None and not free and lock.holder_id == holder_id
        lower = lock is not None and lock.rank < claimant.rank
        ronde = lock is not None and lock.rank == Rank.RONDE
        if not free and not own and not (lower and (insists or ronde)):
            with pytest.raises(PtzHeld) as held:
                take(lock, claimant, **ask)
            assert lock is not None
            assert held.value.holder_name == lock.holder_name
            assert held.value.free_at > now
            assert held.value.may_take_over is lower
            continue
        taken, change = take(lock, claimant, **ask)
        assert change is (Change.RENEWED if own else Change.TAKEN if free else Change.TAKEN_OVER)
        assert (taken.holder_id, taken.commanded_at, taken.released_at) == (holder_id, now, None)
        assert taken.fence == (lock.fence if lock else 0) + 1
        assert taken.taken_at == (lock.taken_at if own and lock else now)
        lock = taken


@given(role=st.sampled_from(ROLES), other=st.sampled_from(ROLES))
def test_nobody_loses_a_camera_to_an_equal_or_lower_rank(role: str, other: str) -> None:
    lock = taken_by(role)
    if rank_of(other) > rank_of(role):
        return
    with pytest.raises(PtzHeld) as held:
        take(lock, claim(other, "somebody"), camera_id="C", insee="95598", at=at(1), insists=True)
    assert not held.value.may_take_over


def test_the_lock_is_free_after_sixty_seconds_sharp() -> None:
    lock = taken_by("operateur")
    assert lock.held_at(at(59.999999))
    assert released_if_idle(lock, at(59.999999)) is None
    assert not lock.held_at(at(60))
    free = released_if_idle(lock, at(63))
    assert free is not None
    assert free.released_at == at(60)
    assert released_if_idle(free, at(64)) is None
    taken, change = take(free, claim("ronde"), camera_id="C", insee="95598", at=at(63))
    assert (change, taken.holder_id) == (Change.TAKEN, "ronde")


def test_only_the_holder_lets_go() -> None:
    lock = taken_by("operateur")
    with pytest.raises(NotHolder):
        released(lock, holder_id="somebody", at=at(1))
    with pytest.raises(NotHolder):
        released(lock, holder_id="operateur", at=at(60))
    free = released(lock, holder_id="operateur", at=at(1))
    assert not free.held_at(at(1))
    with pytest.raises(NotHolder):
        released(free, holder_id="operateur", at=at(2))


@given(st.permutations(range(1, 6)))
def test_commands_of_one_gesture_only_go_forward(orders: list[int]) -> None:
    lock = taken_by("operateur", gesture="g", order=0)
    sent: list[int] = []
    for order in orders:
        if lock.outdated("operateur", "g", order):
            continue
        lock, _ = take(lock, claim("operateur"), camera_id="C", insee="95598", at=at(1), gesture="g", order=order)
        sent.append(order)
    assert sent == sorted(sent)
    assert sent[-1] == max(orders)


def test_another_gesture_and_another_holder_begin_anew() -> None:
    lock = taken_by("operateur", gesture="g", order=7)
    assert lock.outdated("operateur", "g", 7)
    assert not lock.outdated("operateur", "h", 1)
    assert not lock.outdated("chef", "g", 1)
    assert not lock.outdated("operateur", "", 0)
