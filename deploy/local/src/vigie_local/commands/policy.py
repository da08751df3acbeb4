"""``vigie policy …``."""

from datetime import datetime
from typing import Annotated, Any

import typer

from vigie_local.answers import DEFAULT_TOWN, Data, Json, Town, layout_of, respond, told_in_words
from vigie_local.service_client import ServiceClient

app = typer.Typer(no_args_is_help=True, help="Droits d'accès.")


@app.command()
def explain(
    *,
    agent: Annotated[str, typer.Option(help="Identifiant de l'agent.")],
    camera: Annotated[str, typer.Option(help="Identifiant de la caméra.")],
    action: Annotated[str, typer.Option(help="Action, par exemple live ou replay.")],
    at: Annotated[datetime | None, typer.Option(help="Instant (par défaut maintenant).")] = None,
    town: Town = DEFAULT_TOWN,
    data: Data = None,
    as_json: Json = False,
) -> None:
    """Explique pourquoi une action est permise ou refusée."""
    question = {"agent_id": agent, "camera_id": camera, "action": action}
    if at is not None:
        question["at"] = at.astimezone().isoformat()
    with told_in_words(as_json=as_json):
        found = ServiceClient(layout_of(town, data)).post("/api/access/policy/explanations", json=question)
        respond(found, _explanation_in_words(found), as_json=as_json)


@app.command()
def simulate(
    *,
    agent: Annotated[str, typer.Option(help="Identifiant de l'agent.")],
    at: Annotated[datetime | None, typer.Option(help="Instant (par défaut maintenant).")] = None,
    action: Annotated[list[str] | None, typer.Option(help="Action, répétable (par défaut toutes les images).")] = None,
    commune: Annotated[str | None, typer.Option(help="Code INSEE (par défaut toutes).")] = None,
    limit: Annotated[int, typer.Option(min=0, max=2000, help="Caméras citées par groupe.")] = 5,
    town: Town = DEFAULT_TOWN,
    data: Data = None,
    as_json: Json = False,
) -> None:
    """Dit ce que l'agent peut voir à un instant, et pourquoi pas le reste."""
    question: dict[str, Any] = {"agent_id": agent, "limit": limit}
    if at is not None:
        question["at"] = at.astimezone().isoformat()
    if action:
        question["actions"] = action
    if commune is not None:
        question["insee"] = commune
    with told_in_words(as_json=as_json):
        found = ServiceClient(layout_of(town, data)).post("/api/access/policy/simulations", json=question)
        respond(found, _simulation_in_words(found), as_json=as_json)


_OPENERS = {
    "incident": "dans un incident",
    "ticket": "avec un ticket de maintenance",
    "droit_d_acces": "pour une demande de droit d'accès",
    "partage": "dans un partage nominatif",
    "requisition": "sur réquisition",
}


def _simulation_in_words(answer: dict[str, Any]) -> str:
    agent = answer["agent"]
    lines = [f"{agent['name']} ({agent['role']}, {agent['organisation_name']}), {answer['cameras']} caméras :"]
    for outlook in answer["outlooks"]:
        allowed = outlook["allowed"]
        lines.append(f"{outlook['action']} : {allowed['count']} permises{_cited(allowed)}")
        for group in outlook["refused"]:
            lines.append(
                f"  {group['count']} refusées — {group['rule']} : {group['explanation']} ({group['citation']})"
            )
            if group["opened_by"]:
                lines.append(f"    possible {' ou '.join(_OPENERS[name] for name in group['opened_by'])}")
            lines.append(f"    caméras{_cited(group)}")
    return "\n".join(lines)


def _cited(group: dict[str, Any]) -> str:
    names = [camera["camera_id"] for camera in group["cameras"]]
    more = ", …" if group["next_after"] else ""
    return f" : {', '.join(names)}{more}" if names else ""


def _explanation_in_words(answer: dict[str, Any]) -> str:
    verdict = "PERMIS" if answer["allowed"] else "REFUSÉ"
    lines = [f"{verdict} — règle {answer['rule']} ({answer['citation']})"]
    lines += [f"  {_verdict(step)}  {step['rule']} : {step['explanation']}" for step in answer["steps"]]
    return "\n".join(lines)


def _verdict(step: dict[str, Any]) -> str:
    """Say whether a rule was satisfied; most rules concern some actions only."""
    if not step["passed"]:
        return "NON"
    return "oui" if step.get("applies", True) else " – "
