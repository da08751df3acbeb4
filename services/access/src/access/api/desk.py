"""The desk every administrative request passes: who asks, may they, and the register row of having asked."""

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated

from fastapi import Depends
from sqlalchemy.ext.asyncio import AsyncConnection

from access.domain.entries import service_entry
from access.repository import register
from common.auth import Principal
from common.ids import new_id
from common.problems import Forbidden
from common.web import Caller, Now, Station, Tx
from guard import Guard, Motive
from guard.web import TheGuard
from policy import Action, Role

_SEE_ALL = frozenset({Role.ADMIN, Role.DPO, Role.AUDITEUR})


@dataclass(frozen=True, slots=True)
class Admitted:
    """Who was let through.

    ``communes`` bounds what they may see; None means all. ``agent_id``: the agent who asks, None for a machine; what
    nobody may do to themselves is judged by it.
    """

    actor_id: str
    communes: frozenset[str] | None
    agent_id: str | None


@dataclass(frozen=True, slots=True)
class Desk:
    """One request at the desk; ``at`` is its instant."""

    connection: AsyncConnection
    principal: Principal
    guard: Guard
    station: str
    at: datetime

    async def admit(self, action: Action, *, scope: str, about: str = "", camera_id: str | None = None) -> Admitted:
        """Let an agent through by the policy, a service by the scope of its token; either leaves a register row.

        Args:
            action: what an agent must have the right to.
            scope: what a service's token must carry.
            about: whom or what it concerns, for the register.
            camera_id: the camera concerned, if one is.

        Raises:
            Refusal: the policy said no (the row stays).
            Forbidden: the service's token does not carry the scope.
            Unauthenticated: not a known, active agent.
        """
        if self.principal.kind == "service":
            return await self._admit_service(action, scope, about)
        grant = await self.guard.check(
            self.connection,
            principal=self.principal,
            action=action,
            at=self.at,
            station=self.station,
            camera_id=camera_id,
            motive=Motive(code="administration", text=about),
        )
        everywhere = grant.agent.role in _SEE_ALL
        agent_id = grant.agent.agent_id
        return Admitted(agent_id, None if everywhere else grant.agent.communes, agent_id)

    async def _admit_service(self, action: Action, scope: str, about: str) -> Admitted:
        service = self.principal.subject
        if scope not in self.principal.scopes:
            raise Forbidden(f"Ce service n'a pas le droit « {scope} ».", rule="scope")
        entry = service_entry(
            service,
            action=action.value,
            scope=scope,
            motive_text=about,
            entry_id=new_id(),
            station=self.station,
            at=self.at,
        )
        await register.ask_for(self.connection, entry)
        return Admitted(service, self.principal.communes, None)


async def _desk(connection: Tx, caller: Caller, guard: TheGuard, clock: Now, station: Station) -> Desk:
    return Desk(connection, caller, guard, station, clock.now())


TheDesk = Annotated[Desk, Depends(_desk, scope="function")]
