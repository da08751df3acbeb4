"""The audit of the ledger: no second that was expected stays without footage and without a word (DOMAIN §3)."""

from datetime import datetime, timedelta

from sqlalchemy.ext.asyncio import AsyncConnection

from common.ids import new_id
from contracts.stream import FACT_GAP_DECLARED, SEGMENT_OWNER, GapDeclared
from stream_gateway.domain.ledger import overdue
from stream_gateway.metrics import DECLARED_GAP_SECONDS, DECLARED_GAPS
from stream_gateway.repository.envelopes import fact_envelope
from stream_gateway.repository.ledger import KEPT_FOR, expected_cameras, forget_ledger, only_auditor, sheet
from stream_gateway.repository.recording import save_report

SETTLED_AFTER = timedelta(minutes=30)
"""Footage may wait in a spool while the object store is away; after this long its time is declared missing. If it
comes after all, it counts as recorded again: footage always wins over a declared gap."""

WINDOW = timedelta(hours=26)
_AT_ONCE = 200


async def audit(connection: AsyncConnection, at: datetime) -> int:
    """Declare what is overdue; returns how many gaps. Nothing when another node audits at this moment."""
    if not await only_auditor(connection):
        return 0
    declared = 0
    cameras = await expected_cameras(connection, since=at - WINDOW)
    ids = sorted(cameras)
    for begin in range(0, len(ids), _AT_ONCE):
        accounts = await sheet(connection, ids[begin : begin + _AT_ONCE], (at - WINDOW, at))
        for camera_id, one in accounts.items():
            for gap in overdue(one, at, after=SETTLED_AFTER):
                fact = GapDeclared(
                    camera_id=camera_id, started_at=gap.started_at, ended_at=gap.ended_at, cause=gap.cause
                )
                envelope = fact_envelope(
                    fact,
                    event_id=new_id(),
                    owner=SEGMENT_OWNER,
                    fact=FACT_GAP_DECLARED,
                    aggregate=f"camera:{camera_id}",
                    insee=cameras[camera_id],
                    at=at,
                )
                await save_report(connection, envelope, fact)
                DECLARED_GAPS.inc()
                DECLARED_GAP_SECONDS.inc((gap.ended_at - gap.started_at).total_seconds())
                declared += 1
    await forget_ledger(connection, before=at - KEPT_FOR)
    return declared
