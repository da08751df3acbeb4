"""What the simulator of rights reads and writes."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Annotated

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from access.schemas import Word
from contracts.access import AgentState
from contracts.envelope import Insee
from contracts.registry import CameraState
from policy import Action, Opener, Outlook, RefusedGroup

SIMULATED_ACTIONS = (Action.LIVE, Action.PTZ, Action.SNAPSHOT, Action.SHARE, Action.REPLAY, Action.EXPORT)
"""What "see" means when nobody says more: the actions on images."""


class SimulationBody(BaseModel):
    """Whose rights, at which instant (now by default), for which actions, in one commune or all of the asker's.

    Every list of cameras is sorted by id and holds at most ``limit`` of them, from just after the id ``after``;
    ``rule`` asks for one group only, so that a long one can be paged.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    agent_id: Word
    at: AwareDatetime | None = None
    actions: Annotated[list[Action], Field(min_length=1, max_length=len(Action))] = list(SIMULATED_ACTIONS)
    insee: Insee | None = None
    rule: Word | None = None
    after: Word | None = None
    limit: Annotated[int, Field(ge=0, le=2000)] = 50


class SimulatedAgent(BaseModel):
    """The agent, as far as the answer hangs on it."""

    agent_id: str
    name: str
    role: str
    organisation_name: str
    organisation_kind: str
    communes: list[str]
    habilitation_until: datetime | None
    agrement_from: datetime | None
    agrement_until: datetime | None
    active: bool

    @classmethod
    def of(cls, state: AgentState) -> "SimulatedAgent":
        """Return the view of an agent."""
        return cls.model_validate(state.model_dump(include=set(cls.model_fields)))


class SimulatedCamera(BaseModel):
    """One camera of a list."""

    camera_id: str
    label: str
    insee: str
    commune: str

    @classmethod
    def of(cls, state: CameraState) -> "SimulatedCamera":
        """Return the view of a camera."""
        return cls(camera_id=state.camera_id, label=state.label, insee=state.insee, commune=state.commune)


class CameraCount(BaseModel):
    """How many cameras, and a page of them; ``next_after`` asks for the following ones."""

    count: int
    cameras: list[SimulatedCamera]
    next_after: str | None


class RefusedView(CameraCount):
    """The cameras that one rule refuses; ``opened_by`` are the contexts of which each alone would open them."""

    rule: str
    explanation: str
    citation: str
    opened_by: list[Opener]


class OutlookView(BaseModel):
    """What the agent gets of one action."""

    action: Action
    allowed: CameraCount
    refused: list[RefusedView]


class SimulationView(BaseModel):
    """What an agent could see at an instant, of the cameras of the asker's territory, and why not the rest."""

    agent: SimulatedAgent
    at: datetime
    cameras: int
    outlooks: list[OutlookView]

    @classmethod
    def of(
        cls,
        agent: AgentState,
        at: datetime,
        outlooks: Iterable[Outlook],
        cameras: Mapping[str, CameraState],
        body: SimulationBody,
    ) -> "SimulationView":
        """Return the view of a simulation, its lists cut to the page that was asked for."""
        return cls(
            agent=SimulatedAgent.of(agent),
            at=at,
            cameras=len(cameras),
            outlooks=[
                OutlookView(
                    action=outlook.action,
                    allowed=_page(outlook.allowed, cameras, body),
                    refused=[_refused(group, cameras, body) for group in outlook.refused if _asked(group, body)],
                )
                for outlook in outlooks
            ],
        )


def _asked(group: RefusedGroup, body: SimulationBody) -> bool:
    return body.rule is None or group.rule == body.rule


def _refused(group: RefusedGroup, cameras: Mapping[str, CameraState], body: SimulationBody) -> RefusedView:
    page = _page(group.camera_ids, cameras, body)
    return RefusedView(
        rule=group.rule,
        explanation=group.explanation,
        citation=group.citation,
        opened_by=list(group.opened_by),
        count=page.count,
        cameras=page.cameras,
        next_after=page.next_after,
    )


def _page(camera_ids: Sequence[str], cameras: Mapping[str, CameraState], body: SimulationBody) -> CameraCount:
    after = body.after or ""
    following = [camera_id for camera_id in camera_ids if camera_id > after]
    shown = following[: body.limit]
    more = len(following) > len(shown) and bool(shown)
    return CameraCount(
        count=len(camera_ids),
        cameras=[SimulatedCamera.of(cameras[camera_id]) for camera_id in shown],
        next_after=shown[-1] if more else None,
    )
