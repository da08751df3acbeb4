"""What a camera is asked for: only missing time, only where its law is known, a few times, then no more."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from common.testing.states import a_camera, an_authorisation
from contracts.registry import CameraState
from stream_gateway.domain.backfill import (
    BackfillRules,
    EdgeAnswer,
    EdgeRefusal,
    Known,
    answered,
    plan,
    refusal_of,
    refused_for_good,
)
from stream_gateway.domain.coverage import TOLERANCE, Gap
from stream_gateway.domain.intervals import Interval, common, seconds, without

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
RULES = BackfillRules()
REVISION = 7


def ago(begin: float, end: float) -> Interval:
    """Return an interval by how many seconds ago it begins and ends."""
    return NOW - timedelta(seconds=begin), NOW - timedelta(seconds=end)


def camera(**changes: object) -> CameraState:
    authorisation = an_authorisation(retention_days=14).model_copy(
        update={"valid_from": NOW - timedelta(days=300), "valid_until": NOW + timedelta(days=300)}
    )
    made = a_camera(authorisation=authorisation).model_copy(update={"revision": REVISION, "masks_signed": True})
    return made.model_copy(update=changes)


def known(
    gaps: list[Interval],
    *,
    footage: list[Interval] | None = None,
    expected: list[tuple[Interval, int | None]] | None = None,
    asked: list[EdgeAnswer] | None = None,
) -> Known:
    return Known(
        gaps=[Gap(begin, end, "la caméra ne répond pas") for begin, end in gaps],
        footage=footage or [],
        expected=expected if expected is not None else [(ago(86_400, 0), REVISION)],
        asked=asked or [],
    )


def test_the_newest_missing_time_is_asked_for_first_in_pieces() -> None:
    todo = plan(camera(), known([ago(7200, 3600), ago(900, 600)]), NOW, RULES)
    assert todo.window == ago(900, 600)
    todo = plan(camera(), known([ago(7200, 3600)]), NOW, RULES)
    assert todo.window == ago(4200, 3600)
    assert todo.earliest == NOW - timedelta(seconds=4230)
    assert todo.refused == ()


def test_a_young_gap_waits_and_says_until_when() -> None:
    todo = plan(camera(), known([ago(100, 20)]), NOW, RULES)
    assert (todo.window, todo.next_at) == (None, NOW + timedelta(seconds=40))
    assert plan(camera(), known([ago(100, 20)]), NOW + timedelta(seconds=40), RULES).window == ago(100, 20)


def test_what_footage_has_is_not_asked_for() -> None:
    todo = plan(camera(), known([ago(900, 600)], footage=[ago(1000, 800), ago(700, 0)]), NOW, RULES)
    assert todo.window == ago(800, 700)
    assert plan(camera(), known([ago(900, 600)], footage=[ago(1000, 599.5)]), NOW, RULES).window is None


def test_the_key_frame_before_may_not_be_older_than_the_right_to_record() -> None:
    begun = known([ago(900, 600)], expected=[(ago(910, 0), REVISION)])
    assert plan(camera(), begun, NOW, RULES).earliest == ago(910, 0)[0]


def test_time_near_the_end_of_its_retention_is_left() -> None:
    old = ago(14 * 86_400 - 1800, 14 * 86_400 - 3500)
    wide: list[tuple[Interval, int | None]] = [(ago(20 * 86_400, 0), REVISION)]
    todo = plan(camera(), known([ago(30 * 86_400, 14 * 86_400), old], expected=wide), NOW, RULES)
    assert (todo.window, todo.missing) == (None, ())


@pytest.mark.parametrize("since", [None, REVISION - 1])
def test_nothing_is_asked_for_of_before_the_camera_was_changed(since: int | None) -> None:
    changed = known([ago(900, 600)], expected=[(ago(3600, 700), since), (ago(700, 0), REVISION)])
    todo = plan(camera(), changed, NOW, RULES)
    assert todo.window == ago(700, 600)
    assert todo.refused == ((ago(900, 700), EdgeRefusal.CHANGED_SINCE),)
    told = known(
        [ago(900, 600)],
        expected=list(changed.expected),
        asked=refused_for_good(todo.refused, NOW, RULES),
    )
    assert plan(camera(), told, NOW, RULES).refused == (), "it is told once"


def test_nothing_is_asked_of_a_camera_whose_masks_the_media_plane_burns_in() -> None:
    bare = camera(masks_signed=False, masks_by_media_plane=True, masks_revision="m1")
    assert refusal_of(bare) is EdgeRefusal.MASKS_BY_MEDIA_PLANE
    todo = plan(bare, known([ago(900, 600), ago(400, 300)]), NOW, RULES)
    assert (todo.window, todo.missing) == (None, ())
    assert {kind for _, kind in todo.refused} == {EdgeRefusal.MASKS_BY_MEDIA_PLANE}
    assert seconds(window for window, _ in todo.refused) == 400
    both = camera(masks_signed=True, masks_by_media_plane=True, masks_revision="m1")
    assert plan(both, known([ago(900, 600)]), NOW, RULES).window is None
    unsigned = camera(masks_signed=False)
    assert plan(unsigned, known([ago(900, 600)]), NOW, RULES).refused[0][1] is EdgeRefusal.MASKS_NOT_IN_FORCE


def test_time_that_nobody_expected_is_neither_asked_for_nor_told() -> None:
    todo = plan(camera(), known([ago(900, 600)], expected=[(ago(700, 0), REVISION)]), NOW, RULES)
    assert (todo.window, todo.refused) == (ago(700, 600), ())


def test_a_camera_without_an_arrete_is_not_asked() -> None:
    assert plan(camera(authorisation=None), known([ago(900, 600)]), NOW, RULES).window is None


def test_time_of_an_earlier_arrete_is_not_asked_for() -> None:
    renewed = camera()
    assert renewed.authorisation is not None
    young = renewed.authorisation.model_copy(update={"valid_from": ago(800, 0)[0]})
    todo = plan(camera(authorisation=young), known([ago(900, 600)]), NOW, RULES)
    assert (todo.window, todo.earliest) == (ago(800, 600), ago(800, 0)[0])


def test_a_refusal_is_repeated_ever_more_rarely_and_five_times_in_all() -> None:
    state, at, pauses = known([ago(900, 600)]), NOW, list[float]()
    for _ in range(20):
        todo = plan(camera(), state, at, RULES)
        if todo.window is None:
            if todo.next_at is None:
                break
            pauses.append((todo.next_at - at).total_seconds())
            at = todo.next_at
            continue
        notes = answered(state, [todo.window], [], "la caméra n'a pas répondu", at)
        state = replace(state, asked=merged(state.asked, notes))
    assert pauses == [600, 1200, 2400, 4800]
    assert [one.times for one in state.asked] == [5]


def test_what_was_stored_is_not_asked_for_while_it_waits_for_the_store() -> None:
    state = known([ago(900, 600)])
    notes = answered(state, [ago(900, 600)], [ago(902, 750)], "la carte n'a pas gardé ce moment", NOW)
    assert [(one.window, one.reason) for one in notes] == [
        (ago(902, 750), ""),
        (ago(750, 600), "la carte n'a pas gardé ce moment"),
    ]
    later = NOW + timedelta(minutes=11)
    assert plan(camera(), replace(state, asked=notes), later, RULES).window == ago(750, 600)


def merged(before: object, notes: list[EdgeAnswer]) -> list[EdgeAnswer]:
    """Remember as the database does: the newest about the same time stands."""
    assert isinstance(before, list)
    found: dict[Interval, EdgeAnswer] = {one.window: one for one in before}
    return list((found | {one.window: one for one in notes}).values())


spans = st.lists(
    st.tuples(st.integers(0, 40_000), st.integers(1, 9_000)).map(lambda drawn: ago(drawn[0] + drawn[1], drawn[0])),
    max_size=6,
)


@settings(max_examples=150, deadline=None)
@given(
    gaps=spans,
    footage=spans,
    revisions=st.lists(st.tuples(st.sampled_from([REVISION, REVISION - 1, None]), st.integers(10, 20_000)), max_size=4),
    on_card=spans,
    moods=st.lists(st.sampled_from(["gives", "gives a part", "refuses", "all"]), min_size=1, max_size=6),
)
def test_it_asks_for_missing_time_only_never_for_what_it_has_and_comes_to_an_end(
    gaps: list[Interval],
    footage: list[Interval],
    revisions: list[tuple[int | None, int]],
    on_card: list[Interval],
    moods: list[str],
) -> None:
    rules = BackfillRules(piece=timedelta(minutes=30), tries=3)
    expected, back = list[tuple[Interval, int | None]](), 0.0
    for revision, length in revisions:
        expected.append((ago(back + length, back), revision))
        back += length
    state = known(gaps, footage=footage, expected=expected)
    right = common([span for span, revision in expected if revision == REVISION], gaps)
    at, stored, asked_for, turn = NOW, list[Interval](), list[Interval](), 0
    for _ in range(3000):
        todo = plan(camera(), state, at, rules)
        state = replace(state, asked=merged(state.asked, refused_for_good(todo.refused, at, rules)))
        if todo.window is None:
            if todo.next_at is None:
                break
            assert todo.next_at > at
            at = todo.next_at
            continue
        window = todo.window
        assert TOLERANCE < window[1] - window[0] <= rules.piece
        assert window[1] <= at - rules.settle
        assert without([window], right) == [], "outside of a gap, or of what is known of its law"
        assert common([window], [*footage, *stored]) == [], "what is there already"
        assert todo.earliest is not None
        assert window[0] - rules.lead <= todo.earliest <= window[0]
        asked_for.append(window)
        mood, turn = moods[turn % len(moods)], turn + 1
        given_now = _given(mood, window, on_card)
        stored += given_now
        whole = todo.missing if mood == "all" else (window,)
        state = replace(state, asked=merged(state.asked, answered(state, whole, given_now, "non", at)))
    else:
        pytest.fail("it never comes to an end")
    for begin, end in asked_for:
        middle = begin + (end - begin) / 2
        assert sum(one[0] <= middle < one[1] for one in asked_for) <= rules.tries


def _given(mood: str, window: Interval, on_card: list[Interval]) -> list[Interval]:
    """Return what a camera gives of a window: something it has, all of it, or nothing."""
    if mood in {"refuses", "all"}:
        return []
    has = common([window], on_card)
    return has[:1] if mood == "gives a part" else has
