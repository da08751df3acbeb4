"""Cameras and places: near, seeing, covering, inside, clustered; and the buildings that hide."""

from typing import Annotated

from fastapi import APIRouter, Depends, Query
from starlette.requests import HTTPConnection

from camera_registry.api.access import Listed, Readable, TheDesk, hidden_camera
from camera_registry.api.cameras import CameraId, Limit
from camera_registry.api.paging import after_cursor, box_of, cursor_of
from camera_registry.domain.field_of_view import UsualOpticsByKind
from camera_registry.domain.footprints import FootprintsUnreadable
from camera_registry.domain.perimeter import PerimeterInvalid, read_perimeter
from camera_registry.domain.position import Position
from camera_registry.repository.clusters import clusters_in
from camera_registry.repository.visible import visible_to
from camera_registry.schemas.cameras import CameraOut
from camera_registry.schemas.geography import (
    BuildingsIn,
    BuildingsReport,
    ClusterList,
    ClusterOut,
    CoverageOut,
    InsideIn,
    InsideList,
    NearCamera,
    NearCameraList,
)
from camera_registry.use_cases.authorisations import AuthorisationUnknown
from camera_registry.use_cases.geography import (
    CommuneUnknown,
    coverage_of,
    import_buildings,
    inside_area,
    inside_perimeter,
    nearest_usable,
    page_of,
    seeing,
)
from common.problems import Invalid, NotFound
from common.web import Caller, Now, Reading, Station, Tx
from guard.web import TheGuard

router = APIRouter()


async def the_usual_optics(connection: HTTPConnection) -> UsualOpticsByKind:
    """Return what each kind of camera sees where nobody measured it (``app.state.usual_optics``)."""
    usual: UsualOpticsByKind = connection.app.state.usual_optics
    return usual


Usual = Annotated[UsualOpticsByKind, Depends(the_usual_optics)]
Longitude = Annotated[float, Query(ge=-180, le=180)]
Latitude = Annotated[float, Query(ge=-90, le=90)]


@router.get("/cameras/nearest")
async def list_nearest(
    listed: Listed,
    reading: Reading,
    clock: Now,
    usual: Usual,
    lon: Longitude,
    lat: Latitude,
    limit: Limit = 10,
    usable: bool = False,  # noqa: FBT001, FBT002 - a query parameter
) -> NearCameraList:
    """Return the caller's cameras nearest to a point, with their distance in metres.

    With ``usable`` only those that can be watched now, those that can show the point first: PTZ in range, then the
    point in their field of view, then the others; each by distance, and each says why.
    """
    place = Position(lon, lat)
    if not usable:
        found = await visible_to(listed).nearest(reading, place, limit=limit)
        return NearCameraList(items=[NearCamera.model_validate(camera) for camera in found])
    best = await nearest_usable(conn=reading, insee_codes=listed, usual=usual, place=place, limit=limit, at=clock.now())
    return NearCameraList(items=[NearCamera.of(one) for one in best])


@router.get("/cameras/seeing")
async def list_seeing(
    listed: Listed, reading: Reading, usual: Usual, lon: Longitude, lat: Latitude, limit: Limit = 50
) -> NearCameraList:
    """Return the caller's cameras whose field of view holds a point, broken ones included; PTZ first, by distance."""
    found = await seeing(conn=reading, insee_codes=listed, usual=usual, place=Position(lon, lat), limit=limit)
    return NearCameraList(items=[NearCamera.of(one) for one in found])


@router.get("/cameras/clusters")
async def list_clusters(
    listed: Listed, reading: Reading, bbox: str, zoom: Annotated[int, Query(ge=0, le=22)]
) -> ClusterList:
    """Return the caller's cameras of a box, counted by cells of 64 pixels of a web map at that zoom."""
    found = await clusters_in(reading, sorted(listed), box_of(bbox), zoom)
    return ClusterList(items=[ClusterOut.of(one) for one in found])


@router.post("/cameras/inside")
async def list_inside(tx: Tx, readable: Readable, body: InsideIn) -> InsideList:
    """Return the caller's cameras inside a polygon or inside the perimeter of an arrêté, borders included, by page."""
    try:
        if body.area is not None:
            ids = await inside_area(conn=tx, insee_codes=readable, area=read_perimeter(body.area))
        else:
            asked = body.authorisation_id or ""
            ids = await inside_perimeter(conn=tx, insee_codes=readable, authorisation_id=asked)
    except PerimeterInvalid as error:
        findings = [{"field": one.where, "message": one.message} for one in error.findings]
        raise Invalid("La zone demandée n'est pas utilisable : voyez chaque erreur.", findings) from error
    except AuthorisationUnknown as error:
        raise NotFound("L'autorisation", body.authorisation_id) from error
    after = after_cursor(body.cursor)
    found = await page_of(conn=tx, insee_codes=readable, camera_ids=ids, after=after, limit=body.limit)
    items = [CameraOut.model_validate(camera) for camera in found]
    more = bool(items) and items[-1].camera_id != ids[-1]
    return InsideList(items=items, total=len(ids), next_cursor=cursor_of(items[-1].camera_id) if more else None)


@router.get("/cameras/{camera_id}/coverage")
async def read_coverage(
    camera_id: CameraId,
    tx: Tx,
    clock: Now,
    caller: Caller,
    guard: TheGuard,
    station: Station,
    readable: Readable,
    usual: Usual,
) -> CoverageOut:
    """Return the ground that a camera covers as a GeoJSON Feature: cone or disc, less what known buildings hide."""
    camera = await visible_to(readable).one(tx, camera_id)
    if camera is None:
        raise await hidden_camera(tx, guard, caller, camera_id, clock.now(), station)
    return CoverageOut.of(camera_id, await coverage_of(conn=tx, camera=camera, usual=usual))


@router.post("/buildings")
async def post_buildings(desk: TheDesk, body: BuildingsIn) -> BuildingsReport:
    """Replace the building footprints of a commune; the report tells which features were left out and why."""
    subject = f"La commune « {body.insee} »"
    await desk.configure(body.insee, "import d'emprises de bâtiments", subject=subject, code="batiments")
    try:
        footprints = await import_buildings(conn=desk.connection, insee=body.insee, document=body.footprints)
    except CommuneUnknown as error:
        raise NotFound("La commune", body.insee) from error
    except FootprintsUnreadable as error:
        raise Invalid(f"Bâtiments : {error}.", [{"field": "footprints", "message": str(error)}]) from error
    return BuildingsReport.of(body.insee, footprints)
