"""Server push of the registry's own facts."""

from fastapi import APIRouter, Request
from starlette.responses import Response

from camera_registry.api.access import Readable
from camera_registry.api.alarms import LISTENING_ACTIONS
from common.live import live_response
from common.web import Caller, Now
from contracts.envelope import Envelope, event_type
from contracts.registry import FACT_ALARM_RAISED, OWNER
from guard.web import TheGuard
from policy import Action

router = APIRouter()
_ALARM = event_type(OWNER, FACT_ALARM_RAISED)
"""Told only to who may list alarms, which fewer roles may than see cameras."""


@router.get("/live")
async def live(request: Request, caller: Caller, guard: TheGuard, readable: Readable, clock: Now) -> Response:
    """Stream the changes of the caller's cameras; an agent who loses the right meanwhile receives nothing more."""

    def allowed(envelope: Envelope) -> bool:
        if caller.kind == "service":
            return envelope.insee in readable
        actions = LISTENING_ACTIONS if envelope.type == _ALARM else (Action.VIEW_CAMERA,)
        return any(guard.may_see(caller, action, envelope.insee, clock.now()) for action in actions)

    return await live_response(
        request,
        request.app.state.bus,
        "REGISTRY",
        "vigie.*.registry.>",
        allowed=allowed,
        present=lambda: guard.present(caller, clock.now()),
    )
