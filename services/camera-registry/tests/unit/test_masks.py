"""Masks: what may be signed, and when a camera may be watched."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from camera_registry.domain.masks import (
    REVIEW_AFTER,
    STILL_GOOD_FOR,
    Bearer,
    MaskInvalid,
    MaskPolygon,
    MaskSet,
    MaskSetStatus,
    MaskStanding,
    Still,
    standing,
)

NOW = datetime(2026, 11, 22, 8, tzinfo=UTC)
WINDOW = MaskPolygon(((0.1, 0.1), (0.3, 0.1), (0.3, 0.4)), "fenêtre")
fractions = st.floats(0, 1, width=32)


def drawn(polygons: tuple[MaskPolygon, ...] = (WINDOW,), preset: str | None = None) -> MaskSet:
    return MaskSet("m1", "cam", preset, polygons, "Aucune zone privée visible", "s1", "tech.moreau", NOW)


def still(taken_at: datetime = NOW) -> Still:
    return Still("s1", "cam", taken_at, 1280, 720, "0" * 64)


@given(st.lists(st.tuples(fractions, fractions), min_size=0, max_size=40))
def test_a_polygon_is_refused_or_has_a_surface_inside_the_picture(corners: list[tuple[float, float]]) -> None:
    try:
        polygon = MaskPolygon(tuple(corners))
    except MaskInvalid:
        return
    xs, ys = zip(*polygon.corners, strict=True)
    twice_area = sum(xs[i - 1] * ys[i] - xs[i] * ys[i - 1] for i in range(len(xs)))
    assert abs(twice_area) > 0
    assert all(0 <= value <= 1 for value in (*xs, *ys))


@pytest.mark.parametrize(
    "corners",
    [
        ((0, 0), (1, 1)),
        ((0, 0), (1, 0), (1.01, 1)),
        ((0, 0), (1, 1), (1, 0), (0, 1)),
        ((0.5, 0.5), (0.5, 0.5), (0.5, 0.5)),
        ((0, 0), (1, 0), (float("nan"), 1)),
    ],
)
def test_what_is_no_area_is_refused(corners: tuple[tuple[float, float], ...]) -> None:
    with pytest.raises(MaskInvalid):
        MaskPolygon(corners)


def test_masks_need_a_still_and_no_mask_needs_a_statement() -> None:
    with pytest.raises(MaskInvalid, match="image datée"):
        replace(drawn(), still_id=None)
    with pytest.raises(MaskInvalid, match="déclarez"):
        replace(drawn(()), declaration="  rien  ")


@given(st.timedeltas(timedelta(0), timedelta(days=30)))
def test_a_signature_needs_a_still_of_at_most_seven_days(age: timedelta) -> None:
    if age > STILL_GOOD_FOR:
        with pytest.raises(MaskInvalid, match="7 jours"):
            drawn().signed(by="chef.martin", at=NOW, still=still(NOW - age))
    else:
        signed = drawn().signed(by="chef.martin", at=NOW, still=still(NOW - age))
        assert signed.review_due == NOW + REVIEW_AFTER


def test_only_a_draft_is_signed_and_only_a_signed_set_is_reviewed() -> None:
    signed = drawn().signed(by="chef.martin", at=NOW, still=still())
    with pytest.raises(MaskInvalid):
        signed.signed(by="chef.martin", at=NOW, still=still())
    with pytest.raises(MaskInvalid):
        drawn().reviewed(NOW)
    later = NOW + timedelta(days=80)
    assert signed.reviewed(later).review_due == later + REVIEW_AFTER


statuses = st.sampled_from(MaskSetStatus)
sets = st.lists(
    st.builds(
        lambda status, preset, hides, bearer: replace(
            drawn((WINDOW,) if hides else (), preset),
            status=status,
            borne_by=bearer,
            review_due=NOW + REVIEW_AFTER if status is MaskSetStatus.SIGNE else None,
        ),
        statuses,
        st.sampled_from([None, "1", "2"]),
        st.booleans(),
        st.sampled_from([None, *Bearer]),
    ),
    max_size=6,
)


@given(sets)
def test_a_camera_is_watched_only_when_nothing_private_can_show(all_sets: list[MaskSet]) -> None:
    stands = standing(all_sets)
    signed = [one for one in all_sets if one.status is MaskSetStatus.SIGNE]
    exposed = any(one.polygons and one.borne_by is None for one in signed)
    whole = any(one.preset is None for one in signed)
    assert stands.signed == (whole and not exposed)


@given(sets)
def test_voiding_everything_ends_every_right_to_watch(all_sets: list[MaskSet]) -> None:
    ended = [one.ended(MaskSetStatus.CADUC, reason="caméra déplacée", at=NOW) for one in all_sets]
    assert standing(ended) == MaskStanding(signed=False, review_due=None)


@given(sets)
def test_drafts_change_nothing(all_sets: list[MaskSet]) -> None:
    without = [one for one in all_sets if one.status is not MaskSetStatus.BROUILLON]
    assert standing(all_sets) == standing(without)
