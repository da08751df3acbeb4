"""Who may read or write what: agents through the guard, machines by scope."""

from typing import Annotated

from fastapi import Depends

from camera_registry.repository.communes import insee_codes
from common.auth import Principal
from common.problems import Forbidden
from common.web import Caller, Now, Station, Tx
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


def require_scope(caller: Principal, *scopes: str) -> None:
    """Raise Forbidden unless a machine has one of the scopes."""
    if caller.scopes.isdisjoint(scopes):
        raise Forbidden(f"Ce service n'a pas le droit « {scopes[0]} ».", rule="scope")


Readable = Annotated[frozenset[str], Depends(readable_communes)]
