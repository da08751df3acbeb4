"""Properties of what may be read, what must be destroyed and what a hold keeps."""

import hashlib
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from retention.domain.destruction import destructible, merkle_root, proof_of
from retention.domain.hold import (
    LAPSES_AFTER,
    Hold,
    HoldAlreadyLifted,
    HoldIncomplete,
    HoldLapsed,
    SecondPersonNeeded,
)
from retention.domain.segment import RetentionOutOfBounds, Segment, expiry

START = datetime(2026, 11, 1, tzinfo=UTC)
CAMERAS = ("A", "B")
instants = st.integers(0, 60 * 24 * 3600).map(lambda seconds: START + timedelta(seconds=seconds))


@st.composite
def segments(draw: st.DrawFn) -> Segment:
    started_at, retention_days = draw(instants), draw(st.integers(1, 30))
    return Segment(
        segment_id=UUID(int=draw(st.integers(0, 2**64))),
        camera_id=draw(st.sampled_from(CAMERAS)),
        insee="95598",
        bucket="vigie-95598-20261101",
        object_key="k",
        started_at=started_at,
        ended_at=started_at + timedelta(seconds=draw(st.integers(1, 120))),
        duration_ms=60_000,
        size=draw(st.integers(1, 10**7)),
        sha256=hashlib.sha256(str(draw(st.integers())).encode()).hexdigest(),
        retention_days=retention_days,
        authorisation_id="AUT",
        expires_at=expiry(started_at, retention_days),
        evidence_locked_until=draw(st.none() | instants),
    )


@st.composite
def holds(draw: st.DrawFn) -> Hold:
    window_from = draw(instants)
    return Hold(
        hold_id=UUID(int=draw(st.integers(0, 2**64))),
        camera_id=draw(st.sampled_from(CAMERAS)),
        insee="95598",
        window_from=window_from,
        window_until=window_from + timedelta(seconds=draw(st.integers(1, 7200))),
        legal_basis="60-1 CPP",
        procedure_number="2026/123",
        requesting_service="CSP Enghien",
        placed_at=draw(instants),
        placed_by="chef.martin",
        confirmed_at=draw(st.none() | instants),
    )


@given(st.lists(segments(), max_size=30), st.lists(holds(), max_size=8), instants)
def test_a_hold_always_wins_and_nothing_readable_is_destroyed(
    recorded: list[Segment], frozen: list[Hold], at: datetime
) -> None:
    doomed = destructible(recorded, frozen, at)
    for segment in recorded:
        kept = any(hold.active_at(at) and hold.covers(segment) for hold in frozen)
        locked = segment.evidence_locked_until is not None and at < segment.evidence_locked_until
        assert (segment in doomed) == (at >= segment.expires_at and not kept and not locked)


@given(segments(), holds())
def test_a_hold_revives_nothing_that_had_expired_when_it_was_placed(segment: Segment, hold: Hold) -> None:
    over_it = replace(hold, camera_id=segment.camera_id, window_from=segment.started_at, window_until=segment.ended_at)
    assert not replace(over_it, placed_at=segment.expires_at).covers(segment)
    assert replace(over_it, placed_at=segment.expires_at - timedelta(microseconds=1)).covers(segment)


@given(segments(), st.integers(1, 30), instants)
def test_a_shortening_brings_nothing_back_and_takes_effect_when_it_is_made(
    segment: Segment, days: int, at: datetime
) -> None:
    shortened = segment.shortened_to(days, at)
    assert shortened.retention_days == min(days, segment.retention_days)
    assert shortened.expires_at <= segment.expires_at
    if days < segment.retention_days:
        assert not shortened.readable_at(max(at, segment.started_at + timedelta(days=days)))
    assert shortened.shortened_to(days, at + timedelta(days=1)) == shortened


@given(segments(), holds(), st.integers(1, 30), instants)
def test_a_shortening_takes_nothing_from_a_hold_that_was_placed_before(
    segment: Segment, hold: Hold, days: int, at: datetime
) -> None:
    placed_before = replace(hold, placed_at=min(hold.placed_at, at - timedelta(microseconds=1)))
    assert placed_before.covers(segment.shortened_to(days, at)) == placed_before.covers(segment)


@given(segments())
def test_the_first_second_past_retention_is_refused(segment: Segment) -> None:
    assert segment.readable_at(segment.expires_at - timedelta(microseconds=1))
    assert not segment.readable_at(segment.expires_at)
    assert segment.expires_at - segment.started_at == timedelta(days=segment.retention_days)


@pytest.mark.parametrize("days", [0, 31, -1])
def test_no_arrete_sets_more_than_a_month(days: int) -> None:
    with pytest.raises(RetentionOutOfBounds):
        a_segment(retention_days=days)


def test_a_hold_without_confirmation_lapses_after_seven_days() -> None:
    hold = a_hold()
    assert hold.active_at(hold.placed_at + LAPSES_AFTER - timedelta(seconds=1))
    assert not hold.active_at(hold.placed_at + LAPSES_AFTER)
    assert hold.confirm(hold.placed_at).active_at(hold.placed_at + timedelta(days=400))


def test_a_lapsed_hold_can_be_neither_confirmed_nor_lifted() -> None:
    hold = a_hold()
    lapsed_at = hold.placed_at + LAPSES_AFTER
    with pytest.raises(HoldLapsed) as refused:
        hold.confirm(lapsed_at)
    assert refused.value.lapsed_at == lapsed_at
    with pytest.raises(HoldLapsed):
        hold.lift(by="chef.martin", reason="procédure close", at=lapsed_at)
    confirmed = hold.confirm(lapsed_at - timedelta(microseconds=1))
    assert confirmed.lift(by="chef.martin", reason="procédure close", at=lapsed_at).lift_asked_by == "chef.martin"


def test_two_persons_lift_a_hold() -> None:
    at = START + timedelta(days=1)
    asked = a_hold().lift(by="chef.martin", reason="procédure close", at=at)
    assert asked.active_at(at)
    with pytest.raises(SecondPersonNeeded):
        asked.lift(by="chef.martin", reason="procédure close", at=at)
    lifted = asked.lift(by="resp.csu", reason="procédure close", at=at)
    assert not lifted.active_at(at)
    with pytest.raises(HoldAlreadyLifted):
        lifted.lift(by="dpo.leroy", reason="encore", at=at)


@pytest.mark.parametrize("field", ["legal_basis", "procedure_number", "requesting_service"])
def test_a_hold_needs_its_legal_references(field: str) -> None:
    with pytest.raises(HoldIncomplete):
        replace(a_hold(), **{field: " "})


@pytest.mark.parametrize(
    ("leaves", "root"),
    [
        ([], "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
        ([b""], "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d"),
        ([b"", b"\x00"], "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125"),
    ],
)
def test_merkle_root_equals_the_known_answers_of_certificate_transparency(leaves: list[bytes], root: str) -> None:
    """Vectors of the Certificate Transparency test suite (RFC 6962 §2.1)."""
    assert merkle_root(leaves).hex() == root


@given(st.lists(segments(), min_size=1, max_size=20), st.integers(0, 19))
def test_one_other_hash_is_another_proof(gone: list[Segment], position: int) -> None:
    proof = proof_of(gone, batch_id=UUID(int=1), insee="95598", at=START)
    index = position % len(gone)
    forged = [*gone]
    forged[index] = replace(gone[index], sha256=hashlib.sha256(b"forged").hexdigest())
    assert proof_of(forged, batch_id=UUID(int=1), insee="95598", at=START).merkle_root != proof.merkle_root
    assert proof.count == len(gone)
    assert proof.bytes == sum(segment.size for segment in gone)


def a_segment(retention_days: int = 14) -> Segment:
    return Segment(
        segment_id=UUID(int=1),
        camera_id="A",
        insee="95598",
        bucket="b",
        object_key="k",
        started_at=START,
        ended_at=START + timedelta(minutes=1),
        duration_ms=60_000,
        size=1,
        sha256="00",
        retention_days=retention_days,
        authorisation_id="AUT",
        expires_at=expiry(START, retention_days),
    )


def a_hold() -> Hold:
    window_until = START + timedelta(hours=1)
    return Hold(UUID(int=2), "A", "95598", START, window_until, "60-1", "2026/1", "CSP", START, "chef.martin")
