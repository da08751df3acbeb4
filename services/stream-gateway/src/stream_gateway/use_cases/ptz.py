"""Moving a camera: who may now, what it is told, who is told of it."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from sqlalchemy.ext.asyncio import AsyncConnection

from guard import Guard
from policy import Action, Agent, CameraStatus
from stream_gateway.domain.ptz import lock as locks
from stream_gateway.domain.ptz.lock import Change, Claimant, PtzHeld, PtzLock, ReleaseReason, rank_of
from stream_gateway.domain.ptz.orders import ContinuousMove, Order, Stop
from stream_gateway.metrics import PTZ_TAKE_OVERS
from stream_gateway.repository import ptz
from stream_gateway.use_cases.asking import Asked, check_right


@dataclass(frozen=True, slots=True)
class Gesture:
    """A key held or a stick pushed: its name, and the place of a command in it. Without a name nothing is ordered."""

    name: str = ""
    order: int = 0


NO_GESTURE = Gesture()


@dataclass(frozen=True, slots=True)
class Commanded:
    """The lock after a command. ``outdated``: a later command of the same gesture came first, this one is not sent."""

    lock: PtzLock
    outdated: bool = False


async def command(
    connection: AsyncConnection,
    *,
    guard: Guard,
    asked: Asked,
    camera_id: str,
    order: Order,
    gesture: Gesture = NO_GESTURE,
) -> Commanded:
    """Let an agent command a camera now; whoever takes it leaves a register row before it moves.

    Raises:
        PtzHeld: somebody else holds it.
    """
    agent = guard.agent(asked.principal)
    lock = await ptz.lock_ptz(connection, camera_id)
    insee = await _allowed(connection, guard, asked, agent, camera_id)
    if lock is not None and lock.outdated(agent.agent_id, gesture.name, gesture.order):
        return Commanded(lock, outdated=True)
    taken, change = locks.take(
        lock,
        claimant_of(agent),
        camera_id=camera_id,
        insee=insee,
        at=asked.at,
        moving_until=_moving_until(lock, order, asked.at),
        gesture=gesture.name,
        order=gesture.order,
    )
    if change is not Change.RENEWED:
        await check_right(connection, guard, asked, Action.PTZ, camera_id)
    await keep_taken(connection, lock, taken, change)
    return Commanded(taken)


async def take_over(connection: AsyncConnection, *, guard: Guard, asked: Asked, camera_id: str) -> PtzLock:
    """Take a camera, from somebody of a lower rank if need be; the row and the motive come first. Raises PtzHeld."""
    agent = guard.agent(asked.principal)
    lock = await ptz.lock_ptz(connection, camera_id)
    insee = await _allowed(connection, guard, asked, agent, camera_id)
    taken, change = locks.take(
        lock,
        claimant_of(agent),
        camera_id=camera_id,
        insee=insee,
        at=asked.at,
        insists=True,
        moving_until=lock.moving_until if lock else None,
    )
    if change is not Change.RENEWED:
        await check_right(connection, guard, asked, Action.PTZ, camera_id)
    await keep_taken(connection, lock, taken, change)
    return taken


async def release(
    connection: AsyncConnection,
    *,
    agent_id: str,
    camera_id: str,
    at: datetime,
    reason: ReleaseReason = ReleaseReason.RELEASED,
) -> PtzLock:
    """Let go of a camera; raises NotHolder. Whoever holds it may, with or without a right to take it again."""
    lock = await ptz.lock_ptz(connection, camera_id)
    free = locks.released(lock, holder_id=agent_id, at=at)
    await ptz.save_ptz(connection, free)
    await ptz.say_released(connection, free, reason, at)
    return free


async def take_for_ronde(
    connection: AsyncConnection, *, claimant: Claimant, camera_id: str, insee: str, at: datetime
) -> PtzLock:
    """Let a ronde turn a camera now; raises PtzHeld while a person or another ronde holds it.

    Whether the camera may be turned at all is asked before (``camera_usable``); no person acts, so there is no row:
    who started the ronde left one.
    """
    lock = await ptz.lock_ptz(connection, camera_id)
    taken, change = locks.take(lock, claimant, camera_id=camera_id, insee=insee, at=at)
    await keep_taken(connection, lock, taken, change)
    return taken


async def release_idle(connection: AsyncConnection, *, camera_id: str, at: datetime) -> PtzLock | None:
    """Let go of a camera that nobody commanded for 60 s; None when it turns out to be held or free."""
    free = locks.released_if_idle(await ptz.lock_ptz(connection, camera_id), at)
    if free is not None:
        await ptz.save_ptz(connection, free)
        await ptz.say_released(connection, free, ReleaseReason.IDLE, at)
    return free


async def refuse_held_by_other(connection: AsyncConnection, *, agent_id: str, camera_id: str, at: datetime) -> None:
    """Raise PtzHeld while somebody else moves the camera: for acts that want it to stand."""
    lock = await ptz.lock_ptz(connection, camera_id)
    if lock is not None and lock.held_at(at) and lock.holder_id != agent_id:
        raise PtzHeld(camera_id, lock.holder_name, lock.free_at, may_take_over=False)


def claimant_of(agent: Agent) -> Claimant:
    """Return an agent as somebody who wants to move a camera."""
    return Claimant(agent.agent_id, agent.name, rank_of(agent.role))


def camera_usable(guard: Guard, camera_id: str, at: datetime) -> bool:
    """Tell whether a ronde may turn a camera at an instant: it moves, is in service, and an arrêté covers it."""
    camera = guard.camera(camera_id, at)
    if camera is None or camera.authorisation is None:
        return False
    return (
        camera.has_ptz
        and camera.masks_signed
        and camera.status == CameraStatus.EN_SERVICE
        and camera.authorisation.valid_at(at)
    )


async def keep_taken(connection: AsyncConnection, lock: PtzLock | None, taken: PtzLock, change: Change) -> None:
    """Store who moves the camera now, and tell it when that is news."""
    if change is Change.RENEWED:
        await ptz.save_renewed(connection, taken)
        return
    await ptz.save_ptz(connection, taken)
    idle = locks.released_if_idle(lock, taken.taken_at)
    if idle is not None:  # the sweep had not come yet
        await ptz.say_released(connection, idle, ReleaseReason.IDLE, taken.taken_at)
    lost = lock if change is Change.TAKEN_OVER else None
    if lost is not None:
        PTZ_TAKE_OVERS.inc()
    await ptz.say_taken(connection, taken, lost)


async def _allowed(connection: AsyncConnection, guard: Guard, asked: Asked, agent: Agent, camera_id: str) -> str:
    """Return the camera's commune, or raise as ``Guard.check`` does, with the refusal's row."""
    camera, decision = guard.decide(agent, Action.PTZ, camera_id, asked.context, asked.at)
    if not decision.allowed or camera is None:
        grant = await check_right(connection, guard, asked, Action.PTZ, camera_id)
        camera = grant.camera
    return camera.insee if camera else ""


def _moving_until(lock: PtzLock | None, order: Order, at: datetime) -> datetime | None:
    if isinstance(order, ContinuousMove):
        return at + timedelta(seconds=order.seconds)
    return lock.moving_until if lock is not None and isinstance(order, Stop) else None


def sent_home(lock: PtzLock, at: datetime) -> PtzLock:
    """Return the lock of a camera that is sent home now."""
    return replace(lock, homed_at=at, fence=lock.fence + 1)
