"""Cameras: list, nearest, one, probe, and the source for the media plane."""

import base64
import binascii
from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Depends, Path, Query, Request
from sqlalchemy.ext.asyncio import AsyncConnection
from starlette.requests import HTTPConnection

from camera_registry.api.access import SCOPE_SOURCE, SCOPE_WRITE, Readable, require_scope
from camera_registry.domain.camera import Camera, check_code
from camera_registry.domain.position import Position
from camera_registry.ports import CredentialVault
from camera_registry.repository.cameras import one_camera
from camera_registry.repository.visible import MAX_PAGE, Filters, visible_to
from camera_registry.schemas.cameras import CameraList, CameraOut, ProbeReport, Source
from camera_registry.use_cases.probes import probe_camera
from common.auth import Principal
from common.database import Database
from common.problems import Invalid, NotFound
from common.web import Caller, Now, Station, Tx, service_scope
from contracts.envelope import Insee
from contracts.registry import CameraStatus
from guard import Guard, Motive
from guard.web import TheGuard
from policy import Action

router = APIRouter()
PRINTABLE = r"^[^\x00]*$"
"""PostgreSQL has no NUL in texts: refuse it at the door."""
_BOX_SIDES = 4


def the_vault(connection: HTTPConnection) -> CredentialVault:
    """Return the application's vault (``app.state.vault``)."""
    vault: CredentialVault = connection.app.state.vault
    return vault


Vault = Annotated[CredentialVault, Depends(the_vault)]
CameraId = Annotated[str, Path(pattern=PRINTABLE, max_length=100)]
Limit = Annotated[int, Query(ge=1, le=MAX_PAGE)]


@router.get("/cameras")
async def list_cameras(
    tx: Tx,
    readable: Readable,
    bbox: str | None = None,
    q: Annotated[str, Query(max_length=200, pattern=PRINTABLE)] = "",
    insee: Insee | None = None,
    status: CameraStatus | None = None,
    has_stream: bool | None = None,  # noqa: FBT001 - a query parameter
    cursor: str | None = None,
    limit: Limit = 500,
) -> CameraList:
    """Return the cameras of the caller's communes, by page, in the order of their ids."""
    filters = Filters(_box(bbox), q, insee, status.value if status else None, has_stream)
    found = await visible_to(readable).page(tx, filters, after=_after(cursor), limit=limit + 1)
    more = len(found) > limit
    items = [CameraOut.model_validate(camera) for camera in found[:limit]]
    return CameraList(items=items, next_cursor=_cursor(items[-1].camera_id) if more else None)


@router.get("/cameras/nearest")
async def list_nearest(
    tx: Tx,
    readable: Readable,
    lon: Annotated[float, Query(ge=-180, le=180)],
    lat: Annotated[float, Query(ge=-90, le=90)],
    limit: Limit = 10,
) -> CameraList:
    """Return the caller's cameras nearest to a point, with their distance in metres."""
    found = await visible_to(readable).nearest(tx, Position(lon, lat), limit=limit)
    return CameraList(items=[CameraOut.model_validate(camera) for camera in found])


@router.get("/cameras/{camera_id}")
async def read_camera(
    camera_id: CameraId, tx: Tx, clock: Now, caller: Caller, guard: TheGuard, station: Station, readable: Readable
) -> CameraOut:
    """Return one camera; one of another commune does not exist for the caller, and its asking is written down."""
    found = await visible_to(readable).one(tx, camera_id)
    if found is None:
        if caller.kind == "agent":
            await guard.check(
                tx,
                principal=caller,
                action=Action.VIEW_CAMERA,
                camera_id=camera_id,
                at=clock.now(),
                station=station,
            )
        raise NotFound("La caméra", camera_id)
    return CameraOut.model_validate(found)


@router.post("/cameras/{camera_id}/probe")
async def probe(
    camera_id: CameraId, request: Request, clock: Now, caller: Caller, guard: TheGuard, station: Station
) -> ProbeReport:
    """Ask a camera's stream and device what they are. No transaction is held while the camera answers."""
    database: Database = request.app.state.database
    async with database.transaction() as conn:
        camera = await _camera_to_probe(conn, request, camera_id, clock.now(), caller, guard, station)
    rtsp, onvif = await probe_camera(
        camera=camera, rtsp=request.app.state.rtsp_probe, onvif=request.app.state.onvif_probe
    )
    return ProbeReport.of(rtsp, onvif)


@router.get("/internal/cameras/{camera_id}/source", dependencies=[Depends(service_scope(SCOPE_SOURCE))])
async def read_source(camera_id: CameraId, tx: Tx, vault: Vault) -> Source:
    """Return how to reach a camera, password included: for the media plane, never for a browser."""
    camera = await one_camera(tx, vault, camera_id)
    if camera is None:
        raise NotFound("La caméra", camera_id)
    return Source(
        main_url=camera.endpoints.main_url,
        sub_url=camera.endpoints.sub_url,
        onvif_url=camera.endpoints.onvif_url,
        username=camera.credentials.username if camera.credentials else None,
        password=camera.credentials.password if camera.credentials else None,
    )


async def _camera_to_probe(
    conn: AsyncConnection,
    request: Request,
    camera_id: str,
    at: datetime,
    caller: Principal,
    guard: Guard,
    station: str,
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
            motive=Motive("sonde", "essai de la caméra (RTSP et ONVIF)"),
        )
    camera = await one_camera(conn, the_vault(request), camera_id)
    if camera is None:
        raise NotFound("La caméra", camera_id)
    return camera


def _box(text: str | None) -> tuple[float, float, float, float] | None:
    if text is None:
        return None
    try:
        sides = [float(side) for side in text.split(",")]
    except ValueError:
        sides = []
    in_order = len(sides) == _BOX_SIDES and sides[0] <= sides[2] and sides[1] <= sides[3]
    if not in_order:
        raise Invalid("Le cadre « bbox » s'écrit ouest,sud,est,nord en degrés.", [{"field": "bbox", "message": text}])
    return sides[0], sides[1], sides[2], sides[3]


def _cursor(camera_id: str) -> str:
    return base64.urlsafe_b64encode(camera_id.encode()).decode().rstrip("=")


def _after(cursor: str | None) -> str | None:
    if not cursor:
        return None
    try:
        after = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)).decode()
        check_code(after)
    except (binascii.Error, ValueError):
        raise Invalid("Ce curseur n'est pas lisible : reprenez la liste depuis le début.") from None
    return after
