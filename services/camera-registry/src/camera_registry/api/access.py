"""Who may read or write what: agents through the guard, machines by scope."""

from datetime import datetime
from typing import Annotated

from fastapi import Depends
from sqlalchemy.ext.asyncio import AsyncConnection

from camera_registry.repository.communes import insee_codes
from common.auth import Principal
from common.problems import Forbidden, NotFound
from common.web import Caller, Now, Station, Tx
from guard import Guard
from guard.web import TheGuard
from policy import Action, Context

SCOPE_READ = "cameras.read"
SCOPE_WRITE = "cameras.write"
SCOPE_SOURCE = "cameras.source"


async def readable_communes(tx: Tx, clock: Now, caller: Caller, guard: TheGuard, station: Station) -> frozenset[str]:
    """Return the communes whose cameras the caller may list.

    Reading a list leaves no register row, a refusal does (DOMAIN §4). A machine needs ``cameras.read`` or
    ``cameras.write`` and sees the whole town.
    """
    if caller.kind == "service":
        require_scope(caller, SCOPE_READ, SCOPE_WRITE)
        return await insee_codes(tx)
    agent = guard.agent(caller)
    at = clock.now()
    _, decision = guard.decide(agent, Action.VIEW_CAMERA, None, Context(), at)
    if not decision.allowed:
        await guard.check(tx, principal=caller, action=Action.VIEW_CAMERA, at=at, station=station)
    return agent.communes


async def hidden_camera(
    tx: AsyncConnection, guard: Guard, caller: Principal, camera_id: str, at: datetime, station: str
) -> NotFound:
    """Return the answer to who asks for a camera that is not there for him; an agent's asking is written down."""
    if caller.kind == "agent":
        await guard.check(tx, principal=caller, action=Action.VIEW_CAMERA, camera_id=camera_id, at=at, station=station)
    return NotFound("La caméra", camera_id)


def may_configure(guard: Guard, caller: Principal, insee: str, at: datetime) -> bool:
    """Tell whether an agent may change cameras of a commune: who is shown where they are reached. Machines are not."""
    if caller.kind != "agent":
        return False
    return guard.decide(guard.agent(caller), Action.CONFIGURE, None, Context(insee=insee), at)[1].allowed


def require_scope(caller: Principal, *scopes: str) -> None:
    """Raise Forbidden unless a machine has one of the scopes."""
    if caller.scopes.isdisjoint(scopes):
        raise Forbidden(f"Ce service n'a pas le droit « {scopes[0]} ».", rule="scope")


Readable = Annotated[frozenset[str], Depends(readable_communes)]
