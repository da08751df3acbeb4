"""Which live facts an agent may hear, judged anew for each."""

from datetime import datetime

from common.auth import Principal
from common.problems import Unauthenticated
from contracts.envelope import CENTRE, Envelope, event_type
from contracts.rondes import FACT_RONDE_RUN_CHANGED, FACT_RONDE_STEP, FACT_SCREEN_CHANGED
from contracts.stream import (
    FACT_BOOKMARK_ADDED,
    FACT_BOOKMARK_REMOVED,
    FACT_CAMERA_REACHABILITY,
    FACT_PTZ_RELEASED,
    FACT_PTZ_TAKEN,
    OWNER,
)
from guard import Guard
from policy import Action, Context

_SCREEN = event_type(OWNER, FACT_SCREEN_CHANGED)
_RUN = event_type(OWNER, FACT_RONDE_RUN_CHANGED)
_ACTIONS = {
    event_type(OWNER, FACT_CAMERA_REACHABILITY): Action.VIEW_CAMERA,
    event_type(OWNER, FACT_PTZ_TAKEN): Action.VIEW_CAMERA,
    event_type(OWNER, FACT_PTZ_RELEASED): Action.VIEW_CAMERA,
    event_type(OWNER, FACT_BOOKMARK_ADDED): Action.VIEW_RECORDINGS,
    event_type(OWNER, FACT_BOOKMARK_REMOVED): Action.VIEW_RECORDINGS,
    _SCREEN: Action.COMMAND_WALL,
    _RUN: Action.COMMAND_WALL,
    event_type(OWNER, FACT_RONDE_STEP): Action.COMMAND_WALL,
}
"""That a camera is lost, or moved by whom, is for everybody who may see it, bookmarks for who may list recordings, the
wall for the room, the rest for supervisors."""


def may_hear(guard: Guard, caller: Principal, envelope: Envelope, at: datetime) -> bool:
    """Tell whether an open push stream delivers a fact to its caller."""
    action = _ACTIONS.get(envelope.type, Action.SUPERVISE)
    if envelope.insee != CENTRE or envelope.type not in {_SCREEN, _RUN}:
        return guard.may_see(caller, action, envelope.insee, at)
    try:
        agent = guard.agent(caller)
    except Unauthenticated:
        return False
    communes = frozenset(map(str, envelope.data.get("communes", ())))
    concerns = bool(communes & agent.communes) if envelope.type == _SCREEN else communes <= agent.communes
    return concerns and guard.decide(agent, action, None, Context(), at)[1].allowed
