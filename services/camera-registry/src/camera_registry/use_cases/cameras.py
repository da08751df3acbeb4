"""Commands on cameras: register, import, source, health."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncConnection

from camera_registry.domain.camera import Camera
from camera_registry.domain.camera_csv import read_camera_file
from camera_registry.domain.camera_import import ImportPlan, Registered, plan_import
from camera_registry.domain.commune import Commune, Site
from camera_registry.ports import CredentialVault
from camera_registry.repository.cameras import all_cameras, lock_register, locked_health, save_health
from camera_registry.repository.communes import all_communes, all_sites, save_communes, save_sites
from camera_registry.use_cases.coverage import settle


class CameraUnknown(LookupError):
    """No camera has this id."""

    def __init__(self, camera_id: str) -> None:
        super().__init__(f"camera {camera_id}")
        self.camera_id = camera_id


async def register_town(*, conn: AsyncConnection, communes: Sequence[Commune], sites: Sequence[Site]) -> None:
    """Record communes with their contours, and sites; what is there is brought up to date."""
    await save_communes(conn, communes)
    await save_sites(conn, sites)


async def register_cameras(
    *, conn: AsyncConnection, vault: CredentialVault, cameras: Sequence[Camera], at: datetime
) -> int:
    """Register cameras or bring their endpoints up to date; return how many were saved.

    What is registered already keeps everything but its endpoints and credentials: people may have changed the
    rest since. An endpoint on this machine that is no longer given is taken away (a simulated camera that was
    switched off); a real camera's endpoint stays.
    """
    await lock_register(conn)
    known = await all_cameras(conn, vault)
    touched: list[Camera] = []
    for camera in cameras:
        before = known.get(camera.camera_id)
        if before is None:
            touched.append(camera)
        elif camera.has_stream or before.endpoints.on_this_machine:
            after = replace(before, endpoints=camera.endpoints, credentials=camera.credentials)
            touched.extend([after.revised()] if after != before else [])
    return await settle(conn=conn, vault=vault, touched=touched, at=at) if touched else 0


async def compare_import(
    *, conn: AsyncConnection, vault: CredentialVault, content: bytes, writable: frozenset[str] | None, at: datetime
) -> ImportPlan:
    """Read a CSV file and tell what it would change. ``writable`` None: every commune.

    Nobody else changes the register until the transaction ends, so that the plan stays true.
    """
    await lock_register(conn)
    registered = Registered(
        communes=await all_communes(conn, writable),
        sites=await all_sites(conn),
        cameras=await all_cameras(conn, vault),
    )
    return plan_import(read_camera_file(content), registered, at)


async def write_import(*, conn: AsyncConnection, vault: CredentialVault, plan: ImportPlan, at: datetime) -> None:
    """Register what a plan of this very transaction holds."""
    await save_sites(conn, plan.sites)
    await settle(conn=conn, vault=vault, touched=[*plan.created, *plan.changed], at=at)


async def record_reachability(
    *, conn: AsyncConnection, camera_id: str, online: bool, since: datetime, reason: str, at: datetime
) -> bool:
    """Keep whether bytes come from a camera; return whether that was news. Raises CameraUnknown."""
    found = await locked_health(conn, camera_id)
    if found is None:
        raise CameraUnknown(camera_id)
    insee, before = found
    after = before.reported(online=online, since=since, reason=reason)
    if after == before:
        return False
    await save_health(conn, camera_id=camera_id, insee=insee, health=after, at=at)
    return True
