"""``vigie cameras …``."""

from pathlib import Path
from typing import Annotated, Any

import typer

from vigie_local.answers import DEFAULT_TOWN, INVALID_INPUT, Data, Json, Town, layout_of, respond, told_in_words
from vigie_local.service_client import ServiceClient

app = typer.Typer(no_args_is_help=True, help="Caméras.")


@app.command("import")
def import_cameras(
    file: Annotated[Path, typer.Argument(exists=True, dir_okay=False, help="Fichier CSV.")],
    *,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Vérifie sans rien écrire.")] = False,
    town: Town = DEFAULT_TOWN,
    data: Data = None,
    as_json: Json = False,
) -> None:
    """Importe des caméras ; code de sortie 2 si des lignes sont refusées."""
    with told_in_words(as_json=as_json):
        report = ServiceClient(layout_of(town, data)).post(
            "/api/registry/cameras/imports",
            params={"dry_run": str(dry_run).lower()},
            files={"file": (file.name, file.read_bytes(), "text/csv")},
        )
        respond(report, _import_in_words(report, dry_run=dry_run), as_json=as_json)
    if report["invalid"]:
        raise typer.Exit(INVALID_INPUT)


def _import_in_words(report: dict[str, Any], *, dry_run: bool) -> str:
    heading = "Vérification" if dry_run else "Import"
    lines = [f"{heading} : {report['valid']} lignes valides, {report['invalid']} refusées."]
    lines += [f"  ligne {e['line']}, colonne {e['column']} : {e['message']} ({e['value']!r})" for e in report["errors"]]
    return "\n".join(lines)
