"""The domain's refusals as HTTP problems."""

from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse

from access.domain.errors import (
    AccessError,
    AgentAlreadyRevoked,
    AgentExists,
    AgentUnknown,
    AgrementTaken,
    HabilitationTaken,
    OwnChange,
    OwnRevocation,
)
from access.domain.machine_clients import MachineClientTaken, MachineClientUnknown
from access.use_cases.register_proofs import SizeUnknown
from common.problems import Conflict, Invalid, NotFound, Problem, response

_CONFLICTS = (
    AgentExists,
    AgentAlreadyRevoked,
    AgrementTaken,
    HabilitationTaken,
    MachineClientTaken,
    OwnChange,
    OwnRevocation,
    SizeUnknown,
)


def install(app: FastAPI) -> None:
    """Translate every refusal of the domain; what was written before it is rolled back."""
    app.add_exception_handler(AccessError, _on_refusal)


async def _on_refusal(_request: Request, error: Exception) -> JSONResponse:
    return response(_problem(error))


def _problem(error: Exception) -> Problem:
    if isinstance(error, AgentUnknown):
        return NotFound("L'agent", error.agent_id)
    if isinstance(error, MachineClientUnknown):
        return NotFound("Le client", error.client_id)
    if isinstance(error, _CONFLICTS):
        return Conflict(str(error))
    return Invalid(str(error))
