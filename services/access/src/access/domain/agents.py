"""Agents, their employer, and the dated habilitation every right rests on."""

import re
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Self

from access.domain.errors import (
    AccessError,
    AgentAlreadyRevoked,
    CommunesOutsideEmployer,
    HabilitationEmpty,
    OwnChange,
    RoleNotOfEmployer,
)
from contracts.access import AgentState, OrganisationKind, Role

_AGENT_ID = re.compile(r"[a-z0-9][a-z0-9_-]*(\.[a-z0-9_-]+)*")
AGENT_ID_LENGTH = 64


ROLES_OF_KIND: dict[OrganisationKind, frozenset[Role]] = {
    OrganisationKind.COLLECTIVITE: frozenset(
        {
            Role.OPERATEUR,
            Role.CHEF_DE_SALLE,
            Role.AGENT_RELECTURE,
            Role.RESPONSABLE_CSU,
            Role.POLICIER_MUNICIPAL,
            Role.MAIRE,
            Role.DPO,
            Role.TECHNICIEN,
            Role.ADMIN,
        }
    ),
    OrganisationKind.POLICE_MUNICIPALE: frozenset(
        {
            Role.POLICIER_MUNICIPAL,
            Role.OPERATEUR,
            Role.CHEF_DE_SALLE,
            Role.AGENT_RELECTURE,
            Role.RESPONSABLE_CSU,
        }
    ),
    OrganisationKind.POLICE_NATIONALE: frozenset({Role.PARTENAIRE_PN}),
    OrganisationKind.GENDARMERIE: frozenset({Role.PARTENAIRE_GN}),
    OrganisationKind.DOUANES: frozenset(),
    OrganisationKind.SDIS: frozenset({Role.PARTENAIRE_SDIS}),
    OrganisationKind.ASSOCIATION: frozenset({Role.PARTENAIRE_CROIX_ROUGE}),
    OrganisationKind.AUTORITE: frozenset({Role.AUDITEUR}),
}
"""What an employer's people can be at all: an association's agents hold the one role that never sees an image.

Customs are a lawful recipient of images but have no role in Vigie yet: nobody can be enrolled for them.
"""


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
class Agrement:
    """The prefect's agrément of an agent who watches images for a commune (CSI, livre Ier, titre III); half-open.

    Raises:
        HabilitationEmpty: it ends before it starts.
    """

    number: str
    valid_from: datetime
    valid_until: datetime

    def __post_init__(self) -> None:
        if self.valid_until <= self.valid_from:
            raise HabilitationEmpty(self.number, self.valid_from, self.valid_until)


@dataclass(frozen=True, slots=True)
class Agent:
    """A person who may log in. ``communes`` is the whole or a part of the employer's territory.

    ``session_epoch`` grows at each revocation: a session of an older epoch is dead everywhere. ``agrement`` is None
    for trades that need none; ``trained_on`` is the day of the last training, None while unknown.

    Raises:
        RoleNotOfEmployer: people of this kind of organisation cannot hold this role.
    """

    agent_id: str
    name: str
    role: Role
    organisation: Organisation
    communes: frozenset[str]
    habilitation: Habilitation | None = None
    active: bool = True
    session_epoch: int = 0
    agrement: Agrement | None = None
    trained_on: date | None = None

    def __post_init__(self) -> None:
        if self.role not in ROLES_OF_KIND[self.organisation.kind]:
            raise RoleNotOfEmployer(self.agent_id, self.role, self.organisation.kind)

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
            RoleNotOfEmployer: see the class.
        """
        if len(agent_id) > AGENT_ID_LENGTH or not _AGENT_ID.fullmatch(agent_id):
            raise AgentIdMalformed(agent_id)
        return cls(agent_id, name, role, organisation, _within(agent_id, organisation, communes), habilitation)

    def changed(
        self,
        *,
        by_agent: str | None,
        name: str,
        role: Role,
        organisation: Organisation,
        communes: frozenset[str] | None,
    ) -> Self:
        """Return the agent with other data.

        ``communes`` None: the employer's whole territory; ``by_agent``: the agent who asks, None for a machine.

        Raises:
            OwnChange: an agent gives themselves another role, employer or territory.
            CommunesOutsideEmployer, RoleNotOfEmployer: as for a new agent.
        """
        after = replace(
            self,
            name=name,
            role=role,
            organisation=organisation,
            communes=_within(self.agent_id, organisation, communes),
        )
        if by_agent == self.agent_id and replace(after, name=self.name) != self:
            raise OwnChange(self.agent_id)
        return after

    def employed_by(self, organisation: Organisation) -> Self:
        """Return the agent under a changed employer: a commune it lost is lost to the agent, none is gained."""
        return replace(self, organisation=organisation, communes=self.communes & organisation.communes)

    def habilitated(self, habilitation: Habilitation, *, by_agent: str | None) -> Self:
        """Return the agent under a new paper, active again; sessions from before a revocation stay dead.

        Raises:
            OwnChange: an agent gives it to themselves.
        """
        return self._given(replace(self, habilitation=habilitation, active=True), by_agent)

    def under(self, agrement: Agrement, *, by_agent: str | None) -> Self:
        """Return the agent under another agrément; raises OwnChange as for a habilitation."""
        return self._given(replace(self, agrement=agrement), by_agent)

    def _given(self, after: Self, by_agent: str | None) -> Self:
        if by_agent == self.agent_id and after != self:
            raise OwnChange(self.agent_id)
        return after

    def trained(self, on: date) -> Self:
        """Return the agent after a training; an earlier one than the last known changes nothing."""
        return self if self.trained_on is not None and on <= self.trained_on else replace(self, trained_on=on)

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
            agrement_number=self.agrement.number if self.agrement else None,
            agrement_from=self.agrement.valid_from if self.agrement else None,
            agrement_until=self.agrement.valid_until if self.agrement else None,
        )


def _within(agent_id: str, organisation: Organisation, communes: frozenset[str] | None) -> frozenset[str]:
    asked = organisation.communes if communes is None else communes
    if outside := asked - organisation.communes:
        raise CommunesOutsideEmployer(agent_id, outside)
    return asked
