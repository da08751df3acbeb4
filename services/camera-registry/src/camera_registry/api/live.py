"""Server push of the registry's own facts."""

from fastapi import APIRouter, Request
from starlette.responses import Response

from camera_registry.api.access import Readable
from common.live import live_response
from common.problems import Unauthenticated
from common.web import Caller
from contracts.envelope import Envelope
from guard.web import TheGuard

router = APIRouter()


@router.get("/live")
async def live(request: Request, caller: Caller, guard: TheGuard, readable: Readable) -> Response:
    """Stream the changes of the caller's cameras; an agent revoked meanwhile receives nothing more."""

    def allowed(envelope: Envelope) -> bool:
        if caller.kind == "service":
            return envelope.insee in readable
        try:
            return envelope.insee in guard.visible_communes(caller)
        except Unauthenticated:
            return False

    return await live_response(request, request.app.state.bus, "REGISTRY", "vigie.*.registry.>", allowed=allowed)
