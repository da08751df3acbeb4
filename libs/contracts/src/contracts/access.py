"""Facts and state that the access service owns: agents, and the rows asked of the register."""

from enum import StrEnum
from typing import Annotated
from uuid import UUID

from pydantic import AwareDatetime, StringConstraints

from contracts.envelope import Insee, Payload

OWNER = "access"
REGISTER_OWNER = "register"
FACT_AGENT_CHANGED = "agent_changed"
FACT_AGENT_REVOKED = "agent_revoked"
FACT_AGENT_PAPER_WARNING = "agent_paper_warning"
FACT_REGISTER_ENTRY = "entry_requested"


class Role(StrEnum):
    """Roles of DOMAIN §7; the values are the French words of the trade."""

    OPERATEUR = "operateur"
    CHEF_DE_SALLE = "chef_de_salle"
    AGENT_RELECTURE = "agent_relecture"
    RESPONSABLE_CSU = "responsable_csu"
    POLICIER_MUNICIPAL = "policier_municipal"
    PARTENAIRE_PN = "partenaire_pn"
    PARTENAIRE_GN = "partenaire_gn"
    PARTENAIRE_SDIS = "partenaire_sdis"
    PARTENAIRE_CROIX_ROUGE = "partenaire_croix_rouge"
    MAIRE = "maire"
    DPO = "dpo"
    TECHNICIEN = "technicien"
    ADMIN = "admin"
    AUDITEUR = "auditeur"


class OrganisationKind(StrEnum):
    """Kind of employer; ``association`` is refused images in code (L.252-3 CSI: recipients are a closed list)."""

    COLLECTIVITE = "collectivite"
    POLICE_MUNICIPALE = "police_municipale"
    POLICE_NATIONALE = "police_nationale"
    GENDARMERIE = "gendarmerie"
    DOUANES = "douanes"
    SDIS = "sdis"
    ASSOCIATION = "association"
    AUTORITE = "autorite"


class AgentState(Payload):
    """What every service must know of an agent to decide. Value of the ``agents`` bucket.

    ``communes`` are INSEE codes of the employer's territory. ``session_epoch`` grows at each revocation:
    a session issued under an older epoch is dead everywhere as soon as the replica has it.
    ``ended_sessions`` are the ids of sessions that were logged out while a token of theirs may still live.
    ``agrement_from`` and ``agrement_until`` (excluded): the prefect's agrément where the agent's trade needs one.
    """

    agent_id: str
    name: str
    role: Role
    organisation_id: str
    organisation_name: str
    organisation_kind: OrganisationKind
    communes: tuple[Insee, ...]
    habilitation_id: str | None
    habilitation_from: AwareDatetime | None
    habilitation_until: AwareDatetime | None
    active: bool
    session_epoch: int = 0
    ended_sessions: tuple[str, ...] = ()
    agrement_number: str | None = None
    agrement_from: AwareDatetime | None = None
    agrement_until: AwareDatetime | None = None


class AgentChanged(Payload):
    """An agent was created or changed; the state is in the ``agents`` bucket."""

    agent_id: str
    role: Role
    active: bool


class AgentPaper(StrEnum):
    """A dated paper of an agent."""

    HABILITATION = "habilitation"
    AGREMENT = "agrement"
    FORMATION = "formation"


class AgentPaperWarning(Payload):
    """A paper comes near its end: ``days_left`` is 180, 90, 30 or 0 (over). Training counts 24 months."""

    agent_id: str
    paper: AgentPaper
    number: str | None
    ends_at: AwareDatetime
    days_left: int


class RegisterResult(StrEnum):
    """How an asked action ended."""

    ALLOWED = "allowed"
    REFUSED = "refused"
    DONE = "done"


class RegisterEntry(Payload):
    """One row asked of the register (DOMAIN §4): who, when, which camera, why, with what result.

    Written to the outbox in the transaction of the act itself: no row, no image. ``rule`` is the policy rule
    that allowed or refused. ``window_from``/``window_until`` bound the footage concerned (half-open). ``seal``: the
    acting service's signature over the row, made in that transaction, so that a row cannot be changed while it waits
    in the service's own spool; None from a service that does not sign yet.
    """

    entry_id: UUID
    at: AwareDatetime
    actor_id: str
    actor_name: str
    actor_role: str
    habilitation_id: str | None
    organisation: str
    action: str
    camera_id: str | None
    camera_label: str | None
    insee: Insee
    authorisation_id: str | None
    motive_code: str
    motive_text: Annotated[str, StringConstraints(max_length=2000)]
    context: str
    station: str
    window_from: AwareDatetime | None
    window_until: AwareDatetime | None
    recipient: str | None
    result: RegisterResult
    rule: str
    citation: str
    seal: str | None = None
