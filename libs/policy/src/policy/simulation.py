"""What an agent could see at an instant, over many cameras, and why not the rest.

Every camera is judged without a context first. Where only the missing context stands in the way, the contexts that
would open it are tried one by one, with the very rules of ``decide``: nothing here knows a rule.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

from policy.citations import citation
from policy.decision import ALL_RULES_PASSED, NO_CONTEXT, Decision, decide
from policy.model import (
    NO_SILENCE,
    NO_TOWN_RULES,
    Action,
    Agent,
    Camera,
    Context,
    Incident,
    Share,
    Ticket,
    TicketPurpose,
    TownRules,
    Window,
)
from policy.rules import RULES


class Opener(StrEnum):
    """A context that opens what is refused without one."""

    INCIDENT = "incident"
    TICKET = "ticket"
    DROIT_D_ACCES = "droit_d_acces"
    PARTAGE = "partage"
    REQUISITION = "requisition"


@dataclass(frozen=True, slots=True)
class RefusedGroup:
    """The cameras that one rule refuses; ``opened_by`` are the contexts of which each alone would open all of them."""

    rule: str
    explanation: str
    citation: str
    opened_by: tuple[Opener, ...]
    camera_ids: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Outlook:
    """What an agent gets of one action: the cameras allowed, and the others by the rule that refuses them."""

    action: Action
    allowed: tuple[str, ...]
    refused: tuple[RefusedGroup, ...]


def simulate(
    agent: Agent,
    actions: Sequence[Action],
    cameras: Iterable[Camera],
    at: datetime,
    *,
    town: TownRules = NO_TOWN_RULES,
    silence: timedelta = NO_SILENCE,
) -> tuple[Outlook, ...]:
    """Judge every camera for every action; groups come in the order of the table of rules, then by what opens them."""
    known = list(cameras)
    return tuple(_outlook(_Judge(agent, action, at, town, silence), known) for action in actions)


_Verdict = tuple[str, tuple[Opener, ...]]


class _Judge:
    """Judges one action. Cameras that no rule can tell apart get one verdict: a town has few kinds of them."""

    def __init__(self, agent: Agent, action: Action, at: datetime, town: TownRules, silence: timedelta) -> None:
        self.agent = agent
        self.action = action
        self._at = at
        self._town = town
        self._silence = silence
        self._verdicts: dict[Camera, _Verdict] = {}

    def verdict(self, camera: Camera) -> _Verdict:
        """Return the rule that decides without a context, and what would open the camera."""
        # The label is only shown, and the contexts tried below are made for the camera at hand.
        kind = replace(camera, camera_id="", label="")
        if kind not in self._verdicts:
            decision = self._decide(kind, NO_CONTEXT)
            self._verdicts[kind] = (decision.rule, () if decision.allowed else self._openers(kind))
        return self._verdicts[kind]

    def _openers(self, camera: Camera) -> tuple[Opener, ...]:
        tried = {opener: make(self.agent, camera, self._at) for opener, make in _CONTEXTS.items()}
        return tuple(opener for opener, context in tried.items() if self._decide(camera, context).allowed)

    def _decide(self, camera: Camera, context: Context) -> Decision:
        return decide(self.agent, self.action, camera, context, self._at, town=self._town, silence=self._silence)


def _outlook(judge: _Judge, cameras: Sequence[Camera]) -> Outlook:
    by_verdict: dict[_Verdict, list[str]] = {}
    for camera in cameras:
        by_verdict.setdefault(judge.verdict(camera), []).append(camera.camera_id)
    allowed = by_verdict.pop((ALL_RULES_PASSED, ()), [])
    refused = tuple(
        RefusedGroup(rule.name, rule.explanation, citation(rule.citation), openers, tuple(sorted(camera_ids)))
        for rule in RULES
        for (name, openers), camera_ids in sorted(by_verdict.items())
        if name == rule.name
    )
    return Outlook(judge.action, tuple(sorted(allowed)), refused)


_REFERENCE = "simulation"
_CONTEXTS: dict[Opener, Callable[[Agent, Camera, datetime], Context]] = {
    Opener.INCIDENT: lambda _, camera, at: Context(
        incident_id=_REFERENCE, incident=Incident(_REFERENCE, camera.insee, frozenset({camera.camera_id}), at)
    ),
    Opener.TICKET: lambda _, camera, at: Context(
        ticket_id=_REFERENCE, ticket=Ticket(_REFERENCE, frozenset({camera.camera_id}), at)
    ),
    Opener.DROIT_D_ACCES: lambda _, camera, at: Context(
        ticket_id=_REFERENCE,
        ticket=Ticket(_REFERENCE, frozenset({camera.camera_id}), at, purpose=TicketPurpose.DROIT_D_ACCES),
    ),
    Opener.PARTAGE: lambda agent, camera, at: Context(
        share=Share(
            _REFERENCE,
            agent.agent_id,
            frozenset({camera.camera_id}),
            Window(at, at + timedelta(minutes=60)),
            grants_ptz=True,
        )
    ),
    Opener.REQUISITION: lambda *_: Context(requisition_id=_REFERENCE),
}
