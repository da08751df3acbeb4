"""Server push of dispatches: operators see those of their communes, partners their own organisation's."""

from fastapi import APIRouter, Request
from sse_starlette import EventSourceResponse

from common.live import live_response
from common.web import Caller, Now
from contracts.envelope import Envelope
from contracts.streams import STREAM_OF_OWNER
from dispatch import repository
from dispatch.permission import AtTheDoor
from guard.web import TheGuard
from policy import Action, permissions

router = APIRouter()


@router.get("/live")
async def live(request: Request, guard: TheGuard, caller: Caller, clock: Now, door: AtTheDoor) -> EventSourceResponse:
    """Push the facts the agent may see, as they happen; each is judged at its own second."""
    sees_all = Action.VIEW_DISPATCH in permissions(guard.agent(caller), door.at, town=guard.town)
    action = Action.VIEW_DISPATCH if sees_all else Action.RECEIVE_DISPATCH
    agent = await door.require(action, subject="Le fil des envois")
    own = await repository.partner_ids_of(door.conn, organisation_id=agent.organisation_id)

    def allowed(envelope: Envelope) -> bool:
        concerned = sees_all or envelope.data.get("partner_id") in own
        return concerned and guard.may_see(caller, action, envelope.insee, clock.now())

    return await live_response(
        request,
        request.app.state.bus,
        STREAM_OF_OWNER["dispatch"],
        "vigie.*.dispatch.>",
        allowed=allowed,
        present=lambda: guard.present(caller, clock.now()),
    )
