"""Rondes: defined, started, followed, marked; their result sheets."""

from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Path, Query, Response
from pydantic import AwareDatetime

from common.ids import new_id
from common.problems import Conflict, Invalid
from common.web import Tx
from guard import Guard
from guard.web import TheGuard
from policy import Action
from stream_gateway.api.asked import TheAsked
from stream_gateway.domain.ronde_runs import RondeRun, RunRefused
from stream_gateway.domain.rondes import Ronde, Schedule, UnusableRonde
from stream_gateway.repository.rondes import list_runs as found_runs
from stream_gateway.schemas.rondes import (
    FindingIn,
    RondeIn,
    RondeList,
    RondeOut,
    RunList,
    RunOut,
    ScheduleIn,
    StartIn,
    StepOut,
    StepRecordOut,
)
from stream_gateway.use_cases import rondes
from stream_gateway.use_cases.asking import Asked, require

router = APIRouter(prefix="/api/stream", tags=["rondes"])

_PAGE = 50
StepNumber = Annotated[int, Path(ge=0, le=99)]
Command = Callable[..., Awaitable[RondeRun]]


@router.get("/rondes")
async def list_rondes(tx: Tx, guard: TheGuard, asked: TheAsked) -> RondeList:
    """Return the rondes that lie wholly within the own communes."""
    found = await rondes.list_rondes(tx, guard=guard, asked=asked)
    return RondeList(items=[_ronde_out(ronde, asked.at) for ronde in found])


@router.post("/rondes", status_code=201)
async def add_ronde(body: RondeIn, tx: Tx, guard: TheGuard, asked: TheAsked) -> RondeOut:
    """Define a ronde."""
    return await _saved(body, new_id(), tx, guard, asked, is_new=True)


@router.get("/rondes/{ronde_id}")
async def read_ronde(ronde_id: UUID, tx: Tx, guard: TheGuard, asked: TheAsked) -> RondeOut:
    """Return a definition."""
    return _ronde_out(await rondes.find_ronde(tx, guard=guard, asked=asked, ronde_id=ronde_id), asked.at)


@router.put("/rondes/{ronde_id}")
async def change_ronde(ronde_id: UUID, body: RondeIn, tx: Tx, guard: TheGuard, asked: TheAsked) -> RondeOut:
    """Change a definition; runs under way go on as they were defined."""
    return await _saved(body, ronde_id, tx, guard, asked, is_new=False)


@router.delete("/rondes/{ronde_id}", status_code=204)
async def archive_ronde(ronde_id: UUID, tx: Tx, guard: TheGuard, asked: TheAsked) -> Response:
    """Offer a ronde no more; its result sheets stay."""
    await rondes.archive_ronde(tx, guard=guard, asked=asked, ronde_id=ronde_id)
    return Response(status_code=204)


@router.post("/rondes/{ronde_id}/runs", status_code=201)
async def start_ronde(ronde_id: UUID, body: StartIn, tx: Tx, guard: TheGuard, asked: TheAsked) -> RunOut:
    """Start a ronde now, in the caller's name."""
    run = await rondes.start_run(
        tx,
        guard=guard,
        asked=asked,
        ronde_id=ronde_id,
        run_id=new_id(),
        screen_id=body.screen_id,
        place=body.place,
    )
    return _run_out(run, asked.at)


@router.get("/ronde-runs")
async def list_ronde_runs(
    tx: Tx,
    guard: TheGuard,
    asked: TheAsked,
    ended: Annotated[bool | None, Query()] = None,
    ronde_id: Annotated[UUID | None, Query()] = None,
    before: Annotated[AwareDatetime | None, Query()] = None,
) -> RunList:
    """Return runs of the own communes, latest first, fifty at a time."""
    agent = await require(tx, guard, asked, Action.COMMAND_WALL, subject="La ronde")
    found = await found_runs(tx, agent.communes, ended=ended, ronde_id=ronde_id, before=before, at_most=_PAGE)
    following = found[-1].due_at if len(found) == _PAGE else None
    return RunList(items=[_run_out(run, asked.at) for run in found], next_before=following)


@router.get("/ronde-runs/{run_id}")
async def read_ronde_run(run_id: UUID, tx: Tx, guard: TheGuard, asked: TheAsked) -> RunOut:
    """Return a run with its result sheet."""
    return _run_out(await rondes.find_run(tx, guard=guard, asked=asked, run_id=run_id), asked.at)


@router.post("/ronde-runs/{run_id}/take")
async def take_ronde_run(run_id: UUID, tx: Tx, guard: TheGuard, asked: TheAsked) -> RunOut:
    """Begin a scheduled ronde that waits for an agent, in the caller's name."""
    return await _commanded(rondes.take_run, run_id, tx, guard, asked)


@router.post("/ronde-runs/{run_id}/pause")
async def pause_ronde_run(run_id: UUID, tx: Tx, guard: TheGuard, asked: TheAsked) -> RunOut:
    """Stop the clock of the present step."""
    return await _commanded(rondes.pause_run, run_id, tx, guard, asked)


@router.post("/ronde-runs/{run_id}/resume")
async def resume_ronde_run(run_id: UUID, tx: Tx, guard: TheGuard, asked: TheAsked) -> RunOut:
    """Go on, in the caller's name from now on."""
    return await _commanded(rondes.resume_run, run_id, tx, guard, asked)


@router.post("/ronde-runs/{run_id}/skip")
async def skip_ronde_step(run_id: UUID, tx: Tx, guard: TheGuard, asked: TheAsked) -> RunOut:
    """Leave the present step before its time."""
    return await _commanded(rondes.skip_step, run_id, tx, guard, asked)


@router.post("/ronde-runs/{run_id}/stop")
async def stop_ronde_run(run_id: UUID, tx: Tx, guard: TheGuard, asked: TheAsked) -> RunOut:
    """End a run before its last step."""
    return await _commanded(rondes.stop_run, run_id, tx, guard, asked)


@router.post("/ronde-runs/{run_id}/close")
async def close_ronde_run(run_id: UUID, tx: Tx, guard: TheGuard, asked: TheAsked) -> RunOut:
    """Close the result sheet; nothing in it changes afterwards."""
    return await _commanded(rondes.close_run, run_id, tx, guard, asked)


@router.post("/ronde-runs/{run_id}/steps/{step}/finding")
async def note_finding(
    run_id: UUID, step: StepNumber, body: FindingIn, tx: Tx, guard: TheGuard, asked: TheAsked
) -> RunOut:
    """Note what was found at a step (from 0) that has begun."""

    async def note(connection: Tx, *, guard: Guard, asked: Asked, run_id: UUID) -> RondeRun:
        return await rondes.note_finding(
            connection,
            guard=guard,
            asked=asked,
            run_id=run_id,
            step=step,
            finding=body.finding,
            note=body.note,
            incident_id=body.incident_id,
        )

    return await _commanded(note, run_id, tx, guard, asked)


async def _commanded(command: Command, run_id: UUID, tx: Tx, guard: TheGuard, asked: TheAsked) -> RunOut:
    try:
        return _run_out(await command(tx, guard=guard, asked=asked, run_id=run_id), asked.at)
    except RunRefused as error:
        raise Conflict(str(error)) from error


async def _saved(body: RondeIn, ronde_id: UUID, tx: Tx, guard: TheGuard, asked: TheAsked, *, is_new: bool) -> RondeOut:
    terms = rondes.RondeTerms(
        name=body.name,
        purpose=body.purpose,
        steps=[rondes.StepWish(step.camera_id, step.dwell_seconds, step.preset) for step in body.steps],
        schedule=Schedule(frozenset(body.schedule.days), body.schedule.clock_times()),
        active=body.active,
        screen_id=body.screen_id,
        place=body.place,
    )
    try:
        ronde = await rondes.save_ronde(tx, guard=guard, asked=asked, ronde_id=ronde_id, terms=terms, is_new=is_new)
    except UnusableRonde as error:
        raise Invalid(str(error)) from error
    return _ronde_out(ronde, asked.at)


def _ronde_out(ronde: Ronde, at: datetime) -> RondeOut:
    schedule = ScheduleIn(
        days=sorted(ronde.schedule.days), times=[each.strftime("%H:%M") for each in ronde.schedule.times]
    )
    return RondeOut(
        ronde_id=ronde.ronde_id,
        name=ronde.name,
        purpose=ronde.purpose,
        steps=[
            StepOut(camera_id=step.camera_id, preset=step.preset, dwell_seconds=step.dwell_seconds)
            for step in ronde.steps
        ],
        schedule=schedule,
        active=ronde.active,
        screen_id=ronde.screen_id,
        place=ronde.place,
        lasts_seconds=round(ronde.lasts.total_seconds()),
        next_due_at=ronde.schedule.next_after(at) if ronde.active else None,
        changed_by=ronde.changed_by,
        changed_at=ronde.changed_at,
    )


def _run_out(run: RondeRun, at: datetime) -> RunOut:
    return RunOut(
        run_id=run.run_id,
        ronde_id=run.ronde_id,
        name=run.name,
        purpose=run.purpose,
        state=run.state.value,
        reason=run.reason,
        scheduled=run.scheduled,
        due_at=run.due_at,
        started_at=run.started_at,
        ended_at=run.ended_at,
        agent_id=run.patrol.agent_id if run.patrol else None,
        agent_name=run.patrol.agent_name if run.patrol else "",
        current=run.current,
        ends_at=run.ends_at,
        late_seconds=round(run.late_by(at).total_seconds()),
        screen_id=run.screen_id,
        place=run.place,
        steps=[
            StepRecordOut(
                step=index,
                camera_id=record.step.camera_id,
                preset=record.step.preset,
                dwell_seconds=record.step.dwell_seconds,
                entered_at=record.entered_at,
                left_at=record.left_at,
                skipped=record.skipped,
                finding=record.finding.value,
                found_by=record.found_by,
                found_by_name=record.found_by_name,
                found_at=record.found_at,
                note=record.note,
                incident_id=record.incident_id,
                picture=record.picture.value if record.picture else None,
                picture_reason=record.picture_reason,
                preset_outcome=record.preset_outcome.value if record.preset_outcome else None,
                preset_reason=record.preset_reason,
                seen_by=list(record.seen_by),
            )
            for index, record in enumerate(run.records)
        ],
    )
