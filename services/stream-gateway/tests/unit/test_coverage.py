"""The recording ledger: never a silent gap, never one declared twice."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from stream_gateway.domain.coverage import TOLERANCE, Coverage, Gap

START = datetime(2026, 11, 22, tzinfo=UTC)


def at(seconds: float) -> datetime:
    return START + timedelta(seconds=seconds)


def test_a_hole_is_declared_with_the_first_cause() -> None:
    ledger = Coverage()
    assert ledger.footage(at(0), at(60)) is None
    ledger.outage("la caméra ne répond pas", at(61))
    ledger.outage("la caméra refuse la connexion", at(70))
    assert ledger.footage(at(90), at(120)) == Gap(at(60), at(90), "la caméra ne répond pas")
    assert ledger.footage(at(120), at(180)) is None


def test_a_long_outage_is_declared_in_slices_that_touch() -> None:
    ledger = Coverage(at(0))
    ledger.outage("panne", at(1))
    slice_of = timedelta(seconds=600)
    assert ledger.still_missing(at(599), after=slice_of) is None
    assert ledger.still_missing(at(610), after=slice_of) == Gap(at(0), at(610), "panne")
    assert ledger.footage(at(700), at(760)) == Gap(at(610), at(700), "panne")


def test_while_footage_comes_nothing_is_missing() -> None:
    assert Coverage(at(0)).still_missing(at(9999), after=timedelta(seconds=600)) is None


def test_what_others_accounted_for_becomes_known_before_the_first_footage() -> None:
    ledger = Coverage()
    assert ledger.anchor(at(0), "le service était arrêté") is None
    assert ledger.footage(at(30), at(60)) == Gap(at(0), at(30), "le service était arrêté")


def test_what_others_accounted_for_becomes_known_after_the_first_footage() -> None:
    ledger = Coverage()
    assert ledger.footage(at(30), at(60)) is None
    assert ledger.footage(at(60), at(120)) is None
    assert ledger.anchor(at(0), "le service était arrêté") == Gap(at(0), at(30), "le service était arrêté")
    assert ledger.covered_until == at(120)
    late = Coverage()
    late.footage(at(30), at(60))
    assert late.anchor(at(29.5), "rien à dire") is None, "within the tolerance"
    assert late.anchor(None, "jamais enregistrée") is None


def test_what_others_left_ends_where_this_recorder_met_a_cause_of_its_own() -> None:
    ledger = Coverage()
    ledger.outage("la caméra ne répond pas", at(6))
    ledger.outage("la caméra refuse la connexion", at(8))
    assert ledger.anchor(at(0), "le nœud média est mort") == Gap(at(0), at(6), "le nœud média est mort")
    assert ledger.footage(at(30), at(60)) == Gap(at(6), at(30), "la caméra ne répond pas")


def test_what_others_left_ends_there_too_when_it_was_known_before() -> None:
    ledger = Coverage()
    assert ledger.anchor(at(0), "le nœud média est mort") is None
    assert ledger.outage("la caméra ne répond pas", at(6)) == Gap(at(0), at(6), "le nœud média est mort")
    assert ledger.outage("la caméra refuse la connexion", at(8)) is None
    assert ledger.footage(at(30), at(60)) == Gap(at(6), at(30), "la caméra ne répond pas")


def test_what_others_accounted_for_beyond_a_cause_of_this_recorder_leaves_nothing_to_them() -> None:
    ledger = Coverage()
    ledger.outage("la caméra ne répond pas", at(6))
    assert ledger.anchor(at(7), "le nœud média est mort") is None
    assert ledger.footage(at(30), at(60)) == Gap(at(7), at(30), "la caméra ne répond pas")


segments = st.lists(st.tuples(st.floats(0, 100), st.floats(0.5, 60)), max_size=30)


@given(segments)
def test_footage_and_gaps_together_cover_every_second(pieces: list[tuple[float, float]]) -> None:
    ledger = Coverage(at(0))
    clock = at(0)
    covered = at(0)
    for pause, length in pieces:
        started = clock + timedelta(seconds=pause)
        ended = started + timedelta(seconds=length)
        gap = ledger.footage(started, ended)
        if gap is not None:
            assert gap.started_at == covered
            assert gap.ended_at == started
            assert gap.cause
        else:
            assert started - covered <= TOLERANCE
        covered = clock = ended
    assert ledger.covered_until == covered
