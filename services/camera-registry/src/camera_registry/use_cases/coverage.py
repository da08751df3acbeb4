"""Keeping every camera under the right arrêté, whatever changed: the one place where cameras are saved."""

import asyncio
from collections.abc import Iterable
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncConnection

from camera_registry.domain.authorisation import coverage
from camera_registry.domain.camera import Camera
from camera_registry.ports import CredentialVault
from camera_registry.repository.authorisations import all_authorisations
from camera_registry.repository.cameras import (
    Unsettled,
    all_cameras,
    lock_register,
    save_cameras,
    unsettled,
)
from camera_registry.repository.communes import all_communes
from camera_registry.use_cases.coverage_of_few import FEW, settle_few


async def settle(
    *,
    conn: AsyncConnection,
    vault: CredentialVault,
    at: datetime,
    touched: Iterable[Camera] = (),
    revised: frozenset[str] = frozenset(),
) -> int:
    """Save ``touched`` cameras and every other one whose arrêté is thereby another; return how many were saved.

    ``revised`` names authorisations that changed: their cameras are published again even if still covered.
    """
    await lock_register(conn)
    written = {camera.camera_id: camera for camera in touched}
    if written and len(written) <= FEW and not revised:
        return await settle_few(conn=conn, vault=vault, touched=written.values(), at=at)
    known = await all_cameras(conn, vault) | written
    arretes = await all_authorisations(conn)
    communes = await all_communes(conn)
    contours = {insee: commune.contour for insee, commune in communes.items()}
    shown = await asyncio.to_thread(coverage, known.values(), arretes.values(), contours, at)
    for camera_id, authorisation in shown.items():
        camera = known[camera_id]
        authorisation_id = authorisation.authorisation_id if authorisation else None
        if camera.authorisation_id != authorisation_id:
            written[camera_id] = camera.covered_by(authorisation_id)
        elif authorisation_id in revised and camera_id not in written:
            written[camera_id] = camera.revised()
    ordered = [written[camera_id] for camera_id in sorted(written)]
    await save_cameras(conn, vault, ordered, communes=communes, covers=arretes, at=at)
    return len(ordered)


async def renew(
    *, conn: AsyncConnection, vault: CredentialVault, at: datetime, settled: Unsettled | None
) -> tuple[int, Unsettled]:
    """Bring cameras whose arrêté has ended (or that had none) under one that has begun.

    Returns how many changed, and what to give as ``settled`` the next time (None the first time): where nothing that
    decides has changed since, the register is neither read nor locked, however many cameras stand under no arrêté.

    Correctness does not wait for this: whoever decides judges the dates himself. It only lets a renewal that
    was recorded in advance take over at its first second.
    """
    present = await unsettled(conn, at)
    if present == settled:
        return 0, present
    changed = await settle(conn=conn, vault=vault, at=at)
    return changed, await unsettled(conn, at)
