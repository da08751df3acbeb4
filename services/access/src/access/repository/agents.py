"""Agents, organisations and habilitations; saving an agent also publishes its state."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import Row, Select, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from access.domain.agents import Agent, Agrement, Habilitation, Organisation
from access.domain.errors import AgentUnknown, HabilitationTaken, OrganisationUnknown
from access.domain.sessions import TOKEN_OUTLIVES
from access.tables import agents, agrements, habilitations, organisations, sessions
from common import outbox
from contracts.access import FACT_AGENT_CHANGED, OWNER, AgentChanged, OrganisationKind, Role
from contracts.envelope import CENTRE, make_envelope
from contracts.streams import BUCKET_AGENTS


async def organisation(conn: AsyncConnection, organisation_id: str) -> Organisation:
    """Return an organisation; raises OrganisationUnknown."""
    query = select(organisations).where(organisations.c.organisation_id == organisation_id)
    row = (await conn.execute(query)).one_or_none()
    if row is None:
        raise OrganisationUnknown(organisation_id)
    return _organisation(row)


async def all_organisations(conn: AsyncConnection) -> list[Organisation]:
    """Return every organisation by name."""
    return [_organisation(row) for row in await conn.execute(select(organisations).order_by(organisations.c.name))]


async def save_organisation(conn: AsyncConnection, saved: Organisation) -> None:
    """Insert or change an organisation. Agents keep their own communes."""
    values = {
        "organisation_id": saved.organisation_id,
        "name": saved.name,
        "kind": saved.kind.value,
        "communes": sorted(saved.communes),
    }
    await conn.execute(
        insert(organisations)
        .values(values)
        .on_conflict_do_update(index_elements=[organisations.c.organisation_id], set_=values)
    )


async def find(conn: AsyncConnection, agent_id: str, *, for_update: bool = False) -> Agent | None:
    """Return an agent, or None; ``for_update`` locks the row until the transaction ends."""
    query = _agents().where(agents.c.agent_id == agent_id)
    if for_update:
        query = query.with_for_update(of=agents)
    row = (await conn.execute(query)).one_or_none()
    return _agent(row) if row else None


async def get(conn: AsyncConnection, agent_id: str, *, for_update: bool = False) -> Agent:
    """Return an agent; raises AgentUnknown."""
    found = await find(conn, agent_id, for_update=for_update)
    if found is None:
        raise AgentUnknown(agent_id)
    return found


async def page(
    conn: AsyncConnection, *, communes: frozenset[str] | None, after: str | None, limit: int
) -> Sequence[Agent]:
    """Return agents by identifier, those who share a commune with ``communes`` (None: all)."""
    query = _agents().order_by(agents.c.agent_id).limit(limit)
    if communes is not None:
        query = query.where(agents.c.communes.overlap(sorted(communes)))
    if after is not None:
        query = query.where(agents.c.agent_id > after)
    return [_agent(row) for row in await conn.execute(query)]


async def all_of(conn: AsyncConnection, organisation_id: str) -> Sequence[Agent]:
    """Return the agents of an organisation, their rows locked."""
    query = _agents().where(agents.c.organisation_id == organisation_id).with_for_update(of=agents)
    return [_agent(row) for row in await conn.execute(query)]


async def everybody(conn: AsyncConnection) -> Sequence[Agent]:
    """Return every agent by identifier."""
    return [_agent(row) for row in await conn.execute(_agents().order_by(agents.c.agent_id))]


async def grant(conn: AsyncConnection, agent_id: str, habilitation: Habilitation, *, by: str, at: datetime) -> None:
    """Record a habilitation, for ever; raises HabilitationTaken when the number names another paper."""
    values = {
        "habilitation_id": habilitation.habilitation_id,
        "agent_id": agent_id,
        "valid_from": habilitation.valid_from,
        "valid_until": habilitation.valid_until,
        "granted_at": at,
        "granted_by": by,
    }
    stored = await conn.execute(insert(habilitations).values(values).on_conflict_do_nothing())
    if stored.rowcount == 0:
        raise HabilitationTaken(habilitation.habilitation_id)


async def save(
    conn: AsyncConnection, agent: Agent, *, event_id: UUID, at: datetime, fact: str = FACT_AGENT_CHANGED
) -> None:
    """Insert or change an agent, and publish the fact and the new state (bucket ``agents``)."""
    values = {
        "agent_id": agent.agent_id,
        "name": agent.name,
        "role": agent.role.value,
        "organisation_id": agent.organisation.organisation_id,
        "communes": sorted(agent.communes),
        "habilitation_id": agent.habilitation.habilitation_id if agent.habilitation else None,
        "active": agent.active,
        "session_epoch": agent.session_epoch,
        "agrement_number": agent.agrement.number if agent.agrement else None,
        "trained_on": agent.trained_on,
        "changed_at": at,
    }
    await conn.execute(
        insert(agents).values(values).on_conflict_do_update(index_elements=[agents.c.agent_id], set_=values)
    )
    await publish_state(conn, agent, at=at)
    payload = AgentChanged(agent_id=agent.agent_id, role=agent.role, active=agent.active)
    envelope = make_envelope(
        payload,
        event_id=event_id,
        owner=OWNER,
        fact=fact,
        source=OWNER,
        aggregate=_aggregate(agent.agent_id),
        insee=CENTRE,
        at=at,
    )
    await outbox.append(conn, [envelope])


async def publish_state(conn: AsyncConnection, agent: Agent, *, at: datetime) -> None:
    """Publish what every service must know of an agent (bucket ``agents``), log-outs that still count included.

    The agent's row must be locked or just written: states of one agent go out in the order of its changes.
    """
    state = agent.state.model_copy(update={"ended_sessions": await _logged_out(conn, agent, at)})
    await outbox.append_state(
        conn, BUCKET_AGENTS, agent.agent_id, state, insee=CENTRE, aggregate=_aggregate(agent.agent_id), at=at
    )


async def end_sessions(conn: AsyncConnection, agent_id: str, at: datetime) -> None:
    """Close every open session of an agent."""
    still_open = (sessions.c.agent_id == agent_id) & sessions.c.ended_at.is_(None)
    await conn.execute(update(sessions).where(still_open).values(ended_at=at))


async def _logged_out(conn: AsyncConnection, agent: Agent, at: datetime) -> tuple[str, ...]:
    """Return the sessions that ended so lately that a token may outlive them; older epochs are dead anyway."""
    query = (
        select(sessions.c.session_id)
        .where(
            sessions.c.agent_id == agent.agent_id,
            sessions.c.epoch == agent.session_epoch,
            sessions.c.ended_at > at - TOKEN_OUTLIVES,
        )
        .order_by(sessions.c.ended_at, sessions.c.session_id)
    )
    return tuple(str(session_id) for session_id in (await conn.execute(query)).scalars())


def _aggregate(agent_id: str) -> str:
    return f"agent:{agent_id}"


def _agents() -> Select[tuple[object, ...]]:
    return (
        select(
            agents,
            organisations.c.name.label("organisation_name"),
            organisations.c.kind.label("organisation_kind"),
            organisations.c.communes.label("organisation_communes"),
            habilitations.c.valid_from,
            habilitations.c.valid_until,
            agrements.c.valid_from.label("agrement_from"),
            agrements.c.valid_until.label("agrement_until"),
        )
        .join(organisations, organisations.c.organisation_id == agents.c.organisation_id)
        .outerjoin(habilitations, habilitations.c.habilitation_id == agents.c.habilitation_id)
        .outerjoin(agrements, agrements.c.number == agents.c.agrement_number)
    )


def _organisation(row: Row[tuple[object, ...]]) -> Organisation:
    return Organisation(row.organisation_id, row.name, OrganisationKind(row.kind), frozenset(row.communes))


def _agent(row: Row[tuple[object, ...]]) -> Agent:
    employer = Organisation(
        row.organisation_id,
        row.organisation_name,
        OrganisationKind(row.organisation_kind),
        frozenset(row.organisation_communes),
    )
    paper = Habilitation(row.habilitation_id, row.valid_from, row.valid_until) if row.habilitation_id else None
    agrement = Agrement(row.agrement_number, row.agrement_from, row.agrement_until) if row.agrement_number else None
    return Agent(
        agent_id=row.agent_id,
        name=row.name,
        role=Role(row.role),
        organisation=employer,
        communes=frozenset(row.communes),
        habilitation=paper,
        active=row.active,
        session_epoch=row.session_epoch,
        agrement=agrement,
        trained_on=row.trained_on,
    )
