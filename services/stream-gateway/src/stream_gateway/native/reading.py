"""When connections are read: a stream that somebody watches as it arrives, all others every 0.4 s, idle ones at 1.2 s.

Few large reads cost a fraction of many small ones, and a picture that waits 0.4 s in the kernel is lost to nobody
while nobody looks.
"""

import asyncio
from typing import Protocol

SLOTS = 10
TICK_SECONDS = 0.04
"""All connections are read once in ``SLOTS`` ticks, one slot a tick, so that the loop never stalls on all of them."""


class Readable(Protocol):
    """A connection that can be read without waiting."""

    def fileno(self) -> int:
        """The socket's descriptor."""
        ...

    @property
    def patient(self) -> bool:
        """Whether it can wait for three turns: nobody wants its pictures now, and they are few bytes."""
        ...

    def read_available(self) -> None:
        """Read what is there; never raises."""
        ...

    def look(self, at: float) -> None:
        """Do what is due about once a second; ``at`` is the loop's time."""
        ...


class Reading:
    """Reads every connection of one event loop."""

    def __init__(self) -> None:
        self._slots: list[dict[int, Readable]] = [{} for _ in range(SLOTS)]
        self._slot_of: dict[int, int] = {}
        self._hurried: set[int] = set()
        self._turn = 0
        self._ticking: asyncio.TimerHandle | None = None

    def add(self, line: Readable) -> None:
        """Begin to read a connection, in the slot with the fewest."""
        slot = min(range(SLOTS), key=lambda index: len(self._slots[index]))
        self._slots[slot][line.fileno()] = line
        self._slot_of[line.fileno()] = slot
        if self._ticking is None:
            self._ticking = asyncio.get_running_loop().call_later(TICK_SECONDS, self._tick)

    def remove(self, descriptor: int) -> None:
        """Read a connection no more; one that is not read is no error."""
        slot = self._slot_of.pop(descriptor, None)
        if slot is not None:
            del self._slots[slot][descriptor]
        if descriptor in self._hurried:
            self._hurried.discard(descriptor)
            asyncio.get_running_loop().remove_reader(descriptor)

    def hurry(self, line: Readable, *, wanted: bool) -> None:
        """Read a connection as its bytes arrive, or with the others."""
        descriptor = line.fileno()
        if descriptor not in self._slot_of or wanted == (descriptor in self._hurried):
            return
        loop = asyncio.get_running_loop()
        if wanted:
            self._hurried.add(descriptor)
            loop.add_reader(descriptor, line.read_available)
            line.read_available()
        else:
            self._hurried.discard(descriptor)
            loop.remove_reader(descriptor)

    def _tick(self) -> None:
        loop = asyncio.get_running_loop()
        if not self._slot_of:
            self._ticking = None
            return
        self._ticking = loop.call_later(TICK_SECONDS, self._tick)
        turn, self._turn = self._turn, self._turn + 1
        at = loop.time()
        looked_at = turn // SLOTS % 3 == 0
        for line in list(self._slots[turn % SLOTS].values()):
            if looked_at or not line.patient:
                line.read_available()
            if looked_at:
                line.look(at)
