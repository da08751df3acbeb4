"""Publishing beforehand which arrêté takes over from the present one, camera by camera."""

import asyncio
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncConnection

from camera_registry.domain.authorisation import followers
from camera_registry.ports import CredentialVault
from camera_registry.repository.authorisations import all_authorisations
from camera_registry.repository.cameras import all_cameras, lock_register
from camera_registry.repository.communes import all_communes
from camera_registry.repository.takeovers import HORIZON, all_takeovers, may_have_takeovers, replace_takeovers
from camera_registry.use_cases.coverage import settle


async def publish_takeovers(*, conn: AsyncConnection, vault: CredentialVault, at: datetime) -> int:
    """Bring what is published of takeovers up to date; return how many cameras were published for it.

    Only arrêtés that end within the horizon: before that the answer would change with every camera.
    """
    if not await may_have_takeovers(conn, at):
        return 0
    await lock_register(conn)
    known = await all_cameras(conn, vault)
    arretes = await all_authorisations(conn)
    contours = {insee: commune.contour for insee, commune in (await all_communes(conn)).items()}
    ending = {one.authorisation_id for one in arretes.values() if one.valid_until <= at + HORIZON}
    following = await asyncio.to_thread(followers, known.values(), arretes.values(), contours, at)
    after = {
        camera_id: one.authorisation_id
        for camera_id, one in following.items()
        if known[camera_id].authorisation_id in ending
    }
    before = await all_takeovers(conn)
    changed = {
        camera_id: after.get(camera_id)
        for camera_id in sorted(before.keys() | after.keys())
        if before.get(camera_id) != after.get(camera_id)
    }
    if not changed:
        return 0
    await replace_takeovers(conn, changed)
    touched = [known[camera_id].revised() for camera_id in changed]
    return await settle(conn=conn, vault=vault, touched=touched, at=at)
