"""Viewing sessions: granted, renewed, released."""

from datetime import timedelta
from uuid import UUID

from fastapi import APIRouter, Response

from common.ids import new_id
from common.problems import Conflict, NotFound, Unavailable
from common.web import Caller, Now, Station, Tx
from guard import Motive
from guard.web import CurrentAgent, TheGuard
from policy import Context
from stream_gateway.api.admission import OVER
from stream_gateway.api.granted import granted
from stream_gateway.api.state import TheSettings, TheShowing, TheTokens, TheWatch
from stream_gateway.domain.sessions import CloseReason, LeaseExpired, SessionAlreadyClosed
from stream_gateway.live.marked import NO_ROOM
from stream_gateway.schemas.sessions import LeaseOut, SessionIn, SessionOut
from stream_gateway.use_cases import sessions as session_cases
from stream_gateway.use_cases.asking import Asked

router = APIRouter(prefix="/api/stream", tags=["direct"])


@router.post("/sessions", status_code=201)
async def open_session(
    body: SessionIn,
    tx: Tx,
    caller: Caller,
    guard: TheGuard,
    station: Station,
    clock: Now,
    settings: TheSettings,
    tokens: TheTokens,
    showing: TheShowing,
) -> SessionOut:
    """Ask to watch a camera: decision and register row are committed before the answer.

    Where the arrêté asks for a burnt-in watermark and there is no room to burn one in, 503: no row, no image.
    """
    asked = Asked(
        principal=caller,
        station=station,
        at=clock.now(),
        motive=Motive(body.motive_code, body.motive_text),
        context=Context(incident_id=body.incident_id, ticket_id=body.ticket_id),
    )
    session = await session_cases.open_session(
        tx,
        guard=guard,
        asked=asked,
        session_id=new_id(),
        camera_id=body.camera_id,
        quality=body.quality,
        lease_for=timedelta(seconds=settings.lease_seconds),
    )
    if session.marked and showing.full:
        raise Unavailable(NO_ROOM)
    return granted(session, tokens)


@router.post("/sessions/{session_id}/lease")
async def renew_lease(
    session_id: UUID,
    tx: Tx,
    agent: CurrentAgent,
    clock: Now,
    settings: TheSettings,
    tokens: TheTokens,
    watch: TheWatch,
) -> LeaseOut:
    """Say that somebody still watches; the console does so every 10 s."""
    try:
        session = await session_cases.renew_lease(
            tx,
            session_id=session_id,
            agent_id=agent.agent_id,
            at=clock.now(),
            lease_for=timedelta(seconds=settings.lease_seconds),
        )
    except session_cases.SessionUnknown as error:
        raise NotFound("La session", session_id) from error
    except (SessionAlreadyClosed, LeaseExpired) as error:
        reason = error.reason if isinstance(error, SessionAlreadyClosed) else CloseReason.EXPIRED
        raise Conflict(OVER, reason=reason.value) from error
    ended = watch.judge(session, clock.now())
    if ended is not None:
        raise Conflict(OVER, reason=ended.value)
    return LeaseOut(
        token=tokens.issue(session, "ws"), whep_token=tokens.issue(session, "whep"), expires_at=session.lease_until
    )


@router.delete("/sessions/{session_id}", status_code=204)
async def release_session(session_id: UUID, tx: Tx, agent: CurrentAgent, clock: Now) -> Response:
    """Stop watching."""
    try:
        await session_cases.release_session(tx, session_id=session_id, agent_id=agent.agent_id, at=clock.now())
    except session_cases.SessionUnknown as error:
        raise NotFound("La session", session_id) from error
    return Response(status_code=204)
