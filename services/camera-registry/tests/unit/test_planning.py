"""The proposed programme: never over an envelope, priority kept, stable, deterministic; needs and their CSV."""

from dataclasses import replace
from datetime import date, timedelta
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from camera_registry.domain.authorisation import Finalite
from camera_registry.domain.needs_csv import BOM, cents, euros, needs_csv, read_needs
from camera_registry.domain.planning import NEXT, Need, NeedInvalid, NeedStatus, Works, WorksKind
from camera_registry.domain.position import Position
from camera_registry.domain.programme import Programme, propose, put_by_people, rank
from camera_registry.seeds.planned_needs import load_needs
from camera_registry.seeds.town import TOWNS
from contracts.registry import CameraKind

BETHUNE, SOISY = "62119", "95598"
YEARS = st.integers(2025, 2029)
Envelopes = dict[tuple[str, int], int]


def need(number: int = 1, **changes: object) -> Need:
    values: dict[str, object] = {
        "need_id": f"N-{number}",
        "insee": BETHUNE,
        "reference": f"B-{number:04d}",
        "place": "Grand'Place",
        "camera_kind": CameraKind.PTZ,
        "finalite": Finalite.SECURITE_PERSONNES_BIENS,
        "motive": "Dégradations",
        "requested_by": "Police municipale",
        "surveyed_on": date(2024, 1, 1),
        "priority": 2,
        "cost_cents": 10_000_00,
    } | changes
    return Need(**values)  # pyright: ignore[reportArgumentType]


@st.composite
def surveys(draw: st.DrawFn) -> list[Need]:
    drawn: list[Need] = []
    for number in range(draw(st.integers(0, 14))):
        status = draw(st.sampled_from(list(NeedStatus)))
        settled = status in {NeedStatus.PROGRAMME, NeedStatus.REALISE}
        year = draw(YEARS) if settled else draw(st.none() | YEARS)
        drawn.append(
            need(
                number,
                insee=draw(st.sampled_from([BETHUNE, SOISY])),
                priority=draw(st.integers(1, 3)),
                surveyed_on=date(2024, 1, 1) + timedelta(days=draw(st.integers(0, 3))),
                cost_cents=draw(st.integers(0, 60_000)),
                works=tuple(
                    Works(WorksKind.FIBRE, "", cost) for cost in draw(st.lists(st.integers(0, 9_000), max_size=2))
                ),
                status=status,
                budget_year=year,
                year_fixed=year is not None and draw(st.booleans()),
                camera_id="C-1" if status is NeedStatus.REALISE else None,
            )
        )
    return drawn


ENVELOPES = st.dictionaries(st.tuples(st.sampled_from([BETHUNE, SOISY]), YEARS), st.integers(0, 150_000), max_size=8)


def spent(needs: list[Need], programme: Programme, key: tuple[str, int], ahead_of: Need | None = None) -> int:
    """Return what a year holds: people's choices, and what is proposed (only ahead of one need, if given)."""
    chosen = sum(one.total_cents for one in needs if put_by_people(one) and (one.insee, one.budget_year) == key)
    proposed = sum(
        one.total_cents
        for one in needs
        if (one.insee, programme.years.get(one.need_id)) == key and (ahead_of is None or rank(one) < rank(ahead_of))
    )
    return chosen + proposed


@given(needs=surveys(), envelopes=ENVELOPES, from_year=YEARS)
def test_nothing_proposed_ever_passes_an_envelope(needs: list[Need], envelopes: Envelopes, from_year: int) -> None:
    programme = propose(needs, envelopes, from_year=from_year)
    by_id = {one.need_id: one for one in needs}
    for need_id, year in programme.years.items():
        key = by_id[need_id].insee, year
        assert year >= from_year
        assert spent(needs, programme, key) <= envelopes[key]
    for budget in programme.budgets:
        assert budget.left_cents == budget.envelope_cents - spent(needs, programme, (budget.insee, budget.year))
        assert budget.proposed_cents == 0 or budget.left_cents >= 0


@given(needs=surveys(), envelopes=ENVELOPES, from_year=YEARS)
def test_a_more_urgent_need_is_only_behind_where_it_did_not_fit(
    needs: list[Need], envelopes: Envelopes, from_year: int
) -> None:
    programme = propose(needs, envelopes, from_year=from_year)
    waiting = [one for one in needs if one.status is NeedStatus.RETENU and not put_by_people(one)]
    assert set(programme.years) | set(programme.unplaced) == {one.need_id for one in waiting}
    for one in waiting:
        year = programme.years.get(one.need_id)
        for key in envelopes:
            sooner = key[0] == one.insee and from_year <= key[1] and (year is None or key[1] < year)
            if sooner:
                assert spent(needs, programme, key, ahead_of=one) + one.total_cents > envelopes[key]


@given(needs=surveys(), envelopes=ENVELOPES, from_year=YEARS, order=st.randoms(use_true_random=False))
def test_the_order_of_reading_decides_nothing(
    needs: list[Need], envelopes: Envelopes, from_year: int, order: Random
) -> None:
    shuffled = list(needs)
    order.shuffle(shuffled)
    turned = dict(sorted(envelopes.items(), reverse=True))
    assert propose(shuffled, turned, from_year=from_year) == propose(needs, envelopes, from_year=from_year)


@given(needs=surveys(), envelopes=ENVELOPES, from_year=YEARS, cost=st.integers(0, 60_000))
def test_a_less_urgent_need_moves_nothing(needs: list[Need], envelopes: Envelopes, from_year: int, cost: int) -> None:
    before = propose(needs, envelopes, from_year=from_year)
    last = need(999, priority=3, surveyed_on=date(2030, 1, 1), status=NeedStatus.RETENU, cost_cents=cost)
    after = propose([*needs, last], envelopes, from_year=from_year)
    assert {need_id: year for need_id, year in after.years.items() if need_id != last.need_id} == before.years


@given(needs=surveys(), envelopes=ENVELOPES, from_year=YEARS)
def test_what_people_chose_is_never_moved(needs: list[Need], envelopes: Envelopes, from_year: int) -> None:
    programme = propose(needs, envelopes, from_year=from_year)
    for one in needs:
        if put_by_people(one) or one.status is not NeedStatus.RETENU:
            assert one.need_id not in programme.years


@given(path=st.lists(st.sampled_from(list(NeedStatus)), max_size=8))
def test_a_need_only_goes_where_it_may(path: list[NeedStatus]) -> None:
    one = need(budget_year=2026, camera_id="C-1")
    for status in path:
        if status is one.status or status in NEXT[one.status]:
            one = one.changed(status=status)
            assert one.status is status
        else:
            with pytest.raises(NeedInvalid, match="on ne passe pas"):
                one.changed(status=status)


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"priority": 0}, "priority"),
        ({"priority": 4}, "priority"),
        ({"cost_cents": -1}, "cost_cents"),
        ({"place": " "}, "place"),
        ({"motive": ""}, "motive"),
        ({"reference": ""}, "reference"),
        ({"budget_year": 1999}, "budget_year"),
        ({"year_fixed": True}, "budget_year"),
        ({"status": NeedStatus.PROGRAMME}, "budget_year"),
        ({"status": NeedStatus.REALISE, "budget_year": 2026}, "camera_id"),
        ({"works": (Works(WorksKind.MAT, "", -1),)}, "cost_cents"),
    ],
)
def test_a_need_that_cannot_be_is_refused(changes: dict[str, object], field: str) -> None:
    with pytest.raises(NeedInvalid) as refused:
        need(1, **changes)
    assert refused.value.field == field


@given(amount=st.integers(0, 10**13))
def test_euros_and_cents_are_the_same_money(amount: int) -> None:
    assert cents(euros(amount)) == amount


@given(needs=surveys(), note=st.text(st.characters(codec="utf-8", exclude_characters="\x00\r"), max_size=20))
def test_the_csv_reads_back(needs: list[Need], note: str) -> None:
    plain = [
        replace(one, need_id=one.reference, year_fixed=False, position=Position(2.64, 50.53), note=f"n{note}")
        for one in needs
    ]
    assert read_needs(needs_csv(plain)) == plain


@pytest.mark.parametrize("text", ["=1+1", "@SOMME(A1)", "+33 6", "-cmd|calc"])
def test_the_csv_runs_nothing_in_a_spreadsheet(text: str) -> None:
    written = needs_csv([need(place=text)])
    assert written.startswith(BOM)
    assert f";'{text};" in written


def test_a_bad_line_is_named() -> None:
    with pytest.raises(NeedInvalid, match="Ligne 2"):
        read_needs(needs_csv([need()]).replace(";ptz;", ";drone;"))


def test_bethune_has_its_106_needs_and_100_000_euros_a_year() -> None:
    planned = load_needs("bethune")
    assert planned is not None
    assert len(planned.needs) == 106
    assert len({one.reference for one in planned.needs}) == 106
    assert planned.envelope_cents == 100_000_00
    envelopes = {
        (planned.insee, year): planned.envelope_cents for year in range(planned.first_year, planned.last_year + 1)
    }
    programme = propose(planned.needs, envelopes, from_year=2026)
    assert not programme.unplaced
    assert all(0 <= budget.left_cents <= budget.envelope_cents for budget in programme.budgets)
    assert {one.insee for one in planned.needs} == {BETHUNE}


def test_the_other_towns_have_no_survey() -> None:
    assert [town for town in TOWNS if load_needs(town) is not None] == ["bethune"]
