"""Who asks, from where and when, for routes whose act needs no motive of its own."""

from typing import Annotated

from fastapi import Depends

from common.web import Caller, Now, Station
from guard import Motive
from policy import Context
from stream_gateway.use_cases.asking import Asked


async def _asked(caller: Caller, station: Station, clock: Now) -> Asked:
    return Asked(principal=caller, station=station, at=clock.now(), motive=Motive(), context=Context())


TheAsked = Annotated[Asked, Depends(_asked)]
