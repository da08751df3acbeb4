"""What a camera is sent, whatever comes in and however slowly it answers: a model of the queue's life."""

import itertools
from dataclasses import dataclass, field

from hypothesis import given
from hypothesis import strategies as st

from stream_gateway.domain.ptz.order_queue import MOVE_INTERVAL_SECONDS, Fenced, OrderQueue
from stream_gateway.domain.ptz.orders import GoToPreset, Stop

TINY = 1e-9
events = st.lists(
    st.tuples(
        st.sampled_from(["move", "stop", "answer", "late"]),
        st.floats(0, 0.3),  # seconds since the event before
    ),
    max_size=60,
)


@dataclass
class Life:
    """Drives a queue as the driver does, and notes everything."""

    now: float = 100.0
    queue: OrderQueue = field(default_factory=OrderQueue)
    fence: int = 0
    submitted: list[Fenced] = field(default_factory=list[Fenced])
    sent: list[tuple[float, Fenced, bool]] = field(default_factory=list[tuple[float, Fenced, bool]])
    replaced: list[Fenced] = field(default_factory=list[Fenced])
    flying: list[Fenced] = field(default_factory=list[Fenced])

    def submit(self, *, stop: bool, late: bool = False) -> Fenced:
        if not late:
            self.fence += 1
        fence = max(1, self.fence - 1) if late else self.fence
        order = Fenced(fence, Stop() if stop else GoToPreset(str(len(self.submitted))))
        self.submitted.append(order)
        self.queue, replaced = self.queue.submitted(order)
        self.replaced += replaced
        self.advance()
        return order

    def answer(self) -> None:
        if self.flying:
            self.queue = self.queue.answered(self.flying.pop(0))
            self.advance()

    def pass_time(self, seconds: float) -> None:
        until = self.now + seconds
        while True:
            _, due = self.queue.due(self.now)
            if due.wake_at is None or due.wake_at > until:
                break
            self.now = due.wake_at
            self.advance()
        self.now = until

    def advance(self) -> None:
        self.queue, due = self.queue.due(self.now)
        if due.send is None:
            return
        if due.abandons:
            self.flying.clear()
        self.flying.append(due.send)
        self.sent.append((self.now, due.send, due.abandons))


def lived(steps: list[tuple[str, float]]) -> Life:
    life = Life()
    for kind, pause in steps:
        life.pass_time(pause)
        if kind == "answer":
            life.answer()
        else:
            life.submit(stop=kind == "stop", late=kind == "late")
        assert len(life.flying) <= 1
    return life


@given(events)
def test_one_order_is_under_way_and_moves_keep_their_distance(steps: list[tuple[str, float]]) -> None:
    moves = [when for when, order, _ in lived(steps).sent if not order.is_stop]
    assert all(later - earlier >= MOVE_INTERVAL_SECONDS - TINY for earlier, later in itertools.pairwise(moves))


@given(events)
def test_fences_never_go_back(steps: list[tuple[str, float]]) -> None:
    fences = [order.fence for _, order, _ in lived(steps).sent]
    assert fences == sorted(fences)


@given(events)
def test_a_stop_goes_out_at_once_whatever_else_waits(steps: list[tuple[str, float]]) -> None:
    life = lived(steps)
    before = len(life.sent)
    stopping = life.queue.in_flight is not None and life.queue.in_flight.is_stop
    stop = life.submit(stop=True)
    if stopping:
        assert life.queue.stop is stop  # a stop is on its way, this one follows its answer
        life.answer()
    when, sent, _ = life.sent[before]
    assert sent is stop
    assert when == life.now


@given(events)
def test_no_stop_is_lost_and_the_last_word_is_the_newest(steps: list[tuple[str, float]]) -> None:
    life = lived(steps)
    for _ in range(len(steps) + 3):
        life.answer()
        life.pass_time(MOVE_INTERVAL_SECONDS)
    sent = [order for _, order, _ in life.sent]
    for stop in (order for order in life.submitted if order.is_stop):
        later_stop = any(other.is_stop and other.fence >= stop.fence for other in sent)
        assert any(order is stop for order in sent) or later_stop
    if life.submitted:
        newest = max(order.fence for order in life.submitted)
        assert sent[-1].fence == newest
    kept = {id(order) for order in sent} | {id(order) for order in life.replaced}
    assert kept == {id(order) for order in life.submitted}


def test_a_stop_does_not_wait_for_a_camera_that_hangs() -> None:
    life = Life()
    life.submit(stop=False)
    stop = life.submit(stop=True)
    when, sent, abandons = life.sent[-1]
    assert (when, sent, abandons) == (life.now, stop, True)


def test_a_move_after_a_stop_waits_for_it() -> None:
    life = Life()
    stop = life.submit(stop=True)
    move = life.submit(stop=False)
    assert [order for _, order, _ in life.sent] == [stop]
    life.answer()
    assert [order for _, order, _ in life.sent] == [stop, move]
