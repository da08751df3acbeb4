"""Durable consumers: an event from the bus becomes a command, once, in order per aggregate.

What is guaranteed, and by what:

* **Nothing is lost**: an event is acknowledged after the commit of its effect, never before.
* **No effect twice**: the inbox row is committed with the effect.
* **Order per aggregate**, until an event is dead-lettered: one process at a time reads a durable (a lease in the
  service's database, checked inside every transaction). Whoever takes a durable over first rewinds it to its
  acknowledgement floor, so that what the dead process had in hand comes again *before* anything newer. An event
  that fails is put back with a delay and its successors of the same aggregate wait behind it (``common.parking``).
* **One bad event does not hurt others**: a batch that fails is taken apart, the culprit alone is put back, and
  after ``max_deliver`` attempts it goes to the dead letters, through the outbox, in a transaction with its inbox row.

A batch is one transaction: one round trip for the whole batch's inbox rows, one commit. A subscription may take the
whole batch in one call (``on_batch``); when that fails, the batch is taken event by event as any other.
"""

import asyncio
import contextlib
import time
from collections.abc import Sequence

import asyncpg
import structlog
from sqlalchemy.exc import DBAPIError

from common import inbox
from common.bus import Bus
from common.database import Database
from common.durable_loop import DurableLoop
from common.leases import Leases
from common.subscription import Burial, Hopeless, Refused, Subscription

__all__ = ["Burial", "ConsumerRunner", "Hopeless", "Refused", "Subscription"]

_SWEEP_SECONDS = 600.0


class ConsumerRunner:
    """Runs a service's subscriptions. Any number of processes may run one; each durable has one reader at a time."""

    def __init__(self, database: Database, bus: Bus, subscriptions: Sequence[Subscription]) -> None:
        self._database = database
        self._bus = bus
        self._subscriptions = {subscription.durable: subscription for subscription in subscriptions}
        self._leases = Leases(database, "inbox_leases", list(self._subscriptions))
        self._loops: dict[str, tuple[DurableLoop, asyncio.Task[None]]] = {}
        self._next_sweep = 0.0
        self._log = structlog.get_logger("consumer")

    async def check(self) -> str | None:
        """Readiness check: None while every durable held here is being read, else what is wrong."""
        wrong = {durable: loop.reason for durable, (loop, task) in self._loops.items() if not task.done()}
        return "; ".join(f"{durable}: {reason}" for durable, reason in wrong.items() if reason) or None

    async def run(self) -> None:
        """Consume until cancelled; outages of database and bus are waited out."""
        try:
            while True:
                await self._take_share()
                await self._sweep_inbox()
                await asyncio.sleep(self._leases.seconds / 3)
        finally:
            tasks = [task for _, task in self._loops.values()]
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            with contextlib.suppress(Exception):
                await asyncio.shield(self._leases.release())

    async def _take_share(self) -> None:
        """Renew the leases and see that every durable held here is being read."""
        try:
            await self._leases.renew()
        except Exception as error:  # noqa: BLE001 - whatever ails the database, the lease decides; try again
            self._log.warning("leases not renewed", reason=f"{type(error).__name__}: {error}")
        for durable in self._leases.held:
            if durable in self._loops and not self._loops[durable][1].done():
                continue
            loop = DurableLoop(self._database, self._bus, self._subscriptions[durable], self._leases)
            self._loops[durable] = loop, asyncio.create_task(loop.run(), name=f"consume {durable}")

    async def _sweep_inbox(self) -> None:
        """Forget, now and then, what no stream can deliver any more."""
        if time.monotonic() < self._next_sweep:
            return
        self._next_sweep = time.monotonic() + _SWEEP_SECONDS
        with contextlib.suppress(DBAPIError, asyncpg.PostgresError, OSError):
            async with self._database.transaction() as conn:
                await inbox.sweep(conn)
