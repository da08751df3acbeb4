"""Agréments, trainings and the warnings already given: rows are only ever added."""

from collections.abc import Sequence
from datetime import date, datetime

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from access.domain.agents import Agrement
from access.domain.errors import AgrementTaken
from access.domain.papers import Deadline
from access.tables import agrements, paper_warnings, trainings
from common import outbox
from common.ids import new_id
from contracts.access import FACT_AGENT_PAPER_WARNING, OWNER, AgentPaperWarning
from contracts.envelope import CENTRE, make_envelope


async def record_agrement(conn: AsyncConnection, agent_id: str, agrement: Agrement, *, by: str, at: datetime) -> None:
    """Record an agrément, for ever; the same again changes nothing.

    Raises:
        AgrementTaken: the number names another paper.
    """
    values = {
        "number": agrement.number,
        "agent_id": agent_id,
        "valid_from": agrement.valid_from,
        "valid_until": agrement.valid_until,
    }
    stored = await conn.execute(
        insert(agrements).values(**values, recorded_at=at, recorded_by=by).on_conflict_do_nothing()
    )
    if stored.rowcount == 1:
        return
    columns = [agrements.c[name] for name in values]
    known = (await conn.execute(select(*columns).where(agrements.c.number == agrement.number))).one()
    if tuple(known) != tuple(values.values()):
        raise AgrementTaken(agrement.number)


async def record_training(
    conn: AsyncConnection, agent_id: str, trained_on: date, *, title: str, by: str, at: datetime
) -> None:
    """Record a training; the same day again changes nothing."""
    values = {"agent_id": agent_id, "trained_on": trained_on, "title": title, "recorded_at": at, "recorded_by": by}
    await conn.execute(insert(trainings).values(values).on_conflict_do_nothing())


async def warn(conn: AsyncConnection, reached: Sequence[tuple[Deadline, int]], at: datetime) -> int:
    """Tell each warning that was not told yet; return how many were new."""
    fresh = [(deadline, days) for deadline, days in reached if await _first_time(conn, deadline, days, at)]
    envelopes = [
        make_envelope(
            AgentPaperWarning(
                agent_id=deadline.agent_id,
                paper=deadline.paper,
                number=deadline.number,
                ends_at=deadline.ends_at,
                days_left=days,
            ),
            event_id=new_id(),
            owner=OWNER,
            fact=FACT_AGENT_PAPER_WARNING,
            source=OWNER,
            aggregate=f"agent:{deadline.agent_id}",
            insee=CENTRE,
            at=at,
        )
        for deadline, days in fresh
    ]
    await outbox.append(conn, envelopes)
    return len(fresh)


async def _first_time(conn: AsyncConnection, deadline: Deadline, days: int, at: datetime) -> bool:
    values = {
        "agent_id": deadline.agent_id,
        "paper": deadline.paper.value,
        "ends_at": deadline.ends_at,
        "days_left": days,
        "warned_at": at,
    }
    stored = await conn.execute(insert(paper_warnings).values(values).on_conflict_do_nothing())
    return stored.rowcount == 1
