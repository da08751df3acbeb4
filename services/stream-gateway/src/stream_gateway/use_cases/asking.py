"""Who asks for what, and the one way to have it judged and written down."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncConnection

from common.auth import Principal
from guard import Grant, Guard, Motive, Window
from policy import Action, Context


@dataclass(frozen=True, slots=True)
class Asked:
    """Who asks, from which station, at which instant, why and in which context."""

    principal: Principal
    station: str
    at: datetime
    motive: Motive
    context: Context


async def check_right(
    connection: AsyncConnection,
    guard: Guard,
    asked: Asked,
    action: Action,
    camera_id: str,
    window: Window | None = None,
) -> Grant:
    """Decide and write the register row in the caller's transaction; raises as ``Guard.check`` does."""
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
