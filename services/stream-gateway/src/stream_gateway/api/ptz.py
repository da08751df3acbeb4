"""Moving a camera."""

from fastapi import APIRouter

from common.problems import Conflict, Unavailable
from common.web import Caller, Now, Station
from guard import Motive
from guard.web import TheGuard
from policy import Context
from stream_gateway.api.state import TheDatabase, ThePtz, TheSources
from stream_gateway.domain.ptz_lock import IDLE_AFTER, PtzHeld
from stream_gateway.ports import PtzFailed, SourceUnavailable, Velocity
from stream_gateway.schemas.ptz import PtzIn, PtzOut
from stream_gateway.schemas.texts import CameraId
from stream_gateway.use_cases.asking import Asked
from stream_gateway.use_cases.ptz import take_ptz

router = APIRouter(prefix="/api/stream", tags=["commande des caméras"])


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
    asked = Asked(
        principal=caller,
        station=station,
        at=clock.now(),
        motive=Motive("prise_en_main"),
        context=Context(incident_id=body.incident_id),
    )
    try:
        async with database.transaction() as connection:  # the row stays even if the camera does not answer
            lock = await take_ptz(connection, guard=guard, asked=asked, camera_id=camera_id)
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


def _revision(guard: TheGuard, camera_id: str) -> int:
    state = guard.cameras.get(camera_id)
    return state.revision if state else 0
