"""Schedules come due: a run per instant, begun at once where somebody sits at its screen, else waiting to be taken.

Images are watched by a named person. A scheduled ronde therefore never begins in the name of somebody who is not
there: without an agent at its screen it waits, everybody who may take it is told, and after a while it is missed.
"""

from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncConnection

from common.auth import Principal
from common.ids import new_id
from common.problems import Unauthenticated
from guard import Guard, Motive
from policy import Action, Context
from stream_gateway.domain.ronde_runs import Patrol, RondeRun, RunState
from stream_gateway.domain.rondes import LOOK_BACK, Ronde
from stream_gateway.repository import rondes as rows
from stream_gateway.repository.scenes import find_screen, insee_of
from stream_gateway.use_cases.asking import Asked, note_act


async def begin_due(connection: AsyncConnection, guard: Guard, at: datetime) -> None:
    """Bring to life what came due until now; an instant that passed while nobody looked is told as missed."""
    for ronde, carried_out in await rows.lock_due_rondes(connection, at):
        for instant in ronde.schedule.due_between(max(carried_out, at - LOOK_BACK), at):
            due = RondeRun.due(ronde, run_id=new_id(), at=instant, scheduled=True).missed(at)
            run = await _begun(connection, guard, ronde, due, at) if due.state is RunState.ATTENDUE else due
            if await rows.add_run(connection, run):
                await rows.say_run_changed(connection, run, at)
                if run.current is not None:
                    await rows.say_steps(connection, run, [(run.current, "entree")], at)
        await rows.note_due(connection, ronde, at)


async def _begun(connection: AsyncConnection, guard: Guard, ronde: Ronde, run: RondeRun, at: datetime) -> RondeRun:
    """Return the run begun in the name of whoever sits at its screen and may; else as it was."""
    screen = await find_screen(connection, ronde.screen_id, None) if ronde.screen_id else None
    seat = screen.seat if screen else None
    if seat is None or not seat.taken_at(at):
        return run
    principal = Principal("agent", seat.agent_id, session_id=seat.login_id, epoch=seat.epoch)
    try:
        agent = guard.agent(principal)
    except Unauthenticated:
        return run
    _, decision = guard.decide(agent, Action.COMMAND_WALL, None, Context(), at)
    if not decision.allowed or not run.communes <= agent.communes:
        return run
    asked = Asked(principal, seat.station, at, Motive("ronde", f"Ronde programmée « {run.name} »"), Context())
    await note_act(connection, guard, asked, Action.COMMAND_WALL, subject="La ronde", insee=insee_of(run.communes))
    return run.taken(Patrol(seat.agent_id, seat.agent_name, seat.login_id, seat.epoch, seat.station), at)
