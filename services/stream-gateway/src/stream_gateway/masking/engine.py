"""``MediaEngine`` for pulls in which something must be hidden: another engine pulls, a child paints.

What the camera sends reaches nobody but the child, and what the child gives back is painted: there is no way around
it. When the child dies, hangs or does not keep up, nothing comes; nothing is ever passed on as it was.
"""

import asyncio
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

import structlog

from common.clock import Clock
from stream_gateway.domain.access_units import AccessUnit, ParameterSets
from stream_gateway.domain.parameter_sets import MalformedParameterSets
from stream_gateway.masking.child import PaintingChild
from stream_gateway.masking.hiding import Heads, Hiding
from stream_gateway.masking.wire import (
    Coding,
    Kind,
    WireBroken,
    areas_message,
    codec_message,
    message,
    painted_sets,
    unit_from,
)
from stream_gateway.media import EndKind, MediaEngine, OpenPull, PicturesLost, Pull, PullEnded, PullEvent, PullSink

_MOST_UNWRITTEN = 4 * 1024 * 1024
"""Bytes that may wait for the child; then pictures are left out up to the next key frame."""
_LOOK_SECONDS = 0.05
_NO_ROOM = "Ce nœud masque déjà autant de flux qu'il peut : rien n'est montré plutôt qu'une image sans masque."
_STOPPED = "Le masquage s'est arrêté : rien n'est montré plutôt qu'une image sans masque."
_BEHIND = "Le masquage ne suit pas : des images ont été omises."
_LOG = structlog.get_logger("stream-gateway.masking")

_Item = AccessUnit | ParameterSets | PicturesLost


@dataclass(slots=True)
class MaskingBudget:
    """How many streams this node burns something into at a time: masks or watermarks."""

    at_most: int
    running: int = 0

    @property
    def full(self) -> bool:
        """Whether there is no place."""
        return self.running >= self.at_most

    def take(self) -> bool:
        """Take a place; False when there is none."""
        if self.full:
            return False
        self.running += 1
        return True

    def give_back(self) -> None:
        """Give a place back."""
        self.running -= 1


class MaskingEngine:
    """Opens only pulls that hide something.

    Args:
        inner: pulls the camera; it is asked for the pull without its masks, since it cannot burn them in.
        budget: places of this node, shared by all its masked streams.
        coding: how painted pictures are coded.
        clock: tells when a picture arrived.
        heads: where cameras that turn point to.
        compatible: pulls a camera once ``inner`` said that it cannot.
    """

    def __init__(
        self,
        inner: MediaEngine,
        budget: MaskingBudget,
        coding: Coding,
        *,
        clock: Clock,
        heads: Heads,
        compatible: MediaEngine | None = None,
    ) -> None:
        self._inner = inner
        self._compatible = compatible or inner
        self._unsupported: set[str] = set()
        self._budget = budget
        self._coding = coding
        self._clock = clock
        self._heads = heads

    @property
    def name(self) -> str:
        return "masques"

    def open(self, pull: Pull, sink: PullSink) -> OpenPull:
        if not pull.hides:
            raise ValueError("a pull without masks does not belong here")
        hiding = Hiding(pull, self._clock, self._heads)
        inner = self._compatible if pull.url in self._unsupported else self._inner
        return MaskedPull(pull, sink, inner, self._budget, self._coding, hiding, self._learn)

    def _learn(self, pull: Pull, ended: PullEnded) -> None:
        if ended.kind is EndKind.UNSUPPORTED:
            self._unsupported.add(pull.url)


class MaskedPull:
    """A pull under way; also the sink of the engine that pulls the camera."""

    def __init__(
        self,
        pull: Pull,
        sink: PullSink,
        inner: MediaEngine,
        budget: MaskingBudget,
        coding: Coding,
        hiding: Hiding,
        learn: Callable[[Pull, PullEnded], None],
    ) -> None:
        self._pull = pull
        self._sink: PullSink | None = sink
        self._inner = inner
        self._budget = budget
        self._hiding = hiding
        self._learn = learn
        self._child = PaintingChild(coding)
        self._source: OpenPull | None = None
        self._ended: PullEnded | None = None
        self._told: ParameterSets | None = None
        self._areas: bytes | None = None
        self._marks: deque[PicturesLost] = deque()
        self._waiting: deque[tuple[datetime, _Item]] = deque()
        self._skipping = False
        self._wanted = True
        self._run = asyncio.create_task(self._guarded())

    @property
    def pid(self) -> int | None:
        """The child's, for who watches it."""
        return self._child.pid

    def hurry(self, *, wanted: bool) -> None:
        self._wanted = wanted
        if self._source is not None:
            self._source.hurry(wanted=wanted or self._hiding.moving is not None)

    def rest(self, *, wanted: bool) -> None:
        """Do nothing: whoever looks first would wait until a whole group of pictures was painted."""

    async def close(self) -> None:
        self._sink = None
        self._run.cancel()
        await asyncio.gather(self._run, return_exceptions=True)

    # What the camera sends.

    def begin(self, parameters: ParameterSets) -> None:
        self._queue(parameters)

    def take(self, units: Sequence[AccessUnit]) -> None:
        self._queue(*units)

    def heard(self, *, anew: bool) -> None:
        """Nothing: the source never rests."""

    def report(self, event: PullEvent) -> None:
        if isinstance(event, PicturesLost):
            self._queue(event)
        elif self._sink is not None:
            self._sink.report(event)

    def end(self, ended: PullEnded) -> None:
        self._ended = ended
        self._learn(self._pull, ended)
        self._child.finish()

    # What the child gets, each picture behind what is to be hidden in it.

    def _queue(self, *items: _Item) -> None:
        arrived = self._hiding.now
        self._waiting.extend((arrived, item) for item in items)
        self._forward()

    def _forward(self) -> None:
        """Hand over, in order, all of which it is known what to hide."""
        while self._waiting:
            arrived, item = self._waiting[0]
            if isinstance(item, AccessUnit):
                areas = self._hiding.areas(arrived)
                if areas is None:
                    return
                self._forward_unit(item, areas_message(areas))
            elif isinstance(item, ParameterSets):
                self._child.write(codec_message(item))
            else:
                self._mark(item)
            self._waiting.popleft()

    def _forward_unit(self, unit: AccessUnit, areas: bytes) -> None:
        if self._child.unwritten > _MOST_UNWRITTEN and not self._skipping:
            self._skipping = True
            self._mark(PicturesLost(_BEHIND))
        if self._skipping and not (unit.keyframe and self._child.unwritten < _MOST_UNWRITTEN // 2):
            return
        self._skipping = False
        if areas != self._areas:
            self._areas = areas
            self._child.write(areas)
        self._child.paint(unit)

    def _mark(self, lost: PicturesLost) -> None:
        self._marks.append(lost)
        self._child.write(message(Kind.MARK))

    # What comes back.

    async def _guarded(self) -> None:
        if not self._budget.take():
            self._tell_end(PullEnded(_NO_ROOM, EndKind.OVER_BUDGET))
            return
        try:
            async with self._hiding.followed():
                ended = await self._paint()
            self._tell_end(ended)
        finally:
            self._budget.give_back()

    async def _paint(self) -> PullEnded:
        """Run from the start of the child to its end; returns why it ended."""
        watch: asyncio.Task[None] | None = None
        try:
            await self._child.start()
            self._source = self._inner.open(replace(self._pull, masks=(), moving=None), self)
            self.hurry(wanted=self._wanted)
            watch = asyncio.create_task(self._watch())
            while (answer := await self._child.next()) is not None:
                self._deliver(*answer)
        except (WireBroken, MalformedParameterSets, OSError) as error:
            _LOG.error("painting child is not understood", error=type(error).__name__)
        finally:
            if watch is not None:
                watch.cancel()
            if self._source is not None:
                await self._source.close()
            await self._child.stop()
        if self._ended is not None:
            return self._ended
        _LOG.error("painting child ended", code=await self._child.code())
        return PullEnded(_STOPPED)

    def _deliver(self, kind: Kind, content: bytes) -> None:
        if self._sink is None:
            return
        match kind:
            case Kind.UNIT:
                if self._told is None:
                    raise WireBroken("a picture without parameter sets")
                self._sink.take((unit_from(content),))
            case Kind.SETS:
                self._begin(painted_sets(content))
            case Kind.MARK if self._marks:
                self._sink.report(self._marks.popleft())
            case _:
                raise WireBroken(f"an unexpected answer {kind}")

    def _begin(self, made: ParameterSets) -> None:
        if made != self._told and self._sink is not None:
            self._told = made
            self._sink.begin(made)

    async def _watch(self) -> None:
        """Let moving pictures go on when nothing comes in, and end a child that hangs."""
        while True:
            await asyncio.sleep(_LOOK_SECONDS)
            if self._waiting:
                self._forward()
            if self._child.hangs:
                _LOG.error("painting child hangs")
                await self._child.stop()

    def _tell_end(self, ended: PullEnded) -> None:
        if self._sink is not None:
            sink, self._sink = self._sink, None
            sink.end(ended)
