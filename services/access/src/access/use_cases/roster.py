"""Bringing a roster back: what its plan says, through the same commands as one agent at a time."""

from collections.abc import Callable
from datetime import datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from access.domain.agents import Agent
from access.domain.roster import RosterPlan, read_roster
from access.repository import agents as repository
from access.use_cases import agents, papers


async def compare_roster(conn: AsyncConnection, *, content: bytes, by_agent: str | None) -> RosterPlan:
    """Tell what a file would do. Raises RosterUnreadable."""
    known = {agent.agent_id: agent for agent in await repository.everybody(conn)}
    organisations = {one.organisation_id: one for one in await repository.all_organisations(conn)}
    return read_roster(content, known, organisations, by_agent)


async def apply_roster(
    conn: AsyncConnection,
    *,
    plan: RosterPlan,
    by: str,
    by_agent: str | None,
    new_event_id: Callable[[], UUID],
    at: datetime,
) -> None:
    """Do what a plan of this very transaction says, all or nothing.

    Raises:
        AccessError: a paper's number names another paper already (see the domain).
    """
    for agent in plan.created:
        await agents.enrol_agent(
            conn,
            agent_id=agent.agent_id,
            name=agent.name,
            role=agent.role,
            organisation_id=agent.organisation.organisation_id,
            communes=agent.communes,
            habilitation=agent.habilitation,
            by=by,
            event_id=new_event_id(),
            at=at,
        )
        await _papers(conn, agent, by=by, by_agent=by_agent, new_event_id=new_event_id, at=at)
    for agent in plan.changed:
        before = await agents.change_agent(
            conn,
            agent_id=agent.agent_id,
            name=agent.name,
            role=agent.role,
            organisation_id=agent.organisation.organisation_id,
            communes=agent.communes,
            by_agent=by_agent,
            event_id=new_event_id(),
            at=at,
        )
        if agent.habilitation is not None and agent.habilitation != before.habilitation:
            await agents.grant_habilitation(
                conn,
                agent_id=agent.agent_id,
                habilitation=agent.habilitation,
                by=by,
                by_agent=by_agent,
                event_id=new_event_id(),
                at=at,
            )
        await _papers(conn, agent, by=by, by_agent=by_agent, new_event_id=new_event_id, at=at)


async def _papers(
    conn: AsyncConnection,
    agent: Agent,
    *,
    by: str,
    by_agent: str | None,
    new_event_id: Callable[[], UUID],
    at: datetime,
) -> None:
    if agent.agrement is not None:
        await papers.record_agrement(
            conn,
            agent_id=agent.agent_id,
            agrement=agent.agrement,
            by=by,
            by_agent=by_agent,
            event_id=new_event_id(),
            at=at,
        )
    if agent.trained_on is not None:
        await papers.record_training(
            conn,
            agent_id=agent.agent_id,
            trained_on=agent.trained_on,
            title="",
            by=by,
            event_id=new_event_id(),
            at=at,
        )
