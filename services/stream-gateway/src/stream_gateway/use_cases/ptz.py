"""Moving a camera."""

from sqlalchemy.ext.asyncio import AsyncConnection

from guard import Guard
from policy import Action
from stream_gateway.domain import ptz_lock
from stream_gateway.domain.ptz_lock import PtzLock
from stream_gateway.repository import ptz
from stream_gateway.use_cases.asking import Asked, check_right


async def take_ptz(connection: AsyncConnection, *, guard: Guard, asked: Asked, camera_id: str) -> PtzLock:
    """Let an agent move a camera now; a take-over writes a register row. Raises PtzHeld."""
    agent = guard.agent(asked.principal)
    lock = await ptz.lock_ptz(connection, camera_id)
    _, decision = guard.decide(agent, Action.PTZ, camera_id, asked.context, asked.at)
    if not decision.allowed:
        await check_right(connection, guard, asked, Action.PTZ, camera_id)
    taken, takes_over = ptz_lock.take(
        lock,
        camera_id=camera_id,
        agent_id=agent.agent_id,
        agent_name=agent.name,
        role=agent.role,
        at=asked.at,
    )
    if takes_over:
        await check_right(connection, guard, asked, Action.PTZ, camera_id)
    await ptz.save_ptz(connection, taken)
    return taken
