"""When a camera is asked again, and how thousands start."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stream_gateway.domain.backoff import (
    LONGEST_PAUSE_SECONDS,
    LONGEST_SECONDS,
    PAUSE_SECONDS,
    REFUSALS_BEFORE_PAUSE,
    STABLE_SECONDS,
    BackOff,
    Failure,
)
from stream_gateway.domain.start_schedule import StartBudget

_draws = st.floats(0, 1, exclude_max=True)
_failures = st.lists(st.tuples(st.sampled_from(Failure), _draws), max_size=40)


@settings(max_examples=200, deadline=None)
@given(_failures)
def test_no_camera_is_asked_often_enough_to_lock_its_account(failures: list[tuple[Failure, float]]) -> None:
    """However failures and refusals are mixed: in any five minutes at most three attempts end in a refusal."""
    state, at, refused_at = BackOff(), 0.0, []
    for failure, draw in failures:
        at = max(at, state.retry_at)
        assert state.may_try(at)
        if failure is Failure.REFUSED:
            refused_at.append(at)
        state = state.failed(failure, at=at, draw=draw, cause="la caméra refuse le mot de passe")
        assert state.retry_at - at <= LONGEST_PAUSE_SECONDS * 1.2 + 1e-6  # instants are floats
    for first, fourth in zip(refused_at, refused_at[REFUSALS_BEFORE_PAUSE:], strict=False):
        assert fourth - first >= PAUSE_SECONDS


@given(st.lists(_draws, min_size=1, max_size=60))
def test_back_off_grows_with_full_jitter_and_never_beyond_a_minute(draws: list[float]) -> None:
    state = BackOff()
    for number, draw in enumerate(draws, start=1):
        state = state.failed(Failure.AWAY, at=1000.0, draw=draw, cause="aucune image de la caméra")
        assert state.failures == number
        assert 1000.0 <= state.retry_at <= 1000.0 + LONGEST_SECONDS
    longest = BackOff(failures=50).failed(Failure.AWAY, at=0.0, draw=0.999, cause="x")
    assert longest.retry_at == pytest.approx(59.94)


def test_reasons_tell_a_person_what_happens_and_what_to_do() -> None:
    state = BackOff()
    for _ in range(3):
        state = state.failed(Failure.REFUSED, at=0.0, draw=0.0, cause="la caméra refuse le mot de passe")
    assert state.reason == (
        "la caméra refuse le mot de passe (3 fois) : pour ne pas verrouiller son compte, prochain essai dans 5 min."
        " Vérifiez l'identifiant et le mot de passe de la caméra."
    )
    away = BackOff(failures=9).failed(Failure.AWAY, at=0.0, draw=0.5, cause="aucune image de la caméra")
    assert away.reason == "aucune image de la caméra : nouvel essai dans 30 s"


def test_a_stable_recording_forgets_and_new_credentials_open_at_once() -> None:
    state = BackOff()
    for _ in range(5):
        state = state.failed(Failure.REFUSED, at=0.0, draw=0.0, cause="refus")
    assert not state.may_try(100.0)
    assert state.credentials_changed().may_try(100.0)
    early = state.recorded(since=0.0, at=1.0)
    assert (early.failures, early.refusals) == (5, 0)
    assert state.recorded(since=0.0, at=STABLE_SECONDS) == BackOff()


@settings(max_examples=60, deadline=None)
@given(st.lists(st.floats(0, 3), min_size=1, max_size=200), st.floats(0.5, 50), st.floats(1, 20))
def test_a_budget_gives_its_burst_and_its_rate_and_no_more(steps: list[float], rate: float, burst: float) -> None:
    budget, at, taken = StartBudget.full(rate=rate, burst=burst, at=0.0), 0.0, 0
    for step in steps:
        at += step
        while budget.take(at):
            taken += 1
    assert taken <= burst + rate * at + 1e-6
    assert taken >= int(burst)
