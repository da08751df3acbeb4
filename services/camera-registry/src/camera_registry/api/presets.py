"""Presets and tours of a camera. Both are written under their number or id: twice the same is once."""

from typing import Annotated

from fastapi import APIRouter, Depends, Path, Response

from camera_registry.api.access import SCOPE_SOURCE, Readable, TheDesk, hidden_camera
from camera_registry.api.cameras import CameraId, Vault
from camera_registry.api.fleet import told
from camera_registry.domain.presets import MAX_PRESETS
from camera_registry.repository.visible import visible_to
from camera_registry.schemas.presets import MountingOut, PresetIn, TourIn
from camera_registry.use_cases.presets import forget_preset, forget_tour, keep_preset, keep_tour, mounting_of
from common.ids import new_id
from common.web import Tx, service_scope

router = APIRouter()
Number = Annotated[int, Path(ge=1, le=MAX_PRESETS)]
TourId = Annotated[str, Path(pattern=r"^[A-Za-z0-9][A-Za-z0-9_-]{0,63}$")]


@router.get("/cameras/{camera_id}/presets")
async def read_presets(camera_id: CameraId, who: TheDesk, readable: Readable) -> MountingOut:
    """Return the presets and tours of a camera."""
    if await visible_to(readable).one(who.connection, camera_id) is None:
        raise await hidden_camera(who.connection, who.guard, who.caller, camera_id, who.at, who.station)
    return MountingOut.of(await mounting_of(who.connection, camera_id))


@router.get("/internal/cameras/{camera_id}/mounting", dependencies=[Depends(service_scope(SCOPE_SOURCE))])
async def read_mounting(camera_id: CameraId, tx: Tx) -> MountingOut:
    """Return the presets and tours of a camera for the media plane, which moves it; empty for an unknown one."""
    return MountingOut.of(await mounting_of(tx, camera_id))


@router.put("/cameras/{camera_id}/presets/{number}")
async def put_preset(camera_id: CameraId, number: Number, who: TheDesk, vault: Vault, body: PresetIn) -> MountingOut:
    """Keep a preset under its number."""
    await who.on_camera(camera_id, f"préréglage {number}")
    with told():
        preset = body.to_domain(str(new_id()), camera_id, number)
        await keep_preset(conn=who.connection, vault=vault, preset=preset)
    return MountingOut.of(await mounting_of(who.connection, camera_id))


@router.delete("/cameras/{camera_id}/presets/{number}", status_code=204)
async def delete_preset(camera_id: CameraId, number: Number, who: TheDesk) -> Response:
    """Forget a preset that no tour stops at."""
    await who.on_camera(camera_id, f"préréglage {number} supprimé")
    with told():
        await forget_preset(conn=who.connection, camera_id=camera_id, number=number)
    return Response(status_code=204)


@router.put("/cameras/{camera_id}/tours/{tour_id}")
async def put_tour(camera_id: CameraId, tour_id: TourId, who: TheDesk, vault: Vault, body: TourIn) -> MountingOut:
    """Keep a tour: presets in order, and seconds to rest on each."""
    await who.on_camera(camera_id, f"tournée {tour_id}")
    with told():
        await keep_tour(conn=who.connection, vault=vault, tour=body.to_domain(tour_id, camera_id))
    return MountingOut.of(await mounting_of(who.connection, camera_id))


@router.delete("/cameras/{camera_id}/tours/{tour_id}", status_code=204)
async def delete_tour(camera_id: CameraId, tour_id: TourId, who: TheDesk) -> Response:
    """Forget a tour."""
    await who.on_camera(camera_id, f"tournée {tour_id} supprimée")
    with told():
        await forget_tour(conn=who.connection, camera_id=camera_id, tour_id=tour_id)
    return Response(status_code=204)
