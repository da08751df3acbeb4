"""May this agent do that here? A refusal leaves a register row; an allowed act on an incident needs none."""

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated

from fastapi import Depends
from sqlalchemy.ext.asyncio import AsyncConnection

from common.auth import Principal
from common.web import Caller, Now, Station, Tx
from guard import Guard
from guard.web import TheGuard
from policy import Action, Agent, Context


@dataclass(frozen=True, slots=True)
class Door:
    """One request at the door: who asks, when, from where. ``require`` is the only way in."""

    conn: AsyncConnection
    guard: Guard
    caller: Principal
    at: datetime
    station: str

    async def require(
        self, action: Action, *, subject: str, camera_id: str | None = None, context: Context | None = None
    ) -> Agent:
        """Return the agent when the policy allows the action; ``subject`` names in a 404 what was asked for.

        Raises:
            NotFound: there is no such camera anywhere.
            Refusal: the policy says no; the register row of the refusal stays committed. Where existence itself
                is hidden the answer is the same 404 as for a thing that is not there.
        """
        agent = self.guard.agent(self.caller)
        seen = context or Context()
        if camera_id is None or self.guard.camera(camera_id) is not None:
            _, decision = self.guard.decide(agent, action, camera_id, seen, self.at)
            if decision.allowed:
                return agent
        refused = await self.guard.check(
            self.conn,
            principal=self.caller,
            action=action,
            at=self.at,
            station=self.station,
            camera_id=camera_id,
            context=seen,
            subject=subject,
        )
        return refused.agent


async def at_the_door(conn: Tx, guard: TheGuard, caller: Caller, clock: Now, station: Station) -> Door:
    """Stand at the door, in the request's own transaction."""
    return Door(conn, guard, caller, clock.now(), station)


AtTheDoor = Annotated[Door, Depends(at_the_door, scope="function")]
