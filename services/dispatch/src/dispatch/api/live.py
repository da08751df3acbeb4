"""Server push of dispatches: operators see those of their communes, partners their own organisation's."""

from collections.abc import Callable

from fastapi import APIRouter, Request
from sse_starlette import EventSourceResponse

from common.live import live_response
from common.problems import Unauthenticated
from common.web import Caller
from contracts.envelope import Envelope
from contracts.streams import STREAM_OF_OWNER
from dispatch import repository
from dispatch.permission import AtTheDoor, Door
from guard.web import TheGuard
from policy import Action, permissions

router = APIRouter()


@router.get("/live")
async def live(request: Request, guard: TheGuard, caller: Caller, door: AtTheDoor) -> EventSourceResponse:
    """Push the facts the agent may see, as they happen."""
    concerns = await _concerns(door)

    def allowed(envelope: Envelope) -> bool:
        try:
            return envelope.insee in guard.visible_communes(caller) and concerns(envelope)
        except Unauthenticated:
            return False  # revoked meanwhile: nothing more comes

    return await live_response(
        request, request.app.state.bus, STREAM_OF_OWNER["dispatch"], "vigie.*.dispatch.>", allowed=allowed
    )


async def _concerns(door: Door) -> Callable[[Envelope], bool]:
    """Return which facts are the agent's business: all of the communes, or those sent to its organisation."""
    if Action.VIEW_DISPATCH in permissions(door.guard.agent(door.caller), door.at):
        return lambda _envelope: True
    agent = await door.require(Action.RECEIVE_DISPATCH, subject="Le fil des envois")
    own = await repository.partner_ids_of(door.conn, organisation_id=agent.organisation_id)
    return lambda envelope: envelope.data.get("partner_id") in own
