"""Commands on agréments and trainings, and the warnings before they run out."""

from datetime import date, datetime
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy.ext.asyncio import AsyncConnection

from access.domain.agents import Agent, Agrement
from access.domain.errors import TrainingInFuture
from access.domain.papers import reached
from access.repository import agents, papers

_PARIS = ZoneInfo("Europe/Paris")


async def record_agrement(
    conn: AsyncConnection,
    *,
    agent_id: str,
    agrement: Agrement,
    by: str,
    by_agent: str | None,
    event_id: UUID,
    at: datetime,
) -> Agent:
    """Put an agent under the prefect's agrément; every service learns when it counts.

    ``by_agent`` is the agent who asks, None for a machine.

    Raises:
        AgentUnknown, AgrementTaken, OwnChange: see the domain.
    """
    agent = await agents.get(conn, agent_id, for_update=True)
    changed = agent.under(agrement, by_agent=by_agent)
    await papers.record_agrement(conn, agent_id, agrement, by=by, at=at)
    if changed != agent:
        await agents.save(conn, changed, event_id=event_id, at=at)
    return changed


async def record_training(
    conn: AsyncConnection, *, agent_id: str, trained_on: date, title: str, by: str, event_id: UUID, at: datetime
) -> Agent:
    """Record a training that took place; the last one counts for 24 months.

    Raises:
        AgentUnknown, TrainingInFuture: see the domain.
    """
    if trained_on > at.astimezone(_PARIS).date():
        raise TrainingInFuture
    agent = await agents.get(conn, agent_id, for_update=True)
    await papers.record_training(conn, agent_id, trained_on, title=title, by=by, at=at)
    changed = agent.trained(trained_on)
    if changed != agent:
        await agents.save(conn, changed, event_id=event_id, at=at)
    return changed


async def warn_of_ends(conn: AsyncConnection, *, at: datetime) -> int:
    """Tell every warning that is reached and was not told yet, also one missed while nobody ran; return how many."""
    return await papers.warn(conn, reached(await agents.everybody(conn), at), at)
