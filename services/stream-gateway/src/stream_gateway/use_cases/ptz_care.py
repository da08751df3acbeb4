"""What is done with cameras that nobody commands: rondes and the way home."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from sqlalchemy.ext.asyncio import AsyncConnection

from guard import Guard
from policy import Action
from stream_gateway.domain.ptz.lock import NotHolder, PtzHeld, PtzLock, ReleaseReason
from stream_gateway.domain.ptz.orders import GoHome, Order
from stream_gateway.domain.ptz.patrols import Patrol, PatrolStep, homes_at, resumes_at
from stream_gateway.repository import ptz, ptz_patrols
from stream_gateway.use_cases.asking import Asked, check_right
from stream_gateway.use_cases.ptz import camera_usable, refuse_held_by_other, release, sent_home, take_for_ronde

_LOOK_AGAIN = timedelta(seconds=10)

HomeWait = Callable[[str], timedelta]
"""How long after the last command a camera of a commune goes home; zero: never."""


@dataclass(frozen=True, slots=True)
class Turn:
    """What a camera is to be told, with its fence."""

    camera_id: str
    fence: int
    order: Order


async def start_patrol(
    connection: AsyncConnection,
    *,
    guard: Guard,
    asked: Asked,
    camera_id: str,
    tour_id: str,
    name: str,
    steps: tuple[PatrolStep, ...],
) -> Patrol:
    """Start the ronde of a camera, in the place of the one before; the starter lets go of the camera.

    Raises:
        PtzHeld: somebody else moves it.
    """
    grant = await check_right(connection, guard, asked, Action.PTZ, camera_id)
    agent_id = grant.agent.agent_id
    before = await ptz_patrols.find_patrol(connection, camera_id)
    lock = await ptz.lock_ptz(connection, camera_id)
    rolling = lock is not None and before is not None and lock.holder_id == before.claimant.holder_id
    if not rolling:
        await refuse_held_by_other(connection, agent_id=agent_id, camera_id=camera_id, at=asked.at)
    holder_id = before.claimant.holder_id if rolling and before is not None else agent_id
    if lock is not None and lock.held_at(asked.at):
        await release(connection, agent_id=holder_id, camera_id=camera_id, at=asked.at, reason=ReleaseReason.RONDE)
    patrol = Patrol(
        camera_id=camera_id,
        insee=grant.camera.insee if grant.camera else "",
        tour_id=tour_id,
        name=name,
        steps=steps,
        position=0,
        due_at=asked.at,
        started_by=agent_id,
        started_at=asked.at,
    )
    await ptz_patrols.save_patrol(connection, patrol)
    return patrol


async def end_patrol(connection: AsyncConnection, *, guard: Guard, asked: Asked, camera_id: str) -> bool:
    """End the ronde of a camera; False when there is none."""
    await check_right(connection, guard, asked, Action.PTZ, camera_id)
    await ptz.lock_ptz(connection, camera_id)
    patrol = await ptz_patrols.find_patrol(connection, camera_id)
    if patrol is None:
        return False
    await ptz_patrols.forget_patrol(connection, camera_id)
    try:
        holder_id = patrol.claimant.holder_id
        await release(connection, agent_id=holder_id, camera_id=camera_id, at=asked.at, reason=ReleaseReason.RONDE)
    except NotHolder:
        pass  # a person has the camera
    return True


async def next_step(
    connection: AsyncConnection, *, guard: Guard, camera_id: str, at: datetime, wait: HomeWait
) -> Turn | None:
    """Return the next step of a camera's ronde when it is due, confirmed under lock; else put it off."""
    lock = await ptz.lock_ptz(connection, camera_id)
    patrol = await ptz_patrols.find_patrol(connection, camera_id)
    if patrol is None or at < patrol.due_at:
        return None
    due_at = resumes_at(patrol, lock, wait(patrol.insee))
    if not camera_usable(guard, camera_id, at) or incident_open(guard, camera_id):
        due_at = at + _LOOK_AGAIN
    if at < due_at:
        await ptz_patrols.save_patrol(connection, patrol.held_off(min(due_at, at + _LOOK_AGAIN)))
        return None
    try:
        taken = await take_for_ronde(
            connection, claimant=patrol.claimant, camera_id=camera_id, insee=patrol.insee, at=at
        )
    except PtzHeld as held:
        await ptz_patrols.save_patrol(connection, patrol.held_off(min(held.free_at, at + _LOOK_AGAIN)))
        return None
    await ptz_patrols.save_patrol(connection, patrol.advanced(at))
    return Turn(camera_id, taken.fence, patrol.step.order)


async def go_home(
    connection: AsyncConnection, *, guard: Guard, camera_id: str, at: datetime, wait: HomeWait
) -> Turn | None:
    """Return the way home of a camera that a person left long enough ago, confirmed under lock.

    A camera with a ronde goes back to it instead, by itself. One of an open incident stays where it is.
    """
    lock = await ptz.lock_ptz(connection, camera_id)
    if lock is None or not home_is_due(lock, at, wait) or incident_open(guard, camera_id):
        return None
    if await ptz_patrols.find_patrol(connection, camera_id) is not None or not camera_usable(guard, camera_id, at):
        await ptz.save_ptz(connection, replace(lock, homed_at=at))  # nothing more to look for
        return None
    homeward = sent_home(lock, at)
    await ptz.save_ptz(connection, homeward)
    return Turn(camera_id, homeward.fence, GoHome())


def incident_open(guard: Guard, camera_id: str) -> bool:
    """Tell whether a camera is cited by an incident that is not closed."""
    return any(one.closed_at is None and camera_id in one.camera_ids for one in guard.replicas.incidents.values())


def home_is_due(lock: PtzLock, at: datetime, wait: HomeWait) -> bool:
    """Tell whether a person left a camera so long ago that it goes home."""
    due_at = homes_at(lock, wait(lock.insee))
    return due_at is not None and due_at <= at
