"""Decide and explain: walk the table of rules."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from policy.citations import citation
from policy.matrix import roles_allowed
from policy.model import IMAGE_ACTIONS, NO_SILENCE, NO_TOWN_RULES, Action, Agent, Camera, Context, TownRules
from policy.rules import RULES, Request, Rule

ALL_RULES_PASSED = "toutes_regles"
NO_CONTEXT = Context()


@dataclass(frozen=True, slots=True)
class Decision:
    """The answer. ``rule``: the first that refused, or ``toutes_regles``; ``citation``: its source in words.

    ``hides_existence``: answer 404, not 403, for the agent must not learn that the thing exists. True
    whenever a hiding rule fails, even behind another refusal, so that no order of rules can leak.
    """

    allowed: bool
    rule: str
    citation: str
    hides_existence: bool
    explanation: str = ""


@dataclass(frozen=True, slots=True)
class Step:
    """One rule of an explanation. A rule that does not apply counts as passed."""

    rule: str
    applies: bool
    passed: bool
    explanation: str
    citation: str


@dataclass(frozen=True, slots=True)
class Explanation:
    """The decision and every step that led to it, in the order of the table."""

    decision: Decision
    steps: tuple[Step, ...]


def decide(
    agent: Agent,
    action: Action,
    camera: Camera | None,
    context: Context,
    at: datetime,
    *,
    town: TownRules = NO_TOWN_RULES,
    silence: timedelta = NO_SILENCE,
) -> Decision:
    """Tell whether an agent may do an action at an instant (aware datetime).

    Args:
        agent: who asks.
        action: what is asked.
        camera: the camera concerned; None where the action is on something else.
        context: incident, réquisition, ticket, share; and the commune of a thing that is no camera.
        at: the instant judged; every interval of the policy is half-open.
        town: what the town decided for itself.
        silence: how long ago the message bus, over which a revocation travels, was last heard.
    """
    return judge(Request(agent, Action(action), camera, context, at, town, silence), RULES)


def judge(request: Request, rules: Sequence[Rule]) -> Decision:
    """Walk a table of rules; ``decide`` walks the whole one."""
    return _decision_of([rule for rule in rules if _fails(rule, request)])


def explain(
    agent: Agent,
    action: Action,
    camera: Camera | None,
    context: Context,
    at: datetime,
    *,
    town: TownRules = NO_TOWN_RULES,
    silence: timedelta = NO_SILENCE,
) -> Explanation:
    """Return the same decision as ``decide`` together with every step."""
    request = Request(agent, Action(action), camera, context, at, town, silence)
    failed = [rule for rule in RULES if _fails(rule, request)]
    steps = tuple(
        Step(rule.name, rule.applies(request), rule not in failed, rule.explanation, citation(rule.citation))
        for rule in RULES
    )
    return Explanation(_decision_of(failed), steps)


def permissions(agent: Agent, at: datetime, *, town: TownRules = NO_TOWN_RULES) -> frozenset[Action]:
    """Return the actions an agent may ask for at all: what a screen may offer, before camera and context.

    Every one of them may still be refused on a given camera; none that is missing is ever allowed.
    """
    offered = {action for action in Action if agent.role in roles_allowed(action)}
    return frozenset(action for action in offered if _agent_alone_allows(agent, action, at, town))


def _agent_alone_allows(agent: Agent, action: Action, at: datetime, town: TownRules) -> bool:
    rule = decide(agent, action, None, NO_CONTEXT, at, town=town).rule
    return rule == ALL_RULES_PASSED or (action in IMAGE_ACTIONS and rule == "camera_connue")


def _fails(rule: Rule, request: Request) -> bool:
    return rule.applies(request) and not rule.passes(request)


def _decision_of(failed: list[Rule]) -> Decision:
    if not failed:
        return Decision(
            allowed=True,
            rule=ALL_RULES_PASSED,
            citation=citation(ALL_RULES_PASSED),
            hides_existence=False,
            explanation="Toutes les règles sont satisfaites.",
        )
    return Decision(
        allowed=False,
        rule=failed[0].name,
        citation=citation(failed[0].citation),
        hides_existence=any(rule.hides_existence for rule in failed),
        explanation=failed[0].explanation,
    )
