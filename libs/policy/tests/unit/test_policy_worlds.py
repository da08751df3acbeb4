"""Whole worlds: what nobody may ever get, and every rule of the table earning its place."""

from collections.abc import Iterator

import pytest
from hypothesis import given, settings
from policy_worlds import FAULTS, Fault, prohibited, sound, worlds

from policy import IMAGE_ACTIONS, RULES, Action, Decision, Role, explain
from policy.decision import judge
from policy.rules import Request, Rule


@given(worlds)
@settings(max_examples=3000)
def test_no_path_leads_to_a_prohibited_image(request: Request) -> None:
    if judge(request, RULES).allowed:
        assert prohibited(request) == []


@given(worlds)
@settings(max_examples=500)
def test_what_hides_wins_over_every_other_refusal_and_explanations_agree(request: Request) -> None:
    explanation = explain(
        request.agent,
        request.action,
        request.camera,
        request.context,
        request.at,
        town=request.town,
        silence=request.silence,
    )
    decision = judge(request, RULES)
    assert explanation.decision == decision
    out_of_sight = request.camera is not None and request.camera.insee not in request.agent.communes
    control = request.action in {Action.READ_REGISTER, Action.VERIFY_REGISTER} and request.agent.role in {
        Role.DPO,
        Role.AUDITEUR,
    }
    if out_of_sight and not control:
        assert decision.hides_existence


def single_faults() -> Iterator[tuple[Fault, Request]]:
    """Every sound world that is allowed, with one thing broken of which a rule makes a refusal."""
    for role in Role:
        for action in Action:
            request = sound(role, action)
            if judge(request, RULES).allowed:
                yield from ((fault, fault.happens(request)) for fault in FAULTS)


def problems_with(rules: tuple[Rule, ...]) -> list[str]:
    """Return what is wrong with a table: images that nobody may get, and refusals that no longer say why."""
    found: list[str] = []
    for fault, request in single_faults():
        by_law, by_table = judge(request, RULES), judge(request, rules)
        if by_table.allowed:
            found += prohibited(request)
        if by_law.rule == fault.rule and not _same(by_law, by_table):
            found.append(f"{fault.rule} is not what {request.agent.role} is told")
    return found


def _same(one: Decision, other: Decision) -> bool:
    return (one.allowed, one.rule, one.hides_existence) == (other.allowed, other.rule, other.hides_existence)


def test_the_whole_table_has_no_problem() -> None:
    assert problems_with(RULES) == []


@pytest.mark.parametrize("missing", RULES, ids=lambda rule: rule.name)
def test_a_table_without_one_rule_is_found_out(missing: Rule) -> None:
    assert problems_with(tuple(rule for rule in RULES if rule is not missing))


@pytest.mark.parametrize("action", sorted(IMAGE_ACTIONS))
def test_every_image_action_is_allowed_to_somebody_in_a_sound_world(action: Action) -> None:
    assert any(judge(sound(role, action), RULES).allowed for role in Role)
