"""Commands on masks: draw, sign, look at again, void; each keeps the camera's published standing true."""

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncConnection

from camera_registry.domain.camera import Camera
from camera_registry.domain.head_optics import Aim, HeadOptics
from camera_registry.domain.masks import (
    UNSIGNED_STILL_LIVES,
    Bearer,
    MaskInvalid,
    MaskPolygon,
    MaskSet,
    MaskSetStatus,
    Still,
    check_newer,
    standing,
)
from camera_registry.domain.presets import Preset
from camera_registry.ports import CredentialVault, StillPicture, StillTaker
from camera_registry.repository import masks as repository
from camera_registry.repository.cameras import cameras_by_id, lock_register, one_camera
from camera_registry.repository.head_optics import measured_heads, save_head
from camera_registry.repository.presets import presets_of
from camera_registry.use_cases.cameras import CameraUnknown
from camera_registry.use_cases.coverage import settle


class MaskSetUnknown(LookupError):
    """No set of masks has this id."""

    def __init__(self, mask_set_id: str) -> None:
        super().__init__(f"mask set {mask_set_id}")
        self.mask_set_id = mask_set_id


async def draw_masks(
    conn: AsyncConnection,
    *,
    mask_set_id: str,
    camera_id: str,
    preset: str | None,
    polygons: Sequence[MaskPolygon],
    declaration: str,
    still_id: str | None,
    by: str,
    at: datetime,
) -> MaskSet:
    """Keep a draft; the signed set of the same view stays in force until another is signed.

    Raises:
        MaskInvalid: see the domain; or the still is of another camera, or its picture was erased.
    """
    await lock_register(conn)  # a move under way voids drafts too: this one comes wholly before or after it
    await _check_still(conn, camera_id, still_id)
    draft = MaskSet(mask_set_id, camera_id, preset, tuple(polygons), declaration.strip(), still_id, by, at)
    await repository.save_sets(conn, [draft])
    return draft


async def keep_still(
    conn: AsyncConnection, *, still_id: str, camera_id: str, picture: StillPicture, at: datetime
) -> Still:
    """Keep a picture to draw on. Unsigned, it is erased after a day: it shows what is to be hidden."""
    digest = hashlib.sha256(picture.jpeg).hexdigest()
    still = Still(still_id, camera_id, at, picture.width, picture.height, digest)
    await repository.save_still(conn, still, picture.jpeg)
    return still


async def sign_masks(
    conn: AsyncConnection, *, vault: CredentialVault, stills: StillTaker, mask_set_id: str, by: str, at: datetime
) -> MaskSet:
    """Sign a draft: it replaces the signed set of the same view, and its still is painted over for ever.

    Raises:
        MaskSetUnknown, MaskInvalid: see the domain.
        StillUnavailable: the still cannot be painted over.
    """
    draft = await _known(conn, mask_set_id)
    still = await repository.one_still(conn, draft.still_id) if draft.still_id else None
    voided_at = await repository.voided_at(conn, draft.camera_id)
    aim = await _aim_of(conn, draft)
    signed = draft.signed(by=by, at=at, still=still, voided_at=voided_at, aim=aim)
    if still is not None:
        await _keep_painted(conn, stills, still, draft.polygons)
    living = (await repository.living_sets(conn, [draft.camera_id]))[draft.camera_id]
    replaced = [
        one.ended(MaskSetStatus.REMPLACE, reason="un nouveau jeu de masques a été signé", at=at)
        for one in living
        if one.status is MaskSetStatus.SIGNE and one.preset == draft.preset
    ]
    await repository.save_sets(conn, [*replaced, signed])
    await _publish(conn, vault, [draft.camera_id], reason="masques signés", at=at)
    return signed


async def declare_without_masks(
    conn: AsyncConnection,
    *,
    vault: CredentialVault,
    mask_set_ids: Iterable[str],
    camera_ids: Sequence[str],
    declaration: str,
    by: str,
    at: datetime,
) -> list[MaskSet]:
    """Sign, for several cameras at once, that no private area is in view. Raises MaskInvalid."""
    drafts = [
        MaskSet(mask_set_id, camera_id, None, (), declaration.strip(), None, by, at)
        for mask_set_id, camera_id in zip(mask_set_ids, camera_ids, strict=True)
    ]
    await lock_register(conn)
    living = await repository.living_sets(conn, camera_ids)
    replaced = [
        one.ended(MaskSetStatus.REMPLACE, reason="une déclaration sans masque a été signée", at=at)
        for sets in living.values()
        for one in sets
        if one.status is MaskSetStatus.SIGNE and one.preset is None
    ]
    signed = [draft.signed(by=by, at=at, still=None) for draft in drafts]
    await repository.save_sets(conn, [*replaced, *signed])
    await _publish(conn, vault, camera_ids, reason="masques signés", at=at)
    return signed


async def review_masks(conn: AsyncConnection, *, vault: CredentialVault, mask_set_id: str, at: datetime) -> MaskSet:
    """Find a signed set right for 90 more days. Raises MaskSetUnknown, MaskInvalid."""
    reviewed = (await _known(conn, mask_set_id)).reviewed(at)
    await repository.save_sets(conn, [reviewed])
    await _publish(conn, vault, [reviewed.camera_id], reason="masques réexaminés", at=at)
    return reviewed


async def void_masks(
    conn: AsyncConnection, *, vault: CredentialVault, camera_id: str, reason: str, at: datetime
) -> int:
    """Void every draft and signed set of a camera that moved, was re-flashed or shows something else.

    From this transaction on the camera may not be watched until masks are signed again; returns how many sets ended.
    """
    await lock_register(conn)
    living = (await repository.living_sets(conn, [camera_id]))[camera_id]
    await repository.save_sets(conn, [one.ended(MaskSetStatus.CADUC, reason=reason, at=at) for one in living])
    await _publish(conn, vault, [camera_id], reason=reason, at=at)
    return len(living)


async def record_bearer(
    conn: AsyncConnection,
    *,
    vault: CredentialVault,
    mask_set_id: str,
    bearer: Bearer,
    at: datetime,
    why_not_the_camera: str = "",
) -> MaskSet:
    """Keep who burns a signed set in. Raises MaskSetUnknown, MaskInvalid.

    The camera: once that was verified. The media plane: by its promise to show and store nothing otherwise; with the
    same commit the camera's state names the masks, so nobody hears that it may be watched and not what to hide.
    """
    known = await _known(conn, mask_set_id)
    if known.status is not MaskSetStatus.SIGNE:
        raise MaskInvalid("status", "Seul un jeu de masques signé s'applique.")
    borne = replace(known, borne_by=bearer, bearing_problem=why_not_the_camera)
    await repository.save_sets(conn, [borne])
    await _publish(conn, vault, [borne.camera_id], reason=f"masques appliqués par {bearer.value}", at=at)
    return borne


async def record_bearing_problem(conn: AsyncConnection, *, mask_set_id: str, problem: str) -> None:
    """Keep why a camera does not hide by itself what it should; it stays dark. Raises MaskSetUnknown."""
    known = await _known(conn, mask_set_id)
    if known.status is MaskSetStatus.SIGNE and known.bearing_problem != problem:
        await repository.save_sets(conn, [replace(known, bearing_problem=problem)])


async def _known(conn: AsyncConnection, mask_set_id: str) -> MaskSet:
    await lock_register(conn)  # first, as in every command that publishes cameras: no two wait for each other
    found = await repository.one_set(conn, mask_set_id)
    if found is None:
        raise MaskSetUnknown(mask_set_id)
    return found


async def record_not_borne(
    conn: AsyncConnection, *, vault: CredentialVault, mask_set_id: str, problem: str, at: datetime
) -> None:
    """Keep that nobody hides what a camera hid: it is dark from now on. Raises MaskSetUnknown."""
    known = await _known(conn, mask_set_id)
    if known.status is MaskSetStatus.SIGNE and known.borne_by is Bearer.CAMERA:
        await repository.save_sets(conn, [replace(known, borne_by=None, bearing_problem=problem)])
        await _publish(conn, vault, [known.camera_id], reason="masques absents de la caméra", at=at)


async def measure_head(
    conn: AsyncConnection, *, vault: CredentialVault, camera_id: str, head: HeadOptics, at: datetime
) -> None:
    """Keep how a turning camera's picture lies in the world, so that its masks follow it everywhere.

    Raises:
        CameraUnknown: there is none.
        MaskInvalid: it does not turn.
    """
    await lock_register(conn)
    camera = await one_camera(conn, vault, camera_id)
    if camera is None:
        raise CameraUnknown(camera_id)
    if not camera.has_ptz:
        raise MaskInvalid("camera_id", "Cette caméra n'est pas orientable : ses masques n'ont rien à suivre.")
    await save_head(conn, camera_id, head)
    await _publish(conn, vault, [camera_id], reason="tête mesurée", at=at)


async def _aim_of(conn: AsyncConnection, draft: MaskSet) -> Aim | None:
    """Return where a preset points; None for the whole camera, or where only the camera knows."""
    if draft.preset is None:
        return None
    presets = (await presets_of(conn, draft.camera_id)).values()
    named = next((one for one in presets if draft.preset in (str(one.number), one.token)), None)
    return _aim(named) if named is not None else None


def _aim(preset: Preset) -> Aim | None:
    if preset.pan is None or preset.tilt is None or preset.zoom is None:
        return None
    return Aim(preset.pan, preset.tilt, preset.zoom)


async def erase_stills(conn: AsyncConnection, *, at: datetime) -> int:
    """Erase the pictures nobody may need any more (see the repository); return how many."""
    return await repository.erase_pictures(conn, unsigned_before=at - UNSIGNED_STILL_LIVES, at=at)


async def _keep_painted(
    conn: AsyncConnection, stills: StillTaker, still: Still, polygons: Sequence[MaskPolygon]
) -> None:
    picture = await repository.picture_of(conn, still.still_id)
    if picture is None:
        raise MaskInvalid("still_id", "L'image a été effacée : prenez-en une nouvelle avant de signer.")
    painted = await stills.burn(picture, polygons) if polygons else None  # nothing hidden: nothing to show either
    await repository.replace_picture(conn, still.still_id, painted)


async def _check_still(conn: AsyncConnection, camera_id: str, still_id: str | None) -> None:
    if still_id is None:
        return
    still = await repository.one_still(conn, still_id)
    if still is None or still.camera_id != camera_id:
        raise MaskInvalid("still_id", "Cette image n'est pas une image de cette caméra.")
    check_newer(still, await repository.voided_at(conn, camera_id))
    if await repository.picture_of(conn, still_id) is None:
        raise MaskInvalid("still_id", "Cette image a été effacée : prenez-en une nouvelle.")


async def _publish(
    conn: AsyncConnection, vault: CredentialVault, camera_ids: Sequence[str], *, reason: str, at: datetime
) -> None:
    """Bring the cameras' standing up to date everywhere, in this transaction."""
    living = await repository.living_sets(conn, camera_ids)
    heads = await measured_heads(conn, camera_ids)
    cameras = await cameras_by_id(conn, vault, camera_ids)
    touched: list[Camera] = []
    for camera_id in camera_ids:
        camera = cameras.get(camera_id)
        if camera is None:
            raise CameraUnknown(camera_id)
        after = standing(living[camera_id], heads.get(camera_id))
        if after.signed != camera.masks.signed:
            await repository.announce(
                conn, camera_id=camera_id, insee=camera.insee, signed=after.signed, reason=reason, at=at
            )
        if after != camera.masks:
            touched.append(replace(camera, masks=after).revised())
    if touched:
        await settle(conn=conn, vault=vault, touched=touched, at=at)
