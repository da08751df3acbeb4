"""Drives the runs of rondes: one process per run at a time, by a lease in the database.

Each tick brings due schedules to life, renews the lease on the runs this process drives, takes those of a process that
died, and moves each as far as the clock says. Whatever is written is written under the run's row lock by the process
that holds its lease; one that was paused and comes back too late is refused. What a step does to the outside (its
tile, its camera's position, the look at its picture, the warming of the next camera) happens after its transition was
committed, and again by whoever takes over when it was not finished.
"""

import asyncio
from dataclasses import replace
from datetime import datetime, timedelta
from uuid import UUID, uuid4

import structlog
from sqlalchemy.exc import SQLAlchemyError

from common.auth import Principal
from common.clock import Clock
from common.database import Database
from guard import Guard, Motive
from policy import Context
from stream_gateway.domain.ronde_runs import ENDED, Patrol, PresetOutcome, RondeRun, RunState
from stream_gateway.domain.scenes import Tile
from stream_gateway.repository import rondes as rows
from stream_gateway.repository.rondes import ExecutorLost
from stream_gateway.rondes.due import begin_due
from stream_gateway.rondes.ports import Holder, PictureProbe, PresetMover, Warmth
from stream_gateway.rondes.standing import lost_standing
from stream_gateway.use_cases.asking import Asked
from stream_gateway.use_cases.rondes import with_viewers
from stream_gateway.use_cases.walls import show_step

_TICK_SECONDS = 0.5
_LEASE_SECONDS = 5.0
_HEARTBEAT = timedelta(seconds=1.5)
"""How often a run that does not move is noted as driven: well below ``UNATTENDED_AFTER``."""

_WARM_LONGER = timedelta(seconds=15)
_LOG = structlog.get_logger("stream-gateway.rondes")


class RondeRunner:
    """One per process. ``lease_seconds``: how long the runs of a process that died wait for another one."""

    def __init__(
        self,
        *,
        database: Database,
        guard: Guard,
        clock: Clock,
        presets: PresetMover,
        pictures: PictureProbe,
        warmth: Warmth,
        lease_seconds: float = _LEASE_SECONDS,
    ) -> None:
        self.executor: UUID = uuid4()
        self._database = database
        self._guard = guard
        self._clock = clock
        self._presets = presets
        self._pictures = pictures
        self._warmth = warmth
        self._lease_seconds = lease_seconds
        self._effects: dict[UUID, tuple[int, asyncio.Task[None]]] = {}

    async def run(self) -> None:
        """Drive until cancelled; what was driven is given back at once."""
        try:
            while True:
                try:
                    await self.tick()
                except (SQLAlchemyError, OSError, TimeoutError) as error:
                    _LOG.warning("rondes not driven", cause=type(error).__name__)
                await asyncio.sleep(_TICK_SECONDS)
        finally:
            await self.close()

    async def tick(self) -> None:
        """Do what is due now."""
        if not (self._guard.agents.ready and self._guard.cameras.ready):
            return  # nobody is known yet, and nothing must be paused for that
        async with self._database.transaction() as connection:
            await begin_due(connection, self._guard, self._clock.now())
        async with self._database.transaction() as connection:
            claimed = await rows.claim_runs(connection, self.executor, self._lease_seconds)
        for run_id, effects_of in claimed.items():
            try:
                run = await self._driven(run_id)
            except ExecutorLost:
                continue
            self._see_to_effects(run, effects_of)

    async def close(self) -> None:
        """End what is under way and give every run back."""
        tasks = [task for _, task in self._effects.values()]
        self._effects.clear()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        try:
            async with self._database.transaction() as connection:
                await rows.let_go(connection, self.executor)
        except (SQLAlchemyError, OSError, TimeoutError):
            return  # the leases run out by themselves

    async def settle(self) -> None:
        """Wait until what the present steps do to the outside is done: for tests and for an orderly end."""
        await asyncio.gather(*(task for _, task in self._effects.values()), return_exceptions=True)

    async def _driven(self, run_id: UUID) -> RondeRun:
        now = self._clock.now()
        async with self._database.transaction() as connection:
            run = await rows.lock_driven_run(connection, run_id, self.executor)
            moved = self._moved(run, now)
            if moved == run or (_only_ticked(run, moved) and now - (run.ticked_at or now) < _HEARTBEAT):
                return run
            phases: list[tuple[int, str]] = []
            if run.current is not None and moved.records[run.current].left_at != run.records[run.current].left_at:
                moved = await with_viewers(connection, moved, run.current)
                phases.append((run.current, "sortie"))
            if moved.current is not None and moved.current != run.current:
                phases.append((moved.current, "entree"))
            await rows.save_run(connection, moved)
            await rows.say_steps(connection, moved, phases, now)
            if moved.state != run.state:
                await rows.say_run_changed(connection, moved, now)
            return moved

    def _moved(self, run: RondeRun, now: datetime) -> RondeRun:
        if run.state is RunState.ATTENDUE:
            return run.missed(now)
        if run.state is RunState.EN_COURS:
            lost = lost_standing(self._guard, run, now)
            if lost is not None:
                return run.paused_for(lost, now)
        return run.driven(now)

    def _see_to_effects(self, run: RondeRun, effects_of: int | None) -> None:
        under_way = self._effects.get(run.run_id)
        if run.state is not RunState.EN_COURS or run.current is None or run.patrol is None:
            return
        if effects_of == run.current or (under_way is not None and under_way[0] == run.current):
            return
        if under_way is not None:
            under_way[1].cancel()
        task = asyncio.create_task(self._do(run, run.current, run.patrol))
        self._effects[run.run_id] = (run.current, task)
        task.add_done_callback(lambda done: self._forget(run.run_id, done))

    def _forget(self, run_id: UUID, done: asyncio.Task[None]) -> None:
        held = self._effects.get(run_id)
        if held is not None and held[1] is done:
            del self._effects[run_id]
        if not done.cancelled() and done.exception() is not None:
            _LOG.warning("ronde step not carried out", run_id=str(run_id), cause=repr(done.exception()))

    async def _do(self, run: RondeRun, index: int, patrol: Patrol) -> None:
        step, now = run.records[index].step, self._clock.now()
        if run.screen_id is not None:
            tile = Tile(step.camera_id, step.insee, step.preset)
            name = f"Ronde « {run.name} »"
            async with self._database.transaction() as connection:
                await rows.lock_driven_run(connection, run.run_id, self.executor)
                await show_step(
                    connection,
                    screen_id=run.screen_id,
                    place=run.place,
                    tile=tile,
                    by=patrol.agent_id,
                    by_name=f"{name}, {patrol.agent_name}",
                    at=now,
                )
        following = [record.step.camera_id for record in run.records[index + 1 : index + 2]]
        self._warmth.want(following, now + timedelta(seconds=step.dwell_seconds) + _WARM_LONGER)
        (picture, reason), position = await asyncio.gather(
            self._pictures.look(step.camera_id), self._position(run, index, patrol)
        )
        async with self._database.transaction() as connection:
            latest = await rows.lock_driven_run(connection, run.run_id, self.executor)
            if latest.state in ENDED:
                return
            noted = latest.pictured(index, picture, reason)
            noted = noted.positioned(index, *position) if position else noted
            await rows.save_run(connection, noted)
            if noted.current == index:
                await rows.note_effects(connection, run.run_id, index)

    async def _position(self, run: RondeRun, index: int, patrol: Patrol) -> tuple[PresetOutcome, str] | None:
        step = run.records[index].step
        if step.preset is None:
            return None
        asked = Asked(
            principal=principal_of(patrol),
            station=patrol.station,
            at=self._clock.now(),
            motive=Motive("ronde", f"Ronde « {run.name} », étape {index + 1}"),
            context=Context(),
        )
        holder = Holder(f"ronde:{run.run_id}", f"Ronde « {run.name} » ({patrol.agent_name})", "ronde")
        return await self._presets.go(asked, step.camera_id, step.preset, holder)


def principal_of(patrol: Patrol) -> Principal:
    """Return the caller that a run acts for: the agent and the very log-in it was started under."""
    return Principal("agent", patrol.agent_id, session_id=patrol.login_id, epoch=patrol.epoch)


def _only_ticked(before: RondeRun, after: RondeRun) -> bool:
    return replace(after, ticked_at=before.ticked_at) == before
