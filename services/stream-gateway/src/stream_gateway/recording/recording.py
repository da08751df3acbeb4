"""The media node at work: what must be recorded, what of it is ours, and the loops that keep both true."""

import asyncio
import contextlib
import gc
from collections.abc import Callable, Coroutine
from typing import Any

import structlog
from sqlalchemy.exc import SQLAlchemyError

from common.clock import Clock
from common.database import Database
from common.service import end_loops
from stream_gateway.domain.holdings import Holding, Loss
from stream_gateway.ingest.cameras import CameraHubs
from stream_gateway.placement.service import Placement
from stream_gateway.recording.audit import audit
from stream_gateway.recording.crew import Crew
from stream_gateway.recording.demand import Demand
from stream_gateway.recording.expectation import Expectation
from stream_gateway.recording.ledger import OutboxLedger
from stream_gateway.recording.reports import report
from stream_gateway.recording.room import SpoolRoom
from stream_gateway.recording.spool import Spool
from stream_gateway.recording.uploads import Uploads
from stream_gateway.repository.placement import Epoch, begin_epochs

_TICK_SECONDS = 1.0
_REPORT_SECONDS = 5.0
_AUDIT_SECONDS = 60.0
_FORGET_SECONDS = 600.0
_LAST_UPLOADS_SECONDS = 5.0
_YOUNG_OBJECTS = 50_000
_LOG = structlog.get_logger("stream-gateway.recording")


class Recording:
    """Owns the recorders, the spool, the uploads and the part of the ledger of this process."""

    def __init__(
        self,
        *,
        crew: Crew,
        hubs: CameraHubs,
        placement: Placement,
        spool: Spool,
        room: SpoolRoom,
        uploads: Uploads,
        ledger: OutboxLedger,
        database: Database,
        clock: Clock,
        demand: Demand,
        changes: "PlacementChanges",
        drain_seconds: float = 0.0,
    ) -> None:
        self._crew = crew
        self._hubs = hubs
        self._placement = placement
        self._spool = spool
        self._room = room
        self._uploads = uploads
        self._ledger = ledger
        self._database = database
        self._clock = clock
        self._demand = demand
        self._changes = changes
        self._drain_seconds = drain_seconds
        self._expectation = Expectation(demand, database, clock)

    async def run(self, *beside: Callable[[], Coroutine[Any, Any, None]]) -> None:
        """Record until cancelled; then close every file properly and upload what can be uploaded at once.

        ``beside``: what else goes on as long as this process records, and writes into its spool.
        """
        self._spool.claim()
        _spare_the_collector()
        loops: list[asyncio.Task[None]] = []
        try:
            await asyncio.to_thread(self._spool.recover)
            for ready in await asyncio.to_thread(lambda: list(self._spool.ready())):
                self._uploads.offer(ready)
            loops = [asyncio.create_task(one) for one in [*self._loops(), *(loop() for loop in beside)]]
            done, _ = await asyncio.wait(loops, return_when=asyncio.FIRST_COMPLETED)
            for loop in done:
                loop.result()
        finally:
            try:
                await self._shut_down(loops)
            finally:
                self._spool.release()  # else this very process would find its spool taken at the next try

    def _loops(self) -> list[Coroutine[Any, Any, None]]:
        return [
            self._placement.run(),
            self._hubs.run(),
            self._uploads.run(),
            self._ledger.run(),
            self._follow_for_ever(),
            self._look_for_ever(),
            self._every(_REPORT_SECONDS, "recorder report", self._report),
            self._every(_TICK_SECONDS, "epochs", self._note_epochs),
            self._every(_REPORT_SECONDS, "expected time", self._expectation.note),
            self._every(_AUDIT_SECONDS, "audit of the ledger", self._audit),
            self._every(_FORGET_SECONDS, "end of retention", self._forget_expired),
        ]

    def _others_live(self) -> bool:
        me = self._placement.identity.node_id
        return any(view.alive and view.state.node_id != me for view in self._placement.nodes())

    async def _shut_down(self, loops: list[asyncio.Task[None]]) -> None:
        """Give the cameras away if others can take them, close every file, and only then say that this node stopped."""
        if loops and self._drain_seconds and self._others_live():
            left = await self._placement.drain(self._drain_seconds)
            _LOG.info("cameras given away before the end", left=len(left))
        await self._crew.stop_all()
        await end_loops(loops)
        try:
            async with asyncio.timeout(_LAST_UPLOADS_SECONDS):
                await self._ledger.flush()
                await self._uploads.drain_now()
        except (SQLAlchemyError, OSError, TimeoutError) as error:
            _LOG.info("the spool keeps what is not uploaded yet", cause=type(error).__name__)

    # --- what must be recorded

    async def _follow_for_ever(self) -> None:
        while True:
            now = self._clock.now()
            self._crew.follow(self._demand.at(now))
            self._changes.seen()
            await self._changes.wait(self._demand.until_next_change(now, at_most=_TICK_SECONDS))

    async def _look_for_ever(self) -> None:
        while True:
            await asyncio.to_thread(self._room.look)
            self._crew.look()
            await asyncio.sleep(_TICK_SECONDS)

    # --- what is told the database

    async def _every(self, seconds: float, what: str, write: Callable[[], Coroutine[Any, Any, None]]) -> None:
        while True:
            try:
                await write()
            except (SQLAlchemyError, OSError, TimeoutError) as error:
                _LOG.warning("not written to the database yet", what=what, cause=type(error).__name__)
            await asyncio.sleep(seconds)

    async def _report(self) -> None:
        await report(self._crew, self._database, self._placement.identity.node_id, self._clock.now())

    async def _note_epochs(self) -> None:
        gained = self._changes.take_gained()
        if not gained:
            return
        node_id = self._placement.identity.node_id
        try:
            async with self._database.transaction() as connection:
                await begin_epochs(connection, [Epoch(one.camera_id, one.epoch, node_id, one.since) for one in gained])
        except BaseException:
            self._changes.give_back(gained)
            raise

    async def _forget_expired(self) -> None:
        gone = await asyncio.to_thread(self._spool.forget_expired, self._clock.now())
        if gone:
            _LOG.info("files set aside reached the end of their retention", destroyed=gone)

    async def _audit(self) -> None:
        async with self._database.transaction() as connection:
            declared = await audit(connection, self._clock.now())
        if declared:
            _LOG.warning("time without footage declared", gaps=declared)


def _spare_the_collector() -> None:
    """Keep the cyclic garbage collector from walking the whole program for every few hundred pictures.

    Pictures are tuples of bytes, freed by counting; what was imported stays for good.
    """
    gc.freeze()
    gc.set_threshold(_YOUNG_OBJECTS, 20, 100)


class PlacementChanges:
    """What placement told since it was last looked at; wakes who waits for it."""

    def __init__(self) -> None:
        self._gained: list[Holding] = []
        self._changed = asyncio.Event()

    def gained(self, holding: Holding) -> None:
        """Take a gain: called by placement."""
        if not holding.handing_over:
            self._gained.append(holding)
        self._changed.set()

    def lost(self, loss: Loss) -> None:
        """Take a loss: called by placement."""
        del loss
        self._changed.set()

    def seen(self) -> None:
        """Say that everything so far was acted upon."""
        self._changed.clear()

    async def wait(self, seconds: float) -> None:
        """Wait for a change, at most so long."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._changed.wait()

    def take_gained(self) -> list[Holding]:
        """Return the gains that the database does not know yet."""
        gained, self._gained = self._gained, []
        return gained

    def give_back(self, gained: list[Holding]) -> None:
        """Keep gains for the next try."""
        self._gained = gained + self._gained
