"""Still pictures."""

from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from guard import Guard
from policy import Action
from stream_gateway.domain.watermark import Watermark
from stream_gateway.use_cases.asking import Asked, check_right, must_be_marked, watermark_of


async def allow_snapshot(
    connection: AsyncConnection, *, guard: Guard, asked: Asked, camera_id: str, still_id: UUID
) -> Watermark | None:
    """Allow one still picture; its register row is in the same transaction.

    Returns the watermark without which it must not leave, None where it needs none.
    """
    grant = await check_right(connection, guard, asked, Action.SNAPSHOT, camera_id, shown_as=still_id)
    return watermark_of(grant.agent, still_id) if must_be_marked(grant) else None
