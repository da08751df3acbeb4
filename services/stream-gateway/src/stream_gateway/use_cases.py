"""What the gateway is asked to do, one function per command: load, ask the domain, save."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from common.auth import Principal
from guard import Grant, Guard, Motive, Window
from policy import Action, Context
from stream_gateway import repository
from stream_gateway.domain import ptz_lock
from stream_gateway.domain.ptz_lock import PtzLock
from stream_gateway.domain.replays import OPEN_FOR, Replay, check_window
from stream_gateway.domain.sessions import CloseReason, Quality, SessionAlreadyClosed, ViewingSession
from stream_gateway.ports import SegmentIndex


class SessionUnknown(Exception):
    """There is no such session for this agent."""


@dataclass(frozen=True, slots=True)
class Asked:
    """Who asks, from which station, at which instant, why and in which context."""

    principal: Principal
    station: str
    at: datetime
    motive: Motive
    context: Context


async def open_session(
    connection: AsyncConnection,
    *,
    guard: Guard,
    asked: Asked,
    session_id: UUID,
    camera_id: str,
    quality: Quality,
    lease_for: timedelta,
) -> ViewingSession:
    """Grant a viewing session. The register row is written in the same transaction: no row, no image."""
    grant = await _check(connection, guard, asked, Action.LIVE, camera_id)
    session = ViewingSession.open(
        session_id=session_id,
        camera_id=camera_id,
        insee=grant.camera.insee if grant.camera else "",
        agent_id=grant.agent.agent_id,
        epoch=asked.principal.epoch,
        quality=quality,
        incident_id=asked.context.incident_id,
        ticket_id=asked.context.ticket_id,
        at=asked.at,
        lease_for=lease_for,
        login_id=asked.principal.session_id,
    )
    await repository.add_session(connection, session)
    return session


async def renew_lease(
    connection: AsyncConnection, *, session_id: UUID, agent_id: str, at: datetime, lease_for: timedelta
) -> ViewingSession:
    """Prolong a session; raises SessionUnknown, SessionAlreadyClosed or LeaseExpired."""
    session = await _own_session(connection, session_id, agent_id)
    renewed = session.renewed(at, lease_for)
    await repository.save_session(connection, renewed)
    return renewed


async def release_session(connection: AsyncConnection, *, session_id: UUID, agent_id: str, at: datetime) -> None:
    """End a session at its owner's wish; one that is already over stays as it ended."""
    session = await _own_session(connection, session_id, agent_id)
    if session.closed_at is None:
        await repository.save_session(connection, session.closed(at, CloseReason.RELEASED))


async def close_session(
    connection: AsyncConnection, *, session_id: UUID, at: datetime, reason: CloseReason
) -> ViewingSession | None:
    """End a session for a reason of the house; confirmed under lock, None when there is nothing to end."""
    session = await repository.find_session(connection, session_id, for_update=True)
    if session is None or (reason == CloseReason.EXPIRED and at < session.lease_until):
        return None
    try:
        closed = session.closed(at, reason)
    except SessionAlreadyClosed:
        return None
    await repository.save_session(connection, closed)
    return closed


async def take_ptz(connection: AsyncConnection, *, guard: Guard, asked: Asked, camera_id: str) -> PtzLock:
    """Let an agent move a camera now; a take-over writes a register row. Raises PtzHeld."""
    agent = guard.agent(asked.principal)
    lock = await repository.lock_ptz(connection, camera_id)
    _, decision = guard.decide(agent, Action.PTZ, camera_id, asked.context, asked.at)
    if not decision.allowed:
        await _check(connection, guard, asked, Action.PTZ, camera_id)
    taken, takes_over = ptz_lock.take(
        lock,
        camera_id=camera_id,
        agent_id=agent.agent_id,
        agent_name=agent.name,
        role=agent.role,
        at=asked.at,
    )
    if takes_over:
        await _check(connection, guard, asked, Action.PTZ, camera_id)
    await repository.save_ptz(connection, taken)
    return taken


async def open_replay(
    connection: AsyncConnection,
    *,
    guard: Guard,
    index: SegmentIndex,
    asked: Asked,
    replay_id: UUID,
    camera_id: str,
    starts_at: datetime,
    ends_at: datetime,
) -> Replay:
    """Open recorded footage to one agent for ten minutes; raises WindowRefused."""
    check_window(starts_at, ends_at, asked.at)
    grant = await _check(connection, guard, asked, Action.REPLAY, camera_id, Window(starts_at, ends_at))
    segments = await index.find(camera_id, starts_at, ends_at)
    replay = Replay(
        replay_id=replay_id,
        agent_id=grant.agent.agent_id,
        camera_id=camera_id,
        closes_at=asked.at + OPEN_FOR,
        segments=tuple(segments),
    )
    await repository.add_replay(connection, replay)
    return replay


async def allow_snapshot(connection: AsyncConnection, *, guard: Guard, asked: Asked, camera_id: str) -> Grant:
    """Allow one still picture; its register row is in the same transaction."""
    return await _check(connection, guard, asked, Action.SNAPSHOT, camera_id)


async def _own_session(connection: AsyncConnection, session_id: UUID, agent_id: str) -> ViewingSession:
    session = await repository.find_session(connection, session_id, for_update=True)
    if session is None or session.agent_id != agent_id:
        raise SessionUnknown(session_id)
    return session


async def _check(
    connection: AsyncConnection,
    guard: Guard,
    asked: Asked,
    action: Action,
    camera_id: str,
    window: Window | None = None,
) -> Grant:
    return await guard.check(
        connection,
        principal=asked.principal,
        action=action,
        at=asked.at,
        station=asked.station,
        camera_id=camera_id,
        context=asked.context,
        motive=asked.motive,
        window=window,
    )
