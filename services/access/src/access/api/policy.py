"""Why is it yes, why is it no: the policy explained step by step, on the same replicas every service judges with."""

from fastapi import APIRouter

from access.api.desk import TheDesk
from access.schemas import ExplanationBody, ExplanationView, StepView
from common.problems import NotFound
from guard.states import agent_from
from policy import Action, Context, explain

router = APIRouter(prefix="/api/access/policy", tags=["policy"])


@router.post("/explanations")
async def explain_policy(desk: TheDesk, body: ExplanationBody) -> ExplanationView:
    """Judge an agent, an action and a camera without doing anything, and show every rule."""
    about = f"explication : {body.agent_id[:64]} {body.action.value}"
    await desk.admit(Action.EXPLAIN_POLICY, scope="policy.read", about=about, camera_id=body.camera_id)
    state = desk.guard.agents.get(body.agent_id)
    if state is None:
        raise NotFound("L'agent", body.agent_id)
    camera = desk.guard.camera(body.camera_id) if body.camera_id else None
    if body.camera_id and camera is None:
        raise NotFound("La caméra", body.camera_id)
    context = Context(body.incident_id, body.requisition_id, body.ticket_id)
    found = explain(agent_from(state), body.action, camera, context, body.at or desk.at)
    return ExplanationView(
        allowed=found.decision.allowed,
        rule=found.decision.rule,
        citation=found.decision.citation,
        hides_existence=found.decision.hides_existence,
        steps=[
            StepView(
                rule=step.rule,
                applies=step.applies,
                passed=step.passed,
                explanation=step.explanation,
                citation=step.citation,
            )
            for step in found.steps
        ],
    )
