"""Why is it yes, why is it no: the policy explained on the very replicas that every service judges with."""

import asyncio

from fastapi import APIRouter

from access.api.desk import Admitted, Desk, TheDesk
from access.schemas import ExplanationBody, ExplanationView, StepView
from access.simulation_schemas import SimulationBody, SimulationView
from common.problems import NotFound
from contracts.access import AgentState
from contracts.registry import CameraState
from guard.states import agent_from, camera_from
from policy import Action, Context, explain, simulate

router = APIRouter(prefix="/api/access/policy", tags=["policy"])
_SCOPE = "policy.read"


@router.post("/explanations")
async def explain_policy(desk: TheDesk, body: ExplanationBody) -> ExplanationView:
    """Judge an agent, an action and a camera without doing anything, and show every rule."""
    about = f"explication : {body.agent_id[:64]} {body.action.value}"
    admitted = await desk.admit(Action.EXPLAIN_POLICY, scope=_SCOPE, about=about, camera_id=body.camera_id)
    state = _agent(desk, admitted, body.agent_id)
    at = body.at or desk.at
    camera = desk.guard.camera(body.camera_id, at) if body.camera_id else None
    elsewhere = camera is not None and admitted.communes is not None and camera.insee not in admitted.communes
    if body.camera_id and (camera is None or elsewhere):
        raise NotFound("La caméra", body.camera_id)
    context = desk.guard.resolved(Context(body.incident_id, body.requisition_id, body.ticket_id))
    found = explain(agent_from(state), body.action, camera, context, at, town=desk.guard.town)
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


@router.post("/simulations")
async def simulate_policy(desk: TheDesk, body: SimulationBody) -> SimulationView:
    """Tell what an agent could see at an instant, and why not the rest; over the asker's own communes only."""
    at = body.at or desk.at
    about = f"simulation des droits de {body.agent_id[:64]} au {at:%Y-%m-%d %H:%M} UTC"
    admitted = await desk.admit(Action.EXPLAIN_POLICY, scope=_SCOPE, about=about)
    agent = _agent(desk, admitted, body.agent_id)
    cameras = _cameras(desk, body.insee)
    town = desk.guard.town

    def judge_all() -> SimulationView:
        judged = (camera_from(camera, at) for camera in cameras.values())
        outlooks = simulate(agent_from(agent), list(dict.fromkeys(body.actions)), judged, at, town=town)
        return SimulationView.of(agent, at, outlooks, cameras, body)

    return await asyncio.to_thread(judge_all)  # thousands of decisions: the other requests go on meanwhile


def _agent(desk: Desk, admitted: Admitted, agent_id: str) -> AgentState:
    """Return an agent whom the caller may know of; raises NotFound."""
    state = desk.guard.agents.get(agent_id)
    if state is None or not (admitted.communes is None or admitted.communes & set(state.communes)):
        raise NotFound("L'agent", agent_id)
    return state


def _cameras(desk: Desk, insee: str | None) -> dict[str, CameraState]:
    """Return the cameras of the caller's territory (a house service's: all), or of one commune of it; NotFound."""
    machine = desk.principal.kind == "service"
    territory = desk.principal.communes if machine else desk.guard.visible_communes(desk.principal)
    if insee is not None:
        if territory is not None and insee not in territory:
            raise NotFound("La commune", insee)
        territory = frozenset({insee})
    return {
        camera.camera_id: camera
        for camera in desk.guard.cameras.values()
        if territory is None or camera.insee in territory
    }
