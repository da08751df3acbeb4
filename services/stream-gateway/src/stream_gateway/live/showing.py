"""Which pictures a session gets: those that everybody shares, or its own with a watermark burnt in. The only place."""

import asyncio
from collections.abc import AsyncGenerator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager

from guard import Guard
from guard.states import agent_from
from stream_gateway.domain.sessions import CloseReason
from stream_gateway.live.feeds import LiveFeeds
from stream_gateway.live.marked import MarkedFeed, MarkedFeeds, NoRoomToMark
from stream_gateway.live.viewer import Viewer
from stream_gateway.live.watch import Attachment, SessionWatch
from stream_gateway.use_cases.asking import watermark_of

Join = Callable[[], AbstractAsyncContextManager[Viewer]]
"""Takes a place among those who watch, with the present group of pictures already waiting in it."""


class Showing:
    """Opens the pictures of connections that ``watch`` looks after."""

    def __init__(self, feeds: LiveFeeds, marked: MarkedFeeds, *, guard: Guard, watch: SessionWatch) -> None:
        self._feeds = feeds
        self._marked = marked
        self._guard = guard
        self._watch = watch

    @property
    def full(self) -> bool:
        """Whether there is no room for one more session with a watermark."""
        return self._marked.full

    @asynccontextmanager
    async def pictures(self, attachment: Attachment) -> AsyncGenerator[Join, None]:
        """Give places in a session's pictures. When what writes its watermark stops, so does the session.

        Raises:
            NoRoomToMark: the pictures need a watermark, and there is no room to burn one in.
        """
        session = attachment.session
        if not session.marked:
            yield lambda: self._feeds.watch(session.camera_id, session.quality)
            return
        agent = self._guard.agents.get(session.agent_id)
        if agent is None:
            raise NoRoomToMark  # nobody to name; the watch over sessions ends this one
        async with self._marked.branch(session, watermark_of(agent_from(agent), session.session_id)) as branch:
            ending = asyncio.create_task(self._end_with(branch, attachment))
            try:
                yield branch.watch
            finally:
                ending.cancel()

    async def _end_with(self, branch: MarkedFeed, attachment: Attachment) -> None:
        await branch.over.wait()
        if branch.stopped:
            self._watch.stop(attachment, CloseReason.WATERMARK)
