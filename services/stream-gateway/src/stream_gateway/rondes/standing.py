"""Whether the agent in whose name a ronde goes on still may."""

from datetime import datetime

from guard import Guard
from guard.states import agent_from
from policy import Action, Context
from stream_gateway.domain.camera_rules import CAMERA_RULES, SILENCE_RULE
from stream_gateway.domain.ronde_runs import RondeRun


def lost_standing(guard: Guard, run: RondeRun, at: datetime) -> str | None:
    """Return in French why the run must pause, None when its agent still has log-in and rights.

    A camera that may not be seen (arrêté, masks, service) is no loss of the agent's: its step says so instead.
    """
    lost = _lost(guard, run, at)
    return f"Ronde en pause : {lost} ; un agent doit la reprendre." if lost else None


def _lost(guard: Guard, run: RondeRun, at: datetime) -> str | None:
    patrol = run.patrol
    state = guard.agents.get(patrol.agent_id) if patrol else None
    if patrol is None or state is None or not state.active or state.session_epoch > patrol.epoch:
        name = patrol.agent_name if patrol else "l'agent"
        return f"les droits de {name} ont pris fin"
    if patrol.login_id in state.ended_sessions:
        return f"{patrol.agent_name} s'est déconnecté"
    agent = agent_from(state)
    _, command = guard.decide(agent, Action.COMMAND_WALL, None, Context(), at)
    if not command.allowed:
        return f"{patrol.agent_name} n'a plus ce droit (règle {command.rule})"
    return _lost_sight(guard, run, at)


def _lost_sight(guard: Guard, run: RondeRun, at: datetime) -> str | None:
    patrol, present = run.patrol, run.present
    state = guard.agents.get(patrol.agent_id) if patrol else None
    if patrol is None or present is None or state is None:
        return None
    _, live = guard.decide(agent_from(state), Action.LIVE, present.step.camera_id, Context(), at)
    if live.allowed or live.rule in CAMERA_RULES:
        return None
    if live.rule == SILENCE_RULE:
        return "les droits des agents ne sont plus à jour"
    return f"{patrol.agent_name} n'a plus le droit de voir la caméra {present.step.camera_id}"
