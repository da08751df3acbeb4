"""Registering a camera, changing it, giving it credentials. What the credentials are is never said again."""

from fastapi import APIRouter, Response

from camera_registry.api.access import Desk, TheDesk
from camera_registry.api.cameras import CameraId, Networks, Vault
from camera_registry.api.fleet import IfMatch, read_revision, told
from camera_registry.domain.camera import Camera
from camera_registry.domain.camera_network import CREDENTIALS_DROPPED
from camera_registry.repository.sheets import sheet_of
from camera_registry.repository.visible import visible_to
from camera_registry.schemas.camera_edits import CameraIn, CameraPatch, CredentialsIn
from camera_registry.schemas.camera_sheets import CameraEdited, CameraSheet
from camera_registry.use_cases.camera_edits import edit_camera, own_site_id, register_camera, replace_credentials
from common.problems import NotFound

router = APIRouter()
_MAX_NAMES = 200


@router.post("/cameras", status_code=201)
async def post_camera(who: TheDesk, vault: Vault, networks: Networks, body: CameraIn) -> CameraSheet:
    """Register one camera; the arrêté that covers it is found at once, its masks are still to be signed."""
    await who.configure(body.insee, f"enregistrement de la caméra {body.code}", subject="Cette commune")
    with told():
        camera = body.to_domain(own_site_id(body.code), who.at)
        registered = await register_camera(
            conn=who.connection, vault=vault, networks=networks, camera=camera, at=who.at
        )
    return await _sheet(who, registered)


@router.patch("/cameras/{camera_id}")
async def patch_camera(
    camera_id: CameraId,
    who: TheDesk,
    vault: Vault,
    networks: Networks,
    body: CameraPatch,
    if_match: IfMatch = None,
) -> CameraEdited:
    """Change a camera read at a revision.

    Moved, turned, flashed or at another address, its masks are void until signed again. At another host or port its
    credentials are forgotten, and ``credentials`` says so: give them again.
    """
    names = ", ".join(sorted(body.model_fields_set - {"revision"}))[:_MAX_NAMES]
    await who.on_camera(camera_id, f"modification de la caméra : {names or 'rien'}")
    revision = read_revision(body.revision, if_match)
    with told():
        camera, changed = await edit_camera(
            conn=who.connection,
            vault=vault,
            networks=networks,
            camera_id=camera_id,
            change=body.applied,
            revision=revision,
            at=who.at,
        )
    dropped = CREDENTIALS_DROPPED if "identifiants" in changed else None
    return CameraEdited(**(await _sheet(who, camera)).model_dump(), credentials=dropped)


@router.put("/cameras/{camera_id}/credentials", status_code=204)
async def put_credentials(camera_id: CameraId, who: TheDesk, vault: Vault, body: CredentialsIn) -> Response:
    """Keep what the camera asks of who connects, sealed; nothing of it is ever answered."""
    await who.on_camera(camera_id, "identifiants de la caméra remplacés")
    with told():
        await replace_credentials(
            conn=who.connection, vault=vault, camera_id=camera_id, credentials=body.to_domain(), at=who.at
        )
    return Response(status_code=204)


@router.delete("/cameras/{camera_id}/credentials", status_code=204)
async def delete_credentials(camera_id: CameraId, who: TheDesk, vault: Vault) -> Response:
    """Forget the credentials: the camera asks for none."""
    await who.on_camera(camera_id, "identifiants de la caméra effacés")
    with told():
        await replace_credentials(conn=who.connection, vault=vault, camera_id=camera_id, credentials=None, at=who.at)
    return Response(status_code=204)


async def _sheet(who: Desk, camera: Camera) -> CameraSheet:
    overview = await visible_to([camera.insee]).one(who.connection, camera.camera_id)
    sheet = await sheet_of(who.connection, camera.camera_id)
    if overview is None or sheet is None:
        raise NotFound("La caméra", camera.camera_id)
    return CameraSheet.whole(overview, sheet, with_hosts=True)
