"""Timed work: the register is sealed regularly."""

import asyncio

from access.ports import CheckpointSeal
from access.use_cases import register
from common.clock import Clock
from common.database import Database

SEAL_EVERY_SECONDS = 60.0


async def seal_for_ever(database: Database, seal: CheckpointSeal, clock: Clock) -> None:
    """Sign a checkpoint every minute in which the register grew."""
    while True:
        async with database.transaction() as conn:
            await register.seal_register(conn, seal=seal, at=clock.now())
        await asyncio.sleep(SEAL_EVERY_SECONDS)
