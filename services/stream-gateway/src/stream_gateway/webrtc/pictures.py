"""Where a peer's pictures come from: a port, and its adapter to the live feeds of this process."""

from contextlib import AsyncExitStack
from types import TracebackType
from typing import Protocol, Self

from stream_gateway.domain.access_units import CLOCK_HZ, AccessUnit, ParameterSets
from stream_gateway.domain.demuxing import parameter_sets_of, unit_of
from stream_gateway.domain.fragments import Fragment, InitSegment
from stream_gateway.domain.sessions import Quality
from stream_gateway.live.feeds import LiveFeeds
from stream_gateway.live.viewer import FeedState, Viewer


class PicturesOver(Exception):
    """Nothing more will come, for example because the camera's authorisation ended."""


class Pictures(Protocol):
    """One viewer's place in a feed. It is bounded: who is slow loses pictures up to the next key frame."""

    async def next_picture(self) -> AccessUnit | ParameterSets:
        """Wait for the next part: parameter sets first, then pictures beginning with a key frame.

        Raises:
            PicturesOver: the feed was ended.
        """
        ...

    async def restart(self) -> None:
        """Begin again with the newest group of pictures that is kept; what waited is forgotten."""
        ...


class FeedPictures:
    """Takes a viewer's fragments apart again; a context manager."""

    def __init__(self, feeds: LiveFeeds, camera_id: str, quality: Quality) -> None:
        self._feeds = feeds
        self._camera_id = camera_id
        self._quality: Quality = quality
        self._place = AsyncExitStack()
        self._viewer: Viewer | None = None
        self._parameters: ParameterSets | None = None
        self._timescale = CLOCK_HZ

    async def __aenter__(self) -> Self:
        await self.restart()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._place.aclose()

    async def restart(self) -> None:
        """Take a new place before the old one is given back, so that the feed never stands without a viewer."""
        place = AsyncExitStack()
        self._viewer = await place.enter_async_context(self._feeds.watch(self._camera_id, self._quality))
        before, self._place = self._place, place
        await before.aclose()

    async def next_picture(self) -> AccessUnit | ParameterSets:
        """Wait for the next part; raises PicturesOver."""
        if self._viewer is None:
            raise PicturesOver("not entered")
        while True:
            part = await self._viewer.next_part()
            if isinstance(part, InitSegment):
                self._parameters, self._timescale = parameter_sets_of(part), part.timescale
                return self._parameters
            if isinstance(part, Fragment) and self._parameters is not None:
                unit = unit_of(part, self._parameters.codec, self._timescale)
                if unit.shown_after:  # WebRTC has no way to say so; the viewer takes the WebSocket
                    raise PicturesOver("images dans le désordre (B)")
                return unit
            if isinstance(part, FeedState) and part.state == "ended":
                raise PicturesOver(part.reason)
