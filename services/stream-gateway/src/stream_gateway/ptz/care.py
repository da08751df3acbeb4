"""Looks after cameras that nobody commands: idle holders, moves not seen ending, rondes, the way home.

Every worker may run it: what is due is confirmed under the camera's lock, and a stop told twice is a stop.
"""

import asyncio
from datetime import timedelta

import structlog
from sqlalchemy.exc import SQLAlchemyError

from common.clock import Clock
from common.database import Database
from guard import Guard
from stream_gateway.domain.ptz.orders import Order, Stop
from stream_gateway.ports import CameraSources, PtzFailed, SourceUnavailable
from stream_gateway.ptz.driver import OnStopped
from stream_gateway.ptz.heads import PtzHeads
from stream_gateway.registry_client import revision_of
from stream_gateway.repository import ptz, ptz_patrols
from stream_gateway.use_cases import ptz_care
from stream_gateway.use_cases.ptz import release_idle
from stream_gateway.use_cases.ptz_care import HomeWait, Turn

_LOOK_SECONDS = 0.5
_OVERDUE = timedelta(seconds=1)
"""After its time a move should have been stopped by the process that began it; then it is stopped here."""
_TRY_AGAIN = timedelta(seconds=5)
_LEAST_WAIT = timedelta(seconds=1)
_LOG = structlog.get_logger("stream-gateway.ptz")


def note_of_stops(database: Database) -> OnStopped:
    """Return what notes that a camera was seen standing, so that nobody stops it again."""

    async def note(camera_id: str, fence: int) -> None:
        try:
            async with database.transaction() as connection:
                await ptz.note_stopped(connection, camera_id, fence)
        except (SQLAlchemyError, OSError) as error:  # the sweep stops it once more, which harms nobody
            _LOG.warning("stop not noted", reason=type(error).__name__)

    return note


class PtzCare:
    """The loop. ``home_wait`` says how long after the last command a camera of a commune goes home."""

    def __init__(
        self,
        *,
        database: Database,
        guard: Guard,
        clock: Clock,
        heads: PtzHeads,
        sources: CameraSources,
        home_wait: HomeWait,
    ) -> None:
        self._database = database
        self._guard = guard
        self._clock = clock
        self._heads = heads
        self._sources = sources
        self._home_wait = home_wait
        self._told: dict[str, asyncio.Task[None]] = {}
        self._stopped_lately: dict[str, float] = {}

    async def run(self) -> None:
        """Look twice a second, until cancelled; what is lost at a restart is looked for at once."""
        try:
            while True:
                await self.look()
                await asyncio.sleep(_LOOK_SECONDS)
        finally:
            for task in list(self._told.values()):
                task.cancel()

    async def look(self) -> None:
        """Do what is due now."""
        await self._release_idle()
        await self._stop_overdue()
        await self._turn_patrols()
        await self._send_home()

    async def _release_idle(self) -> None:
        at = self._clock.now()
        async with self._database.transaction() as connection:
            idle = await ptz.nominate_idle(connection, at)
        for camera_id in idle:
            async with self._database.transaction() as connection:
                await release_idle(connection, camera_id=camera_id, at=at)

    async def _stop_overdue(self) -> None:
        at = self._clock.now()
        async with self._database.transaction() as connection:
            overdue = await ptz.unstopped(connection, at - _OVERDUE)
        now = asyncio.get_running_loop().time()
        for lock in overdue:
            if now - self._stopped_lately.get(lock.camera_id, float("-inf")) >= _TRY_AGAIN.total_seconds():
                self._stopped_lately[lock.camera_id] = now
                self._tell(Turn(lock.camera_id, lock.fence, Stop()))
        standing = self._stopped_lately.keys() - {lock.camera_id for lock in overdue}
        for camera_id in standing:
            del self._stopped_lately[camera_id]

    async def _turn_patrols(self) -> None:
        at = self._clock.now()
        async with self._database.transaction() as connection:
            due = await ptz_patrols.nominate_due(connection, at)
        for camera_id in due:
            async with self._database.transaction() as connection:
                turn = await ptz_care.next_step(
                    connection, guard=self._guard, camera_id=camera_id, at=at, wait=self._home_wait
                )
            self._tell(turn)

    async def _send_home(self) -> None:
        at = self._clock.now()
        async with self._database.transaction() as connection:
            left = await ptz.nominate_homeward(connection, at, _LEAST_WAIT)
        for lock in left:
            if ptz_care.home_is_due(lock, at, self._home_wait):
                async with self._database.transaction() as connection:
                    turn = await ptz_care.go_home(
                        connection, guard=self._guard, camera_id=lock.camera_id, at=at, wait=self._home_wait
                    )
                self._tell(turn)

    def _tell(self, turn: Turn | None) -> None:
        """Tell a camera without waiting: a slow one holds up no other."""
        if turn is None:
            return
        task = asyncio.create_task(self._told_to(turn.camera_id, turn.fence, turn.order))
        self._told[turn.camera_id] = task
        task.add_done_callback(lambda done: self._forget(turn.camera_id, done))

    def _forget(self, camera_id: str, task: asyncio.Task[None]) -> None:
        if self._told.get(camera_id) is task:
            del self._told[camera_id]

    async def _told_to(self, camera_id: str, fence: int, order: Order) -> None:
        try:
            source = await self._sources.get(camera_id, revision_of(self._guard, camera_id))
            await self._heads.order(camera_id, source, fence, order)
        except (PtzFailed, SourceUnavailable) as failure:
            _LOG.warning("camera not told", camera_id=camera_id, order=type(order).__name__, cause=str(failure))
