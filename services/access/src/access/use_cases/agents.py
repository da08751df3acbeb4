"""Commands on agents, their employers and their habilitations."""

from collections.abc import Callable
from datetime import datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from access.domain.agents import Agent, Habilitation, Organisation
from access.domain.errors import AgentExists, OwnRevocation
from access.repository import agents as repository
from contracts.access import FACT_AGENT_REVOKED, Role


async def record_organisation(
    conn: AsyncConnection, *, organisation: Organisation, new_event_id: Callable[[], UUID], at: datetime
) -> None:
    """Create or change an employer. A commune it lost is lost to its agents too; their states are published."""
    await repository.save_organisation(conn, organisation)
    for agent in await repository.all_of(conn, organisation.organisation_id):
        await repository.save(conn, agent.employed_by(organisation), event_id=new_event_id(), at=at)


async def enrol_agent(
    conn: AsyncConnection,
    *,
    agent_id: str,
    name: str,
    role: Role,
    organisation_id: str,
    communes: frozenset[str] | None,
    habilitation: Habilitation | None,
    by: str,
    event_id: UUID,
    at: datetime,
) -> Agent:
    """Create an agent; the same command again changes nothing.

    Raises:
        OrganisationUnknown, CommunesOutsideEmployer, AgentIdMalformed, HabilitationTaken: see the domain.
        AgentExists: the identifier is taken by an agent with other data.
    """
    organisation = await repository.organisation(conn, organisation_id)
    agent = Agent.enrol(
        agent_id=agent_id,
        name=name,
        role=role,
        organisation=organisation,
        communes=communes,
        habilitation=habilitation,
    )
    existing = await repository.find(conn, agent_id, for_update=True)
    if existing is not None:
        if existing == agent:
            return existing
        raise AgentExists(agent_id)
    if habilitation is not None:
        await repository.grant(conn, agent_id, habilitation, by=by, at=at)
    await repository.save(conn, agent, event_id=event_id, at=at)
    return agent


async def change_agent(
    conn: AsyncConnection,
    *,
    agent_id: str,
    name: str | None,
    role: Role | None,
    organisation_id: str | None,
    communes: frozenset[str] | None,
    by_agent: str | None,
    event_id: UUID,
    at: datetime,
) -> Agent:
    """Change what is given (None: as it was); every service judges by it from the next second on.

    Under another employer an agent without given communes gets that employer's whole territory.

    Raises:
        AgentUnknown, OrganisationUnknown, OwnChange, CommunesOutsideEmployer, RoleNotOfEmployer: see the domain.
    """
    agent = await repository.get(conn, agent_id, for_update=True)
    moved = organisation_id is not None and organisation_id != agent.organisation.organisation_id
    organisation = await repository.organisation(conn, organisation_id or agent.organisation.organisation_id)
    changed = agent.changed(
        by_agent=by_agent,
        name=name or agent.name,
        role=role or agent.role,
        organisation=organisation,
        communes=communes if communes is not None or moved else agent.communes,
    )
    if changed != agent:
        await repository.save(conn, changed, event_id=event_id, at=at)
    return changed


async def grant_habilitation(
    conn: AsyncConnection,
    *,
    agent_id: str,
    habilitation: Habilitation,
    by: str,
    by_agent: str | None,
    event_id: UUID,
    at: datetime,
) -> Agent:
    """Give an agent a new dated paper; a revoked agent is active again under it.

    Args:
        conn: the transaction.
        agent_id: whose paper it is.
        habilitation: the paper.
        by: who is written under it.
        by_agent: the agent who asks, None for a machine.
        event_id: of the fact that is published.
        at: the instant of the command.

    Raises:
        AgentUnknown, HabilitationTaken, OwnChange: see the domain.
    """
    agent = await repository.get(conn, agent_id, for_update=True)
    if agent.active and agent.habilitation == habilitation:
        return agent
    changed = agent.habilitated(habilitation, by_agent=by_agent)
    await repository.grant(conn, agent_id, habilitation, by=by, at=at)
    await repository.save(conn, changed, event_id=event_id, at=at)
    return changed


async def revoke_agent(
    conn: AsyncConnection, *, agent_id: str, by_agent: str | None, event_id: UUID, at: datetime
) -> Agent:
    """Take every right away: inactive, epoch raised, sessions closed; the bucket tells every service.

    ``by_agent`` is the agent who asks, None for a service.

    Raises:
        OwnRevocation: an agent asks it for their own account.
        AgentUnknown, AgentAlreadyRevoked: see the domain.
    """
    if agent_id == by_agent:
        raise OwnRevocation(agent_id)
    agent = (await repository.get(conn, agent_id, for_update=True)).revoked()
    await repository.end_sessions(conn, agent_id, at)
    await repository.save(conn, agent, event_id=event_id, at=at, fact=FACT_AGENT_REVOKED)
    return agent
