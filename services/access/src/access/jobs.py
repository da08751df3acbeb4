"""Timed work: the register is signed regularly, and people are told before papers run out."""

import asyncio
from datetime import timedelta

import structlog

from access.ports import CheckpointSeal
from access.use_cases import papers, register
from common.clock import Clock
from common.database import Database

_LOOK_SECONDS = 30.0


async def sign_for_ever(database: Database, seal: CheckpointSeal, clock: Clock, *, every: timedelta) -> None:
    """Sign a checkpoint every hour (``every``), and at once when there is none."""
    while True:
        async with database.transaction() as conn:
            signed = await register.sign_when_due(conn, seal=seal, at=clock.now(), every=every)
        if signed:
            structlog.get_logger("register").info("checkpoint signed")
        await asyncio.sleep(_LOOK_SECONDS)


async def warn_for_ever(database: Database, clock: Clock, *, every: timedelta) -> None:
    """Tell, every ``every``, which papers of agents come near their end; each warning once."""
    while True:
        async with database.transaction() as conn:
            told = await papers.warn_of_ends(conn, at=clock.now())
        if told:
            structlog.get_logger("papers").info("papers of agents come to their end", warnings=told)
        await asyncio.sleep(every.total_seconds())
