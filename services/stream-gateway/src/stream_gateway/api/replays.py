"""Recorded footage, opened to one agent for a while."""

from datetime import timedelta
from uuid import UUID

from fastapi import APIRouter, Response

from common.ids import new_id
from common.problems import Invalid, NotFound, Unavailable
from common.web import Caller, Now, Station, Tx
from guard import Motive
from guard.web import CurrentAgent, TheGuard
from policy import Context
from stream_gateway.api.state import TheIndex, TheMarkedFilms, TheRoom
from stream_gateway.domain.replays import Replay, ReplayOver, WindowRefused
from stream_gateway.playback.marked import NO_ROOM, MarkedFilms
from stream_gateway.schemas.replays import InstantReplayIn, RenewalOut, ReplayIn, ReplayOut
from stream_gateway.schemas.texts import CameraId
from stream_gateway.use_cases import replays as replay_cases
from stream_gateway.use_cases.asking import Asked

router = APIRouter(prefix="/api/stream", tags=["relecture"])


@router.post("/replays", status_code=201)
async def open_replay(
    body: ReplayIn,
    tx: Tx,
    caller: Caller,
    guard: TheGuard,
    station: Station,
    clock: Now,
    index: TheIndex,
    room: TheRoom,
    marked: TheMarkedFilms,
) -> ReplayOut:
    """Ask to see a window of at most one hour again; the motive goes to the register.

    Several cameras are several replays of one window: each has its decision and its register row, and all answer with
    absolute times, which is what a screen keeps them in step by.
    """
    asked = Asked(
        principal=caller,
        station=station,
        at=clock.now(),
        motive=Motive(body.motive_code, body.motive_text),
        context=Context(incident_id=body.incident_id),
    )
    try:
        replay = await replay_cases.open_replay(
            tx,
            guard=guard,
            index=index,
            recent=room.recent,
            asked=asked,
            replay_id=new_id(),
            camera_id=body.camera_id,
            starts_at=body.starts_at,
            ends_at=body.ends_at,
        )
    except WindowRefused as error:
        raise Invalid(str(error)) from error
    _refuse_without_room(replay, marked)
    return ReplayOut.of(replay)


@router.post("/cameras/{camera_id}/instant-replay", status_code=201)
async def open_instant_replay(
    camera_id: CameraId,
    body: InstantReplayIn,
    tx: Tx,
    caller: Caller,
    guard: TheGuard,
    station: Station,
    clock: Now,
    index: TheIndex,
    room: TheRoom,
    marked: TheMarkedFilms,
) -> ReplayOut:
    """Show the last 5 to 60 seconds again; its register row, with the window, is committed before the first frame."""
    asked = Asked(
        principal=caller,
        station=station,
        at=clock.now(),
        motive=Motive("relecture_immediate"),
        context=Context(incident_id=body.incident_id),
    )
    replay = await replay_cases.open_instant_replay(
        tx,
        guard=guard,
        index=index,
        recent=room.recent,
        asked=asked,
        replay_id=new_id(),
        camera_id=camera_id,
        last=timedelta(seconds=body.seconds),
        session_id=body.session_id,
    )
    _refuse_without_room(replay, marked)
    return ReplayOut.of(replay)


def _refuse_without_room(replay: Replay, marked: MarkedFilms) -> None:
    """Raise Unavailable where nothing could be shown anyway: no row, no image."""
    if replay.marked and marked.full:
        raise Unavailable(NO_ROOM)


@router.post("/replays/{replay_id}/renewal")
async def renew_replay(
    replay_id: UUID, tx: Tx, caller: Caller, guard: TheGuard, station: Station, clock: Now
) -> RenewalOut:
    """Say that somebody still watches: ten more minutes, three hours in all at most."""
    asked = Asked(caller, station, clock.now(), Motive("relecture_prolongee"), Context())
    try:
        replay = await replay_cases.renew_replay(tx, guard=guard, asked=asked, replay_id=replay_id)
    except ReplayOver as error:
        raise NotFound("La relecture", replay_id) from error
    return RenewalOut(closes_at=replay.closes_at)


@router.delete("/replays/{replay_id}", status_code=204)
async def close_replay(replay_id: UUID, tx: Tx, agent: CurrentAgent, clock: Now) -> Response:
    """Stop watching: nothing of it can be read from now on."""
    try:
        await replay_cases.close_replay(tx, replay_id=replay_id, agent_id=agent.agent_id, at=clock.now())
    except ReplayOver as error:
        raise NotFound("La relecture", replay_id) from error
    return Response(status_code=204)
