"""Timed work: let a renewal that was recorded in advance take over when the arrêté before it ends."""

import asyncio

import structlog

from camera_registry.ports import CredentialVault
from camera_registry.use_cases.coverage import renew
from common.clock import Clock
from common.database import Database


async def renew_for_ever(*, database: Database, vault: CredentialVault, clock: Clock, every: float) -> None:
    """Look every ``every`` seconds for cameras that another arrêté now covers."""
    log = structlog.get_logger("camera-registry")
    while True:
        async with database.transaction() as conn:
            changed = await renew(conn=conn, vault=vault, at=clock.now())
        if changed:
            log.info("cameras came under another authorisation", cameras=changed)
        await asyncio.sleep(every)
