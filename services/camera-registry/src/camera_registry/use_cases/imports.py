"""Importing a file of cameras: compare it with the register, then write what was reviewed."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncConnection

from camera_registry.domain.authorisation import coverage
from camera_registry.domain.camera import Camera
from camera_registry.domain.camera_edit import consequences
from camera_registry.domain.importing.columns import fingerprint
from camera_registry.domain.importing.comparison import Choices, Comparison, compare, open_table
from camera_registry.domain.importing.fields import FIELDS
from camera_registry.domain.importing.plan import CameraChange, Registered
from camera_registry.domain.importing.table import Inventory
from camera_registry.ports import CredentialVault
from camera_registry.repository.authorisations import all_authorisations
from camera_registry.repository.camera_bulk import insert_cameras, insert_sites, save_many_cameras
from camera_registry.repository.cameras import all_cameras, cameras_by_id, lock_register
from camera_registry.repository.communes import all_communes, all_sites
from camera_registry.repository.imports import remember_mapping, remembered_mapping
from camera_registry.repository.masks import living_sets
from camera_registry.use_cases.masks import void_masks

Postcodes = Mapping[str, tuple[str, ...]]


@dataclass(frozen=True, slots=True)
class Reviewed:
    """A comparison, and the register it was made with (locked until the transaction ends)."""

    comparison: Comparison
    registered: Registered


async def compare_import(
    *,
    conn: AsyncConnection,
    vault: CredentialVault,
    inventory: Inventory,
    choices: Choices,
    postcodes: Postcodes,
    writable: frozenset[str] | None,
    at: datetime,
) -> Reviewed:
    """Tell what a file would change. ``writable`` None: every commune.

    Nobody else changes the register until the transaction ends, so that the plan stays true. The comparison runs in
    a thread: a large file does not hold up other requests. Raises ImportRefused, MappingInvalid.
    """
    table = await asyncio.to_thread(open_table, inventory, choices.sheet)
    remembered = await remembered_mapping(conn, fingerprint(table.header)) if choices.mapping is None else None
    await lock_register(conn)
    registered = Registered(
        communes=await all_communes(conn, writable),
        sites=await all_sites(conn),
        cameras=await all_cameras(conn, vault),
    )
    comparison = await asyncio.to_thread(
        compare, inventory, table, registered, choices, remembered=remembered, postcodes=postcodes, at=at
    )
    return Reviewed(comparison, registered)


async def confirm_mapping(*, conn: AsyncConnection, comparison: Comparison, by: str, at: datetime) -> None:
    """Remember for the next file with this header what a person confirmed of its columns, the unused fields too."""
    header = comparison.table.header
    mapping = {
        field.name: [header[column] for column in comparison.mapping[field.name].columns]
        if field.name in comparison.mapping
        else []
        for field in FIELDS
    }
    await remember_mapping(conn, comparison.fingerprint, mapping, by=by, at=at)


async def write_import(*, conn: AsyncConnection, vault: CredentialVault, reviewed: Reviewed, at: datetime) -> None:
    """Register what a plan of this very transaction holds, and bring every camera under the arrêté it now stands in."""
    plan = reviewed.comparison.plan
    changed = await _with_masks_void(conn, vault, plan.changes, at)
    touched = {camera.camera_id: camera for camera in (*changed, *plan.created)}
    known = {**reviewed.registered.cameras, **touched}
    arretes = await all_authorisations(conn)
    communes = await all_communes(conn)
    contours = {insee: commune.contour for insee, commune in communes.items()}
    shown = await asyncio.to_thread(coverage, known.values(), arretes.values(), contours, at)
    written = dict(touched)
    for camera_id, authorisation in shown.items():
        authorisation_id = authorisation.authorisation_id if authorisation else None
        if known[camera_id].authorisation_id != authorisation_id:
            written[camera_id] = known[camera_id].covered_by(authorisation_id)
    new = {camera.camera_id for camera in plan.created}
    await insert_sites(conn, plan.sites)
    await insert_cameras(conn, vault, [written[key] for key in sorted(new)], communes=communes, covers=arretes, at=at)
    others = [written[key] for key in sorted(written.keys() - new)]
    await save_many_cameras(conn, vault, others, communes=communes, covers=arretes, at=at)


async def _with_masks_void(
    conn: AsyncConnection, vault: CredentialVault, changes: tuple[CameraChange, ...], at: datetime
) -> list[Camera]:
    """Return the changed cameras; the masks of those that moved, turned or were flashed are void first."""
    reasons = {change.after.camera_id: consequences(change.before, change.after).reasons for change in changes}
    moved = sorted(camera_id for camera_id, found in reasons.items() if found)
    masked = [camera_id for camera_id, sets in (await living_sets(conn, moved)).items() if sets] if moved else []
    for camera_id in masked:
        await void_masks(conn, vault=vault, camera_id=camera_id, reason=", ".join(reasons[camera_id]), at=at)
    void = await cameras_by_id(conn, vault, masked) if masked else {}
    return [
        replace(
            change.after, masks=void[change.after.camera_id].masks, revision=void[change.after.camera_id].revision + 1
        )
        if change.after.camera_id in void
        else change.after
        for change in changes
    ]
