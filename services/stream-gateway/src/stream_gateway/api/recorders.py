"""What the recorders do, and the live facts of this service."""

from fastapi import APIRouter, Request
from sse_starlette import EventSourceResponse

from common.live import live_response
from common.web import Caller, Now, Tx
from contracts.envelope import Envelope
from contracts.stream import OWNER
from contracts.streams import STREAM_OF_OWNER
from guard.web import TheGuard
from policy import Action
from stream_gateway.api.asked import TheAsked
from stream_gateway.api.facts import may_hear
from stream_gateway.repository.recorders import list_recorders as reported
from stream_gateway.schemas.recorders import RecorderList, RecorderOut
from stream_gateway.use_cases.asking import require

router = APIRouter(prefix="/api/stream", tags=["supervision"])


@router.get("/recorders")
async def list_recorders(tx: Tx, caller: Caller, guard: TheGuard, asked: TheAsked) -> RecorderList:
    """Return the recorders' last reports: all for machines, those of the own communes for supervisors."""
    communes = None
    if caller.kind == "agent":
        communes = (await require(tx, guard, asked, Action.SUPERVISE, subject="Les enregistreurs")).communes
    rows = await reported(tx, communes)
    return RecorderList(items=[RecorderOut.model_validate(row) for row in rows])


@router.get("/live", response_class=EventSourceResponse)
async def live(
    request: Request, tx: Tx, caller: Caller, guard: TheGuard, asked: TheAsked, clock: Now
) -> EventSourceResponse:
    """Push the live facts of the agent's communes, with sequence numbers; each is judged at its own second."""
    await require(tx, guard, asked, Action.VIEW_CAMERA, subject="Les faits en direct")

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
