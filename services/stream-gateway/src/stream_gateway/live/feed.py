"""One live pull and everybody who watches it."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

import structlog

from stream_gateway.domain.fragments import Fragment, GopCache, InitSegment
from stream_gateway.live.viewer import FeedState, Part, Viewer
from stream_gateway.ports import MediaEngine, Pull, PullEnded, SourceUnavailable

_RETRY_SECONDS = (0.5, 1.0, 2.0, 5.0)
_LOG = structlog.get_logger("stream-gateway.live")


@dataclass(frozen=True, slots=True)
class FeedLimits:
    """Bounds of a feed. ``silence_seconds``: a pull without a fragment for so long is started again."""

    gop_bytes: int = 8 * 1024 * 1024
    gop_fragments: int = 600
    viewer_bytes: int = 4 * 1024 * 1024
    silence_seconds: float = 8.0
    warm_seconds: float = 30.0


class LiveFeed:
    """Pulls until told to stop; a pull that breaks is started again and its timeline goes on."""

    def __init__(self, engine: MediaEngine, find_pull: Callable[[], Awaitable[Pull]], limits: FeedLimits) -> None:
        self._engine = engine
        self._find_pull = find_pull
        self._limits = limits
        self._viewers: set[Viewer] = set()
        self._init: InitSegment | None = None
        self._gop = GopCache(max_bytes=limits.gop_bytes, max_fragments=limits.gop_fragments)
        self._state = FeedState("reconnecting", "ouverture du flux")
        self._timeline_seconds = 0.0
        self._picture_arrived = asyncio.Event()
        self.idle_since = 0.0

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

    async def present_group(self) -> tuple[InitSegment, tuple[Fragment, ...]]:
        """Wait until there is a picture to decode, then return what decodes to it."""
        while self._init is None or not self._gop.fragments:
            self._picture_arrived.clear()
            await self._picture_arrived.wait()
        return self._init, self._gop.fragments

    async def run(self) -> None:
        """Pull until cancelled."""
        failures = 0
        while True:
            try:
                pull = await self._find_pull()
                await self._pull_once(pull)
            except (PullEnded, SourceUnavailable) as error:
                failures = 0 if self._gop.fragments else failures
                self._lost(str(error))
            await asyncio.sleep(_RETRY_SECONDS[min(failures, len(_RETRY_SECONDS) - 1)])
            failures += 1

    def end(self, reason: str) -> None:
        """Tell every viewer that nothing more will come."""
        self._announce(FeedState("ended", reason))

    async def _pull_once(self, pull: Pull) -> None:
        shift = 0
        async with self._engine.live(pull) as run:
            while True:
                try:
                    async with asyncio.timeout(self._limits.silence_seconds):
                        part = await run.next_part()
                except TimeoutError:
                    raise PullEnded("aucune image de la caméra") from None
                if isinstance(part, InitSegment):
                    shift = round(self._timeline_seconds * part.timescale)
                    self._begin(part)
                else:
                    self._spread(part.later(shift))

    def _begin(self, init: InitSegment) -> None:
        self._init = init
        self._gop.clear()
        self._offer(init)
        self._announce(FeedState("live", ""))

    def _spread(self, fragment: Fragment) -> None:
        self._gop.add(fragment)
        if self._init is not None:
            self._timeline_seconds = (fragment.decode_time + fragment.duration) / self._init.timescale
        self._offer(fragment)
        self._picture_arrived.set()

    def _lost(self, reason: str) -> None:
        _LOG.info("live pull ended", reason=reason)
        self._gop.clear()
        self._announce(FeedState("reconnecting", reason))

    def _announce(self, state: FeedState) -> None:
        self._state = state
        self._offer(state)

    def _offer(self, part: Part) -> None:
        for viewer in self._viewers:
            viewer.offer((part,))
