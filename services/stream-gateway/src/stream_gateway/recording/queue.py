"""In which order closed segments go to the object store."""

import asyncio
import heapq
from collections.abc import Callable
from itertools import count

from stream_gateway.recording.spool import ReadyFile

_Rank = tuple[int, float]


def rank(ready: ReadyFile, urgent: frozenset[str]) -> _Rank:
    """Return what sorts a segment: those of open incidents first and the newest of them first, else oldest first."""
    begun = ready.segment.started_at.timestamp()
    return (0, -begun) if ready.segment.camera_id in urgent else (1, begun)


class UploadQueue:
    """Gives segments by rank; ranked anew when the open incidents changed."""

    def __init__(self, urgent: Callable[[], frozenset[str]]) -> None:
        self._urgent_now = urgent
        self._urgent = frozenset[str]()
        self._heap: list[tuple[_Rank, int, ReadyFile]] = []
        self._number = count()
        self._something = asyncio.Event()

    def put(self, ready: ReadyFile) -> None:
        """Add a segment."""
        heapq.heappush(self._heap, (rank(ready, self._urgent), next(self._number), ready))
        self._something.set()

    def take_now(self) -> ReadyFile | None:
        """Return the next segment, None when none waits."""
        if not self._heap:
            return None
        urgent = self._urgent_now()
        if urgent != self._urgent:
            self._urgent = urgent
            self._heap = [(rank(ready, urgent), number, ready) for _, number, ready in self._heap]
            heapq.heapify(self._heap)
        return heapq.heappop(self._heap)[2]

    async def take(self) -> ReadyFile:
        """Wait for the next segment."""
        while (ready := self.take_now()) is None:
            self._something.clear()
            await self._something.wait()
        return ready
