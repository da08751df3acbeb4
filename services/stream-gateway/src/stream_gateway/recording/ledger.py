"""The recorders' way to the bus: reachability and gaps, written in order, kept while the database is away."""

import asyncio

import structlog
from sqlalchemy.exc import SQLAlchemyError

from common.clock import Clock
from common.database import Database
from common.ids import new_id
from contracts.envelope import Envelope, Payload, make_envelope
from contracts.stream import (
    FACT_CAMERA_REACHABILITY,
    FACT_GAP_DECLARED,
    OWNER,
    SEGMENT_OWNER,
    CameraReachabilityChanged,
    GapDeclared,
)
from stream_gateway.domain.coverage import Gap
from stream_gateway.metrics import DECLARED_GAP_SECONDS, DECLARED_GAPS
from stream_gateway.repository.recording import save_report

_RETRY_SECONDS = 2.0
_LOG = structlog.get_logger("stream-gateway.ledger")


class OutboxLedger:
    """Writes what recorders report to the outbox, one transaction each, in the order of reporting.

    What a crash loses is found again: the ledger of each camera goes only as far as the database says, so the
    missing time is declared at the next start.
    """

    def __init__(self, database: Database, clock: Clock, source: str) -> None:
        self._database = database
        self._clock = clock
        self._source = source
        self._waiting: asyncio.Queue[tuple[Envelope, GapDeclared | None]] = asyncio.Queue()

    def reachability(self, camera_id: str, insee: str, *, online: bool, reason: str) -> None:
        fact = CameraReachabilityChanged(camera_id=camera_id, online=online, since=self._clock.now(), reason=reason)
        self._post(fact, OWNER, FACT_CAMERA_REACHABILITY, camera_id, insee)

    def gap(self, camera_id: str, insee: str, gap: Gap) -> None:
        fact = GapDeclared(camera_id=camera_id, started_at=gap.started_at, ended_at=gap.ended_at, cause=gap.cause)
        self._post(fact, SEGMENT_OWNER, FACT_GAP_DECLARED, camera_id, insee)
        DECLARED_GAPS.inc()
        DECLARED_GAP_SECONDS.inc((gap.ended_at - gap.started_at).total_seconds())

    def _post(self, payload: Payload, owner: str, fact: str, camera_id: str, insee: str) -> None:
        envelope = make_envelope(
            payload,
            event_id=new_id(),
            owner=owner,
            fact=fact,
            source=self._source,
            aggregate=f"camera:{camera_id}",
            insee=insee,
            at=self._clock.now(),
        )
        self._waiting.put_nowait((envelope, payload if isinstance(payload, GapDeclared) else None))

    async def run(self) -> None:
        """Write until cancelled."""
        while True:
            envelope, gap = await self._waiting.get()
            written = False
            while not written:
                written = await self._write(envelope, gap)
                await asyncio.sleep(0 if written else _RETRY_SECONDS)

    async def flush(self) -> None:
        """Write what waits, once: before the process ends."""
        while not self._waiting.empty():
            await self._write(*self._waiting.get_nowait())

    async def _write(self, envelope: Envelope, gap: GapDeclared | None) -> bool:
        try:
            async with self._database.transaction() as connection:
                await save_report(connection, envelope, gap)
        except (SQLAlchemyError, OSError, TimeoutError) as error:
            _LOG.warning("ledger not written yet", cause=type(error).__name__)
            return False
        return True
