"""``vigie agents …``."""

import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from vigie_local.answers import DEFAULT_TOWN, INVALID_INPUT, Data, Json, Town, layout_of, respond, told_in_words
from vigie_local.service_client import ServiceClient

app = typer.Typer(no_args_is_help=True, help="Agents, employeurs et habilitations.")
_ROSTER = "/api/access/agents/roster"


@app.command("export")
def export_roster(
    file: Annotated[Path | None, typer.Argument(help="Fichier à écrire ; par défaut la sortie standard.")] = None,
    *,
    town: Town = DEFAULT_TOWN,
    data: Data = None,
    as_json: Json = False,
) -> None:
    """Écrit la liste des agents en CSV."""
    with told_in_words(as_json=as_json):
        roster = ServiceClient(layout_of(town, data)).download(_ROSTER)
        if file is None:
            sys.stdout.buffer.write(roster)
            return
        file.write_bytes(roster)
        lines = roster.count(b"\r\n") - 1
        respond({"file": str(file), "agents": lines}, f"{lines} agents dans {file}.", as_json=as_json)


@app.command("import")
def import_roster(
    file: Annotated[Path, typer.Argument(exists=True, dir_okay=False, help="Fichier CSV.")],
    *,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Vérifie sans rien écrire.")] = False,
    town: Town = DEFAULT_TOWN,
    data: Data = None,
    as_json: Json = False,
) -> None:
    """Crée et modifie des agents ; code de sortie 2 si des lignes sont refusées. Personne n'est retiré."""
    with told_in_words(as_json=as_json):
        report = ServiceClient(layout_of(town, data)).post(
            _ROSTER,
            params={"dry_run": str(dry_run).lower()},
            files={"file": (file.name, file.read_bytes(), "text/csv")},
        )
        respond(report, _report_in_words(report), as_json=as_json)
    if report["errors"]:
        raise typer.Exit(INVALID_INPUT)


@app.command()
def warnings(*, town: Town = DEFAULT_TOWN, data: Data = None, as_json: Json = False) -> None:
    """Liste les habilitations, agréments et formations qui se terminent."""
    with told_in_words(as_json=as_json):
        found = ServiceClient(layout_of(town, data)).get("/api/access/agents/warnings")
        respond(found, _warnings_in_words(found["items"]), as_json=as_json)


@app.command()
def revoke(
    agent: Annotated[str, typer.Argument(help="Identifiant de l'agent.")],
    *,
    reason: Annotated[str, typer.Option(help="Motif, inscrit au registre.")],
    town: Town = DEFAULT_TOWN,
    data: Data = None,
    as_json: Json = False,
) -> None:
    """Retire tous ses droits à un agent et ferme ses sessions partout."""
    with told_in_words(as_json=as_json):
        path = f"/api/access/agents/{agent}/revocation"
        revoked = ServiceClient(layout_of(town, data)).post(path, json={"reason": reason})
        respond(revoked, f"{revoked['name']} n'a plus aucun droit.", as_json=as_json)


def _report_in_words(report: dict[str, Any]) -> str:
    heading = "Vérification" if report["dry_run"] else "Import"
    created, changed, refused = (len(report[part]) for part in ("created", "changed", "errors"))
    unchanged = report["unchanged"]
    lines = [f"{heading} : {created} créés, {changed} modifiés, {unchanged} inchangés, {refused} lignes refusées."]
    lines += [f"  ligne {e['line']}, colonne {e['column']} : {e['message']} ({e['value']!r})" for e in report["errors"]]
    if report["missing"]:
        lines.append(f"Absents du fichier, laissés tels quels : {', '.join(report['missing'])}.")
    return "\n".join(lines)


def _warnings_in_words(items: list[dict[str, Any]]) -> str:
    if not items:
        return "Aucune échéance proche."
    return "\n".join(
        f"{one['agent_id']} : {one['paper']} {one['number'] or ''} "
        f"{'terminée' if one['days_left'] == 0 else 'se termine'} le {one['ends_at'][:10]}"
        for one in items
    )
