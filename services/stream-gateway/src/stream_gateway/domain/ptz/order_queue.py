"""What goes to one camera and when: one order at a time, the newest wins, at most ten moves a second, stops at once.

Orders carry the fence that the lock gave them: a later one was allowed later, whatever way it came. Times are seconds
of one monotonic clock, given by the caller.
"""

from dataclasses import dataclass, replace

from stream_gateway.domain.ptz.orders import Order, Stop

MOVE_INTERVAL_SECONDS = 0.1
"""A joystick reports 60 times a second, a camera's web server takes some 10 requests."""


@dataclass(frozen=True, slots=True)
class Fenced:
    """An order with its place in the camera's history."""

    fence: int
    order: Order

    @property
    def is_stop(self) -> bool:
        return isinstance(self.order, Stop)


@dataclass(frozen=True, slots=True)
class Due:
    """What to do now: send an order, or wait (until ``wake_at``, or for news when it is None).

    ``abandons``: a move is being sent; the order is a stop and does not wait for its answer.
    """

    send: Fenced | None = None
    abandons: bool = False
    wake_at: float | None = None


@dataclass(frozen=True, slots=True)
class OrderQueue:
    """The orders of one camera that wait or are being sent. ``newest`` is the highest fence that came so far."""

    in_flight: Fenced | None = None
    stop: Fenced | None = None
    move: Fenced | None = None
    move_sent_at: float | None = None
    newest: int = 0

    def submitted(self, order: Fenced) -> tuple["OrderQueue", tuple[Fenced, ...]]:
        """Return the queue with an order added, and the orders that it replaces (itself if it comes too late)."""
        if order.fence < self.newest:
            return self, (order,)
        if order.is_stop:
            replaced = tuple(old for old in (self.move, self.stop) if old is not None)
            return replace(self, stop=order, move=None, newest=order.fence), replaced
        replaced = (self.move,) if self.move is not None else ()
        return replace(self, move=order, newest=order.fence), replaced

    def due(self, now: float) -> tuple["OrderQueue", Due]:
        """Return the queue and what to do now."""
        if self.stop is not None:
            if self.in_flight is not None and self.in_flight.is_stop:
                return self, Due()
            abandons = self.in_flight is not None
            return replace(self, in_flight=self.stop, stop=None), Due(self.stop, abandons=abandons)
        if self.in_flight is not None or self.move is None:
            return self, Due()
        free_at = now if self.move_sent_at is None else self.move_sent_at + MOVE_INTERVAL_SECONDS
        if now < free_at:
            return self, Due(wake_at=free_at)
        return replace(self, in_flight=self.move, move=None, move_sent_at=now), Due(self.move)

    def answered(self, order: Fenced) -> "OrderQueue":
        """Return the queue after the camera answered an order, or failed to; an abandoned one changes nothing."""
        return replace(self, in_flight=None) if self.in_flight is order else self
