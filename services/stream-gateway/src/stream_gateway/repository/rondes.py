"""Rondes and their runs. Access is in the query: whoever lacks one of a ronde's communes does not find it."""

from collections.abc import Mapping, Sequence
from datetime import datetime, time
from typing import Any
from uuid import UUID

from pydantic import TypeAdapter
from sqlalchemy import func, or_, select, update
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.ext.asyncio import AsyncConnection

from common import outbox
from common.ids import new_id
from contracts.envelope import Envelope
from contracts.rondes import FACT_RONDE_RUN_CHANGED, FACT_RONDE_STEP, RondeRunChanged, RondeStepNoted
from contracts.stream import OWNER
from stream_gateway.domain.ronde_runs import DRIVEN, ENDED, RondeRun, RunState
from stream_gateway.domain.rondes import Ronde, RondeStep, Schedule
from stream_gateway.repository.envelopes import fact_envelope
from stream_gateway.repository.scenes import insee_of
from stream_gateway.tables import ronde_runs, rondes

_STEPS = TypeAdapter(tuple[RondeStep, ...])
_SHEET = TypeAdapter(RondeRun)


class ExecutorLost(Exception):
    """Another process drives this run now: whatever this one wanted to write comes too late."""


async def list_rondes(connection: AsyncConnection, communes: frozenset[str]) -> list[Ronde]:
    """Return the rondes that lie wholly within these communes, by name."""
    query = select(rondes).where(rondes.c.communes.contained_by(sorted(communes)), rondes.c.archived.is_(False))
    rows = await connection.execute(query.order_by(func.lower(rondes.c.name), rondes.c.ronde_id))
    return [_ronde(row) for row in rows.mappings()]


async def find_ronde(connection: AsyncConnection, ronde_id: UUID, communes: frozenset[str]) -> Ronde | None:
    """Return a ronde that lies wholly within these communes, locked until the transaction ends."""
    query = select(rondes).where(
        rondes.c.ronde_id == ronde_id,
        rondes.c.communes.contained_by(sorted(communes)),
        rondes.c.archived.is_(False),
    )
    row = (await connection.execute(query.with_for_update())).mappings().first()
    return _ronde(row) if row else None


async def save_ronde(connection: AsyncConnection, ronde: Ronde) -> None:
    """Store a definition; its schedule counts from the change on."""
    values: dict[str, Any] = {
        "ronde_id": ronde.ronde_id,
        "name": ronde.name,
        "purpose": ronde.purpose,
        "steps": _STEPS.dump_python(ronde.steps, mode="json"),
        "communes": sorted(ronde.communes),
        "days": sorted(ronde.schedule.days),
        "times": [at.strftime("%H:%M") for at in ronde.schedule.times],
        "active": ronde.active,
        "changed_by": ronde.changed_by,
        "changed_at": ronde.changed_at,
        "screen_id": ronde.screen_id,
        "place": ronde.place,
        "due_from": ronde.changed_at,
        "next_due_at": ronde.schedule.next_after(ronde.changed_at) if ronde.active else None,
    }
    row = upsert(rondes).values(**values)
    await connection.execute(row.on_conflict_do_update(index_elements=[rondes.c.ronde_id], set_=values))


async def archive_ronde(connection: AsyncConnection, ronde_id: UUID) -> None:
    """Offer a definition no more; the sheets of its runs stay."""
    await connection.execute(
        update(rondes).where(rondes.c.ronde_id == ronde_id).values(archived=True, next_due_at=None)
    )


async def lock_due_rondes(connection: AsyncConnection, at: datetime) -> list[tuple[Ronde, datetime]]:
    """Return the rondes whose schedule has come, each with the instant up to which it was carried out before.

    Locked; one that another process has in hand is left to it.
    """
    query = (
        select(rondes)
        .where(rondes.c.next_due_at <= at, rondes.c.active, rondes.c.archived.is_(False))
        .limit(50)
        .with_for_update(skip_locked=True)
    )
    return [(_ronde(row), row["due_from"]) for row in (await connection.execute(query)).mappings()]


async def note_due(connection: AsyncConnection, ronde: Ronde, at: datetime) -> None:
    """Note that a schedule was carried out up to an instant."""
    following = ronde.schedule.next_after(at)
    await connection.execute(
        update(rondes).where(rondes.c.ronde_id == ronde.ronde_id).values(due_from=at, next_due_at=following)
    )


async def add_run(connection: AsyncConnection, run: RondeRun) -> bool:
    """Store a new run; False when this instant of the schedule has its run already."""
    row = upsert(ronde_runs).values(run_id=run.run_id, **_run_values(run)).on_conflict_do_nothing()
    added = await connection.execute(row.returning(ronde_runs.c.run_id))
    return added.first() is not None


async def find_run(
    connection: AsyncConnection, run_id: UUID, communes: frozenset[str], *, for_update: bool = False
) -> RondeRun | None:
    """Return a run that lies wholly within these communes."""
    query = select(ronde_runs.c.sheet).where(
        ronde_runs.c.run_id == run_id, ronde_runs.c.communes.contained_by(sorted(communes))
    )
    sheet = (await connection.execute(query.with_for_update() if for_update else query)).scalar()
    return _SHEET.validate_python(sheet) if sheet else None


async def list_runs(
    connection: AsyncConnection,
    communes: frozenset[str],
    *,
    ended: bool | None,
    ronde_id: UUID | None,
    before: datetime | None,
    at_most: int,
) -> list[RondeRun]:
    """Return runs within these communes, latest first; ``ended`` None: both."""
    query = select(ronde_runs.c.sheet).where(ronde_runs.c.communes.contained_by(sorted(communes)))
    if ended is not None:
        over = ronde_runs.c.state.in_(sorted(ENDED))
        query = query.where(over if ended else ~over)
    if ronde_id is not None:
        query = query.where(ronde_runs.c.ronde_id == ronde_id)
    if before is not None:
        query = query.where(ronde_runs.c.due_at < before)
    query = query.order_by(ronde_runs.c.due_at.desc(), ronde_runs.c.run_id).limit(at_most)
    return [_SHEET.validate_python(sheet) for sheet in (await connection.execute(query)).scalars()]


async def save_run(connection: AsyncConnection, run: RondeRun) -> None:
    """Store a changed run; its row must be locked in this transaction."""
    await connection.execute(update(ronde_runs).where(ronde_runs.c.run_id == run.run_id).values(**_run_values(run)))


async def claim_runs(connection: AsyncConnection, executor: UUID, seconds: float) -> dict[UUID, int | None]:
    """Renew the runs this process drives and take those that nobody drives, by the database's clock.

    Returns:
        By run, the step whose camera was turned and looked at last.
    """
    claimable = (
        select(ronde_runs.c.run_id)
        .where(
            ronde_runs.c.state.in_(sorted(DRIVEN | {RunState.ATTENDUE, RunState.A_CLORE})),
            or_(
                ronde_runs.c.executor == executor,
                ronde_runs.c.executor_until.is_(None),
                ronde_runs.c.executor_until < func.clock_timestamp(),
            ),
        )
        .order_by(ronde_runs.c.run_id)
        .with_for_update(skip_locked=True)
    )
    until = func.clock_timestamp() + func.make_interval(0, 0, 0, 0, 0, 0, seconds)
    claimed = await connection.execute(
        update(ronde_runs)
        .where(ronde_runs.c.run_id.in_(claimable))
        .values(executor=executor, executor_until=until)
        .returning(ronde_runs.c.run_id, ronde_runs.c.effects_of)
    )
    return {row.run_id: row.effects_of for row in claimed}


async def lock_driven_run(connection: AsyncConnection, run_id: UUID, executor: UUID) -> RondeRun:
    """Return a run that this process drives, locked; raises ExecutorLost when it does not any more."""
    query = select(ronde_runs.c.sheet).where(ronde_runs.c.run_id == run_id, ronde_runs.c.executor == executor)
    sheet = (await connection.execute(query.with_for_update())).scalar()
    if sheet is None:
        raise ExecutorLost(run_id)
    return _SHEET.validate_python(sheet)


async def note_effects(connection: AsyncConnection, run_id: UUID, step: int | None) -> None:
    """Note that a step's camera was turned and looked at; None: that it must be again."""
    await connection.execute(update(ronde_runs).where(ronde_runs.c.run_id == run_id).values(effects_of=step))


async def let_go(connection: AsyncConnection, executor: UUID) -> None:
    """Give every run back, so that another process need not wait for the lease to run out."""
    await connection.execute(
        update(ronde_runs)
        .where(ronde_runs.c.executor == executor, ronde_runs.c.state.not_in(sorted(ENDED)))
        .values(executor=None, executor_until=None)
    )


async def say_run_changed(connection: AsyncConnection, run: RondeRun, at: datetime) -> None:
    """Say that a run began, paused, went on or ended."""
    fact = RondeRunChanged(
        run_id=run.run_id,
        ronde_id=run.ronde_id,
        name=run.name,
        purpose=run.purpose,
        communes=tuple(sorted(run.communes)),
        state=run.state.value,
        reason=run.reason,
        agent_id=run.patrol.agent_id if run.patrol else None,
        at=at,
        step=run.current,
        steps=len(run.records),
    )
    await outbox.append(connection, [_envelope(run, fact, FACT_RONDE_RUN_CHANGED, insee_of(run.communes), at)])


async def say_steps(
    connection: AsyncConnection, run: RondeRun, phases: Sequence[tuple[int, str]], at: datetime
) -> None:
    """Say that steps began (``entree``), ended (``sortie``) or were judged (``constat``)."""
    facts: list[Envelope] = []
    for index, phase in phases:
        record = run.records[index]
        fact = RondeStepNoted(
            run_id=run.run_id,
            ronde_id=run.ronde_id,
            step=index,
            phase=phase,
            camera_id=record.step.camera_id,
            preset=record.step.preset,
            dwell_seconds=record.step.dwell_seconds,
            agent_id=run.patrol.agent_id if run.patrol else None,
            at=at,
            entered_at=record.entered_at,
            left_at=record.left_at,
            finding=record.finding.value,
            note=record.note,
            incident_id=record.incident_id,
            picture=record.picture.value if record.picture else None,
            picture_reason=record.picture_reason,
            preset_outcome=record.preset_outcome.value if record.preset_outcome else None,
            seen_by=record.seen_by,
            screen_id=run.screen_id,
        )
        facts.append(_envelope(run, fact, FACT_RONDE_STEP, record.step.insee, at))
    await outbox.append(connection, facts)


def _envelope(run: RondeRun, fact: RondeRunChanged | RondeStepNoted, name: str, insee: str, at: datetime) -> Envelope:
    return fact_envelope(
        fact, event_id=new_id(), owner=OWNER, fact=name, aggregate=f"ronde:{run.run_id}", insee=insee, at=at
    )


def _run_values(run: RondeRun) -> dict[str, Any]:
    return {
        "ronde_id": run.ronde_id,
        "state": run.state.value,
        "due_at": run.due_at,
        "communes": sorted(run.communes),
        "sheet": _SHEET.dump_python(run, mode="json"),
        "scheduled": run.scheduled,
    }


def _ronde(row: Mapping[Any, Any]) -> Ronde:
    return Ronde(
        ronde_id=row["ronde_id"],
        name=row["name"],
        purpose=row["purpose"],
        steps=_STEPS.validate_python(row["steps"]),
        schedule=Schedule(frozenset(row["days"]), tuple(time.fromisoformat(at) for at in row["times"])),
        active=row["active"],
        changed_by=row["changed_by"],
        changed_at=row["changed_at"],
        screen_id=row["screen_id"],
        place=row["place"],
    )
