"""Looking at a camera through its own protocols, and taking over what it says."""

from datetime import datetime

from fastapi import APIRouter, Request
from sqlalchemy.ext.asyncio import AsyncConnection

from camera_registry.api.access import SCOPE_WRITE, require_scope
from camera_registry.api.cameras import CameraId, the_vault
from camera_registry.domain.camera import Camera
from camera_registry.repository.cameras import one_camera
from camera_registry.schemas.probes import AdoptionIn, AdoptionOut, ProbeReport
from camera_registry.use_cases.probes import adopt_findings, probe_camera
from common.auth import Principal
from common.database import Database
from common.problems import Conflict, NotFound
from common.web import Caller, Now, Station
from guard import Guard, Motive
from guard.web import TheGuard
from policy import Action

router = APIRouter()
_LOOK = "essai de la caméra (RTSP et ONVIF)"


@router.post("/cameras/{camera_id}/probe")
async def probe(
    camera_id: CameraId, request: Request, clock: Now, caller: Caller, guard: TheGuard, station: Station
) -> ProbeReport:
    """Ask a camera's stream and device what they are. No transaction is held while the camera answers."""
    database: Database = request.app.state.database
    async with database.transaction() as conn:
        camera = await _camera_to_probe(conn, request, camera_id, clock.now(), caller, guard, station, _LOOK)
    rtsp, onvif = await probe_camera(
        camera=camera, rtsp=request.app.state.rtsp_probe, onvif=request.app.state.onvif_probe
    )
    return ProbeReport.of(rtsp, onvif)


@router.post("/cameras/{camera_id}/probe/adoption")
async def adopt_probe(
    camera_id: CameraId,
    body: AdoptionIn,
    request: Request,
    clock: Now,
    caller: Caller,
    guard: TheGuard,
    station: Station,
) -> AdoptionOut:
    """Ask the camera again and take over what was chosen: its addresses go into the register and past no browser."""
    database: Database = request.app.state.database
    why = f"reprise dans le registre : {', '.join(dict.fromkeys(body.choices))}"
    async with database.transaction() as conn:
        camera = await _camera_to_probe(conn, request, camera_id, clock.now(), caller, guard, station, why)
    rtsp, onvif = await probe_camera(
        camera=camera, rtsp=request.app.state.rtsp_probe, onvif=request.app.state.onvif_probe
    )
    if not onvif.ok:
        raise Conflict(f"Rien n'a été repris. {onvif.error or ''}".strip())
    async with database.transaction() as conn:
        changed = await adopt_findings(
            conn=conn,
            vault=the_vault(request),
            camera_id=camera_id,
            findings=onvif,
            choices=frozenset(body.choices),
            at=clock.now(),
        )
    return AdoptionOut(changed=changed, report=ProbeReport.of(rtsp, onvif))


async def _camera_to_probe(
    conn: AsyncConnection,
    request: Request,
    camera_id: str,
    at: datetime,
    caller: Principal,
    guard: Guard,
    station: str,
    why: str,
) -> Camera:
    if caller.kind == "service":
        require_scope(caller, SCOPE_WRITE)
    else:
        await guard.check(
            conn,
            principal=caller,
            action=Action.CONFIGURE,
            camera_id=camera_id,
            at=at,
            station=station,
            motive=Motive("sonde", why),
        )
    camera = await one_camera(conn, the_vault(request), camera_id)
    if camera is None:
        raise NotFound("La caméra", camera_id)
    return camera
