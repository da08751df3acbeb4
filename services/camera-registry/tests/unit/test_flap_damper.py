"""From troubles that come and go to alarms that begin and end once: a model of time, and the corners by hand."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from camera_registry.domain.flap_damper import FlapDamper, Step
from camera_registry.domain.health_rules import DampingRule, HysteresisRule
from camera_registry.domain.hysteresis import Hysteresis
from camera_registry.health_rules_file import health_rules
from contracts.registry import AlarmKind

AT = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
RULE = DampingRule(timedelta(seconds=30), 3, timedelta(seconds=600), timedelta(seconds=120))
CHANGES = st.lists(st.tuples(st.integers(0, 90), st.booleans()), max_size=40)


def second(number: float) -> datetime:
    return AT + timedelta(seconds=number)


def lived(changes: list[tuple[int, bool]]) -> tuple[list[tuple[int, Step]], list[bool]]:
    """Live second by second through news that come after so many seconds each; return the steps and the truth."""
    news: dict[int, bool] = {}
    now = 0
    for wait, bad in changes:
        now += wait + 1
        news[now] = bad
    damper, truth, bad = FlapDamper(), [], False
    steps: list[tuple[int, Step]] = []
    for tick in range(now + 200):
        if tick in news:
            bad = news[tick]
            damper = damper.told(bad=bad, at=second(tick), rule=RULE)
        truth.append(bad)
        damper, step = damper.step(at=second(tick), rule=RULE)
        if step is not None:
            steps.append((tick, step))
    return steps, truth


@given(CHANGES)
def test_never_two_alarms_open_and_never_an_end_without_a_beginning(changes: list[tuple[int, bool]]) -> None:
    steps, _ = lived(changes)
    assert [step for _, step in steps] == [Step.RAISE if turn % 2 == 0 else Step.END for turn in range(len(steps))]


@given(CHANGES)
def test_an_alarm_begins_for_a_long_loss_or_for_many_and_never_else(changes: list[tuple[int, bool]]) -> None:
    steps, truth = lived(changes)
    for tick, step in steps:
        losses = sum(truth[at] and (at == 0 or not truth[at - 1]) for at in range(max(0, tick - 600), tick + 1))
        long_loss = tick >= 30 and all(truth[tick - 30 : tick + 1])
        if step is Step.RAISE:
            assert truth[tick]
            assert long_loss or losses >= 3
        else:
            assert not any(truth[tick - 119 : tick + 1])


@given(CHANGES)
def test_a_loss_of_half_a_minute_has_an_alarm(changes: list[tuple[int, bool]]) -> None:
    steps, truth = lived(changes)
    for tick in range(30, len(truth)):
        if all(truth[tick - 30 : tick + 1]):
            before = [step for at, step in steps if at <= tick]
            assert before
            assert before[-1] is Step.RAISE


@given(CHANGES, st.integers(0, 90))
def test_the_same_news_twice_and_old_news_change_nothing(changes: list[tuple[int, bool]], late: int) -> None:
    damper, now = FlapDamper(), 100
    for wait, bad in changes:
        now += wait
        damper = damper.told(bad=bad, at=second(now), rule=RULE)
        assert damper.told(bad=bad, at=second(now + 1), rule=RULE) == damper
        if damper.changed_at is not None and second(now - late) < damper.changed_at:
            assert damper.told(bad=not bad, at=second(now - late), rule=RULE) == damper


def test_an_instant_that_is_due_is_one_at_which_something_happens() -> None:
    damper = FlapDamper().told(bad=True, at=AT, rule=RULE)
    assert damper.due(RULE) == second(30)
    assert damper.step(at=second(29.9), rule=RULE) == (damper, None)
    raised, step = damper.step(at=second(30), rule=RULE)
    assert step is Step.RAISE
    assert raised.due(RULE) is None
    over = raised.told(bad=False, at=second(60), rule=RULE)
    assert over.due(RULE) == second(180)


def test_every_kind_that_is_raised_has_its_damping_and_its_hysteresis() -> None:
    rules = health_rules()
    assert set(rules.damping) == rules.raised
    assert rules.raised - {AlarmKind.CAMERA_HS} <= set(rules.hysteresis)
    assert rules.damping[AlarmKind.CAMERA_HS].after <= timedelta(minutes=1)


@given(st.lists(st.sampled_from([True, False, None]), max_size=60))
def test_a_trouble_begins_after_looks_in_a_row_and_ends_so(looks: list[bool | None]) -> None:
    rule = HysteresisRule(3, timedelta(0), 2)
    state, told = Hysteresis(), []
    for number, bad in enumerate(looks):
        state = state.seen(bad=bad, at=second(number), rule=rule)
        told += [] if bad is None else [bad]
        if told[-3:] == [True] * 3:
            assert state.on
        if told[-2:] == [False] * 2:
            assert not state.on
    assert not (state.on and not any(told))


def test_looks_close_together_do_not_make_a_lasting_trouble() -> None:
    rule = HysteresisRule(3, timedelta(seconds=60), 2)
    state = Hysteresis()
    for number in (0, 5, 10, 15, 59):
        state = state.seen(bad=True, at=second(number), rule=rule)
        assert not state.on
    assert state.wavering
    assert state.seen(bad=True, at=second(60), rule=rule).on
