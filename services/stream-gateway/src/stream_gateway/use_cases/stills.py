"""Still pictures."""

from sqlalchemy.ext.asyncio import AsyncConnection

from guard import Grant, Guard
from policy import Action
from stream_gateway.use_cases.asking import Asked, check_right


async def allow_snapshot(connection: AsyncConnection, *, guard: Guard, asked: Asked, camera_id: str) -> Grant:
    """Allow one still picture; its register row is in the same transaction."""
    return await check_right(connection, guard, asked, Action.SNAPSHOT, camera_id)
