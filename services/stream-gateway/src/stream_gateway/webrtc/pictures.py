"""Where a peer's pictures come from: a port, and its adapter to the live feeds of this process."""

from contextlib import AbstractAsyncContextManager, AsyncExitStack
from types import TracebackType
from typing import Protocol, Self

from stream_gateway.domain.access_units import AccessUnit, ParameterSets
from stream_gateway.domain.demuxing import parameter_sets_of
from stream_gateway.domain.fragments import Fragment, InitSegment
from stream_gateway.live.showing import Join
from stream_gateway.live.viewer import FeedState, Viewer


class PicturesOver(Exception):
    """Nothing more will come, for example because the camera's authorisation ended."""


class PicturesReordered(PicturesOver):
    """A picture came that is shown before an earlier one: WebRTC has no way to say so, the WebSocket has."""


class Pictures(Protocol):
    """One viewer's place in a feed. It is bounded: who is slow loses pictures up to the next key frame."""

    async def next_picture(self) -> AccessUnit | ParameterSets:
        """Wait for the next part: parameter sets first, then pictures beginning with a key frame.

        Raises:
            PicturesOver: the feed was ended.
            PicturesReordered: the stream has B-frames.
        """
        ...

    async def restart(self) -> None:
        """Begin again with the newest group of pictures that is kept; what waited is forgotten."""
        ...


class FeedPictures:
    """The pictures in a viewer's fragments; a context manager."""

    def __init__(self, opened: AbstractAsyncContextManager[Join]) -> None:
        self._opened = opened
        self._join: Join | None = None
        self._place = AsyncExitStack()
        self._viewer: Viewer | None = None
        self._begun = False
        self._shown = 0

    async def __aenter__(self) -> Self:
        self._join = await self._opened.__aenter__()
        await self.restart()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._place.aclose()
        await self._opened.__aexit__(kind, error, trace)

    async def restart(self) -> None:
        """Take a new place before the old one is given back, so that the feed never stands without a viewer."""
        if self._join is None:
            raise PicturesOver("not entered")
        place = AsyncExitStack()
        self._viewer = await place.enter_async_context(self._join())
        before, self._place = self._place, place
        await before.aclose()

    async def next_picture(self) -> AccessUnit | ParameterSets:
        """Wait for the next part; raises PicturesOver."""
        if self._viewer is None:
            raise PicturesOver("not entered")
        while True:
            part = await self._viewer.next_part()
            if isinstance(part, InitSegment):
                self._begun, self._shown = True, 0
                return parameter_sets_of(part)
            if isinstance(part, Fragment) and part.unit is not None and self._begun:
                shown = part.unit.time + part.unit.shown_after
                if shown < self._shown:
                    raise PicturesReordered("images dans le désordre (B)")
                self._shown = shown
                return part.unit
            if isinstance(part, FeedState) and part.state == "ended":
                raise PicturesOver(part.reason)
