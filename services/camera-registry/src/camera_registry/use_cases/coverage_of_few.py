"""Saving a few cameras without reading the register: the work grows with their communes, not with the town."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncConnection

from camera_registry.domain.authorisation import Authorisation, authorisation_shown
from camera_registry.domain.camera import Camera
from camera_registry.domain.coverage_of_few import holders, needs_roll, shaken
from camera_registry.ports import CredentialVault
from camera_registry.repository.authorisations import all_authorisations
from camera_registry.repository.cameras import cameras_by_id, save_cameras
from camera_registry.repository.communes import all_communes
from camera_registry.repository.rolls import counted_in, roll_of

FEW = 50


async def settle_few(*, conn: AsyncConnection, vault: CredentialVault, at: datetime, touched: Iterable[Camera]) -> int:
    """Save ``touched`` cameras and every other one whose arrêté is thereby another; return how many were saved.

    The register is locked by the caller.
    """
    after = {camera.camera_id: camera for camera in touched}
    before = await cameras_by_id(conn, vault, sorted(after))
    insee_codes = {camera.insee for camera in (*before.values(), *after.values())}
    arretes = await all_authorisations(conn, insee_codes)
    rolls = await _rolls(conn, arretes.values(), len(after))
    communes = await all_communes(conn, _named(arretes.values()) | insee_codes)
    contours = {insee: commune.contour for insee, commune in communes.items()}
    neighbours = await cameras_by_id(
        conn, vault, sorted(shaken(arretes.values(), rolls, before, after, contours) - after.keys())
    )
    abroad = {camera.insee for camera in neighbours.values()} - insee_codes
    if abroad:
        more = {key: one for key, one in (await all_authorisations(conn, abroad)).items() if key not in arretes}
        rolls |= await _rolls(conn, more.values(), len(after))
        arretes |= more
        communes |= await all_communes(conn, _named(more.values()) - communes.keys())
        contours = {insee: commune.contour for insee, commune in communes.items()}
    changed = neighbours | after
    held = {key: holders(one, rolls.get(key, ()), changed, contours) for key, one in arretes.items()}
    written = _judged(changed, after, arretes, held, at)
    await save_cameras(conn, vault, written, communes=communes, covers=arretes, at=at)
    return len(written)


def _judged(
    changed: Mapping[str, Camera],
    after: Mapping[str, Camera],
    arretes: Mapping[str, Authorisation],
    held: Mapping[str, frozenset[str]],
    at: datetime,
) -> list[Camera]:
    """Return the cameras to save, in the order of their ids: those touched, and those under another arrêté."""
    written: list[Camera] = []
    for camera_id, camera in sorted(changed.items()):
        shown = authorisation_shown(camera, arretes.values(), at, held)
        authorisation_id = shown.authorisation_id if shown else None
        if camera.authorisation_id != authorisation_id:
            written.append(camera.covered_by(authorisation_id))
        elif camera_id in after:
            written.append(camera)
    return written


async def _rolls(conn: AsyncConnection, arretes: Iterable[Authorisation], changed: int) -> dict[str, Sequence[Camera]]:
    """Return, by authorisation id, the cameras of its communes; nothing for an arrêté with places to spare."""
    rolls: dict[str, Sequence[Camera]] = {}
    read: dict[frozenset[str], Sequence[Camera]] = {}
    for one in arretes:
        named = frozenset(one.communes)
        if needs_roll(one, await counted_in(conn, named), changed):
            if named not in read:
                read[named] = await roll_of(conn, named)
            rolls[one.authorisation_id] = read[named]
    return rolls


def _named(arretes: Iterable[Authorisation]) -> set[str]:
    return {insee for one in arretes for insee in one.communes}
