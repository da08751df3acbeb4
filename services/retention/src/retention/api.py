"""Routes of the retention service: parse, use case, response."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Request, Response
from pydantic import AwareDatetime

from common.ids import new_id
from common.live import live_response
from common.problems import Invalid
from common.web import Caller, Now, Station, Tx, service_scope
from contracts.envelope import Envelope, event_type
from contracts.retention import FACT_SEGMENTS_DESTROYED, OWNER
from guard import Motive, Window
from guard.web import TheGuard
from policy import Action, Agent, Context
from retention import repository, use_cases
from retention.domain.hold import Hold, HoldIncomplete, HoldWindowInvalid
from retention.domain.segment import Segment
from retention.schemas import Gap, HoldIn, HoldList, HoldOut, Interval, LiftIn, Recordings, SegmentList, SegmentOut

router = APIRouter(prefix="/api/retention")

_DESTROYED = event_type(OWNER, FACT_SEGMENTS_DESTROYED)

CameraId = Annotated[str, Query(min_length=1, max_length=100)]
Since = Annotated[AwareDatetime, Query(alias="from")]
Until = Annotated[AwareDatetime, Query(alias="to")]


@router.get("/segments", dependencies=[Depends(service_scope("segments.read"))])
async def list_segments(tx: Tx, clock: Now, camera_id: CameraId, since: Since, until: Until) -> SegmentList:
    """Return the readable segments of a camera's window and its declared gaps, for services."""
    found = await repository.readable_segments(tx, camera_id=camera_id, since=since, until=until, at=clock.now())
    missing = await repository.gaps_of(tx, camera_id=camera_id, since=since, until=until)
    return SegmentList(
        items=[SegmentOut.of(segment, held=held) for segment, held in found],
        gaps=[Gap(started_at=row.started_at, ended_at=row.ended_at, cause=row.cause) for row in missing],
    )


@router.get("/recordings")
async def list_recordings(
    tx: Tx,
    clock: Now,
    caller: Caller,
    guard: TheGuard,
    station: Station,
    camera_id: CameraId,
    since: Since,
    until: Until,
) -> Recordings:
    """Return what is recorded of a camera and the declared gaps; what only a hold keeps is not shown."""
    at = clock.now()
    await guard.check(tx, principal=caller, action=Action.VIEW_RECORDINGS, camera_id=camera_id, at=at, station=station)
    found = await repository.readable_segments(tx, camera_id=camera_id, since=since, until=until, at=at)
    segments = [segment for segment, _held in found if segment.readable_at(at)]
    missing = await repository.gaps_of(tx, camera_id=camera_id, since=since, until=until)
    return Recordings(
        items=_merged(segments),
        gaps=[Gap(started_at=row.started_at, ended_at=row.ended_at, cause=row.cause) for row in missing],
        expires_at_oldest=segments[0].expires_at if segments else None,
    )


@router.get("/holds")
async def list_holds(tx: Tx, clock: Now, caller: Caller, guard: TheGuard, station: Station) -> HoldList:
    """Return the holds of the agent's communes."""
    at = clock.now()
    agent = await _require_one_of((Action.HOLD,), tx, caller, guard, station, at)
    return HoldList(items=[HoldOut.of(hold, at) for hold in await repository.all_holds(tx, agent.communes)])


@router.post("/holds", status_code=201)
async def place_hold(tx: Tx, clock: Now, caller: Caller, guard: TheGuard, station: Station, body: HoldIn) -> HoldOut:
    """Freeze footage for a procedure."""
    at = clock.now()
    grant = await guard.check(
        tx,
        principal=caller,
        action=Action.HOLD,
        camera_id=body.camera_id,
        at=at,
        station=station,
        context=Context(requisition_id=body.procedure_number),
        motive=Motive("gel", f"{body.legal_basis}, {body.procedure_number}, {body.requesting_service}"),
        window=Window(body.window_from, body.window_until),
    )
    try:
        hold = Hold(
            hold_id=new_id(),
            camera_id=body.camera_id,
            insee=grant.camera.insee if grant.camera else "",
            window_from=body.window_from,
            window_until=body.window_until,
            legal_basis=body.legal_basis,
            procedure_number=body.procedure_number,
            requesting_service=body.requesting_service,
            placed_at=at,
            placed_by=grant.agent.agent_id,
        )
    except HoldIncomplete as error:
        raise Invalid(f"Le champ « {error.field} » est trop court pour identifier la procédure.") from error
    except HoldWindowInvalid as error:
        raise Invalid("La fin de la période doit être après son début.") from error
    return HoldOut.of(await use_cases.place_hold(tx, hold=hold, event_id=new_id()), at)


@router.post("/holds/{hold_id}/confirmations")
async def confirm_hold(tx: Tx, clock: Now, caller: Caller, guard: TheGuard, station: Station, hold_id: UUID) -> HoldOut:
    """Note that the réquisition behind a hold was accepted: it no longer lapses after 7 days."""
    at = clock.now()
    await _judge_hold(tx, caller, guard, station, at, hold_id, "confirmation")
    return HoldOut.of(await use_cases.confirm_hold(tx, hold_id=hold_id, at=at), at)


@router.post("/holds/{hold_id}/lifts")
async def lift_hold(
    tx: Tx, clock: Now, caller: Caller, guard: TheGuard, station: Station, hold_id: UUID, body: LiftIn
) -> HoldOut:
    """Ask for the end of a hold; a second person carries it out."""
    at = clock.now()
    await _judge_hold(tx, caller, guard, station, at, hold_id, body.reason)
    lifted = await use_cases.lift_hold(
        tx, hold_id=hold_id, by=caller.subject, reason=body.reason, at=at, event_id=new_id()
    )
    return HoldOut.of(lifted, at)


@router.get("/live")
async def live(request: Request, tx: Tx, clock: Now, caller: Caller, guard: TheGuard, station: Station) -> Response:
    """Push destructions and holds of the agent's communes; every fact is judged anew, by its own action."""
    await _require_one_of((Action.VIEW_RECORDINGS, Action.HOLD), tx, caller, guard, station, clock.now())

    def allowed(envelope: Envelope) -> bool:
        action = Action.VIEW_RECORDINGS if envelope.type == _DESTROYED else Action.HOLD
        return guard.may_see(caller, action, envelope.insee, clock.now())

    return await live_response(
        request,
        request.app.state.bus,
        "RETENTION",
        "vigie.*.retention.>",
        allowed=allowed,
        present=lambda: guard.present(caller, clock.now()),
    )


async def _require_one_of(
    actions: Sequence[Action], tx: Tx, caller: Caller, guard: TheGuard, station: str, at: datetime
) -> Agent:
    """Return the agent when one of the actions is allowed. Reading leaves no register row, a refusal does."""
    agent = guard.agent(caller)
    if not any(guard.decide(agent, action, None, Context(), at)[1].allowed for action in actions):
        await guard.check(tx, principal=caller, action=actions[0], at=at, station=station)
    return agent


async def _judge_hold(
    tx: Tx, caller: Caller, guard: TheGuard, station: str, at: datetime, hold_id: UUID, text: str
) -> None:
    hold = await repository.hold(tx, hold_id)
    await guard.check(
        tx,
        principal=caller,
        action=Action.HOLD,
        camera_id=hold.camera_id if hold else None,
        at=at,
        station=station,
        context=Context(requisition_id=hold.procedure_number if hold else None),
        motive=Motive("gel", text),
    )


def _merged(segments: Sequence[Segment]) -> list[Interval]:
    """Join segments that touch (within a second: a cut on a keyframe is not a gap)."""
    intervals: list[Interval] = []
    for segment in segments:
        if intervals and (segment.started_at - intervals[-1].ended_at).total_seconds() <= 1:
            intervals[-1] = Interval(started_at=intervals[-1].started_at, ended_at=segment.ended_at)
        else:
            intervals.append(Interval(started_at=segment.started_at, ended_at=segment.ended_at))
    return intervals
