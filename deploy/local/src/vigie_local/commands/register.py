"""``vigie register …``."""

import json
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any

import typer

from vigie_local.answers import DEFAULT_TOWN, INVALID_INPUT, Data, Json, Town, layout_of, respond, told_in_words
from vigie_local.service_client import ServiceClient

app = typer.Typer(no_args_is_help=True, help="Registre.")
_REGISTER = "/api/access/register"


@app.command()
def verify(*, town: Town = DEFAULT_TOWN, data: Data = None, as_json: Json = False) -> None:
    """Vérifie lignes, chaîne, arbre et points de contrôle ; code de sortie 1 si quelque chose est altéré."""
    with told_in_words(as_json=as_json):
        found = ServiceClient(layout_of(town, data)).get(f"{_REGISTER}/verification")
        intact = (
            f"Registre intact : {found['entries']} lignes, {found['checkpoints']} points de contrôle,"
            f" empreinte {found['head_hash']}, racine {found['root_hash']}."
        )
        broken = f"REGISTRE ALTÉRÉ à la ligne {found['first_bad_seq']} (sur {found['entries']}) : {found['fault']}."
        respond(found, intact if found["valid"] else broken, as_json=as_json)
    if not found["valid"]:
        raise typer.Exit(1)


@app.command()
def checkpoint(
    *,
    out: Annotated[Path | None, typer.Option("--out", help="Fichier de la note signée, à confier à un tiers.")] = None,
    town: Town = DEFAULT_TOWN,
    data: Data = None,
    as_json: Json = False,
) -> None:
    """Signe l'état du registre maintenant et montre la note signée."""
    with told_in_words(as_json=as_json):
        signed = ServiceClient(layout_of(town, data)).post(f"{_REGISTER}/checkpoints")
        if out is not None:
            out.write_text(signed["note"])
        respond(signed, signed["note"], as_json=as_json)


@app.command()
def key(*, town: Town = DEFAULT_TOWN, data: Data = None, as_json: Json = False) -> None:
    """Montre les clés publiques du registre, celle qui signe en premier."""
    with told_in_words(as_json=as_json):
        found = ServiceClient(layout_of(town, data)).get(f"{_REGISTER}/key")
        respond(found, "\n".join(item["verifier"] for item in found["keys"]), as_json=as_json)


@app.command()
def proof(
    seq: Annotated[int, typer.Argument(min=1, help="Numéro de la ligne.")],
    *,
    out: Annotated[Path | None, typer.Option("--out", help="Fichier JSON pour verifier_registre.py --preuve.")] = None,
    size: Annotated[
        int | None, typer.Option(min=1, help="Taille d'un point de contrôle (par défaut le dernier).")
    ] = None,
    town: Town = DEFAULT_TOWN,
    data: Data = None,
    as_json: Json = False,
) -> None:
    """Donne la preuve qu'une ligne est dans le registre signé."""
    asked = f"?size={size}" if size is not None else ""
    with told_in_words(as_json=as_json):
        found = ServiceClient(layout_of(town, data)).get(f"{_REGISTER}/entries/{seq}/proof{asked}")
        if out is not None:
            out.write_text(json.dumps(found, ensure_ascii=False))
        steps = "\n".join(f"  {step}" for step in found["path"])
        respond(found, f"Ligne {seq} dans {found['size']} lignes.\n{found['row']}\n{steps}", as_json=as_json)


@app.command()
def export(
    out: Annotated[Path, typer.Argument(help="Archive ZIP à écrire.")],
    *,
    motive: Annotated[str, typer.Option(help="Pourquoi cet export (10 caractères au moins).")],
    as_format: Annotated[str, typer.Option("--format", help="csv ou json.")] = "csv",
    camera: Annotated[str | None, typer.Option(help="Quelle caméra.")] = None,
    since: Annotated[datetime | None, typer.Option("--from", help="Quand : à partir de.")] = None,
    until: Annotated[datetime | None, typer.Option("--to", help="Quand : avant.")] = None,
    agent: Annotated[str | None, typer.Option(help="Par qui : identifiant de l'agent.")] = None,
    organisation: Annotated[str | None, typer.Option(help="Par qui : organisation.")] = None,
    why: Annotated[str | None, typer.Option(help="Pourquoi : débuts de mots du motif et du contexte.")] = None,
    action: Annotated[str | None, typer.Option(help="Action.")] = None,
    result: Annotated[str | None, typer.Option(help="allowed, refused ou done.")] = None,
    insee: Annotated[str | None, typer.Option(help="Commune.")] = None,
    town: Town = DEFAULT_TOWN,
    data: Data = None,
    as_json: Json = False,
) -> None:
    """Écrit une archive qui se vérifie sans Vigie (le programme de vérification est dedans)."""
    if as_format not in {"csv", "json"}:
        raise typer.Exit(INVALID_INPUT)
    asked = {
        "camera_id": camera,
        "from": since.astimezone().isoformat() if since else None,
        "to": until.astimezone().isoformat() if until else None,
        "agent_id": agent,
        "organisation": organisation,
        "why": why,
        "action": action,
        "result": result,
        "insee": insee,
    }
    body: dict[str, Any] = {
        "filters": {name: value for name, value in asked.items() if value is not None},
        "format": as_format,
        "motive": motive,
    }
    with told_in_words(as_json=as_json):
        size = ServiceClient(layout_of(town, data)).save(f"{_REGISTER}/exports", out, json=body)
        respond({"file": str(out), "bytes": size}, f"{out} : {size} octets.", as_json=as_json)
