"""Server push of the registry's own facts."""

from fastapi import APIRouter, Request
from starlette.responses import Response

from camera_registry.api.access import Readable
from common.live import live_response
from common.web import Caller, Now
from contracts.envelope import Envelope
from guard.web import TheGuard
from policy import Action

router = APIRouter()


@router.get("/live")
async def live(request: Request, caller: Caller, guard: TheGuard, readable: Readable, clock: Now) -> Response:
    """Stream the changes of the caller's cameras; an agent who loses the right meanwhile receives nothing more."""

    def allowed(envelope: Envelope) -> bool:
        if caller.kind == "service":
            return envelope.insee in readable
        return guard.may_see(caller, Action.VIEW_CAMERA, envelope.insee, clock.now())

    return await live_response(request, request.app.state.bus, "REGISTRY", "vigie.*.registry.>", allowed=allowed)
