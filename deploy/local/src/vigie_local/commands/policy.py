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
