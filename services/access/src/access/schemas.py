"""What the API reads and writes."""

from datetime import date, datetime
from typing import Annotated, Literal
from uuid import UUID

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, StringConstraints, model_validator

from access.domain.agents import Agent, Habilitation, Organisation
from access.domain.papers import training_ends
from access.domain.register import RegisterRow
from contracts.access import OrganisationKind, Role
from contracts.envelope import Insee
from policy import Action

_NO_CONTROL = r"^[^\x00-\x1f\x7f]*$"
Name = Annotated[str, Field(min_length=1, max_length=200, pattern=_NO_CONTROL)]
Word = Annotated[str, Field(max_length=200, pattern=_NO_CONTROL)]
"""Something to look for; PostgreSQL takes no NUL, and no identifier of ours has a control character."""
Ident = Annotated[str, Field(min_length=1, max_length=64, pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*$")]


class _Request(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Me(BaseModel):
    """The agent who calls, and what a screen may offer."""

    agent_id: str
    name: str
    role: str
    organisation_id: str
    organisation_name: str
    organisation_kind: str
    communes: list[str]
    habilitation_id: str | None
    habilitation_until: datetime | None
    permissions: list[Action]


class SessionView(BaseModel):
    """How long the cookie lives, and when the person must log in again whatever happens."""

    expires_at: datetime
    ends_at: datetime


class LoggedOut(BaseModel):
    """Where to log out of the identity provider as well, if it offers that."""

    provider_logout_url: str | None


class OrganisationBody(_Request):
    """An employer and its territory."""

    organisation_id: Ident
    name: Name
    kind: OrganisationKind
    communes: list[Insee] = Field(max_length=1000)

    @property
    def organisation(self) -> Organisation:
        """The domain's value."""
        return Organisation(self.organisation_id, self.name, self.kind, frozenset(self.communes))

    @classmethod
    def of(cls, organisation: Organisation) -> "OrganisationBody":
        """Return the view of an organisation."""
        return cls(
            organisation_id=organisation.organisation_id,
            name=organisation.name,
            kind=organisation.kind,
            communes=sorted(organisation.communes),
        )


class HabilitationBody(_Request):
    """A named, dated paper; half-open."""

    habilitation_id: Ident
    habilitation_from: AwareDatetime
    habilitation_until: AwareDatetime

    @property
    def habilitation(self) -> Habilitation:
        """The domain's value; raises HabilitationEmpty."""
        return Habilitation(self.habilitation_id, self.habilitation_from, self.habilitation_until)


class AgentBody(_Request):
    """A new agent; without ``communes`` the employer's whole territory; the habilitation's three fields or none."""

    agent_id: Word
    name: Name
    role: Role
    organisation_id: Ident
    communes: list[Insee] | None = None
    habilitation_id: Ident | None = None
    habilitation_from: AwareDatetime | None = None
    habilitation_until: AwareDatetime | None = None

    @model_validator(mode="after")
    def _whole_habilitation(self) -> "AgentBody":
        fields = (self.habilitation_id, self.habilitation_from, self.habilitation_until)
        if len({field is None for field in fields}) > 1:
            raise ValueError("habilitation_id, habilitation_from et habilitation_until vont ensemble")
        return self

    @property
    def habilitation(self) -> Habilitation | None:
        """The domain's value; raises HabilitationEmpty."""
        if self.habilitation_id is None or self.habilitation_from is None or self.habilitation_until is None:
            return None
        return Habilitation(self.habilitation_id, self.habilitation_from, self.habilitation_until)


class RevocationBody(_Request):
    """Why an account is taken back, in a person's words."""

    reason: (
        Annotated[str, StringConstraints(strip_whitespace=True, min_length=3, max_length=500, pattern=_NO_CONTROL)]
        | None
    ) = None


class AgentView(BaseModel):
    """An agent as the list shows it."""

    agent_id: str
    name: str
    role: Role
    organisation_id: str
    organisation_name: str
    organisation_kind: OrganisationKind
    communes: list[str]
    habilitation_id: str | None
    habilitation_from: datetime | None
    habilitation_until: datetime | None
    agrement_number: str | None
    agrement_from: datetime | None
    agrement_until: datetime | None
    trained_on: date | None
    training_until: datetime | None
    active: bool

    @classmethod
    def of(cls, agent: Agent) -> "AgentView":
        """Return the view of an agent."""
        state = agent.state.model_dump(exclude={"session_epoch", "ended_sessions"})
        return cls(
            **state,
            trained_on=agent.trained_on,
            training_until=training_ends(agent.trained_on) if agent.trained_on else None,
        )


class AgentList(BaseModel):
    """A page of agents."""

    items: list[AgentView]
    next_cursor: str | None


class OrganisationList(BaseModel):
    """Every organisation."""

    items: list[OrganisationBody]
    next_cursor: str | None = None


class RegisterView(BaseModel):
    """One row of the register as it was sealed, and its hash (hex)."""

    seq: int
    entry_id: UUID
    at: datetime
    actor_id: str
    actor_name: str
    actor_role: str
    habilitation_id: str | None
    organisation: str
    action: str
    camera_id: str | None
    camera_label: str | None
    insee: str
    authorisation_id: str | None
    motive_code: str
    motive_text: str
    context: str
    station: str
    window_from: datetime | None
    window_until: datetime | None
    recipient: str | None
    result: str
    rule: str
    citation: str
    hash: str

    @classmethod
    def of(cls, row: RegisterRow) -> "RegisterView":
        """Return the view of a row."""
        return cls.model_validate({**row.content, "hash": row.hash.hex()})


class RegisterPage(BaseModel):
    """A page of the register, newest first."""

    items: list[RegisterView]
    next_cursor: str | None


class VerificationView(BaseModel):
    """What a walk along the whole register found; ``checkpoints``: how many signed ones it passed through."""

    entries: int
    valid: bool
    first_bad_seq: int | None
    head_hash: str
    root_hash: str
    checkpoints: int
    fault: str | None
    checked_at: datetime


class ExplanationBody(_Request):
    """A question to the policy: may this agent do this, there, then (now by default), in this context?"""

    agent_id: Word
    camera_id: Word | None = None
    action: Action
    at: AwareDatetime | None = None
    incident_id: str | None = None
    requisition_id: str | None = None
    ticket_id: str | None = None


class StepView(BaseModel):
    """One rule of the table: whether it applied and passed."""

    rule: str
    applies: bool
    passed: bool
    explanation: str
    citation: str


class ExplanationView(BaseModel):
    """The decision and every step that led to it."""

    allowed: bool
    rule: str
    citation: str
    hides_existence: bool
    steps: list[StepView]


Result = Literal["allowed", "refused", "done"]
