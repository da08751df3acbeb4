"""Agents, their employer, and the dated habilitation every right rests on."""

import re
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Self

from access.domain.errors import (
    AccessError,
    AgentAlreadyRevoked,
    CommunesOutsideEmployer,
    HabilitationEmpty,
)
from contracts.access import AgentState, OrganisationKind, Role

_AGENT_ID = re.compile(r"[a-z0-9][a-z0-9_-]*(\.[a-z0-9_-]+)*")
AGENT_ID_LENGTH = 64


class AgentIdMalformed(AccessError):
    """An agent's identifier is a log-in name: lower case, figures, ``. _ -``, at most 64 characters."""

    def __init__(self, agent_id: str) -> None:
        super().__init__(
            f"L'identifiant « {agent_id[:AGENT_ID_LENGTH]} » n'est pas valable : minuscules, chiffres, point, tiret, "
            "64 caractères au plus."
        )


@dataclass(frozen=True, slots=True)
class Organisation:
    """An employer and its territory (INSEE codes)."""

    organisation_id: str
    name: str
    kind: OrganisationKind
    communes: frozenset[str]


@dataclass(frozen=True, slots=True)
class Habilitation:
    """A named, dated paper; half-open ``[valid_from, valid_until)``.

    Raises:
        HabilitationEmpty: it ends before it starts.
    """

    habilitation_id: str
    valid_from: datetime
    valid_until: datetime

    def __post_init__(self) -> None:
        if self.valid_until <= self.valid_from:
            raise HabilitationEmpty(self.habilitation_id, self.valid_from, self.valid_until)

    def valid_at(self, at: datetime) -> bool:
        """Tell whether it is in force at that instant."""
        return self.valid_from <= at < self.valid_until


@dataclass(frozen=True, slots=True)
class Agent:
    """A person who may log in. ``communes`` is the whole or a part of the employer's territory.

    ``session_epoch`` grows at each revocation: a session of an older epoch is dead everywhere.
    """

    agent_id: str
    name: str
    role: Role
    organisation: Organisation
    communes: frozenset[str]
    habilitation: Habilitation | None = None
    active: bool = True
    session_epoch: int = 0

    @classmethod
    def enrol(
        cls,
        *,
        agent_id: str,
        name: str,
        role: Role,
        organisation: Organisation,
        communes: frozenset[str] | None,
        habilitation: Habilitation | None,
    ) -> Self:
        """Return a new agent; ``communes`` None means the employer's whole territory.

        Raises:
            AgentIdMalformed: the identifier could not be a log-in name.
            CommunesOutsideEmployer: a commune is not of the employer's territory.
        """
        if len(agent_id) > AGENT_ID_LENGTH or not _AGENT_ID.fullmatch(agent_id):
            raise AgentIdMalformed(agent_id)
        asked = organisation.communes if communes is None else communes
        if outside := asked - organisation.communes:
            raise CommunesOutsideEmployer(agent_id, outside)
        return cls(agent_id, name, role, organisation, asked, habilitation)

    def employed_by(self, organisation: Organisation) -> Self:
        """Return the agent under a changed employer: a commune it lost is lost to the agent, none is gained."""
        return replace(self, organisation=organisation, communes=self.communes & organisation.communes)

    def habilitated(self, habilitation: Habilitation) -> Self:
        """Return the agent under a new paper, active again; sessions from before a revocation stay dead."""
        return replace(self, habilitation=habilitation, active=True)

    def revoked(self) -> Self:
        """Return the agent without any right, every session of theirs dead.

        Raises:
            AgentAlreadyRevoked: there is nothing left to take away.
        """
        if not self.active:
            raise AgentAlreadyRevoked(self.agent_id)
        return replace(self, active=False, session_epoch=self.session_epoch + 1)

    @property
    def state(self) -> AgentState:
        """What every service must know of this agent."""
        paper = self.habilitation
        return AgentState(
            agent_id=self.agent_id,
            name=self.name,
            role=self.role,
            organisation_id=self.organisation.organisation_id,
            organisation_name=self.organisation.name,
            organisation_kind=self.organisation.kind,
            communes=tuple(sorted(self.communes)),
            habilitation_id=paper.habilitation_id if paper else None,
            habilitation_from=paper.valid_from if paper else None,
            habilitation_until=paper.valid_until if paper else None,
            active=self.active,
            session_epoch=self.session_epoch,
        )
