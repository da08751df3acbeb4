"""Gives one camera its orders and sees that it stops.

A continuous move has a dead man: it ends by our stop when nobody renews it, by the camera's own timeout when this
process is gone. A stop is looked after: the camera is asked whether it stands, and told again until it does.
"""

import asyncio
from collections.abc import Awaitable, Callable
from enum import StrEnum
from typing import TypeVar

import structlog

from stream_gateway.domain.ptz.order_queue import Fenced, OrderQueue
from stream_gateway.domain.ptz.orders import ContinuousMove, Order, Stop
from stream_gateway.metrics import PTZ_UNSTOPPED
from stream_gateway.ports import Motor, PositionUntold, PtzFailed

OnStopped = Callable[[str, int], Awaitable[None]]
"""Told the camera and the fence up to which it was seen standing still."""

_LOOK_SECONDS = 0.15
_LOOKS = 4
_STOPS = 8
_PATIENCE_SECONDS = (0.1, 0.2, 0.4, 0.8, 1.6)
_LOG = structlog.get_logger("stream-gateway.ptz")
_Answer = TypeVar("_Answer")


class Outcome(StrEnum):
    """What became of an order."""

    SENT = "sent"
    REPLACED = "replaced"
    """A newer order took its place before it was sent: nothing was lost by that."""


class PtzDriver:
    """Orders of one camera, in the order of their fences."""

    def __init__(self, camera_id: str, motor: Motor, on_stopped: OnStopped) -> None:
        self.motor = motor
        self._camera_id = camera_id
        self._on_stopped = on_stopped
        self._queue = OrderQueue()
        self._waiting: dict[int, tuple[Fenced, asyncio.Future[Outcome]]] = {}
        self._sending: asyncio.Task[None] | None = None
        self._abandoned: set[asyncio.Task[None]] = set()
        self._looking: asyncio.Task[None] | None = None
        self._wake: asyncio.TimerHandle | None = None
        self._dead_man: asyncio.TimerHandle | None = None
        self._runs = False  # a continuous move was begun, and nothing that ends it was taken yet
        self._stops = 0

    async def order(self, fence: int, order: Order) -> Outcome:
        """Give an order and wait until the camera has taken it or a newer one replaced it; raises PtzFailed."""
        fenced = Fenced(fence, order)
        done: asyncio.Future[Outcome] = asyncio.get_running_loop().create_future()
        self._waiting[id(fenced)] = (fenced, done)
        self._stops = 0
        self._submit(fenced)
        return await done

    async def close(self) -> None:
        """Stop what still moves and close the connections."""
        moves = self._runs
        for timer in (self._wake, self._dead_man):
            if timer is not None:
                timer.cancel()
        tasks = [task for task in (self._sending, self._looking, *self._abandoned) if task is not None]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        for _, done in list(self._waiting.values()):
            if not done.done():
                done.set_result(Outcome.REPLACED)
        if moves:
            try:
                await self._told(self.motor.obey(Stop()))
            except PtzFailed as failure:
                _LOG.warning("camera not stopped, its own time limit does it", cause=str(failure))
        await self.motor.close()

    def _submit(self, fenced: Fenced) -> None:
        self._queue, replaced = self._queue.submitted(fenced)
        for old in replaced:
            self._settle(old, Outcome.REPLACED)
        self._advance()

    def _advance(self) -> None:
        loop = asyncio.get_running_loop()
        if self._wake is not None:
            self._wake.cancel()
            self._wake = None
        before = self._queue.in_flight
        self._queue, due = self._queue.due(loop.time())
        if due.send is None:
            if due.wake_at is not None:
                self._wake = loop.call_at(due.wake_at, self._advance)
            return
        if due.abandons and self._sending is not None:
            if before is not None:  # here: a task that is cancelled before its first step settles nothing
                self._settle(before, Outcome.REPLACED)
            self._sending.cancel()
            self._abandoned.add(self._sending)
            self._sending.add_done_callback(self._abandoned.discard)
        if isinstance(due.send.order, ContinuousMove):  # before it goes out: its answer may get lost, and the dead man
            self._runs = True  # of the move before must not end the one that renews it
            self._set_dead_man(due.send.order.seconds)
        self._sending = asyncio.create_task(self._send(due.send))

    async def _send(self, fenced: Fenced) -> None:
        if self._looking is not None:
            self._looking.cancel()
        outcome: Outcome | PtzFailed = Outcome.SENT
        try:
            await self._told(self.motor.obey(fenced.order))
        except asyncio.CancelledError:
            self._settle(fenced, Outcome.REPLACED)
            raise
        except PtzFailed as failure:
            outcome = failure
        self._settle(fenced, outcome)
        self._queue = self._queue.answered(fenced)
        self._after(fenced, taken=outcome is Outcome.SENT)
        self._advance()

    def _after(self, fenced: Fenced, *, taken: bool) -> None:
        if isinstance(fenced.order, ContinuousMove):
            return  # taken or not, its dead man ends it
        if fenced.is_stop:
            self._looking = asyncio.create_task(self._see_it_stand(fenced.fence))
        if taken:
            self._runs = False
            self._set_dead_man(None)
        elif self._runs and not fenced.is_stop:
            self._submit(Fenced(self._queue.newest, Stop()))  # what was to end the move did not

    def _set_dead_man(self, seconds: float | None) -> None:
        if self._dead_man is not None:
            self._dead_man.cancel()
        loop = asyncio.get_running_loop()
        self._dead_man = loop.call_later(seconds, self._expire) if seconds is not None else None

    def _expire(self) -> None:
        """Stop a move that nobody renewed, unless what ends it is on its way."""
        self._dead_man = None
        sent = self._queue.in_flight
        if self._queue.move is not None and sent is None:
            return
        if sent is not None and not isinstance(sent.order, ContinuousMove):
            return
        self._stops = 0
        self._submit(Fenced(self._queue.newest, Stop()))

    async def _see_it_stand(self, fence: int) -> None:
        """Ask until the camera stands; tell it again when it does not, more and more patiently."""
        if await self._stands():
            await self._on_stopped(self._camera_id, fence)
            return
        self._stops += 1
        if self._stops >= _STOPS:
            PTZ_UNSTOPPED.inc()
            _LOG.error("camera does not stop", camera_id=self._camera_id, told=self._stops)
            return
        await asyncio.sleep(_PATIENCE_SECONDS[min(self._stops, len(_PATIENCE_SECONDS)) - 1])
        self._looking = None
        self._submit(Fenced(self._queue.newest, Stop()))

    async def _stands(self) -> bool:
        before = None
        for look in range(_LOOKS):
            if look:
                await asyncio.sleep(_LOOK_SECONDS)
            try:
                now = await self._told(self.motor.pointing())
            except PositionUntold:
                return True  # it took the stop and tells nothing else
            except PtzFailed:
                return False
            still = before is not None and (now.pan, now.tilt, now.zoom) == (before.pan, before.tilt, before.zoom)
            if now.moving is False or (now.moving is None and still):
                return True
            before = now
        return False

    async def _told(self, answer: Awaitable[_Answer]) -> _Answer:
        """Return what the motor answers; raises PtzFailed, also for what no motor should raise."""
        try:
            return await answer
        except PtzFailed:
            raise
        except Exception as error:
            _LOG.exception("motor failed", camera_id=self._camera_id)
            raise PtzFailed("La caméra n'a pas pu être commandée : prévenez l'exploitation.") from error

    def _settle(self, fenced: Fenced, outcome: Outcome | PtzFailed) -> None:
        waiting = self._waiting.pop(id(fenced), None)
        if waiting is None or waiting[1].done():
            return
        if isinstance(outcome, PtzFailed):
            waiting[1].set_exception(outcome)
        else:
            waiting[1].set_result(outcome)
