"""Looking at a camera through its own protocols, and taking over what it says."""

from fastapi import APIRouter, Request

from camera_registry.api.access import TheVisitor, Visitor
from camera_registry.api.cameras import CameraId, the_networks, the_vault
from camera_registry.api.fleet import told
from camera_registry.domain.camera import Camera
from camera_registry.repository.cameras import one_camera
from camera_registry.schemas.probes import AdoptionIn, AdoptionOut, ProbeReport
from camera_registry.use_cases.probes import adopt_findings, probe_camera
from common.database import Database
from common.problems import Conflict, NotFound

router = APIRouter()
_LOOK = "essai de la caméra (RTSP et ONVIF)"


@router.post("/cameras/{camera_id}/probe")
async def probe(camera_id: CameraId, request: Request, who: TheVisitor) -> ProbeReport:
    """Ask a camera's stream and device what they are. No transaction is held while the camera answers."""
    camera = await _camera_to_probe(who, request, camera_id, _LOOK)
    rtsp, onvif = await probe_camera(
        camera=camera, rtsp=request.app.state.rtsp_probe, onvif=request.app.state.onvif_probe
    )
    return ProbeReport.of(rtsp, onvif)


@router.post("/cameras/{camera_id}/probe/adoption")
async def adopt_probe(camera_id: CameraId, body: AdoptionIn, request: Request, who: TheVisitor) -> AdoptionOut:
    """Ask the camera again and take over what was chosen: its addresses go into the register and past no browser."""
    why = f"reprise dans le registre : {', '.join(dict.fromkeys(body.choices))}"
    camera = await _camera_to_probe(who, request, camera_id, why)
    rtsp, onvif = await probe_camera(
        camera=camera, rtsp=request.app.state.rtsp_probe, onvif=request.app.state.onvif_probe
    )
    if not onvif.ok:
        raise Conflict(f"Rien n'a été repris. {onvif.error or ''}".strip())
    database: Database = request.app.state.database
    async with database.transaction() as conn:
        with told():
            changed = await adopt_findings(
                conn=conn,
                vault=the_vault(request),
                networks=the_networks(request),
                camera_id=camera_id,
                findings=onvif,
                choices=frozenset(body.choices),
                at=who.clock.now(),
            )
    return AdoptionOut(changed=changed, report=ProbeReport.of(rtsp, onvif))


async def _camera_to_probe(who: Visitor, request: Request, camera_id: str, why: str) -> Camera:
    """Return the camera to who may configure it; the row stays written whatever the camera answers."""
    database: Database = request.app.state.database
    async with database.transaction() as conn:
        await who.at_desk(conn).on_camera(camera_id, why, code="sonde")
        camera = await one_camera(conn, the_vault(request), camera_id)
        if camera is None:
            raise NotFound("La caméra", camera_id)
        return camera
