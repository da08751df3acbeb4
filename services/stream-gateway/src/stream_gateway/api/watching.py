"""Who watches what, now; switches of a session; the shift leader's hand; pre-warming."""

from dataclasses import replace
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Response

from common.problems import Conflict, NotFound, Problem
from common.web import Tx
from contracts.access import AgentState
from guard import Guard, Motive
from guard.web import CurrentAgent, TheGuard
from policy import Action, Context
from stream_gateway.api.admission import OVER
from stream_gateway.api.asked import TheAsked
from stream_gateway.api.granted import granted
from stream_gateway.api.state import TheTokens
from stream_gateway.api.wall_state import TheBudget, TheWarmth
from stream_gateway.domain.prewarm import PER_MINUTE, WARM_FOR
from stream_gateway.domain.sessions import LeaseExpired, Quality, SessionAlreadyClosed, ViewingSession
from stream_gateway.schemas.sessions import SessionOut
from stream_gateway.schemas.watching import (
    ContextIn,
    EndIn,
    PrewarmIn,
    PrewarmOut,
    QualityIn,
    ViewerOut,
    WatchedOut,
    WatchingOut,
)
from stream_gateway.use_cases.asking import Asked
from stream_gateway.use_cases.sessions import SessionUnknown, own_session, switch_session
from stream_gateway.use_cases.watching import end_viewing, watching_now

router = APIRouter(prefix="/api/stream", tags=["supervision"])


@router.get("/watching")
async def who_watches_what(
    tx: Tx,
    guard: TheGuard,
    asked: TheAsked,
    camera_id: Annotated[str | None, Query(min_length=1, max_length=100)] = None,
) -> WatchingOut:
    """Return who watches the cameras of the own communes at this moment, by camera."""
    found = await watching_now(tx, guard=guard, asked=asked, camera_id=camera_id)
    cameras = [
        WatchedOut(
            camera_id=watched.camera_id,
            label=_label(guard, watched.camera_id),
            insee=watched.insee,
            viewers=[_viewer(session, guard.agents.get(session.agent_id)) for session in watched.sessions],
        )
        for watched in found.cameras
    ]
    return WatchingOut(at=asked.at, cameras=cameras, sessions=found.sessions, agents=found.agents)


@router.delete("/watching/{session_id}", status_code=204)
async def end_somebodys_viewing(session_id: UUID, body: EndIn, tx: Tx, guard: TheGuard, asked: TheAsked) -> Response:
    """End somebody's session: the picture stops within two seconds, and the register says who ended it and why."""
    named = replace(asked, motive=Motive("fin_imposee", body.motive_text))
    try:
        await end_viewing(tx, guard=guard, asked=named, session_id=session_id)
    except SessionUnknown as error:
        raise NotFound("La session", session_id) from error
    return Response(status_code=204)


@router.post("/sessions/{session_id}/quality")
async def switch_quality(
    session_id: UUID,
    body: QualityIn,
    tx: Tx,
    guard: TheGuard,
    agent: CurrentAgent,
    asked: TheAsked,
    tokens: TheTokens,
) -> SessionOut:
    """Go on with the other stream of the same camera: no new motive, and a register row of its own."""
    try:
        session = await own_session(tx, session_id=session_id, agent_id=agent.agent_id)
    except SessionUnknown as error:
        raise NotFound("La session", session_id) from error
    kept = Context(incident_id=session.incident_id, ticket_id=session.ticket_id)
    motive = Motive("changement_de_flux", f"{session.quality} → {body.quality}")
    named = replace(asked, motive=motive, context=kept)
    return await _switched(tx, guard, named, session_id, body.quality, tokens)


@router.post("/sessions/{session_id}/context")
async def switch_context(
    session_id: UUID, body: ContextIn, tx: Tx, guard: TheGuard, asked: TheAsked, tokens: TheTokens
) -> SessionOut:
    """Go on watching for an incident or a ticket, or for none: a register row of its own."""
    context = Context(incident_id=body.incident_id, ticket_id=body.ticket_id)
    named = replace(asked, motive=Motive("changement_de_contexte"), context=context)
    return await _switched(tx, guard, named, session_id, None, tokens)


@router.post("/prewarm")
async def prewarm(
    body: PrewarmIn, guard: TheGuard, agent: CurrentAgent, asked: TheAsked, warmth: TheWarmth, budget: TheBudget
) -> PrewarmOut:
    """Keep cameras warm that will probably be watched in a moment.

    No image leaves, so there is no register row; each camera is judged as for live all the same, and one that may not
    be watched is silently not warmed. Watching it afterwards is a session with its row like any other.
    """
    wanted = list(dict.fromkeys(body.camera_ids))
    if not budget.spend(agent.agent_id, len(wanted), asked.at):
        raise Problem(
            429,
            "trop-de-demandes",
            "Trop de demandes",
            f"Au plus {PER_MINUTE} caméras préparées par minute : ouvrez les images voulues directement.",
        )
    allowed = [
        camera_id for camera_id in wanted if guard.decide(agent, Action.LIVE, camera_id, Context(), asked.at)[1].allowed
    ]
    until = asked.at + WARM_FOR
    warm = warmth.want(allowed, until)
    return PrewarmOut(warm=[camera_id for camera_id in allowed if camera_id in warm], until=until)


async def _switched(
    tx: Tx, guard: Guard, asked: Asked, session_id: UUID, quality: Quality | None, tokens: TheTokens
) -> SessionOut:
    try:
        session = await switch_session(tx, guard=guard, asked=asked, session_id=session_id, quality=quality)
    except SessionUnknown as error:
        raise NotFound("La session", session_id) from error
    except SessionAlreadyClosed as error:
        raise Conflict(OVER, reason=error.reason.value) from error
    except LeaseExpired as error:
        raise Conflict(OVER, reason="expired") from error
    return granted(session, tokens)


def _label(guard: Guard, camera_id: str) -> str:
    camera = guard.cameras.get(camera_id)
    return camera.label if camera else camera_id


def _viewer(session: ViewingSession, state: AgentState | None) -> ViewerOut:
    return ViewerOut(
        session_id=session.session_id,
        agent_id=session.agent_id,
        agent_name=state.name if state else session.agent_id,
        role=state.role.value if state else "",
        organisation=state.organisation_name if state else "",
        since=session.opened_at,
        quality=session.quality,
        incident_id=session.incident_id,
        ticket_id=session.ticket_id,
        station=session.station,
        transport=session.transport,
    )
