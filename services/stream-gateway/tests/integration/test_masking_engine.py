"""The engine that burns masks in, on real streams: not one picture shows what is hidden, whatever happens."""

import asyncio
import os
import signal
from collections.abc import AsyncIterator, Sequence
from datetime import timedelta

import numpy as np
import psutil
import pytest
import pytest_asyncio

from camera_simulator.testing import SimulatorProcess
from common.clock import SystemClock
from common.testing.polling import eventually
from stream_gateway.domain.access_units import AccessUnit, ParameterSets
from stream_gateway.domain.moving_masks import BLACK, HeadPosition, MovingMasks, SignedView
from stream_gateway.domain.muxing import fragment, init_segment
from stream_gateway.masking.engine import MaskedPull, MaskingBudget, MaskingEngine
from stream_gateway.masking.wire import Coding
from stream_gateway.media import (
    EndKind,
    MaskedArea,
    MediaEngine,
    OpenPull,
    PicturesLost,
    Pull,
    PullEnded,
    PullEvent,
    PullSink,
)
from stream_gateway.native.engine import NativeEngine
from stream_gateway.testing.films import frames_of
from stream_gateway.testing.heads import StandingHeads
from stream_gateway.testing.masked import Samples, luma_of, shows, under

pytestmark = pytest.mark.integration
AREA = ((0.2, 0.2), (0.5, 0.25), (0.45, 0.7), (0.15, 0.6))
OTHER = ((0.6, 0.1), (0.9, 0.1), (0.9, 0.5), (0.6, 0.5))
CODING = Coding(rate_factor=20.0, preset="ultrafast")


class Kept:
    """A sink that keeps everything, and muxes it as recordings and live are."""

    def __init__(self) -> None:
        self.parameters: list[ParameterSets] = []
        self.units: list[AccessUnit] = []
        self.events: list[PullEvent] = []
        self.lost_at = -1
        self.ended: PullEnded | None = None

    def begin(self, parameters: ParameterSets) -> None:
        self.parameters.append(parameters)

    def take(self, units: Sequence[AccessUnit]) -> None:
        assert self.ended is None
        assert self.parameters
        self.units += units

    def heard(self, *, anew: bool) -> None:
        pass

    def report(self, event: PullEvent) -> None:
        self.events.append(event)
        if isinstance(event, PicturesLost):
            self.lost_at = len(self.units)

    def end(self, ended: PullEnded) -> None:
        assert self.ended is None
        self.ended = ended

    def film(self) -> bytes:
        """What a file of these pictures holds."""
        last = self.units[-1].time + 7200
        return init_segment(self.parameters[0]).content + fragment(tuple(self.units), last, sequence=1).content

    def pictures(self) -> list[Samples]:
        return [luma_of(frame) for frame in frames_of(self.film())]

    async def several(self, count: int) -> None:
        async def enough() -> bool:
            return len(self.units) >= count or self.ended is not None

        await eventually(enough)
        assert self.ended is None, self.ended


class Tee:
    """Passes a camera's pictures on, and keeps them as they were: what must not be seen by others."""

    def __init__(self, inner: MediaEngine) -> None:
        self._inner = inner
        self.clear = Kept()
        self.sink: PullSink | None = None

    @property
    def name(self) -> str:
        return self._inner.name

    def open(self, pull: Pull, sink: PullSink) -> OpenPull:
        assert not pull.hides, "an engine that burns nothing in gets no masks to burn in"
        self.clear, self.sink = Kept(), sink
        return self._inner.open(pull, self)

    def begin(self, parameters: ParameterSets) -> None:
        assert self.sink is not None
        self.clear.begin(parameters)
        self.sink.begin(parameters)

    def take(self, units: Sequence[AccessUnit]) -> None:
        assert self.sink is not None
        self.clear.take(units)
        self.sink.take(units)

    def heard(self, *, anew: bool) -> None:
        pass

    def report(self, event: PullEvent) -> None:
        assert self.sink is not None
        self.sink.report(event)

    def end(self, ended: PullEnded) -> None:
        assert self.sink is not None
        self.sink.end(ended)


@pytest.fixture
def tee() -> Tee:
    return Tee(NativeEngine())


@pytest.fixture
def budget() -> MaskingBudget:
    return MaskingBudget(2)


@pytest_asyncio.fixture
async def engine(tee: Tee, budget: MaskingBudget) -> AsyncIterator[MaskingEngine]:
    yield MaskingEngine(tee, budget, CODING, clock=SystemClock(), heads=StandingHeads())

    async def nobody_left() -> bool:
        return budget.running == 0 and not children()

    await eventually(nobody_left)


@pytest.fixture
def pull(simulator: SimulatorProcess) -> Pull:
    simulator.set_faults(2)
    return Pull(simulator.rtsp_url(2, with_credentials=True), (MaskedArea(AREA),))


def children() -> list[psutil.Process]:
    return [one for one in psutil.Process().children() if "stream_gateway.masking.worker" in " ".join(one.cmdline())]


async def test_every_picture_from_the_first_on_is_solid_under_the_mask_and_itself_elsewhere(
    engine: MaskingEngine, tee: Tee, pull: Pull
) -> None:
    kept = Kept()
    opened = engine.open(pull, kept)
    opened.hurry(wanted=True)
    await kept.several(40)
    [child] = children()
    seen = " ".join([*child.cmdline(), *child.environ().values()])
    assert "rtsp" not in seen, "the child knows no camera"
    assert "w:rd" not in seen
    assert not child.net_connections()
    await opened.close()
    await opened.close()

    told = kept.parameters[0]
    assert (told.width, told.height, told.reorders) == (1280, 720, False)
    assert kept.units[0].keyframe
    times = [unit.time for unit in kept.units]
    assert times == [unit.time for unit in tee.clear.units[: len(times)]], "each picture at its own instant"
    hidden, clear = kept.pictures(), tee.clear.pictures()
    assert len(hidden) == len(kept.units)
    assert any(shows(picture, AREA) for picture in clear)
    for picture, original in zip(hidden, clear, strict=False):
        assert not shows(picture, AREA)
        outside = ~under(AREA, picture, CODING.margin + 24)
        assert np.abs(picture.astype(int) - original)[outside].mean() < 4


async def test_other_masks_need_another_pull_and_nothing_of_the_old_one_comes_after_it(
    engine: MaskingEngine, pull: Pull
) -> None:
    first, second = Kept(), Kept()
    before = engine.open(pull, first)
    await first.several(5)
    await before.close()
    count = len(first.units)
    after = engine.open(Pull(pull.url, (MaskedArea(OTHER),)), second)
    await second.several(10)
    await after.close()
    assert len(first.units) == count
    assert first.ended is None
    assert all(not shows(picture, AREA) for picture in first.pictures())
    assert all(not shows(picture, OTHER) for picture in second.pictures())
    assert any(shows(picture, AREA) for picture in second.pictures())


@pytest.mark.parametrize("death", [signal.SIGKILL, signal.SIGTERM])
async def test_a_child_that_dies_ends_the_pull_and_nothing_more_comes(
    engine: MaskingEngine, tee: Tee, pull: Pull, death: signal.Signals
) -> None:
    kept = Kept()
    opened = engine.open(pull, kept)
    await kept.several(5)
    assert isinstance(opened, MaskedPull)
    assert opened.pid is not None
    os.kill(opened.pid, death)

    async def over() -> bool:
        return kept.ended is not None

    await eventually(over)
    count, came = len(kept.units), len(tee.clear.units)
    await asyncio.sleep(0.5)
    assert kept.ended is not None
    assert "masquage" in kept.ended.reason
    assert kept.ended.kind is EndKind.CLOSED
    assert len(kept.units) == count
    assert len(tee.clear.units) == came, "the camera is not pulled any more either"
    assert all(not shows(picture, AREA) for picture in kept.pictures())
    await opened.close()


async def test_a_child_that_hangs_gives_nothing_and_is_ended(engine: MaskingEngine, pull: Pull) -> None:
    kept = Kept()
    opened = engine.open(pull, kept)
    await kept.several(5)
    assert isinstance(opened, MaskedPull)
    assert opened.pid is not None
    os.kill(opened.pid, signal.SIGSTOP)

    async def over() -> bool:
        return kept.ended is not None

    await eventually(over)
    assert not psutil.pid_exists(opened.pid)
    await opened.close()


async def test_above_its_budget_a_node_refuses_rather_than_to_show_without_masks(
    budget: MaskingBudget, pull: Pull
) -> None:
    engine = MaskingEngine(NativeEngine(), budget, CODING, clock=SystemClock(), heads=StandingHeads())
    first, second, third = Kept(), Kept(), Kept()
    running = [engine.open(pull, first), engine.open(pull, second)]
    await first.several(1)
    await second.several(1)
    refused = engine.open(pull, third)

    async def told() -> bool:
        return third.ended is not None

    await eventually(told)
    assert third.ended is not None
    assert third.ended.kind is EndKind.OVER_BUDGET
    assert "masque" in third.ended.reason
    assert third.units == []
    for one in (*running, refused):
        await one.close()
    assert budget.running == 0
    again = engine.open(pull, third := Kept())
    await third.several(1)
    await again.close()


async def test_a_camera_that_refuses_or_goes_is_told_as_the_engine_that_pulls_tells_it(
    engine: MaskingEngine, simulator: SimulatorProcess, pull: Pull
) -> None:
    wrong = simulator.rtsp_url(2).replace("rtsp://", "rtsp://vigie:wrong-secret@")
    for url, kind in ((wrong, EndKind.REFUSED), ("rtsp://127.0.0.1:1/main", EndKind.UNREACHABLE)):
        kept = Kept()
        opened = engine.open(Pull(url, pull.masks), kept)

        async def over(sink: Kept = kept) -> bool:
            return sink.ended is not None

        await eventually(over)
        assert kept.ended is not None
        assert kept.ended.kind is kind
        await opened.close()


async def test_a_pull_without_masks_does_not_belong_here(engine: MaskingEngine, pull: Pull) -> None:
    with pytest.raises(ValueError, match="masks"):
        engine.open(Pull(pull.url), Kept())


async def test_losses_are_told_in_their_place_and_a_key_frame_follows(
    engine: MaskingEngine, tee: Tee, pull: Pull
) -> None:
    kept = Kept()
    opened = engine.open(pull, kept)
    await kept.several(5)
    assert tee.sink is not None
    tee.sink.report(PicturesLost("essai", 3))

    async def told() -> bool:
        return PicturesLost("essai", 3) in kept.events

    await eventually(told)
    await kept.several(kept.lost_at + 2)
    await opened.close()
    assert PicturesLost("essai", 3) in kept.events
    assert kept.units[kept.lost_at].keyframe


async def test_a_head_that_nobody_can_ask_blacks_the_whole_picture(tee: Tee, budget: MaskingBudget, pull: Pull) -> None:
    heads = StandingHeads()
    engine = MaskingEngine(tee, budget, CODING, clock=SystemClock(), heads=heads)
    view = SignedView(HeadPosition(0, 0, 0, SystemClock().now()), (AREA,))
    kept = Kept()
    opened = engine.open(Pull(pull.url, (), MovingMasks("cam", (view,))), kept)
    heads.stand("cam", 0, 0, 0)
    await kept.several(25)
    heads.lose("cam")
    await kept.several(len(kept.units) + 25)
    await opened.close()
    pictures = kept.pictures()
    black = [not shows(picture, BLACK[0]) for picture in pictures]
    assert black[0], "before it was ever asked"
    assert black[-1], "half a second after it was last heard"
    assert not all(black)
    assert all(not shows(picture, AREA) for picture in pictures)
    assert heads.followers == {}
    seen = [picture for picture, dark in zip(pictures, black, strict=True) if not dark]
    assert len(seen) >= timedelta(seconds=1) / timedelta(milliseconds=200)
