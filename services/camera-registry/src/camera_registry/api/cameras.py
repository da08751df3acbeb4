"""Cameras: list, one, and the source for the media plane."""

import json
from typing import Annotated

from fastapi import APIRouter, Depends, Path, Query, Response
from sqlalchemy.ext.asyncio import AsyncConnection
from starlette.requests import HTTPConnection

from camera_registry.api.access import SCOPE_SOURCE, Listed, Readable, hidden_camera, may_configure
from camera_registry.api.paging import after_cursor, box_of, cursor_of
from camera_registry.domain.camera import Camera
from camera_registry.domain.camera_network import CameraNetworks
from camera_registry.domain.masks import standing, to_burn_in
from camera_registry.ports import CredentialVault
from camera_registry.repository.camera_pages import MAX_PAGE, Filters, camera_page
from camera_registry.repository.cameras import one_camera
from camera_registry.repository.head_optics import measured_heads
from camera_registry.repository.masks import sets_of
from camera_registry.repository.sheets import sheet_of
from camera_registry.repository.visible import visible_to
from camera_registry.schemas.camera_sheets import CameraSheet
from camera_registry.schemas.cameras import BurntIn, BurntView, CameraList, HeadOut, Source
from common.problems import NotFound
from common.web import Caller, Now, Reading, Station, Tx, service_scope
from contracts.envelope import Insee
from contracts.registry import CameraStatus
from guard.web import TheGuard

router = APIRouter()
PRINTABLE = r"^[^\x00]*$"
"""PostgreSQL has no NUL in texts: refuse it at the door."""


def the_vault(connection: HTTPConnection) -> CredentialVault:
    """Return the application's vault (``app.state.vault``)."""
    vault: CredentialVault = connection.app.state.vault
    return vault


def the_networks(connection: HTTPConnection) -> CameraNetworks:
    """Return where cameras may be (``app.state.camera_networks``)."""
    networks: CameraNetworks = connection.app.state.camera_networks
    return networks


Networks = Annotated[CameraNetworks, Depends(the_networks)]
Vault = Annotated[CredentialVault, Depends(the_vault)]
CameraId = Annotated[str, Path(pattern=PRINTABLE, max_length=100)]
Limit = Annotated[int, Query(ge=1, le=MAX_PAGE)]


@router.get("/cameras", response_model=CameraList)
async def list_cameras(
    listed: Listed,
    reading: Reading,
    bbox: str | None = None,
    q: Annotated[str, Query(max_length=200, pattern=PRINTABLE)] = "",
    insee: Insee | None = None,
    status: CameraStatus | None = None,
    has_stream: bool | None = None,  # noqa: FBT001 - a query parameter
    cursor: str | None = None,
    limit: Limit = 500,
) -> Response:
    """Return the cameras of the caller's communes, by page, in the order of their ids."""
    box = box_of(bbox) if bbox is not None else None
    filters = Filters(box, q, insee, status.value if status else None, has_stream)
    page = await camera_page(reading, listed, filters, after=after_cursor(cursor), limit=limit)
    cursor = json.dumps(cursor_of(page.last) if page.last is not None else None)
    text = f'{{"items":[{",".join(page.items)}],"next_cursor":{cursor}}}'
    return Response(text, media_type="application/json")


@router.get("/cameras/{camera_id}")
async def read_camera(
    camera_id: CameraId, tx: Tx, clock: Now, caller: Caller, guard: TheGuard, station: Station, readable: Readable
) -> CameraSheet:
    """Return one camera whole, but for its secrets.

    One of another commune does not exist for the caller, and its asking is written down.
    """
    at = clock.now()
    found = await visible_to(readable).one(tx, camera_id)
    sheet = await sheet_of(tx, camera_id) if found else None
    if found is None or sheet is None:
        raise await hidden_camera(tx, guard, caller, camera_id, at, station)
    return CameraSheet.whole(found, sheet, with_hosts=may_configure(guard, caller, found.insee, at))


@router.get("/internal/cameras/{camera_id}/source", dependencies=[Depends(service_scope(SCOPE_SOURCE))])
async def read_source(camera_id: CameraId, tx: Tx, vault: Vault) -> Source:
    """Return how to reach a camera, password included, and what to hide: for the media plane, never for a browser."""
    camera = await one_camera(tx, vault, camera_id)
    if camera is None:
        raise NotFound("La caméra", camera_id)
    return Source(
        main_url=camera.endpoints.main_url,
        sub_url=camera.endpoints.sub_url,
        onvif_url=camera.endpoints.onvif_url,
        username=camera.credentials.username if camera.credentials else None,
        password=camera.credentials.password if camera.credentials else None,
        masks=await _burnt_in(tx, camera),
    )


async def _burnt_in(tx: AsyncConnection, camera: Camera) -> BurntIn:
    sets = await sets_of(tx, camera.camera_id)
    head = (await measured_heads(tx, [camera.camera_id])).get(camera.camera_id)
    views = [
        BurntView(
            preset=one.preset,
            aim=(one.aim.pan, one.aim.tilt, one.aim.zoom) if one.aim else None,
            polygons=[list(area.corners) for area in one.polygons],
        )
        for one in to_burn_in(sets)
    ]
    return BurntIn(
        revision=standing(sets, head).burnt_in,
        turns=camera.has_ptz,
        views=views,
        head=HeadOut.model_validate(head) if head and views else None,
    )
