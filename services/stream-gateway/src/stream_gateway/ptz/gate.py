"""One command of a camera at a time, and of a gesture only the newest: before a database connection is taken.

A stick that reports faster than commands can be judged must neither fill the pool of connections nor keep its own stop
waiting: what a later command of the same gesture has overtaken is not judged at all, for it changes nothing.
"""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from stream_gateway.domain.ptz.lock import PtzLock

_MOST_CAMERAS = 10_000


@dataclass(slots=True)
class _Door:
    turn: asyncio.Lock = field(default_factory=asyncio.Lock)
    gesture: tuple[str, str] = ("", "")
    newest: int = 0
    last: PtzLock | None = None


class PtzGate:
    """The doors to all cameras of this process."""

    def __init__(self) -> None:
        self._doors: dict[str, _Door] = {}

    @asynccontextmanager
    async def turn(
        self, camera_id: str, agent_id: str, gesture: str, order: int
    ) -> AsyncGenerator[PtzLock | None, None]:
        """Wait for the camera's turn. Yields the lock that a command of this gesture found if this one is overtaken."""
        door = self._door(camera_id)
        named = (agent_id, gesture)
        if gesture:
            if door.gesture != named:
                door.gesture, door.newest, door.last = named, order, None
            door.newest = max(door.newest, order)
        if self._overtaken(door, named, order):
            yield door.last
            return
        async with door.turn:
            yield door.last if self._overtaken(door, named, order) else None

    def note(self, agent_id: str, gesture: str, lock: PtzLock) -> None:
        """Note what a command of a gesture found, for those that it overtook."""
        door = self._door(lock.camera_id)
        if door.gesture == (agent_id, gesture):
            door.last = lock

    def _overtaken(self, door: _Door, named: tuple[str, str], order: int) -> bool:
        return bool(named[1]) and door.gesture == named and order < door.newest and door.last is not None

    def _door(self, camera_id: str) -> _Door:
        door = self._doors.get(camera_id)
        if door is None:
            if len(self._doors) >= _MOST_CAMERAS:  # ids that do not exist come this far as well
                self._doors = {name: kept for name, kept in self._doors.items() if kept.turn.locked()}
            door = self._doors[camera_id] = _Door()
        return door
