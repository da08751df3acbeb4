"""Live pictures with a watermark burnt in: one branch per session, from the shared feed through a child that writes.

There is no way around the child: when it dies, hangs or there is no room for one, the branch ends and nothing is shown.
"""

import asyncio
from collections import deque
from collections.abc import AsyncGenerator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import replace
from uuid import UUID

import structlog

from common.clock import Clock
from stream_gateway.domain.access_units import CLOCK_HZ, ParameterSets
from stream_gateway.domain.boxes import MalformedMedia
from stream_gateway.domain.demuxing import parameter_sets_of, unit_of
from stream_gateway.domain.fragments import Fragment, InitSegment
from stream_gateway.domain.parameter_sets import MalformedParameterSets
from stream_gateway.domain.sessions import Quality, ViewingSession
from stream_gateway.domain.watermark import Watermark
from stream_gateway.ingest.line import Line
from stream_gateway.live.feed import FeedLimits, LiveFeed
from stream_gateway.live.feeds import LiveFeeds
from stream_gateway.live.viewer import FeedState, Viewer
from stream_gateway.masking.child import PaintingChild
from stream_gateway.masking.engine import MaskingBudget
from stream_gateway.masking.wire import (
    Coding,
    Kind,
    WireBroken,
    areas_message,
    codec_message,
    message,
    painted_sets,
    stamp_message,
    unit_from,
)

NO_ROOM = (
    "Ce nœud incruste déjà autant de flux qu'il peut. L'arrêté de cette caméra exige un filigrane : sans place, rien "
    "n'est montré. Fermez une autre image ou réessayez dans quelques minutes."
)
_STOPPED = "l'incrustation du filigrane s'est arrêtée : rien n'est montré sans lui, rouvrez la caméra"
_LOOK_SECONDS = 0.25
_LOG = structlog.get_logger("stream-gateway.marked")


class NoRoomToMark(Exception):
    """This process burns as much in as it may."""


class MarkedFeeds:
    """The branches of this process; the connections of a session share one for each quality."""

    def __init__(
        self, feeds: LiveFeeds, budget: MaskingBudget, coding: Coding, *, limits: FeedLimits, clock: Clock
    ) -> None:
        self._feeds = feeds
        self._budget = budget
        self._coding = replace(coding, stamped=True)
        self._limits = limits
        self._clock = clock
        self._branches: dict[tuple[UUID, Quality], MarkedFeed] = {}

    @property
    def full(self) -> bool:
        """Whether there is no room for one more."""
        return self._budget.full

    @asynccontextmanager
    async def branch(self, session: ViewingSession, watermark: Watermark) -> "AsyncGenerator[MarkedFeed, None]":
        """Give a session's marked pictures while the context lasts; raises NoRoomToMark."""
        key = (session.session_id, session.quality)
        branch = self._branches.get(key)
        if branch is None or branch.over.is_set():
            if not self._budget.take():
                raise NoRoomToMark
            source = self._feeds.watch(session.camera_id, session.quality)
            child = PaintingChild(self._coding)
            branch = MarkedFeed(source, child, watermark, LiveFeed(self._limits), self._clock, self._budget.give_back)
            self._branches[key] = branch
        branch.users += 1
        try:
            yield branch
        finally:
            branch.users -= 1
            if branch.users == 0:
                if self._branches.get(key) is branch:
                    del self._branches[key]
                await asyncio.shield(branch.close())


class MarkedFeed:
    """One session's pictures of one stream. ``over`` is set when nothing more comes, ``stopped`` if against our will.

    ``source`` gives the shared, unmarked pictures; ``left`` is called once the child is gone.
    """

    def __init__(
        self,
        source: AbstractAsyncContextManager[Viewer],
        child: PaintingChild,
        watermark: Watermark,
        marked: LiveFeed,
        clock: Clock,
        left: Callable[[], None],
    ) -> None:
        self._source = source
        self._child = child
        self._watermark = watermark
        self._marked = marked
        self._clock = clock
        self._second = -1
        self._breaks: deque[str] = deque()
        self._sets: ParameterSets | None = None
        self._begun = False
        self._ended: str | None = None
        self.users = 0
        self.stopped = False
        self.over = asyncio.Event()
        self._run = asyncio.create_task(self._guarded())
        self._run.add_done_callback(lambda _: left())

    @property
    def pid(self) -> int | None:
        """The child's, for who watches it."""
        return self._child.pid

    @asynccontextmanager
    async def watch(self) -> AsyncGenerator[Viewer, None]:
        """Join: the marked group of pictures that is kept already waits."""
        viewer = self._marked.join()
        try:
            yield viewer
        finally:
            self._marked.leave(viewer)

    async def close(self) -> None:
        """End it, the child included."""
        self._run.cancel()
        await asyncio.gather(self._run, return_exceptions=True)

    async def _guarded(self) -> None:
        try:
            await self._mark()
        except* (WireBroken, MalformedParameterSets, MalformedMedia, OSError) as errors:
            _LOG.error("marking child is not understood", error=repr(errors.exceptions))
        finally:
            self.stopped = self._ended is None
            self._marked.end(self._ended or _STOPPED)
            self.over.set()
            await asyncio.shield(self._child.stop())

    async def _mark(self) -> None:
        """Run from the start of the child to its end."""
        await self._child.start()
        self._child.write(areas_message(()))  # what is private is hidden already
        async with self._source as viewer, asyncio.TaskGroup() as tasks:
            helpers = [tasks.create_task(self._fill(viewer)), tasks.create_task(self._end_if_it_hangs())]
            while (answer := await self._child.next()) is not None:
                self._deliver(*answer)
            for helper in helpers:
                helper.cancel()
        if self._ended is None:
            _LOG.error("marking child ended", code=await self._child.code())

    # What the child gets, each picture behind what is to be written into it.

    async def _fill(self, viewer: Viewer) -> None:
        codec, timescale = None, CLOCK_HZ
        while True:
            part = await viewer.next_part()
            if isinstance(part, InitSegment):
                sets, timescale = parameter_sets_of(part), part.timescale
                codec = sets.codec
                self._child.write(codec_message(sets))
            elif isinstance(part, Fragment):
                if codec is not None:
                    self._stamp()
                    self._child.paint(unit_of(part, codec, timescale))
                    await self._child.drain()  # meanwhile the place in the feed keeps what comes, within its bound
            elif self._told(part):
                return

    def _told(self, state: FeedState) -> bool:
        """Pass a word of the feed on, in its place among the pictures; returns whether it was the last one."""
        if state.state == "ended":
            self._ended = state.reason
            self._child.finish()
        elif state.state == "reconnecting":
            self._breaks.append(state.reason)
            self._child.write(message(Kind.MARK))
        return state.state == "ended"

    def _stamp(self) -> None:
        stamp = self._watermark.at(self._clock.now())
        if stamp.second != self._second:
            self._second = stamp.second
            self._child.write(stamp_message(stamp))

    async def _end_if_it_hangs(self) -> None:
        while True:
            await asyncio.sleep(_LOOK_SECONDS)
            if self._child.hangs:
                _LOG.error("marking child hangs")
                await self._child.stop()

    # What comes back.

    def _deliver(self, kind: Kind, content: bytes) -> None:
        match kind:
            case Kind.SETS:
                self._sets, self._begun = painted_sets(content), False
            case Kind.UNIT if self._sets is not None:
                if not self._begun:
                    self._marked.begin(self._sets, Line("filigrane"))
                    self._begun = True
                self._marked.take((unit_from(content),))
            case Kind.MARK if self._breaks:
                self._begun = False
                self._marked.broken(self._breaks.popleft())
            case _:
                raise WireBroken(f"an unexpected answer {kind}")
