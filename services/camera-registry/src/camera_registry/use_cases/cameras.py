"""Commands on cameras: register, source."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncConnection

from camera_registry.domain.camera import Camera
from camera_registry.domain.commune import Commune, Site
from camera_registry.ports import CredentialVault
from camera_registry.repository.cameras import all_cameras, lock_register
from camera_registry.repository.communes import save_communes, save_sites
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
