"""Which engine pulls a camera: it learns, it forgets, and what must be hidden goes to nobody but the masking one."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stream_gateway.ingest.choice import COMPATIBLE_FOR_SECONDS, EngineChoice
from stream_gateway.media import EndKind, MaskedArea, MediaEngine, OpenPull, Pull, PullEnded, PullSink

PLAIN = Pull("rtsp://10.0.0.7/main")
AREA = MaskedArea(((0.0, 0.0), (0.5, 0.0), (0.5, 0.5)))
MINUTE = 60.0


class Named:
    """An engine that is only ever chosen."""

    def __init__(self, name: str) -> None:
        self.name = name

    def open(self, pull: Pull, sink: PullSink) -> OpenPull:
        raise AssertionError((pull, sink))


NATIVE, COMPATIBLE, MASKING = Named("native"), Named("ffmpeg"), Named("masques")


@pytest.fixture
def choice() -> EngineChoice:
    return a_choice()


def a_choice() -> EngineChoice:
    return EngineChoice(native=NATIVE, compatible=COMPATIBLE, masking=MASKING)


def ended(kind: EndKind) -> PullEnded:
    return PullEnded(f"raison {kind}", kind)


def test_a_camera_that_the_native_engine_cannot_read_goes_to_the_other_at_once(choice: EngineChoice) -> None:
    assert choice.choose(PLAIN, 0.0).engine is NATIVE
    assert choice.choose(PLAIN, 0.0).reason == ""
    assert choice.learn(PLAIN, NATIVE, ended(EndKind.UNSUPPORTED), 5.0), "the other is to be tried at once"
    chosen = choice.choose(PLAIN, 6.0)
    assert chosen.engine is COMPATIBLE
    assert chosen.reason == "raison unsupported"
    assert choice.choose(Pull("rtsp://10.0.0.8/main"), 6.0).engine is NATIVE, "others are not concerned"


def test_three_times_malformed_within_ten_minutes_is_enough(choice: EngineChoice) -> None:
    told = [choice.learn(PLAIN, NATIVE, ended(EndKind.MALFORMED), at * MINUTE) for at in (0, 4, 9)]
    assert told == [False, False, True]
    assert choice.choose(PLAIN, 9 * MINUTE).engine is COMPATIBLE


def test_three_times_malformed_over_a_longer_time_is_not(choice: EngineChoice) -> None:
    told = [choice.learn(PLAIN, NATIVE, ended(EndKind.MALFORMED), at * MINUTE) for at in (0, 6, 12, 18, 24)]
    assert not any(told)
    assert choice.choose(PLAIN, 24 * MINUTE).engine is NATIVE
    assert choice.learn(PLAIN, NATIVE, ended(EndKind.MALFORMED), 24.5 * MINUTE), "18, 24 and 24.5 minutes"


def test_after_a_day_the_native_engine_is_tried_again(choice: EngineChoice) -> None:
    choice.learn(PLAIN, NATIVE, ended(EndKind.UNSUPPORTED), 0.0)
    assert choice.choose(PLAIN, COMPATIBLE_FOR_SECONDS - 1).engine is COMPATIBLE
    assert choice.choose(PLAIN, COMPATIBLE_FOR_SECONDS).engine is NATIVE
    assert COMPATIBLE_FOR_SECONDS == 24 * 3600


@pytest.mark.parametrize("kind", [kind for kind in EndKind if kind not in {EndKind.UNSUPPORTED, EndKind.MALFORMED}])
def test_no_other_end_changes_the_engine(choice: EngineChoice, kind: EndKind) -> None:
    assert not any(choice.learn(PLAIN, NATIVE, ended(kind), at) for at in range(10))
    assert choice.choose(PLAIN, 10.0).engine is NATIVE


def test_nothing_is_learned_from_the_end_of_another_engine(choice: EngineChoice) -> None:
    assert not choice.learn(PLAIN, COMPATIBLE, ended(EndKind.UNSUPPORTED), 0.0)
    assert choice.choose(PLAIN, 1.0).engine is NATIVE


pulls = st.builds(
    Pull,
    st.sampled_from(["rtsp://10.0.0.7/main", "rtsp://10.0.0.7/sub", "http://10.0.0.8"]),
    st.sampled_from([(), (AREA,), (AREA, AREA)]),
)
histories = st.lists(
    st.tuples(
        pulls,
        st.sampled_from([NATIVE, COMPATIBLE, MASKING, None]),
        st.sampled_from(EndKind),
        st.floats(0, 30 * 3600),
    ),
    max_size=40,
)


@given(histories)
def test_whatever_happened_a_pull_that_hides_is_given_to_the_masking_engine_only(
    history: list[tuple[Pull, MediaEngine | None, EndKind, float]],
) -> None:
    choice, at = a_choice(), 0.0
    for pull, engine, kind, pause in history:
        at += pause
        chosen = choice.choose(pull, at)
        assert (chosen.engine is MASKING) is pull.hides
        assert bool(chosen.reason) is (chosen.engine is not NATIVE)
        choice.learn(pull, engine or chosen.engine, ended(kind), at)
