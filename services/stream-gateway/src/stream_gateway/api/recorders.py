"""What the recorders do, and the live facts of this service."""

from fastapi import APIRouter, Request
from sse_starlette import EventSourceResponse

from common.live import live_response
from common.problems import Forbidden
from common.web import Caller, Now, Tx
from contracts.envelope import Envelope
from contracts.stream import OWNER
from contracts.streams import STREAM_OF_OWNER
from guard.web import TheGuard
from policy import Action, Agent, Context
from stream_gateway.api.facts import may_hear
from stream_gateway.repository.recorders import list_recorders as reported
from stream_gateway.schemas.recorders import RecorderList, RecorderOut

router = APIRouter(prefix="/api/stream", tags=["supervision"])


@router.get("/recorders")
async def list_recorders(tx: Tx, caller: Caller, guard: TheGuard, clock: Now) -> RecorderList:
    """Return the recorders' last reports: all for machines, those of the own communes for supervisors."""
    communes = None
    if caller.kind == "agent":
        agent = guard.agent(caller)
        _require(guard, agent, Action.SUPERVISE, clock)
        communes = agent.communes
    rows = await reported(tx, communes)
    return RecorderList(items=[RecorderOut.model_validate(row) for row in rows])


@router.get("/live", response_class=EventSourceResponse)
async def live(request: Request, caller: Caller, guard: TheGuard, clock: Now) -> EventSourceResponse:
    """Push the live facts of the agent's communes, with sequence numbers; each is judged at its own second."""
    _require(guard, guard.agent(caller), Action.VIEW_CAMERA, clock)

    def allowed(envelope: Envelope) -> bool:
        return may_hear(guard, caller, envelope, clock.now())

    return await live_response(
        request,
        request.app.state.bus,
        STREAM_OF_OWNER[OWNER],
        f"vigie.*.{OWNER}.>",
        allowed=allowed,
        present=lambda: guard.present(caller, clock.now()),
    )


def _require(guard: TheGuard, agent: Agent, action: Action, clock: Now) -> None:
    _, decision = guard.decide(agent, action, None, Context(), clock.now())
    if not decision.allowed:
        raise Forbidden(decision.explanation, rule=decision.rule, citation=decision.citation)
