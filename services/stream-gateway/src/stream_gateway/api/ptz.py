"""Moving a camera."""

from datetime import datetime

from fastapi import APIRouter, Response

from common.problems import Invalid
from guard import Motive
from policy import Action, Context
from stream_gateway.api.ptz_desk import MOTIVE_TAKE_OVER, PtzDesk, TheDesk, told_as_problems, told_of
from stream_gateway.domain.ptz.geodesy import Place
from stream_gateway.domain.ptz.lock import PtzHeld, PtzLock, Rank, take
from stream_gateway.domain.ptz.orders import (
    AbsoluteMove,
    ContinuousMove,
    GoHome,
    GoToPreset,
    Order,
    RelativeMove,
    Stop,
    Velocity,
)
from stream_gateway.domain.ptz.presets import order_for
from stream_gateway.repository import ptz, ptz_patrols
from stream_gateway.repository.ptz_calibrations import find_calibration
from stream_gateway.schemas.ptz import (
    AbsoluteIn,
    CommandIn,
    GoToIn,
    HolderOut,
    PointIn,
    PositionOut,
    PtzIn,
    PtzOut,
    PtzStateOut,
    RelativeIn,
    RunningTourOut,
    TakeOverIn,
)
from stream_gateway.schemas.texts import CameraId, ContextId
from stream_gateway.use_cases.asking import check_right
from stream_gateway.use_cases.ptz import claimant_of, release, take_over
from stream_gateway.use_cases.ptz_aiming import aim

router = APIRouter(prefix="/api/stream", tags=["commande des caméras"])


@router.get("/cameras/{camera_id}/ptz")
async def read_ptz_state(
    camera_id: CameraId, desk: TheDesk, incident_id: ContextId | None = None, ticket_id: ContextId | None = None
) -> PtzStateOut:
    """Tell whoever may see a camera who moves it, for how long still, where it points and which ronde it walks."""
    asked = desk.asked(Motive(), incident_id, ticket_id)
    agent = desk.guard.agent(desk.caller)
    sees = any(
        desk.guard.decide(agent, action, camera_id, asked.context, desk.at)[1].allowed
        for action in (Action.LIVE, Action.VIEW_CAMERA)
    )
    async with desk.database.transaction() as connection:
        if not sees:
            await check_right(connection, desk.guard, asked, Action.VIEW_CAMERA, camera_id)
        lock = await ptz.read_ptz(connection, camera_id)
        patrol = await ptz_patrols.find_patrol(connection, camera_id)
        calibration = await find_calibration(connection, camera_id)
    may_command, may_take_over = _may(desk, lock, camera_id, asked.context)
    position = desk.positions.current(camera_id)
    return PtzStateOut(
        camera_id=camera_id,
        holder=_holder(lock, desk.at, agent.agent_id),
        may_command=may_command,
        may_take_over=may_take_over,
        tour=RunningTourOut(
            tour_id=patrol.tour_id,
            name=patrol.name,
            next_preset=patrol.step.number,
            due_at=patrol.due_at,
            started_by=patrol.started_by,
        )
        if patrol
        else None,
        position=PositionOut(
            pan=position.pan, tilt=position.tilt, zoom=position.zoom, at=position.at, moving=position.moving
        )
        if position
        else None,
        calibrated=calibration is not None,
    )


@router.post("/cameras/{camera_id}/ptz")
async def move_camera(camera_id: CameraId, body: PtzIn, desk: TheDesk) -> PtzOut:
    """Move a camera for a while or send it to a preset. 409 names the holder when somebody else has it."""
    velocity = Velocity(body.pan, body.tilt, body.zoom)
    order: Order = Stop() if velocity.still else ContinuousMove(velocity, body.duration_ms / 1000)
    if body.preset is not None:
        order = GoToPreset(body.preset)
    with told_as_problems():
        return await desk.command(camera_id, order, body)


@router.post("/cameras/{camera_id}/ptz/absolute")
async def point_camera(camera_id: CameraId, body: AbsoluteIn, desk: TheDesk) -> PtzOut:
    """Point a camera at a position of its motors."""
    with told_as_problems():
        return await desk.command(camera_id, AbsoluteMove(body.pan, body.tilt, body.zoom), body)


@router.post("/cameras/{camera_id}/ptz/relative")
async def turn_camera(camera_id: CameraId, body: RelativeIn, desk: TheDesk) -> PtzOut:
    """Turn a camera by a part of its range."""
    with told_as_problems():
        return await desk.command(camera_id, RelativeMove(body.pan, body.tilt, body.zoom), body)


@router.post("/cameras/{camera_id}/ptz/stop")
async def stop_camera(camera_id: CameraId, body: CommandIn, desk: TheDesk) -> PtzOut:
    """Stop a camera at once: ahead of every move that waits, and looked after until it stands."""
    with told_as_problems():
        return await desk.command(camera_id, Stop(), body)


@router.post("/cameras/{camera_id}/ptz/home")
async def send_camera_home(camera_id: CameraId, body: CommandIn, desk: TheDesk) -> PtzOut:
    """Send a camera to its home position."""
    with told_as_problems():
        return await desk.command(camera_id, GoHome(), body)


@router.post("/cameras/{camera_id}/ptz/goto")
async def go_to_preset(camera_id: CameraId, body: GoToIn, desk: TheDesk) -> PtzOut:
    """Send a camera to a preset of the registry or of its own."""
    with told_as_problems():
        order: Order | None = GoToPreset(body.token) if body.token is not None else None
        if body.number is not None:
            preset = (await desk.mounting(camera_id)).preset(body.number)
            order = order_for(preset) if preset else None
        if order is None:
            raise Invalid("Cette préposition n'existe pas, ou n'a pas de position : choisissez-en une autre.")
        return await desk.command(camera_id, order, body)


@router.post("/cameras/{camera_id}/ptz/point")
async def look_at_place(camera_id: CameraId, body: PointIn, desk: TheDesk) -> PtzOut:
    """Point a calibrated camera at a place of the map."""
    with told_as_problems():
        asked = desk.asked(incident_id=body.incident_id, ticket_id=body.ticket_id)
        async with desk.database.transaction() as connection:
            agent = desk.guard.agent(desk.caller)
            if not desk.guard.decide(agent, Action.PTZ, camera_id, asked.context, desk.at)[1].allowed:
                await check_right(connection, desk.guard, asked, Action.PTZ, camera_id)
            move = await aim(connection, guard=desk.guard, camera_id=camera_id, target=Place(body.lon, body.lat))
        return await desk.command(camera_id, move, body)


@router.post("/cameras/{camera_id}/ptz/take")
async def take_camera(camera_id: CameraId, body: TakeOverIn, desk: TheDesk) -> PtzOut:
    """Take a camera, from somebody of a lower rank if need be: the register row first, then what it was doing stops."""
    motive = Motive(MOTIVE_TAKE_OVER, body.motive_text)
    asked = desk.asked(motive, body.incident_id, body.ticket_id)
    with told_as_problems():
        async with desk.database.transaction() as connection:
            lock = await take_over(connection, guard=desk.guard, asked=asked, camera_id=camera_id)
        await desk.tell(camera_id, lock.fence, Stop())
    return told_of(lock)


@router.delete("/cameras/{camera_id}/ptz", status_code=204)
async def release_camera(camera_id: CameraId, desk: TheDesk) -> Response:
    """Let go of a camera, so that the next one need not wait 60 s; what it was doing stops."""
    agent = desk.guard.agent(desk.caller)
    with told_as_problems():
        async with desk.database.transaction() as connection:
            lock = await release(connection, agent_id=agent.agent_id, camera_id=camera_id, at=desk.at)
        if lock.moving_until is not None:
            await desk.tell(camera_id, lock.fence, Stop())
    return Response(status_code=204)


def _may(desk: PtzDesk, lock: PtzLock | None, camera_id: str, context: Context) -> tuple[bool, bool]:
    """Tell whether the caller's next command would be taken, and if not whether a take-over would."""
    agent = desk.guard.agent(desk.caller)
    camera, decision = desk.guard.decide(agent, Action.PTZ, camera_id, context, desk.at)
    if camera is None or not decision.allowed:
        return False, False
    try:
        take(lock, claimant_of(agent), camera_id=camera_id, insee=camera.insee, at=desk.at)
    except PtzHeld as held:
        return False, held.may_take_over
    return True, False


def _holder(lock: PtzLock | None, at: datetime, agent_id: str) -> HolderOut | None:
    if lock is None or not lock.held_at(at):
        return None
    return HolderOut(
        holder_id=lock.holder_id,
        holder_name=lock.holder_name,
        rank=Rank(lock.rank).name.lower(),
        since=lock.taken_at,
        held_until=lock.free_at,
        remaining_seconds=round((lock.free_at - at).total_seconds(), 1),
        mine=lock.holder_id == agent_id,
    )
