"""Timed work: the bucket of incidents holds those that may still be invoked, and no others."""

import asyncio
from datetime import datetime
from uuid import UUID

import structlog

from common.clock import Clock
from common.database import Database
from common.kv_replica import KvReplica
from contracts.incident import IncidentState
from incident import repository
from policy import INCIDENT_OUTLIVES_CLOSURE

_AT_ONCE = 200


async def keep_states_for_ever(
    database: Database, mirrored: KvReplica[IncidentState], clock: Clock, *, every: float = 600.0
) -> None:
    """Every ``every`` seconds put in what is missing (after an upgrade) and take out what was closed too long ago."""
    await mirrored.wait_ready(every)
    while True:
        changed = await keep_states(database, mirrored, clock.now())
        if changed:
            structlog.get_logger("incident").info("bucket of incidents put right", incidents=changed)
        await asyncio.sleep(every)


async def keep_states(database: Database, mirrored: KvReplica[IncidentState], at: datetime) -> int:
    """Bring the bucket to what it must hold at an instant; returns how many values were wrong."""
    forget_before = at - INCIDENT_OUTLIVES_CLOSURE
    present = {UUID(state.incident_id) for state in mirrored.values()}
    async with database.transaction() as conn:
        wanted = await repository.ids_still_invoked(conn, closed_after=forget_before)
    wrong = sorted(present ^ wanted)
    for start in range(0, len(wrong), _AT_ONCE):
        async with database.transaction() as conn:
            for incident_id in wrong[start : start + _AT_ONCE]:
                await repository.republish_state(conn, incident_id, forget_before=forget_before)
    return len(wrong)
