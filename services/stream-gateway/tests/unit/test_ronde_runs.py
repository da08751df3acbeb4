"""A run keeps its two promises whatever happens: each look lasts as long as it should, and none is passed over."""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stream_gateway.domain.ronde_runs import (
    CLOSE_WITHIN,
    ENDED,
    TAKE_WITHIN,
    UNATTENDED_AFTER,
    Finding,
    Patrol,
    Picture,
    PresetOutcome,
    RondeRun,
    RunRefused,
    RunState,
)
from stream_gateway.domain.rondes import Ronde, RondeStep, Schedule

START = datetime(2026, 11, 30, 22, tzinfo=UTC)
SECOND = timedelta(seconds=1)
DURAND = Patrol("op.durand", "Op Durand", "login-1", 0, "10.0.0.1")
VOISIN = Patrol("op.voisin", "Op Voisin", "login-2", 0, "10.0.0.2")

dwells = st.lists(st.integers(5, 30), min_size=1, max_size=6)


def a_run(*dwell: int, at: datetime = START) -> RondeRun:
    steps = tuple(RondeStep(f"PV-{number}", "95598", seconds) for number, seconds in enumerate(dwell, start=1))
    ronde = Ronde(uuid4(), "Gare", "Prévention", steps, Schedule(), True, "chef.martin", START)
    return RondeRun.due(ronde, run_id=uuid4(), at=at, scheduled=False)


def begun(*dwell: int) -> RondeRun:
    return a_run(*dwell).taken(DURAND, START)


def driven_for(run: RondeRun, since: datetime, seconds: int) -> tuple[RondeRun, datetime]:
    now = since
    for _ in range(seconds):
        now += SECOND
        run = run.driven(now)
    return run, now


@given(dwells)
def test_a_run_that_nothing_holds_up_lasts_the_sum_of_its_dwells(dwell: list[int]) -> None:
    run, now = driven_for(begun(*dwell), START, sum(dwell))
    assert run.state is RunState.A_CLORE
    assert now - START == timedelta(seconds=sum(dwell))
    for record, seconds in zip(run.records, dwell, strict=True):
        assert record.entered_at is not None
        assert record.left_at == record.entered_at + timedelta(seconds=seconds)
    assert run.late_by(now) == timedelta(0)


@dataclass
class Life:
    """A run that is driven, and what a witness noted meanwhile: seconds each step was really looked at."""

    run: RondeRun
    now: datetime = START
    watched: dict[int, timedelta] = field(default_factory=dict)
    order: list[int] = field(default_factory=list)
    cut_short: set[int] = field(default_factory=set)

    def pass_time(self, span: timedelta, *, driven: bool) -> None:
        before = self.run
        self.now += span
        if driven:
            self.run = self.run.driven(self.now)
            if before.state is RunState.EN_COURS and before.current is not None:
                self.watched[before.current] = self.watched.get(before.current, timedelta(0)) + span
        self.note()

    def note(self) -> None:
        if self.run.current is not None and (not self.order or self.order[-1] != self.run.current):
            self.order.append(self.run.current)

    def act(self, name: str) -> None:
        current = self.run.current
        try:
            match name:
                case "pause":
                    self.run = self.run.paused_for("essai", self.now)
                case "resume":
                    self.run = self.run.resumed(VOISIN, self.now)
                case _:
                    self.run = self.run.skipped(self.now)
                    self.cut_short.add(current if current is not None else 0)
        except RunRefused:
            return
        self.note()


happenings = st.lists(
    st.one_of(
        st.tuples(st.just("driven"), st.integers(1, 4)),
        st.tuples(st.just("away"), st.integers(6, 600)),
        st.tuples(st.sampled_from(["pause", "resume", "skip"]), st.just(0)),
    ),
    max_size=80,
)


@settings(max_examples=300)
@given(dwells, happenings)
def test_no_step_is_cut_short_or_passed_over(dwell: list[int], events: list[tuple[str, int]]) -> None:
    life = Life(begun(*dwell))
    life.note()
    for name, seconds in events:
        match name:
            case "driven":
                for _ in range(seconds):
                    life.pass_time(SECOND, driven=True)
            case "away":  # the machine stood still, and is back at once
                life.pass_time(timedelta(seconds=seconds), driven=False)
                before = life.run
                life.run = life.run.driven(life.now)
                assert life.run.current == before.current
                assert life.run.state == before.state or life.run.state is RunState.TERMINEE
            case _:
                life.act(name)
    if life.run.state is RunState.EN_PAUSE:
        life.act("resume")
    while life.run.state is RunState.EN_COURS:
        life.pass_time(SECOND, driven=True)
    assert life.order == list(range(len(dwell)))
    for index, seconds in enumerate(dwell):
        if index not in life.cut_short:
            assert life.watched[index] >= timedelta(seconds=seconds)
            assert not life.run.records[index].skipped
        else:
            assert life.run.records[index].skipped


def test_time_in_which_nobody_drove_it_does_not_count() -> None:
    run, now = driven_for(begun(10, 10), START, 4)
    back = now + timedelta(minutes=5)
    run = run.driven(back)
    assert run.current == 0
    assert run.unattended == timedelta(minutes=5)
    run, _ = driven_for(run, back, 5)
    assert run.current == 0
    run, now = driven_for(run, back + 5 * SECOND, 1)
    assert run.current == 1
    assert run.late_by(now) == timedelta(minutes=5)


def test_a_short_hiccup_counts() -> None:
    run = begun(10, 10)
    run = run.driven(START + UNATTENDED_AFTER)
    run = run.driven(START + 2 * UNATTENDED_AFTER)
    assert run.current == 1
    assert run.unattended == timedelta(0)


def test_a_pause_keeps_what_the_step_still_lacks_and_whoever_resumes_has_it() -> None:
    run, now = driven_for(begun(10, 10), START, 3)
    run = run.paused_for("Op Durand s'est déconnecté", now)
    assert run.remaining == 7 * SECOND
    assert run.driven(now + timedelta(hours=1)) == run
    later = now + timedelta(hours=1)
    run = run.resumed(VOISIN, later)
    assert run.patrol == VOISIN
    run, now = driven_for(run, later, 6)
    assert run.current == 0
    run, now = driven_for(run, now, 1)
    assert run.current == 1
    assert run.late_by(now) == timedelta(hours=1)


def test_a_scheduled_run_that_nobody_takes_is_missed() -> None:
    waiting = a_run(10)
    assert waiting.missed(START + TAKE_WITHIN - SECOND) == waiting
    missed = waiting.missed(START + TAKE_WITHIN)
    assert missed.state is RunState.MANQUEE
    with pytest.raises(RunRefused, match="manquée"):
        missed.taken(DURAND, START + TAKE_WITHIN)


def test_one_taken_late_says_how_late() -> None:
    late = a_run(10).taken(DURAND, START + timedelta(minutes=3))
    assert late.late_by(START + timedelta(minutes=4)) == timedelta(minutes=3)


def test_findings_are_for_steps_that_began_and_until_the_sheet_is_closed() -> None:
    run, now = driven_for(begun(5, 5), START, 2)
    with pytest.raises(RunRefused, match="pas encore commencé"):
        run.found(1, Finding.RAS, by="op.durand", by_name="Op Durand", at=now)
    run, now = driven_for(run, now, 8)
    assert run.state is RunState.A_CLORE
    run = run.found(1, Finding.EVENEMENT, by="op.durand", by_name="Op Durand", at=now, incident_id="INC-1")
    closed = run.closed(now)
    assert [record.finding for record in closed.records] == [Finding.NON_CONSTATE, Finding.EVENEMENT]
    with pytest.raises(RunRefused, match="ne change plus"):
        closed.found(0, Finding.RAS, by="op.durand", by_name="Op Durand", at=now)
    assert closed.pictured(0, Picture.IMAGE_KO, "trop tard") == closed
    assert closed.positioned(0, PresetOutcome.ECHEC, "trop tard") == closed


def test_a_sheet_that_nobody_closes_closes_by_itself() -> None:
    run, now = driven_for(begun(5), START, 5)
    assert run.driven(now + CLOSE_WITHIN - SECOND).state is RunState.A_CLORE
    assert run.driven(now + CLOSE_WITHIN).state is RunState.TERMINEE


@given(dwells, st.integers(0, 200))
def test_a_run_that_ended_never_changes(dwell: list[int], seconds: int) -> None:
    run, now = driven_for(begun(*dwell), START, seconds)
    ended = run.closed(now) if run.state is RunState.A_CLORE else run.stopped("Arrêtée", now)
    assert ended.state in ENDED
    assert ended.driven(now + timedelta(days=1)) == ended
    assert ended.missed(now + timedelta(days=1)) == ended
    for change in (
        lambda: ended.taken(DURAND, now),
        lambda: ended.paused_for("", now),
        lambda: ended.resumed(DURAND, now),
        lambda: ended.skipped(now),
        lambda: ended.stopped("", now),
        lambda: ended.closed(now),
    ):
        with pytest.raises(RunRefused):
            change()
