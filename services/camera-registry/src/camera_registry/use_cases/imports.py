"""Importing a file of cameras: compare it with the register, then write what was reviewed."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncConnection

from camera_registry.domain.authorisation import coverage
from camera_registry.domain.camera import Camera
from camera_registry.domain.camera_edit import consequences
from camera_registry.domain.camera_network import CameraNetworks
from camera_registry.domain.importing.columns import fingerprint
from camera_registry.domain.importing.comparison import Choices, Comparison, compare
from camera_registry.domain.importing.fields import FIELDS
from camera_registry.domain.importing.plan import CameraChange, Registered
from camera_registry.domain.importing.table import Inventory, Table
from camera_registry.ports import CredentialVault
from camera_registry.repository.authorisations import all_authorisations
from camera_registry.repository.camera_bulk import insert_cameras, insert_sites, save_many_cameras
from camera_registry.repository.cameras import (
    all_cameras,
    cameras_by_id,
    codes_and_revisions,
    lock_register,
    one_moment,
)
from camera_registry.repository.communes import all_communes, all_sites
from camera_registry.repository.imports import remember_mapping, remembered_mapping
from camera_registry.repository.masks import living_sets
from camera_registry.use_cases.masks import void_masks

Postcodes = Mapping[str, tuple[str, ...]]


_RELOAD_ALL = 2_000
"""More cameras changed meanwhile than this: the whole register is read again."""


class RegisterChanged(RuntimeError):
    """What a plan would write over is not what it was made with any more; nothing was written."""


@dataclass(frozen=True, slots=True)
class Known:
    """The register at one moment, and what a person last confirmed of the columns of such a file."""

    registered: Registered
    remembered: Mapping[str, Sequence[str]] | None


@dataclass(frozen=True, slots=True)
class Reviewed:
    """A comparison, and the register it was made with: both may be old by the time it is written."""

    comparison: Comparison
    registered: Registered


async def known_for_import(
    *,
    conn: AsyncConnection,
    vault: CredentialVault,
    networks: CameraNetworks,
    table: Table,
    choices: Choices,
    writable: frozenset[str] | None,
) -> Known:
    """Return what a file is compared with, in a transaction of its own. ``writable`` None: every commune.

    Nothing is locked: whoever tries a file, however large, keeps nobody from his work.
    """
    await one_moment(conn)
    remembered = await remembered_mapping(conn, fingerprint(table.header)) if choices.mapping is None else None
    registered = Registered(
        communes=await all_communes(conn, writable),
        sites=await all_sites(conn),
        cameras=await all_cameras(conn, vault),
        networks=networks,
    )
    return Known(registered, remembered)


def compare_import(
    *, known: Known, inventory: Inventory, table: Table, choices: Choices, postcodes: Postcodes, at: datetime
) -> Reviewed:
    """Tell what a file would change. Long: to be run in a thread. Raises ImportRefused, MappingInvalid."""
    comparison = compare(
        inventory, table, known.registered, choices, remembered=known.remembered, postcodes=postcodes, at=at
    )
    return Reviewed(comparison, known.registered)


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
    """Register what a plan holds, and bring every camera under the arrêté it now stands in.

    Nobody else changes the register from here to the end of the transaction. Raises RegisterChanged where somebody did
    so before, since the plan was made, to what it touches; other changes are kept.
    """
    plan = reviewed.comparison.plan
    await lock_register(conn)
    present = await _as_it_is_now(conn, vault, reviewed)
    changed = await _with_masks_void(conn, vault, plan.changes, at)
    touched = {camera.camera_id: camera for camera in (*changed, *plan.created)}
    known = {**present, **touched}
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


async def _as_it_is_now(conn: AsyncConnection, vault: CredentialVault, reviewed: Reviewed) -> Mapping[str, Camera]:
    """Return every camera as it now is, reading only those that changed. Raises RegisterChanged."""
    before, plan = reviewed.registered.cameras, reviewed.comparison.plan
    now = await codes_and_revisions(conn)
    stale = [
        camera_id
        for camera_id, (_, revision) in now.items()
        if camera_id not in before or before[camera_id].revision != revision
    ]
    taken = now.keys() | {code for code, _ in now.values()}
    new_sites = {site.site_id for site in plan.sites}
    sites = (await all_sites(conn)).keys()
    used = {camera.site_id for camera in (*plan.created, *(change.after for change in plan.changes))}
    if (
        not {change.before.camera_id for change in plan.changes}.isdisjoint(stale)
        or any(camera.camera_id in taken for camera in plan.created)
        or not new_sites.isdisjoint(sites)
        or not used <= new_sites | sites
    ):
        raise RegisterChanged
    if len(stale) > _RELOAD_ALL:
        return await all_cameras(conn, vault)
    return {**before, **(await cameras_by_id(conn, vault, stale) if stale else {})}


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
