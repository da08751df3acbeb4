"""Agents, their employers and habilitations."""

from typing import Annotated

from fastapi import APIRouter, Query

from access.api.desk import TheDesk
from access.api.people_bodies import AgentPatch, AgrementBody, TrainingBody
from access.repository import agents as repository
from access.schemas import (
    AgentBody,
    AgentList,
    AgentView,
    HabilitationBody,
    OrganisationBody,
    OrganisationList,
    RevocationBody,
    Word,
)
from access.use_cases import agents as use_cases
from access.use_cases import papers
from common.ids import new_id
from policy import Action

router = APIRouter(prefix="/api/access", tags=["agents"])
_WRITE = "agents.write"
_READ = "agents.read"


@router.get("/agents")
async def list_agents(
    desk: TheDesk, cursor: Word | None = None, limit: Annotated[int, Query(ge=1, le=500)] = 200
) -> AgentList:
    """List agents by identifier; a head of room sees those who share a commune."""
    admitted = await desk.admit(Action.VIEW_AGENTS, scope=_READ)
    found = await repository.page(desk.connection, communes=admitted.communes, after=cursor, limit=limit)
    following = found[-1].agent_id if len(found) == limit else None
    return AgentList(items=[AgentView.of(agent) for agent in found], next_cursor=following)


@router.post("/agents", status_code=201)
async def enrol_agent(desk: TheDesk, body: AgentBody) -> AgentView:
    """Create an agent; the same body again changes nothing."""
    admitted = await desk.admit(Action.MANAGE_AGENTS, scope=_WRITE, about=f"enrôlement de {body.agent_id[:64]}")
    agent = await use_cases.enrol_agent(
        desk.connection,
        agent_id=body.agent_id,
        name=body.name,
        role=body.role,
        organisation_id=body.organisation_id,
        communes=None if body.communes is None else frozenset(body.communes),
        habilitation=body.habilitation,
        by=admitted.actor_id,
        event_id=new_id(),
        at=desk.at,
    )
    return AgentView.of(agent)


@router.patch("/agents/{agent_id}")
async def change_agent(desk: TheDesk, agent_id: Word, body: AgentPatch) -> AgentView:
    """Change an agent's name, role, employer or communes; nobody changes their own rights."""
    changes = " ".join(f"{name}={value}" for name, value in body.model_dump(mode="json", exclude_none=True).items())
    about = f"modification de {agent_id[:64]} : {changes}"
    admitted = await desk.admit(Action.MANAGE_AGENTS, scope=_WRITE, about=about[:1500])
    agent = await use_cases.change_agent(
        desk.connection,
        agent_id=agent_id,
        name=body.name,
        role=body.role,
        organisation_id=body.organisation_id,
        communes=None if body.communes is None else frozenset(body.communes),
        by_agent=admitted.agent_id,
        event_id=new_id(),
        at=desk.at,
    )
    return AgentView.of(agent)


@router.post("/agents/{agent_id}/agrements", status_code=201)
async def record_agrement(desk: TheDesk, agent_id: Word, body: AgrementBody) -> AgentView:
    """Put an agent under the prefect's agrément; the same again changes nothing."""
    about = f"agrément {body.agrement_number} de {agent_id[:64]}"
    admitted = await desk.admit(Action.MANAGE_AGENTS, scope=_WRITE, about=about)
    agent = await papers.record_agrement(
        desk.connection,
        agent_id=agent_id,
        agrement=body.agrement,
        by=admitted.actor_id,
        by_agent=admitted.agent_id,
        event_id=new_id(),
        at=desk.at,
    )
    return AgentView.of(agent)


@router.post("/agents/{agent_id}/trainings", status_code=201)
async def record_training(desk: TheDesk, agent_id: Word, body: TrainingBody) -> AgentView:
    """Record a training that took place; the last one counts for 24 months."""
    about = f"formation de {agent_id[:64]} le {body.trained_on:%d/%m/%Y}"
    admitted = await desk.admit(Action.MANAGE_AGENTS, scope=_WRITE, about=about)
    agent = await papers.record_training(
        desk.connection,
        agent_id=agent_id,
        trained_on=body.trained_on,
        title=body.title,
        by=admitted.actor_id,
        event_id=new_id(),
        at=desk.at,
    )
    return AgentView.of(agent)


@router.post("/agents/{agent_id}/habilitations", status_code=201)
async def grant_habilitation(desk: TheDesk, agent_id: Word, body: HabilitationBody) -> AgentView:
    """Give an agent a new dated habilitation; a revoked agent may work again under it."""
    about = f"habilitation {body.habilitation_id} de {agent_id[:64]}"
    admitted = await desk.admit(Action.MANAGE_AGENTS, scope=_WRITE, about=about)
    agent = await use_cases.grant_habilitation(
        desk.connection,
        agent_id=agent_id,
        habilitation=body.habilitation,
        by=admitted.actor_id,
        by_agent=admitted.agent_id,
        event_id=new_id(),
        at=desk.at,
    )
    return AgentView.of(agent)


@router.post("/agents/{agent_id}/revocation")
async def revoke_agent(desk: TheDesk, agent_id: Word, body: RevocationBody | None = None) -> AgentView:
    """Take every right of an agent away; open sessions die with the next look at the replica.

    Nobody revokes their own account; the reason, if given, goes into the register.
    """
    reason = f" : {body.reason}" if body and body.reason else ""
    admitted = await desk.admit(Action.MANAGE_AGENTS, scope=_WRITE, about=f"révocation de {agent_id[:64]}{reason}")
    agent = await use_cases.revoke_agent(
        desk.connection, agent_id=agent_id, by_agent=admitted.agent_id, event_id=new_id(), at=desk.at
    )
    return AgentView.of(agent)


@router.get("/organisations")
async def list_organisations(desk: TheDesk) -> OrganisationList:
    """List employers by name; a head of room sees those who share a commune."""
    admitted = await desk.admit(Action.VIEW_AGENTS, scope=_READ)
    found = await repository.all_organisations(desk.connection)
    seen = [one for one in found if admitted.communes is None or one.communes & admitted.communes]
    return OrganisationList(items=[OrganisationBody.of(organisation) for organisation in seen])


@router.post("/organisations", status_code=201)
async def record_organisation(desk: TheDesk, body: OrganisationBody) -> OrganisationBody:
    """Create or change an employer; its agents' states are published again."""
    await desk.admit(Action.MANAGE_AGENTS, scope=_WRITE, about=f"organisation {body.organisation_id}")
    await use_cases.record_organisation(
        desk.connection, organisation=body.organisation, new_event_id=new_id, at=desk.at
    )
    return body
