"""A still picture of a camera."""

import asyncio

from fastapi import APIRouter, Response

from common.ids import new_id
from common.problems import Unavailable
from common.web import Caller, Now, Station
from guard import Motive
from guard.web import TheGuard
from policy import Context
from stream_gateway.api.state import TheDatabase, TheFeeds, TheStills
from stream_gateway.schemas.texts import CameraId, ContextId
from stream_gateway.stills import NoStill
from stream_gateway.use_cases.asking import Asked
from stream_gateway.use_cases.stills import allow_snapshot

router = APIRouter(prefix="/api/stream", tags=["caméras"])

_SNAPSHOT_SECONDS = 12.0


@router.get("/cameras/{camera_id}/snapshot", response_class=Response, responses={200: {"content": {"image/jpeg": {}}}})
async def take_snapshot(
    camera_id: CameraId,
    caller: Caller,
    guard: TheGuard,
    station: Station,
    clock: Now,
    feeds: TheFeeds,
    stills: TheStills,
    database: TheDatabase,
    motive_code: str = "surveillance",
    incident_id: ContextId | None = None,
) -> Response:
    """Return the present picture of a camera's main stream as JPEG; its register row is committed before."""
    asked = Asked(
        principal=caller,
        station=station,
        at=clock.now(),
        motive=Motive(motive_code),
        context=Context(incident_id=incident_id),
    )
    async with database.transaction() as connection:
        watermark = await allow_snapshot(connection, guard=guard, asked=asked, camera_id=camera_id, still_id=new_id())
    try:
        async with asyncio.timeout(_SNAPSHOT_SECONDS):
            parameters, group = await feeds.present_group(camera_id, "main")
            stamp = watermark.at(clock.now()) if watermark else None
            jpeg = await stills.take(camera_id, parameters, group, stamp)
    except (NoStill, TimeoutError) as error:
        raise Unavailable("La caméra ne donne pas d'image pour le moment.") from error
    return Response(jpeg, media_type="image/jpeg", headers={"Cache-Control": "no-store"})
