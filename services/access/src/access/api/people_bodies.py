"""What the API reads and writes about agents' data, papers, rosters and machine clients."""

from datetime import date, datetime
from typing import Annotated

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from access.domain.agents import Agrement
from access.domain.machine_clients import MachineClient
from access.domain.papers import Deadline
from access.domain.roster import RosterPlan
from access.schemas import Ident, Name, Word
from contracts.access import AgentPaper, Role
from contracts.envelope import Insee


class _Request(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class AgentPatch(_Request):
    """What changes of an agent; what is absent stays."""

    name: Name | None = None
    role: Role | None = None
    organisation_id: Ident | None = None
    communes: list[Insee] | None = Field(default=None, max_length=1000)


class AgrementBody(_Request):
    """The prefect's agrément; half-open."""

    agrement_number: Ident
    agrement_from: AwareDatetime
    agrement_until: AwareDatetime

    @property
    def agrement(self) -> Agrement:
        """The domain's value; raises HabilitationEmpty."""
        return Agrement(self.agrement_number, self.agrement_from, self.agrement_until)


class TrainingBody(_Request):
    """A training that took place on a day (Paris)."""

    trained_on: date
    title: Annotated[str, Field(max_length=200, pattern=r"^[^\x00-\x1f\x7f]*$")] = ""


class DeadlineView(BaseModel):
    """A paper near its end: ``days_left`` is the tightest warning reached (0: over)."""

    agent_id: str
    paper: AgentPaper
    number: str | None
    ends_at: datetime
    days_left: int

    @classmethod
    def of(cls, deadline: Deadline, days_left: int) -> "DeadlineView":
        return cls(
            agent_id=deadline.agent_id,
            paper=deadline.paper,
            number=deadline.number,
            ends_at=deadline.ends_at,
            days_left=days_left,
        )


class DeadlineList(BaseModel):
    """Papers near their end, the most urgent first."""

    items: list[DeadlineView]
    next_cursor: str | None = None


class RosterErrorView(BaseModel):
    """One thing to mend in the file."""

    line: int
    column: str
    value: str
    message: str


class RosterReport(BaseModel):
    """What a file did or, with ``dry_run``, would do. ``missing`` agents are only told: nothing is taken away."""

    dry_run: bool
    created: list[str]
    changed: list[str]
    unchanged: int
    missing: list[str]
    errors: list[RosterErrorView]

    @classmethod
    def of(cls, plan: RosterPlan, *, dry_run: bool) -> "RosterReport":
        return cls(
            dry_run=dry_run,
            created=[agent.agent_id for agent in plan.created],
            changed=[agent.agent_id for agent in plan.changed],
            unchanged=plan.unchanged,
            missing=list(plan.missing),
            errors=[
                RosterErrorView(line=one.line, column=one.column, value=one.value, message=one.message)
                for one in plan.errors
            ],
        )


class MachineClientBody(_Request):
    """A new machine client."""

    client_id: Word
    name: Name
    organisation_id: Ident
    scopes: list[Word] = Field(max_length=50)


class MachineClientView(BaseModel):
    """A machine client; its secret is never shown again."""

    client_id: str
    name: str
    organisation_id: str
    scopes: list[str]
    revoked_at: datetime | None

    @classmethod
    def of(cls, client: MachineClient) -> "MachineClientView":
        return cls(
            client_id=client.client_id,
            name=client.name,
            organisation_id=client.organisation_id,
            scopes=sorted(client.scopes),
            revoked_at=client.revoked_at,
        )


class NewMachineClient(MachineClientView):
    """A client just made, with its secret: the only time it is shown."""

    client_secret: str


class MachineClientList(BaseModel):
    """Machine clients by identifier."""

    items: list[MachineClientView]
    next_cursor: str | None = None


class TokenAnswer(BaseModel):
    """RFC 6749 §5.1; ``expires_in`` in seconds."""

    access_token: str
    token_type: str = "Bearer"  # noqa: S105 - the type of a token, not a token
    expires_in: int
    scope: str
