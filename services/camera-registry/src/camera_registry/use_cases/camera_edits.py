"""Commands of a person on one camera: register it, change it, give it other credentials."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncConnection

from camera_registry.domain.camera import Camera, CameraInvalid, Credentials, Endpoints
from camera_registry.domain.camera_edit import changed_fields, check_edit, check_place, check_site, consequences
from camera_registry.domain.camera_network import CameraNetworks, same_devices
from camera_registry.domain.camera_status import check_first
from camera_registry.domain.commune import Site
from camera_registry.ports import CredentialVault
from camera_registry.repository.cameras import known_under, lock_register, one_camera
from camera_registry.repository.communes import all_communes
from camera_registry.repository.sites import one_site, save_site
from camera_registry.use_cases.cameras import CameraUnknown
from camera_registry.use_cases.coverage import settle
from camera_registry.use_cases.masks import void_masks

Change = Callable[[Camera], Camera]
"""Applies what a person wrote to a camera; raises CameraInvalid."""


class CameraAlreadyRegistered(ValueError):
    """The code or the id is taken by another camera; ``camera_id`` is that one's."""

    def __init__(self, camera_id: str) -> None:
        super().__init__(f"camera {camera_id}")
        self.camera_id = camera_id


class CameraStale(ValueError):
    """The camera changed since the person read it; ``revision`` is today's."""

    def __init__(self, revision: int) -> None:
        super().__init__(f"revision {revision}")
        self.revision = revision


async def register_camera(
    *, conn: AsyncConnection, vault: CredentialVault, networks: CameraNetworks, camera: Camera, at: datetime
) -> Camera:
    """Register one camera; a site that is not there yet is made where the camera stands.

    Raises CameraInvalid, CameraAlreadyRegistered.
    """
    await lock_register(conn)
    check_first(camera.status)
    networks.check(camera.endpoints, Endpoints())
    commune = (await all_communes(conn, [camera.insee])).get(camera.insee)
    if commune is None:
        raise CameraInvalid("insee", "Cette commune n'est pas enregistrée ici.")
    check_place(camera.position, camera.precision, commune)
    await _refuse_taken(conn, camera.code, but="")
    site = await one_site(conn, camera.site_id)
    if site is None and camera.site_id == own_site_id(camera.camera_id):
        site = Site(camera.site_id, camera.insee, camera.label, camera.position)
        await save_site(conn, site)
    check_site(camera, site)
    await settle(conn=conn, vault=vault, touched=[camera], at=at)
    return await _known(conn, vault, camera.camera_id)


async def edit_camera(
    *,
    conn: AsyncConnection,
    vault: CredentialVault,
    networks: CameraNetworks,
    camera_id: str,
    change: Change,
    revision: int,
    at: datetime,
) -> tuple[Camera, tuple[str, ...]]:
    """Change a camera that a person read at ``revision``; return it and the French names of what changed.

    Moving it, turning it, flashing it or pointing it at another device voids its masks first, so that nobody ever sees
    it moved and unmasked; its arrêté is judged again in the same transaction. Its credentials do not follow it to
    another host or port: whoever changes an address does not know them, and must not learn them by it.

    Raises CameraUnknown, CameraStale, CameraInvalid, CameraAlreadyRegistered.
    """
    await lock_register(conn)
    before = await _known(conn, vault, camera_id)
    if before.revision != revision:
        raise CameraStale(before.revision)
    after = _changed(before, change)
    changed = changed_fields(before, after)
    if not changed:
        return before, ()
    networks.check(after.endpoints, before.endpoints)
    commune = (await all_communes(conn, [before.insee]))[before.insee]
    site = await one_site(conn, after.site_id) if after.site_id != before.site_id else None
    check_edit(before, after, commune, site)
    if after.code != before.code:
        await _refuse_taken(conn, after.code, but=camera_id)
    found = consequences(before, after)
    if found.voids_masks:
        await void_masks(conn, vault=vault, camera_id=camera_id, reason=", ".join(found.reasons), at=at)
        after = _changed(await _known(conn, vault, camera_id), change)
    await settle(conn=conn, vault=vault, touched=[after.revised()], at=at)
    return await _known(conn, vault, camera_id), changed


async def replace_credentials(
    *, conn: AsyncConnection, vault: CredentialVault, camera_id: str, credentials: Credentials | None, at: datetime
) -> None:
    """Keep other credentials of a camera (None: it asks for none); who pulls its stream learns that it changed.

    Raises CameraUnknown.
    """
    await lock_register(conn)
    before = await _known(conn, vault, camera_id)
    if before.credentials == credentials:
        return
    await settle(conn=conn, vault=vault, touched=[replace(before, credentials=credentials).revised()], at=at)


def _changed(before: Camera, change: Change) -> Camera:
    after = change(before)
    return after if same_devices(before.endpoints, after.endpoints) else replace(after, credentials=None)


def own_site_id(camera_id: str) -> str:
    """Return the id of the site that is made for a camera which names none."""
    return f"{camera_id}-S"


async def _refuse_taken(conn: AsyncConnection, code: str, *, but: str) -> None:
    taken = await known_under(conn, code, but=but)
    if taken is not None:
        raise CameraAlreadyRegistered(taken)


async def _known(conn: AsyncConnection, vault: CredentialVault, camera_id: str) -> Camera:
    camera = await one_camera(conn, vault, camera_id)
    if camera is None:
        raise CameraUnknown(camera_id)
    return camera
