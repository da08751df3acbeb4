"""FastAPI dependencies of the guard: the agent who calls, and the guard itself."""

from typing import Annotated

from fastapi import Depends
from starlette.requests import HTTPConnection

from common.web import Caller
from guard.check import Guard
from policy.model import Agent


async def current_guard(connection: HTTPConnection) -> Guard:
    """Return the application's guard (``app.state.guard``)."""
    guard: Guard = connection.app.state.guard
    return guard


async def current_agent(caller: Caller, guard: Annotated[Guard, Depends(current_guard)]) -> Agent:
    """Return the calling agent; raises Unauthenticated for machines and for unknown or revoked agents."""
    return guard.agent(caller)


TheGuard = Annotated[Guard, Depends(current_guard)]
CurrentAgent = Annotated[Agent, Depends(current_agent)]
