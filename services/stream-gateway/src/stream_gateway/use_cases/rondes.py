"""Rondes: defined, started, taken, marked. Who drives a run from step to step is ``stream_gateway.rondes.runner``.

Register rows: defining one, and starting, taking or resuming a run. A step's *view* has its row from the viewing
session that shows it, under whoever opened that; the house's own look at the picture shows nobody anything.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from common.problems import NotFound
from guard import Guard
from policy import Action, Agent
from stream_gateway.domain.ronde_runs import Finding, Patrol, RondeRun
from stream_gateway.domain.rondes import Ronde, RondeStep, Schedule, check_steps
from stream_gateway.repository import rondes as rows
from stream_gateway.repository.scenes import find_screen, insee_of
from stream_gateway.repository.watching import who_saw
from stream_gateway.use_cases.asking import Asked, note_act, require

_RONDE = "La ronde"


@dataclass(frozen=True, slots=True)
class StepWish:
    """A step that somebody wants."""

    camera_id: str
    dwell_seconds: int
    preset: str | None = None


@dataclass(frozen=True, slots=True)
class RondeTerms:
    """What a definition says."""

    name: str
    purpose: str
    steps: Sequence[StepWish]
    schedule: Schedule
    active: bool
    screen_id: str | None
    place: int


async def list_rondes(connection: AsyncConnection, *, guard: Guard, asked: Asked) -> list[Ronde]:
    """Return the rondes that lie wholly within the own communes."""
    agent = await require(connection, guard, asked, Action.COMMAND_WALL, subject=_RONDE)
    return await rows.list_rondes(connection, agent.communes)


async def find_ronde(connection: AsyncConnection, *, guard: Guard, asked: Asked, ronde_id: UUID) -> Ronde:
    """Return a definition; raises NotFound."""
    agent = await require(connection, guard, asked, Action.COMMAND_WALL, subject=_RONDE)
    return await _ronde(connection, ronde_id, agent)


async def save_ronde(
    connection: AsyncConnection, *, guard: Guard, asked: Asked, ronde_id: UUID, terms: RondeTerms, is_new: bool
) -> Ronde:
    """Define a ronde, new or changed; runs under way go on as they were defined.

    Raises:
        UnusableRonde, NotFound (a camera, a screen or the ronde is not in the agent's communes).
    """
    agent = guard.agent(asked.principal)
    steps = tuple(_step(guard, agent, wish) for wish in terms.steps)
    check_steps(steps)
    communes = frozenset(step.insee for step in steps)
    await note_act(connection, guard, asked, Action.MANAGE_RONDES, subject=_RONDE, insee=insee_of(communes))
    if not is_new:
        await _ronde(connection, ronde_id, agent)
    await _refuse_foreign_screen(connection, terms.screen_id, agent)
    ronde = Ronde(
        ronde_id=ronde_id,
        name=terms.name,
        purpose=terms.purpose,
        steps=steps,
        schedule=terms.schedule,
        active=terms.active,
        changed_by=agent.agent_id,
        changed_at=asked.at,
        screen_id=terms.screen_id,
        place=terms.place,
    )
    await rows.save_ronde(connection, ronde)
    return ronde


async def archive_ronde(connection: AsyncConnection, *, guard: Guard, asked: Asked, ronde_id: UUID) -> None:
    """Offer a ronde no more; raises NotFound."""
    agent = await note_act(connection, guard, asked, Action.MANAGE_RONDES, subject=_RONDE)
    await _ronde(connection, ronde_id, agent)
    await rows.archive_ronde(connection, ronde_id)


async def start_run(
    connection: AsyncConnection,
    *,
    guard: Guard,
    asked: Asked,
    ronde_id: UUID,
    run_id: UUID,
    screen_id: str | None,
    place: int | None,
) -> RondeRun:
    """Start a ronde by hand, in the caller's name; raises NotFound."""
    agent = guard.agent(asked.principal)
    ronde = await _ronde(connection, ronde_id, agent)
    await note_act(connection, guard, asked, Action.COMMAND_WALL, subject=_RONDE, insee=insee_of(ronde.communes))
    await _refuse_foreign_screen(connection, screen_id, agent)
    run = RondeRun.due(ronde, run_id=run_id, at=asked.at, scheduled=False, screen_id=screen_id, place=place)
    begun = run.taken(_patrol(asked, agent), asked.at)
    await rows.add_run(connection, begun)
    await _say_begun(connection, begun, asked)
    return begun


async def take_run(connection: AsyncConnection, *, guard: Guard, asked: Asked, run_id: UUID) -> RondeRun:
    """Take a scheduled run that waits for an agent; raises NotFound or RunRefused."""
    agent, run = await _own_run(connection, guard, asked, run_id)
    begun = run.taken(_patrol(asked, agent), asked.at)
    await note_act(connection, guard, asked, Action.COMMAND_WALL, subject=_RONDE, insee=insee_of(run.communes))
    await rows.save_run(connection, begun)
    await _say_begun(connection, begun, asked)
    return begun


async def pause_run(connection: AsyncConnection, *, guard: Guard, asked: Asked, run_id: UUID) -> RondeRun:
    """Stop the clock; raises NotFound or RunRefused."""
    agent, run = await _own_run(connection, guard, asked, run_id)
    return await _changed(connection, run.paused_for(f"Mise en pause par {agent.name}.", asked.at), asked)


async def resume_run(connection: AsyncConnection, *, guard: Guard, asked: Asked, run_id: UUID) -> RondeRun:
    """Go on, in the caller's name from now on; raises NotFound or RunRefused."""
    agent, run = await _own_run(connection, guard, asked, run_id)
    resumed = run.resumed(_patrol(asked, agent), asked.at)
    await note_act(connection, guard, asked, Action.COMMAND_WALL, subject=_RONDE, insee=insee_of(run.communes))
    await rows.note_effects(connection, run_id, None)  # somebody may have turned the camera meanwhile
    return await _changed(connection, resumed, asked)


async def skip_step(connection: AsyncConnection, *, guard: Guard, asked: Asked, run_id: UUID) -> RondeRun:
    """Go to the next step; raises NotFound or RunRefused."""
    _, run = await _own_run(connection, guard, asked, run_id)
    left = run.current if run.current is not None else 0
    skipped = await with_viewers(connection, run.skipped(asked.at), left)
    entered = [(skipped.current, "entree")] if skipped.current is not None and skipped.current != left else []
    await rows.say_steps(connection, skipped, [(left, "sortie"), *entered], asked.at)
    return await _changed(connection, skipped, asked)


async def stop_run(connection: AsyncConnection, *, guard: Guard, asked: Asked, run_id: UUID) -> RondeRun:
    """End a run before its last step; raises NotFound or RunRefused."""
    agent, run = await _own_run(connection, guard, asked, run_id)
    stopped = run.stopped(f"Arrêtée par {agent.name}.", asked.at)
    if run.current is not None:
        stopped = await with_viewers(connection, stopped, run.current)
        await rows.say_steps(connection, stopped, [(run.current, "sortie")], asked.at)
    return await _changed(connection, stopped, asked)


async def close_run(connection: AsyncConnection, *, guard: Guard, asked: Asked, run_id: UUID) -> RondeRun:
    """Close the sheet once the findings are complete; raises NotFound or RunRefused."""
    agent, run = await _own_run(connection, guard, asked, run_id)
    closed = replace(run.closed(asked.at), reason=f"Clôturée par {agent.name}.")
    return await _changed(connection, closed, asked)


async def note_finding(
    connection: AsyncConnection,
    *,
    guard: Guard,
    asked: Asked,
    run_id: UUID,
    step: int,
    finding: Finding,
    note: str,
    incident_id: str | None,
) -> RondeRun:
    """Note what the caller found at a step (from 0) that began; raises NotFound or RunRefused."""
    agent, run = await _own_run(connection, guard, asked, run_id)
    found = run.found(
        step,
        finding,
        by=agent.agent_id,
        by_name=agent.name,
        at=asked.at,
        note=note,
        incident_id=incident_id,
    )
    await rows.save_run(connection, found)
    await rows.say_steps(connection, found, [(step, "constat")], asked.at)
    return found


async def find_run(connection: AsyncConnection, *, guard: Guard, asked: Asked, run_id: UUID) -> RondeRun:
    """Return a run with its result sheet; raises NotFound."""
    agent = await require(connection, guard, asked, Action.COMMAND_WALL, subject=_RONDE)
    run = await rows.find_run(connection, run_id, agent.communes)
    if run is None:
        raise NotFound(_RONDE, run_id)
    return run


async def with_viewers(connection: AsyncConnection, run: RondeRun, index: int) -> RondeRun:
    """Return the run with who had a step's camera open while it was looked at."""
    record = run.records[index]
    if record.entered_at is None or record.left_at is None:
        return run
    return run.seen(index, await who_saw(connection, record.step.camera_id, record.entered_at, record.left_at))


async def _changed(connection: AsyncConnection, run: RondeRun, asked: Asked) -> RondeRun:
    await rows.save_run(connection, run)
    await rows.say_run_changed(connection, run, asked.at)
    return run


async def _say_begun(connection: AsyncConnection, run: RondeRun, asked: Asked) -> None:
    await rows.say_run_changed(connection, run, asked.at)
    await rows.say_steps(connection, run, [(0, "entree")], asked.at)


async def _own_run(connection: AsyncConnection, guard: Guard, asked: Asked, run_id: UUID) -> tuple[Agent, RondeRun]:
    agent = await require(connection, guard, asked, Action.COMMAND_WALL, subject=_RONDE)
    run = await rows.find_run(connection, run_id, agent.communes, for_update=True)
    if run is None:
        raise NotFound(_RONDE, run_id)
    return agent, run


async def _ronde(connection: AsyncConnection, ronde_id: UUID, agent: Agent) -> Ronde:
    ronde = await rows.find_ronde(connection, ronde_id, agent.communes)
    if ronde is None:
        raise NotFound(_RONDE, ronde_id)
    return ronde


def _step(guard: Guard, agent: Agent, wish: StepWish) -> RondeStep:
    camera = guard.cameras.get(wish.camera_id)
    if camera is None or camera.insee not in agent.communes:
        raise NotFound("La caméra", wish.camera_id)
    return RondeStep(camera.camera_id, camera.insee, wish.dwell_seconds, wish.preset)


def _patrol(asked: Asked, agent: Agent) -> Patrol:
    principal = asked.principal
    return Patrol(agent.agent_id, agent.name, principal.session_id, principal.epoch, asked.station)


async def _refuse_foreign_screen(connection: AsyncConnection, screen_id: str | None, agent: Agent) -> None:
    if screen_id is not None and await find_screen(connection, screen_id, agent.communes) is None:
        raise NotFound("L'écran", screen_id)
