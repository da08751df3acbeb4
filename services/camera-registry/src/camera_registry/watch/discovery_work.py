"""Carries out the searches that people asked for, one at a time, with progress that they can watch."""

import asyncio
import time

import structlog

from camera_registry.domain.discovery import (
    DeviceFound,
    DiscoveryMode,
    DiscoveryStatus,
    RangeRefused,
    Reach,
    addresses_in,
)
from camera_registry.onvif.range_scan import Gently, scan
from camera_registry.onvif.ws_discovery import who_is_there
from camera_registry.repository.discoveries import Discovery, claim_discovery, end_discovery, save_progress
from common.clock import Clock
from common.database import Database

_TELL_EVERY_SECONDS = 1.0


async def search_for_ever(*, database: Database, clock: Clock, reach: Reach, gently: Gently, every: float) -> None:
    """Look every ``every`` seconds for a search to carry out."""
    log = structlog.get_logger("discovery")
    while True:
        async with database.transaction() as conn:
            discovery = await claim_discovery(conn, clock.now())
        if discovery is None:
            await asyncio.sleep(every)
            continue
        error = await _carried_out(discovery, database, clock, reach, gently)
        status = DiscoveryStatus.ECHOUEE if error else DiscoveryStatus.TERMINEE
        async with database.transaction() as conn:
            await end_discovery(conn, discovery.discovery_id, status=status, error=error, at=clock.now())
        log.info("search ended", mode=discovery.mode.value, failed=bool(error))


async def _carried_out(discovery: Discovery, database: Database, clock: Clock, reach: Reach, gently: Gently) -> str:
    """Return what went wrong, in French, or nothing."""
    found: list[DeviceFound] = []
    told_at = 0.0

    async def tell(done: int) -> None:
        async with database.transaction() as conn:
            await save_progress(conn, discovery.discovery_id, done=done, found=found, at=clock.now())

    async def progress(done: int, device: DeviceFound | None) -> None:
        nonlocal told_at
        if device is not None:
            found.append(device)
        if time.monotonic() - told_at > _TELL_EVERY_SECONDS:
            told_at = time.monotonic()
            await tell(done)

    try:
        if discovery.mode is DiscoveryMode.ANNONCE:
            if reach.interface is None:
                return "La recherche par annonce n'est pas configurée sur ce serveur."
            found.extend(await who_is_there(reach.interface, target=reach.multicast))
            await tell(discovery.total)
            return ""
        addresses = addresses_in(discovery.target, reach.networks)
        await scan(addresses, discovery.ports, gently, progress)
        await tell(len(addresses))
    except RangeRefused as error:
        return str(error)
    except OSError:
        return "Le réseau des caméras n'est pas joignable depuis ce serveur."
    return ""
