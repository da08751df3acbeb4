"""Puts a town's employers and demonstration agents into the database, through the use cases. Idempotent.

An agent that exists is left as it is; one whose demonstration habilitation has run out gets a new one.
"""

import sys
import tomllib
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from importlib import resources
from pathlib import PurePath
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

from access.domain.agents import Habilitation, Organisation
from access.repository import agents as repository
from access.settings import Settings
from access.use_cases import agents as use_cases
from common.clock import SystemClock
from common.database import Database
from common.ids import new_id
from contracts.access import OrganisationKind, Role

HABILITATION_BEFORE = timedelta(days=365)
HABILITATION_AFTER = timedelta(days=365)
_SEEDER = "amorçage"


@dataclass(frozen=True, slots=True)
class TownAgent:
    """An agent of the town file; ``communes`` None means the employer's whole territory."""

    agent_id: str
    name: str
    role: Role
    organisation_id: str
    communes: frozenset[str] | None


@dataclass(frozen=True, slots=True)
class Town:
    """The people of one town."""

    organisations: tuple[Organisation, ...]
    agents: tuple[TownAgent, ...]


class TownUnknown(LookupError):
    """There is no file for this town."""

    def __init__(self, name: str) -> None:
        super().__init__(f"no town « {name} »; there are: {', '.join(town_names())}")


def town_names() -> list[str]:
    """Return the towns that can be seeded."""
    files = resources.files("access").joinpath("towns").iterdir()
    return sorted(PurePath(file.name).stem for file in files if file.name.endswith(".toml"))


def load_town(name: str) -> Town:
    """Read a town's employers and the people of the demonstration; raises TownUnknown."""
    if name not in town_names():
        raise TownUnknown(name)
    document = _read("towns", f"{name}.toml")
    territory, part = document["communes"], frozenset[str](document["part"])
    organisations = tuple(
        Organisation(
            item["organisation_id"],
            item["name"],
            OrganisationKind(item["kind"]),
            frozenset(item.get("communes", territory)),
        )
        for item in document["organisations"]
    )
    employers = {organisation.kind: organisation for organisation in reversed(organisations)}
    agents = tuple(
        TownAgent(
            item["agent_id"],
            item["name"],
            Role(item["role"]),
            employers[OrganisationKind(item["employer"])].organisation_id,
            part if item.get("part_only") else None,
        )
        for item in [*_read("demonstration.toml")["agents"], *document.get("agents", [])]
    )
    return Town(organisations, agents)


def _read(*path: str) -> dict[str, Any]:
    return tomllib.loads(resources.files("access").joinpath(*path).read_text(encoding="utf-8"))


async def seed(conn: AsyncConnection, town: Town, *, at: datetime) -> list[str]:
    """Put a town in; returns the identifiers of the agents that were created or given a new habilitation."""
    for organisation in town.organisations:
        if organisation not in await repository.all_organisations(conn):
            await use_cases.record_organisation(conn, organisation=organisation, new_event_id=new_id, at=at)
    return [agent.agent_id for agent in town.agents if await _seed_agent(conn, agent, at)]


async def _seed_agent(conn: AsyncConnection, agent: TownAgent, at: datetime) -> bool:
    paper = Habilitation(f"HAB-{at:%Y%m%d}-{agent.agent_id}", at - HABILITATION_BEFORE, at + HABILITATION_AFTER)
    existing = await repository.find(conn, agent.agent_id)
    if existing is None:
        await use_cases.enrol_agent(
            conn,
            agent_id=agent.agent_id,
            name=agent.name,
            role=agent.role,
            organisation_id=agent.organisation_id,
            communes=agent.communes,
            habilitation=paper,
            by=_SEEDER,
            event_id=new_id(),
            at=at,
        )
        return True
    if existing.active and existing.habilitation is not None and existing.habilitation.valid_until <= at:
        await use_cases.grant_habilitation(
            conn, agent_id=agent.agent_id, habilitation=paper, by=_SEEDER, by_agent=None, event_id=new_id(), at=at
        )
        return True
    return False


async def seed_town(settings: Settings, name: str, *, only: str | None = None) -> int:
    """Seed the service's database; returns the exit status. The relay then tells the other services.

    ``only`` keeps one agent of the demonstration: the first administrator of an installation in earnest.
    """
    try:
        town = load_town(name)
    except TownUnknown as error:
        sys.stderr.write(f"{error}\n")
        return 2
    if only is not None:
        town = replace(town, agents=tuple(agent for agent in town.agents if agent.agent_id == only))
    database = Database(settings.database_url.get_secret_value())
    try:
        async with database.transaction() as conn:
            changed = await seed(conn, town, at=SystemClock().now())
    finally:
        await database.dispose()
    sys.stdout.write(f"{name}: {len(town.agents)} agents, {len(changed)} created or renewed\n")
    return 0
