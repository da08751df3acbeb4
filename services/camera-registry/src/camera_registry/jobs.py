"""Timed work of arrêtés: renewals that were recorded in advance take over, and people are warned before an end."""

import asyncio
from datetime import datetime

import structlog

from camera_registry.ports import CredentialVault
from camera_registry.repository.cameras import Unsettled
from camera_registry.repository.takeovers import Fingerprint, fingerprint, next_boundary
from camera_registry.use_cases.coverage import renew
from camera_registry.use_cases.expiry import tell_warnings
from camera_registry.use_cases.takeovers import publish_takeovers
from common.clock import Clock
from common.database import Database

_SHORTEST_PAUSE = 0.05


async def renew_for_ever(*, database: Database, vault: CredentialVault, clock: Clock, every: float) -> None:
    """Look for cameras that another arrêté now covers, or will cover: every ``every`` seconds and at each boundary."""
    log = structlog.get_logger("camera-registry")
    seen: Fingerprint | None = None
    settled: Unsettled | None = None
    while True:
        at = clock.now()
        async with database.transaction() as conn:
            changed, standing = await renew(conn=conn, vault=vault, at=at, settled=settled)
            now = await fingerprint(conn, at)
            announced = await publish_takeovers(conn=conn, vault=vault, at=at) if now != seen else 0
            boundary = await next_boundary(conn, at)
        seen, settled = now, standing
        if changed or announced:
            log.info("cameras came under another authorisation", cameras=changed, announced=announced)
        await asyncio.sleep(_pause(boundary, clock.now(), every))


async def warn_for_ever(*, database: Database, clock: Clock, every: float) -> None:
    """Tell every ``every`` seconds which arrêtés came nearer to their end."""
    log = structlog.get_logger("camera-registry")
    while True:
        async with database.transaction() as conn:
            told = await tell_warnings(conn, clock.now())
        if told:
            log.info("warned of arrêtés that end", warnings=told)
        await asyncio.sleep(every)


def _pause(boundary: datetime | None, now: datetime, every: float) -> float:
    """Return the seconds to wait: until the next arrêté begins or ends, if that is sooner."""
    if boundary is None:
        return every
    return min(max((boundary - now).total_seconds(), _SHORTEST_PAUSE), every)
