"""Where a nomad camera stood, and its next move."""

from zoneinfo import ZoneInfo

from fastapi import APIRouter

from camera_registry.api.access import Readable, TheDesk, hidden_camera
from camera_registry.api.cameras import CameraId, Vault
from camera_registry.api.fleet import told
from camera_registry.domain.position import Position
from camera_registry.repository.visible import visible_to
from camera_registry.schemas.placements import PlacementIn, PlacementList
from camera_registry.use_cases.placements import Move, history_of, move_nomad
from common.ids import new_id

router = APIRouter()
_PARIS = ZoneInfo("Europe/Paris")


@router.get("/cameras/{camera_id}/placements")
async def read_placements(camera_id: CameraId, who: TheDesk, vault: Vault, readable: Readable) -> PlacementList:
    """Return where a camera stood, the present place last."""
    if await visible_to(readable).one(who.connection, camera_id) is None:
        raise await hidden_camera(who.connection, who.guard, who.caller, camera_id, who.at, who.station)
    with told():
        return PlacementList.of(await history_of(conn=who.connection, vault=vault, camera_id=camera_id))


@router.post("/cameras/{camera_id}/placements", status_code=201)
async def post_placement(camera_id: CameraId, who: TheDesk, vault: Vault, body: PlacementIn) -> PlacementList:
    """Record that a nomad moved inside its perimeter; its masks are void until signed again."""
    await who.on_camera(camera_id, f"emplacement : {body.label} ; préfet informé le {body.prefet_informed_on:%d/%m/%Y}")
    move = Move(
        placement_id=body.placement_id or str(new_id()),
        position=Position(body.lon, body.lat),
        site_id=body.site_id,
        label=body.label,
        from_at=body.from_at or who.at,
        prefet_informed_on=body.prefet_informed_on,
        today=who.at.astimezone(_PARIS).date(),
        by=who.name,
    )
    with told():
        stays = await move_nomad(
            conn=who.connection, vault=vault, camera_id=camera_id, move=move, writable=who.writable, at=who.at
        )
    return PlacementList.of(stays)
