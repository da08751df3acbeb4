"""One stream as its viewers get it: access units made into fragments, once for all of them."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass

from stream_gateway.domain.access_units import CLOCK_HZ, AccessUnit, Group, ParameterSets
from stream_gateway.domain.fragments import GopCache, InitSegment
from stream_gateway.domain.muxing import fragment, init_segment
from stream_gateway.domain.parameter_sets import MalformedParameterSets
from stream_gateway.ingest.line import Line
from stream_gateway.live.viewer import FeedState, Part, Viewer

_USUAL_STEP = CLOCK_HZ // 25
_LONGEST_STEP = CLOCK_HZ
_PAUSE_TICKS = CLOCK_HZ // 10
"""Between the last picture of a line and the first of the next one, on the viewers' clock."""

OPENING = FeedState("reconnecting", "ouverture du flux")


@dataclass(frozen=True, slots=True)
class FeedLimits:
    """Bounds of a feed. ``warm_seconds``: how long a feed from another node outlives its last viewer."""

    gop_bytes: int = 8 * 1024 * 1024
    gop_fragments: int = 600
    viewer_bytes: int = 4 * 1024 * 1024
    warm_seconds: float = 30.0


class LiveFeed:
    """A ``PictureTaker``. Its timeline goes on over the lines of the camera, so that no decoder starts anew.

    Each picture is a fragment; how long it lasts is taken from the picture before, since nobody knows yet when the
    next one comes.
    """

    hurried = True

    def __init__(self, limits: FeedLimits) -> None:
        self._limits = limits
        self._viewers: set[Viewer] = set()
        self._init: InitSegment | None = None
        self._parameters: ParameterSets | None = None
        self._gop = GopCache(max_bytes=limits.gop_bytes, max_fragments=limits.gop_fragments)
        self._group: list[AccessUnit] = []
        self._state = OPENING
        self._sequence = 0
        self._since: int | None = None
        self._edge = 0
        self._last: int | None = None
        self._step = _USUAL_STEP
        self._picture_arrived = asyncio.Event()
        self.idle_since = 0.0

    # --- viewers

    @property
    def viewers(self) -> int:
        """How many watch now."""
        return len(self._viewers)

    def join(self) -> Viewer:
        """Return a place in the feed, with the present group of pictures already waiting in it."""
        viewer = Viewer(max_bytes=self._limits.viewer_bytes)
        viewer.offer([self._state, *([self._init] if self._init else []), *self._gop.fragments])
        self._viewers.add(viewer)
        return viewer

    def leave(self, viewer: Viewer) -> None:
        """Give the place back."""
        self._viewers.discard(viewer)

    @property
    def group(self) -> tuple[ParameterSets, Group] | None:
        """What decodes to the present picture, None while there is none."""
        return (self._parameters, tuple(self._group)) if self._parameters is not None and self._group else None

    async def present_group(self) -> tuple[ParameterSets, Group]:
        """Wait until there is a picture to decode, then return what decodes to it."""
        while (group := self.group) is None:
            self._picture_arrived.clear()
            await self._picture_arrived.wait()
        return group

    def end(self, reason: str) -> None:
        """Tell every viewer that nothing more will come."""
        self._announce(FeedState("ended", reason))

    # --- PictureTaker

    def begin(self, parameters: ParameterSets, line: Line) -> None:
        del line
        try:
            self._init = init_segment(parameters)
        except MalformedParameterSets:
            self.broken("la caméra décrit mal ses images")
            return
        self._parameters = parameters
        self._clear()
        self._since = self._last = None
        self._offer(self._init)
        self._announce(FeedState("live", ""))

    def take(self, units: Sequence[AccessUnit]) -> None:
        if self._init is None:
            return
        for unit in units:
            self._spread(unit)
        self._picture_arrived.set()

    def lost(self, cause: str) -> None:
        del cause
        self._clear()

    def broken(self, reason: str) -> None:
        self._clear()
        self._init = self._parameters = None
        state = FeedState("reconnecting", reason)
        if state != self._state:  # who looks for the camera says several times a second that nobody has it
            self._announce(state)

    # --- fragments

    def _spread(self, unit: AccessUnit) -> None:
        if self._since is None:
            self._since = unit.time - self._edge - (_PAUSE_TICKS if self._edge else 0)
        if self._last is not None:
            step = unit.time - self._last
            self._step = step if 0 < step <= _LONGEST_STEP else self._step
        self._last = unit.time
        self._sequence += 1
        made = fragment((unit,), unit.time + self._step, sequence=self._sequence, since=self._since)
        self._edge = made.decode_time + made.duration
        self._gop.add(made)
        if unit.keyframe:
            self._group = []
        if unit.keyframe or self._group:
            self._group.append(unit)
            if not self._gop.fragments:
                self._group = []  # the group outgrew its bound: half of it decodes to nothing
        self._offer(made)

    def _clear(self) -> None:
        self._gop.clear()
        self._group = []

    def _announce(self, state: FeedState) -> None:
        self._state = state
        self._offer(state)

    def _offer(self, part: Part) -> None:
        for viewer in self._viewers:
            viewer.offer((part,))
