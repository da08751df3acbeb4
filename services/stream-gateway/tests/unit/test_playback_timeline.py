"""The timeline of a window: in order, once each, exactly what was recorded; the rest is a hole with its cause."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from stream_gateway.domain.timeline import SAME_PICTURES, Hole, Stretch, cover, holes, pieces

START = datetime(2026, 11, 22, 12, tzinfo=UTC)
NOTHING = timedelta(0)


def second(at: float) -> datetime:
    return START + timedelta(seconds=at)


def recording(number: int, begin: float, lengths: list[float]) -> list[Stretch]:
    """Return the groups of one recording, back to back."""
    found: list[Stretch] = []
    at = begin
    for group, length in enumerate(lengths):
        found.append(Stretch(number, group, second(at), second(at + length)))
        at += length
    return found


@st.composite
def recordings(draw: st.DrawFn) -> list[Stretch]:
    groups: list[Stretch] = []
    for number in range(draw(st.integers(1, 4))):
        begin = draw(st.integers(0, 400)) / 10
        lengths = [length / 10 for length in draw(st.lists(st.integers(1, 60), min_size=1, max_size=8))]
        groups.extend(recording(number, begin, lengths))
    return draw(st.permutations(groups))


def tenths(stretches: list[Stretch] | tuple[Stretch, ...] | tuple[Hole, ...]) -> set[int]:
    """Return the tenths of a second that are covered: exact, since all bounds are tenths."""
    covered: set[int] = set()
    for one in stretches:
        begin, end = ((at - START) / timedelta(milliseconds=100) for at in (one.starts_at, one.ends_at))
        covered.update(range(round(begin), round(end)))
    return covered


@given(recordings(), st.integers(0, 500), st.integers(1, 500))
def test_exactly_the_union_is_shown_once_and_in_order(groups: list[Stretch], begin: int, length: int) -> None:
    starts_at, ends_at = second(begin / 10), second((begin + length) / 10)
    shown = cover(groups, starts_at, ends_at, same=NOTHING)
    for before, after in pairwise(shown):
        assert before.ends_at <= after.starts_at
    inside = set(range(begin, begin + length))
    assert tenths(shown) & inside == tenths(groups) & inside
    whole = {(one.recording, one.group): one for one in groups}
    for one in shown:
        group = whole[one.recording, one.group]
        assert one.starts_at == group.starts_at, "a decoder begins at a key frame"
        assert one.cut == (one.ends_at < group.ends_at)
        assert one.ends_at <= ends_at
    assert sum(one.starts_at < starts_at for one in shown) <= 1, "never more than one group before the window"


@given(recordings(), st.integers(0, 500), st.integers(1, 500))
def test_holes_are_the_complement(groups: list[Stretch], begin: int, length: int) -> None:
    starts_at, ends_at = second(begin / 10), second((begin + length) / 10)
    shown = cover(groups, starts_at, ends_at, same=NOTHING)
    missing = holes(shown, starts_at, ends_at, shortest=NOTHING)
    inside = set(range(begin, begin + length))
    assert tenths(missing) == inside - tenths(shown)
    for before, after in pairwise(missing):
        assert before.ends_at <= after.starts_at


@given(recordings(), st.lists(st.tuples(st.integers(0, 900), st.integers(1, 300)), max_size=5))
def test_declared_causes_never_change_what_is_missing(groups: list[Stretch], declared: list[tuple[int, int]]) -> None:
    shown = cover(groups, second(0), second(90))
    gaps = [Hole(second(at / 10), second((at + length) / 10), f"cause {at}") for at, length in declared]
    plain = holes(shown, second(0), second(90))
    caused = holes(shown, second(0), second(90), gaps)
    assert tenths(plain) == tenths(caused)
    for hole in caused:
        if hole.cause is not None:
            assert any(gap.cause == hole.cause for gap in gaps)


@given(recordings())
def test_repetitions_are_left_out_and_nothing_else(groups: list[Stretch]) -> None:
    exact = cover(groups, second(0), second(90), same=NOTHING)
    shown = cover(groups, second(0), second(90))
    left_out = set(exact) - set(shown)
    assert set(shown) <= set(exact)
    assert all(one.cut and one.ends_at - one.starts_at < SAME_PICTURES for one in left_out)


def test_a_hand_over_shows_each_key_frame_once() -> None:
    """Node B's clock is 20 ms late; both wrote the group at 60 s."""
    first = recording(0, 56, [2, 2, 1.3])
    second_node = recording(1, 58.02, [2, 2, 2])
    shown = cover([*second_node, *first], second(50), second(70))
    assert [(one.recording, one.group) for one in shown] == [(0, 0), (0, 1), (1, 1), (1, 2)]


def test_the_same_film_in_spool_and_store_is_shown_once() -> None:
    stored, spooled = recording(0, 0, [2] * 5), recording(1, 0, [2] * 6)
    shown = cover([*stored, *spooled], second(0), second(60))
    assert [one.starts_at for one in shown] == [second(at) for at in range(0, 12, 2)]
    assert not any(one.cut for one in shown)


def test_the_window_is_kept_to_the_frame_at_its_end_and_to_the_group_at_its_start() -> None:
    shown = cover(recording(0, 0, [2] * 10), second(5), second(9.5))
    assert shown[0].starts_at == second(4)
    assert shown[-1].ends_at == second(9.5)
    assert shown[-1].cut


def test_a_gap_is_told_with_its_cause_and_what_nobody_declared_is_told_as_such() -> None:
    shown = cover([*recording(0, 0, [2] * 5), *recording(1, 40, [2] * 5)], second(0), second(60))
    told = holes(shown, second(0), second(60), [Hole(second(10.4), second(39.8), "caméra injoignable")])
    assert told == (
        Hole(second(10), second(40), "caméra injoignable"),
        Hole(second(50), second(60), None),
    )


def test_pieces_tell_where_the_clock_is_in_the_film() -> None:
    shown = cover([*recording(0, 0, [2] * 5), *recording(1, 40, [2] * 5)], second(0), second(60))
    first, later = pieces(shown)
    assert (first.starts_at, first.ends_at, first.position) == (second(0), second(10), 0)
    assert (later.starts_at, later.ends_at, later.position) == (second(40), second(50), 10)
