"""One viewer's place in a feed: a bounded queue that drops to the next key frame instead of growing."""

import asyncio
from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from stream_gateway.domain.fragments import Fragment, InitSegment
from stream_gateway.metrics import DROPPED_FRAGMENTS

_JOINED_BYTES = 1024 * 1024


@dataclass(frozen=True, slots=True)
class FeedState:
    """What a viewer is told of the feed; ``reason`` is a French sentence."""

    state: Literal["live", "reconnecting", "ended"]
    reason: str


Part = InitSegment | Fragment | FeedState
_MOST_WORDS = 32
"""Init segments and states that wait for a viewer; a camera that comes and goes all the time makes many."""


class Viewer:
    """Parts wait here until the viewer's connection takes them.

    When more than ``max_bytes`` wait, the fragments that wait are dropped, and so is every new one up to the
    next key frame: a slow viewer sees a jump, never a growing delay, and costs bounded memory.
    """

    def __init__(self, *, max_bytes: int) -> None:
        self._max_bytes = max_bytes
        self._parts: deque[Part] = deque()
        self._bytes = 0
        self._words = 0
        self._skipping = False
        self._arrived = asyncio.Event()

    def offer(self, parts: Iterable[Part]) -> None:
        """Add parts in order; never waits."""
        for part in parts:
            if isinstance(part, Fragment):
                self._offer_fragment(part)
            else:
                self._parts.append(part)
                self._words += 1
                if self._words > _MOST_WORDS:
                    self._keep_newest_words()
        self._arrived.set()

    def _keep_newest_words(self) -> None:
        """Forget all but the newest init segment and the newest state: the rest is over."""
        self._drop_waiting()
        self._skipping = True
        newest = {type(part): part for part in self._parts}
        self._parts = deque(part for part in self._parts if newest[type(part)] is part)
        self._words = len(self._parts)

    def _offer_fragment(self, fragment: Fragment) -> None:
        if self._skipping and not fragment.keyframe:
            DROPPED_FRAGMENTS.inc()
            return
        if self._bytes + len(fragment.content) > self._max_bytes and self._bytes > 0:
            self._drop_waiting()
            if not fragment.keyframe:
                self._skipping = True
                DROPPED_FRAGMENTS.inc()
                return
        self._skipping = False
        self._parts.append(fragment)
        self._bytes += len(fragment.content)

    def _drop_waiting(self) -> None:
        kept: deque[Part] = deque(part for part in self._parts if not isinstance(part, Fragment))
        DROPPED_FRAGMENTS.inc(len(self._parts) - len(kept))
        self._parts = kept
        self._bytes = 0

    async def next_part(self) -> Part:
        """Wait for the next part."""
        while not self._parts:
            self._arrived.clear()
            await self._arrived.wait()
        part = self._parts.popleft()
        if isinstance(part, Fragment):
            self._bytes -= len(part.content)
        else:
            self._words -= 1
        return part

    async def next_message(self) -> InitSegment | FeedState | bytes:
        """Wait for the next thing to send: fragments that wait together go as one, up to about a megabyte.

        A decoder takes them joined as well, and a new viewer's group of pictures is one message instead of fifty.
        """
        part = await self.next_part()
        if not isinstance(part, Fragment):
            return part
        contents, size = [part.content], len(part.content)
        while self._parts and isinstance(self._parts[0], Fragment) and size < _JOINED_BYTES:
            following = self._parts[0]
            del self._parts[0]
            self._bytes -= len(following.content)
            contents.append(following.content)
            size += len(following.content)
        return b"".join(contents) if len(contents) > 1 else contents[0]

    @property
    def waiting_bytes(self) -> int:
        """Bytes of video that wait."""
        return self._bytes
