"""When a ronde goes on, when a camera goes home, and what a list of presets is made of."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stream_gateway.domain.ptz.lock import Claimant, PtzLock, Rank, released, take
from stream_gateway.domain.ptz.orders import (
    LONGEST_MOVE_SECONDS,
    AbsoluteMove,
    ContinuousMove,
    GoToPreset,
    RelativeMove,
    StoredPreset,
    Velocity,
)
from stream_gateway.domain.ptz.patrols import Patrol, PatrolStep, homes_at, resumes_at
from stream_gateway.domain.ptz.presets import (
    Mounting,
    RegisteredPreset,
    RegisteredTour,
    merged,
    order_for,
    steps_of,
)

START = datetime(2026, 11, 22, tzinfo=UTC)
WAIT = timedelta(minutes=5)
PERSON = Claimant("op", "Op", Rank.OPERATEUR)
PATROL = Patrol(
    "C", "95598", "T", "Gare", (PatrolStep(1, 5, "1"), PatrolStep(2, 30, None, 0.1, 0.2)), 0, START, "chef", START
)


def held(by: Claimant, seconds: float) -> PtzLock:
    at = START + timedelta(seconds=seconds)
    return take(None, by, camera_id="C", insee="95598", at=at)[0]


def test_a_ronde_walks_its_steps_round_and_round() -> None:
    seen: list[int] = []
    patrol, now = PATROL, START
    for _ in range(4):
        seen.append(patrol.step.number)
        patrol = patrol.advanced(now)
        assert patrol.due_at == now + timedelta(seconds=5 if seen[-1] == 1 else 30)
        now = patrol.due_at
    assert seen == [1, 2, 1, 2]


@given(st.floats(0, 3600), st.booleans())
def test_a_ronde_waits_for_whoever_commanded_after_it_began(seconds: float, lets_go: bool) -> None:  # noqa: FBT001
    lock = held(PERSON, seconds)
    if lets_go:
        lock = released(lock, holder_id="op", at=lock.commanded_at + timedelta(seconds=1))
    at = resumes_at(PATROL, lock, WAIT)
    assert at == max(PATROL.due_at, lock.commanded_at + WAIT)
    assert not lock.held_at(at)


def test_a_ronde_without_waiting_still_never_interrupts() -> None:
    lock = held(PERSON, 10)
    assert resumes_at(PATROL, lock, timedelta(0)) == lock.free_at


def test_a_ronde_does_not_wait_for_itself_nor_for_the_past() -> None:
    assert resumes_at(PATROL, None, WAIT) == START
    assert resumes_at(PATROL, held(PATROL.claimant, 3), WAIT) == START
    assert resumes_at(PATROL, held(PERSON, -1), WAIT) == START


def test_a_camera_goes_home_after_a_person_only_once_and_only_when_free() -> None:
    lock = held(PERSON, 0)
    assert homes_at(lock, WAIT) is None
    free = released(lock, holder_id="op", at=START + timedelta(seconds=1))
    assert homes_at(free, WAIT) == START + WAIT
    assert homes_at(free, timedelta(0)) is None
    assert homes_at(replace(free, homed_at=START + WAIT), WAIT) is None
    ronde = released(held(PATROL.claimant, 0), holder_id=PATROL.claimant.holder_id, at=START)
    assert homes_at(ronde, WAIT) is None


@pytest.mark.parametrize("dwell", [4, 31])
def test_a_step_rests_five_to_thirty_seconds(dwell: int) -> None:
    with pytest.raises(ValueError, match="5 to 30"):
        PatrolStep(1, dwell, "1")


def test_presets_of_registry_and_camera_are_one_list() -> None:
    registered = [
        RegisteredPreset(2, "Gare", token="9"),
        RegisteredPreset(1, "Accueil", token="1", pan=0.5, tilt=0.5),
        RegisteredPreset(3, "Mairie", pan=0.1, tilt=0.2, zoom=0.3),
        RegisteredPreset(4, "Rien"),
    ]
    stored = [StoredPreset("1", "Home", 0.0, 0.0, 0.0), StoredPreset("5", "Parking", 0.4, 0.0, 0.0)]
    choices = merged(registered, stored)
    assert [(one.number, one.name, one.on_camera, one.reachable) for one in choices] == [
        (1, "Accueil", True, True),
        (2, "Gare", False, False),
        (3, "Mairie", False, True),
        (4, "Rien", False, False),
        (None, "Parking", True, True),
    ]
    assert [one.reachable for one in merged(registered, None)] == [True, True, True, False]


def test_a_tour_leaves_out_what_has_no_place() -> None:
    mounting = Mounting(
        presets=(
            RegisteredPreset(1, "a", token="1"),
            RegisteredPreset(2, "b"),
            RegisteredPreset(3, "c", None, 0.1, 0.2),
        ),
        tours=(RegisteredTour("T", "Tour", ((1, 5), (2, 5), (3, 30), (9, 5))),),
    )
    tour = mounting.tour("T")
    assert tour is not None
    steps = steps_of(tour, mounting)
    assert [step.order for step in steps] == [GoToPreset("1"), AbsoluteMove(0.1, 0.2)]
    assert order_for(RegisteredPreset(2, "b")) is None


@given(st.floats().filter(lambda value: not -1 <= value <= 1))
def test_no_order_holds_nonsense(value: float) -> None:
    for build in (
        lambda: Velocity(pan=value),
        lambda: Velocity(zoom=value),
        lambda: AbsoluteMove(value, 0.0),
        lambda: AbsoluteMove(0.0, 0.0, value),
        lambda: RelativeMove(tilt=value),
    ):
        with pytest.raises(ValueError, match="is not in"):
            build()


@pytest.mark.parametrize("seconds", [0.0, -1.0, LONGEST_MOVE_SECONDS + 0.01, float("nan")])
def test_no_move_outlives_two_seconds(seconds: float) -> None:
    with pytest.raises(ValueError, match="up to 2 s"):
        ContinuousMove(Velocity(pan=1.0), seconds)
