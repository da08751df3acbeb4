"""One session's branch with the real child: marked from the very first picture, and no way around the child."""

import asyncio
import os
import signal
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID

import numpy as np
import psutil
import pytest
import pytest_asyncio

from common.clock import SteppedClock
from common.testing.polling import eventually
from stream_gateway.domain.access_units import AccessUnit, ParameterSets
from stream_gateway.domain.fragments import Fragment, InitSegment
from stream_gateway.domain.sessions import Quality, ViewingSession
from stream_gateway.domain.watermark import Watermark
from stream_gateway.ingest.line import Line
from stream_gateway.live.feed import FeedLimits, LiveFeed
from stream_gateway.live.feeds import LiveFeeds
from stream_gateway.live.marked import MarkedFeeds, NoRoomToMark
from stream_gateway.live.viewer import FeedState, Part, Viewer
from stream_gateway.masking.engine import MaskingBudget
from stream_gateway.masking.stamp import ink
from stream_gateway.masking.wire import Coding
from stream_gateway.testing.filmed import MEDIA, filmed_groups
from stream_gateway.testing.films import frames_of
from stream_gateway.testing.watermarks import luma_of, stamp_in

pytestmark = pytest.mark.integration

FILMS = [MEDIA / "vtest_sub_640x360_10fps.mp4", MEDIA / "vtest_hevc_sub_640x360_10fps.mp4"]
AT = datetime(2026, 7, 14, 21, 30, tzinfo=UTC)
WHO = Watermark("Adj. Hélène Lefèvre", "Gendarmerie nationale", "1a2b3c4d")
LINE = Line("native")


class OneFeed(LiveFeeds):
    """The live feeds of a process whose only camera is the test itself."""

    def __init__(self) -> None:
        super().__init__(lambda _camera, _quality: None, _Nobody(), FeedLimits())
        self.shared = LiveFeed(FeedLimits())

    @asynccontextmanager
    async def watch(self, camera_id: str, quality: Quality) -> AsyncGenerator[Viewer, None]:
        del camera_id, quality
        viewer = self.shared.join()
        try:
            yield viewer
        finally:
            self.shared.leave(viewer)


class _Nobody:
    async def follow(self, camera_id: str, quality: Quality, feed: LiveFeed) -> None:
        """No other node has the camera."""


def session(number: int = 1, quality: Quality = "sub") -> ViewingSession:
    return ViewingSession.open(
        session_id=UUID(int=number),
        camera_id="c",
        insee="95598",
        agent_id="gn.petit",
        epoch=0,
        quality=quality,
        incident_id=None,
        ticket_id=None,
        at=AT,
        lease_for=timedelta(minutes=1),
        marked=True,
    )


def children() -> list[psutil.Process]:
    return [one for one in psutil.Process().children() if "stream_gateway.masking.worker" in " ".join(one.cmdline())]


async def until_fragments(viewer: Viewer, count: int) -> list[Part]:
    parts: list[Part] = []
    async with asyncio.timeout(30):
        while sum(isinstance(part, Fragment) for part in parts) < count:
            parts.append(await viewer.next_part())
    return parts


async def until_ended(viewer: Viewer) -> list[Part]:
    parts: list[Part] = []
    async with asyncio.timeout(30):
        while not (parts and isinstance(parts[-1], FeedState) and parts[-1].state == "ended"):
            parts.append(await viewer.next_part())
    return parts


def film_in(parts: list[Part]) -> list[bytes]:
    return [part.content for part in parts if not isinstance(part, FeedState)]


@pytest.fixture
def feeds() -> OneFeed:
    return OneFeed()


@pytest.fixture
def budget() -> MaskingBudget:
    return MaskingBudget(1)


@pytest_asyncio.fixture
async def marked(feeds: OneFeed, budget: MaskingBudget) -> AsyncIterator[MarkedFeeds]:
    coding = Coding(rate_factor=18.0, preset="ultrafast")
    yield MarkedFeeds(feeds, budget, coding, limits=FeedLimits(), clock=SteppedClock(AT))
    assert budget.running == 0, "each place is given back"
    assert not children()
    assert feeds.shared.viewers == 0


@pytest.mark.parametrize("path", FILMS, ids=lambda path: path.stem)
async def test_every_picture_from_the_kept_key_frame_on_is_marked_and_itself_elsewhere(
    feeds: OneFeed, marked: MarkedFeeds, path: Path
) -> None:
    parameters, units = filmed_groups(path, groups=1)
    feeds.shared.begin(parameters, LINE)
    feeds.shared.take(units[:9])
    async with feeds.watch("c", "sub") as authority:
        plain = await until_fragments(authority, 9)
    async with marked.branch(session(), WHO) as branch, branch.watch() as viewer:
        parts = await until_fragments(viewer, 9)
        [child] = children()
        assert not child.net_connections()
    shown, originals = frames_of(film_in(parts)), frames_of(film_in(plain))
    assert len(shown) == len(originals) == 9
    assert shown[0].key_frame
    drawn = ink(WHO.at(AT), 640, 360)
    for frame, original in zip(shown, originals, strict=True):
        picture, before = luma_of(frame), luma_of(original)
        wanted = before.copy()
        drawn.write(wanted)
        assert np.abs(picture.astype(int) - wanted)[drawn.covered].mean() < 6
        assert np.abs(picture.astype(int) - before)[drawn.covered].mean() > 15
        assert np.abs(picture.astype(int) - before)[~drawn.covered].mean() < 5
        assert stamp_in(original, WHO, AT, AT) is None


async def test_what_is_written_tells_the_running_second(feeds: OneFeed, budget: MaskingBudget) -> None:
    clock = SteppedClock(AT)
    parameters, units = film()
    feeds.shared.begin(parameters, LINE)
    feeds.shared.take(units[:1])
    marked = MarkedFeeds(feeds, budget, Coding(), limits=FeedLimits(), clock=clock)
    async with marked.branch(session(), WHO) as branch, branch.watch() as viewer:
        parts = await until_fragments(viewer, 1)
        for number in range(1, 4):
            clock.advance(timedelta(seconds=1))
            feeds.shared.take(units[number : number + 1])
            parts += await until_fragments(viewer, 1)
    stamps = [stamp_in(frame, WHO, AT, AT + timedelta(seconds=6)) for frame in frames_of(film_in(parts))]
    assert stamps == [WHO.at(AT + timedelta(seconds=number)) for number in range(4)]


@pytest.mark.parametrize("death", [signal.SIGKILL, signal.SIGTERM])
async def test_when_the_child_dies_the_branch_ends_and_not_one_byte_comes_after(
    feeds: OneFeed, marked: MarkedFeeds, death: signal.Signals
) -> None:
    parameters, units = film()
    feeds.shared.begin(parameters, LINE)
    feeds.shared.take(units[:4])
    async with marked.branch(session(), WHO) as branch, branch.watch() as viewer:
        parts = await until_fragments(viewer, 4)
        assert branch.pid is not None
        os.kill(branch.pid, death)
        await branch.over.wait()
        assert branch.stopped
        feeds.shared.take(units[4:])
        parts += await until_ended(viewer)
        assert isinstance(parts[-1], FeedState)
        assert "filigrane" in parts[-1].reason
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.3):
                await viewer.next_part()
    assert all(stamp_in(frame, WHO, AT, AT) for frame in frames_of(film_in(parts)))


async def test_a_child_that_hangs_is_ended_and_shows_nothing(feeds: OneFeed, marked: MarkedFeeds) -> None:
    parameters, units = film()
    feeds.shared.begin(parameters, LINE)
    feeds.shared.take(units[:2])
    async with marked.branch(session(), WHO) as branch, branch.watch() as viewer:
        await until_fragments(viewer, 2)
        assert branch.pid is not None
        os.kill(branch.pid, signal.SIGSTOP)
        feeds.shared.take(units[2:4])
        assert [part for part in await until_ended(viewer) if isinstance(part, Fragment)] == []
        assert branch.stopped


async def test_above_the_budget_nothing_is_shown_and_a_place_that_is_left_is_taken(
    feeds: OneFeed, marked: MarkedFeeds
) -> None:
    async with marked.branch(session(1), WHO):
        assert marked.full
        with pytest.raises(NoRoomToMark):
            async with marked.branch(session(2), WHO):
                pass
        with pytest.raises(NoRoomToMark):
            async with marked.branch(session(1, "main"), WHO):
                pass
    assert not marked.full
    async with marked.branch(session(2), WHO):
        assert marked.full
    assert feeds.shared.viewers == 0


async def test_the_connections_of_a_session_share_one_branch(feeds: OneFeed, marked: MarkedFeeds) -> None:
    parameters, units = film()
    feeds.shared.begin(parameters, LINE)
    feeds.shared.take(units[:3])
    async with marked.branch(session(), WHO) as first:
        async with first.watch() as viewer:
            await until_fragments(viewer, 3)
        async with marked.branch(replace(session(), transport="webrtc"), WHO) as second, second.watch() as late:
            assert second is first
            parts = await until_fragments(late, 3)
            assert feeds.shared.viewers == 1
        assert first.pid is not None
        assert psutil.pid_exists(first.pid), "who stays keeps it"
    frames = frames_of(film_in(parts))
    assert frames[0].key_frame
    assert all(stamp_in(frame, WHO, AT, AT) for frame in frames)


async def test_a_camera_that_comes_back_goes_on_marked_and_its_end_is_passed_on(
    feeds: OneFeed, marked: MarkedFeeds
) -> None:
    parameters, units = film()
    feeds.shared.begin(parameters, LINE)
    feeds.shared.take(units[:3])
    async with marked.branch(session(), WHO) as branch, branch.watch() as viewer:
        parts = await until_fragments(viewer, 3)
        feeds.shared.broken("la caméra redémarre")
        feeds.shared.begin(parameters, LINE)
        feeds.shared.take(units[:3])
        parts += await until_fragments(viewer, 3)
        feeds.shared.end("l'arrêté a pris fin")
        parts += await until_ended(viewer)
        assert not branch.stopped
    words = [(part.state, part.reason) for part in parts if isinstance(part, FeedState) and part.state != "live"]
    assert words[-2:] == [("reconnecting", "la caméra redémarre"), ("ended", "l'arrêté a pris fin")]
    frames = frames_of(film_in(parts))
    assert len(frames) == 6
    assert all(stamp_in(frame, WHO, AT, AT) for frame in frames)
    assert sum(isinstance(part, InitSegment) for part in parts) == 2


async def test_one_who_leaves_leaves_nothing_behind(feeds: OneFeed, marked: MarkedFeeds) -> None:
    parameters, units = film()
    feeds.shared.begin(parameters, LINE)
    feeds.shared.take(units[:3])

    async def watch() -> None:
        async with marked.branch(session(), WHO) as branch, branch.watch() as viewer:
            await until_fragments(viewer, 1000)

    watching = asyncio.create_task(watch())

    async def there() -> bool:
        return bool(children())

    await eventually(there)
    watching.cancel()
    await asyncio.gather(watching, return_exceptions=True)
    assert not children()


def film() -> tuple[ParameterSets, list[AccessUnit]]:
    return filmed_groups(FILMS[0], groups=1)
