"""Moving a camera and taking a still picture of it."""

import asyncio

from fastapi import APIRouter, Response

from common.problems import Conflict, Unavailable
from common.web import Caller, Now, Station
from guard import Motive
from guard.web import TheGuard
from policy import Context
from stream_gateway import use_cases
from stream_gateway.api.state import TheDatabase, TheEngine, TheFeeds, ThePtz, TheSources
from stream_gateway.domain.ptz_lock import IDLE_AFTER, PtzHeld
from stream_gateway.ports import PtzFailed, PullEnded, SourceUnavailable, Velocity
from stream_gateway.schemas import CameraId, ContextId, PtzIn, PtzOut

router = APIRouter(prefix="/api/stream", tags=["caméras"])

_SNAPSHOT_SECONDS = 12.0


@router.post("/cameras/{camera_id}/ptz")
async def move_camera(
    camera_id: CameraId,
    body: PtzIn,
    database: TheDatabase,
    caller: Caller,
    guard: TheGuard,
    station: Station,
    clock: Now,
    sources: TheSources,
    ptz: ThePtz,
) -> PtzOut:
    """Move a camera or send it to a preset. 409 names the holder when somebody of the same rank has it."""
    asked = use_cases.Asked(
        principal=caller,
        station=station,
        at=clock.now(),
        motive=Motive("prise_en_main"),
        context=Context(incident_id=body.incident_id),
    )
    try:
        async with database.transaction() as connection:  # the row stays even if the camera does not answer
            lock = await use_cases.take_ptz(connection, guard=guard, asked=asked, camera_id=camera_id)
        source = await sources.get(camera_id, _revision(guard, camera_id))
        if body.preset is not None:
            await ptz.go_to_preset(camera_id, source, body.preset)
        else:
            velocity = Velocity(body.pan, body.tilt, body.zoom)
            await ptz.move(camera_id, source, velocity, seconds=body.duration_ms / 1000)
    except PtzHeld as error:
        raise Conflict(
            f"{error.holder_name} commande cette caméra : demandez-lui ou attendez qu'elle se libère.",
            holder=error.holder_name,
            free_at=error.free_at.isoformat(),
        ) from error
    except (PtzFailed, SourceUnavailable) as error:
        raise Unavailable(str(error)) from error
    return PtzOut(holder_id=lock.holder_id, holder_name=lock.holder_name, held_until=lock.commanded_at + IDLE_AFTER)


@router.get("/cameras/{camera_id}/snapshot", response_class=Response, responses={200: {"content": {"image/jpeg": {}}}})
async def take_snapshot(
    camera_id: CameraId,
    caller: Caller,
    guard: TheGuard,
    station: Station,
    clock: Now,
    feeds: TheFeeds,
    engine: TheEngine,
    database: TheDatabase,
    motive_code: str = "surveillance",
    incident_id: ContextId | None = None,
) -> Response:
    """Return the present picture of a camera's main stream as JPEG; its register row is committed before."""
    asked = use_cases.Asked(
        principal=caller,
        station=station,
        at=clock.now(),
        motive=Motive(motive_code),
        context=Context(incident_id=incident_id),
    )
    async with database.transaction() as connection:
        await use_cases.allow_snapshot(connection, guard=guard, asked=asked, camera_id=camera_id)
    try:
        async with asyncio.timeout(_SNAPSHOT_SECONDS):
            init, fragments = await feeds.present_group(camera_id, "main")
            jpeg = await engine.picture(init, fragments)
    except (PullEnded, TimeoutError) as error:
        raise Unavailable("La caméra ne donne pas d'image pour le moment.") from error
    return Response(jpeg, media_type="image/jpeg", headers={"Cache-Control": "no-store"})


def _revision(guard: TheGuard, camera_id: str) -> int:
    state = guard.cameras.get(camera_id)
    return state.revision if state else 0
