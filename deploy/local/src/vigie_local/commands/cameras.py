"""``vigie cameras …``."""

import json
from pathlib import Path
from typing import Annotated, Any

import typer

from vigie_local.answers import DEFAULT_TOWN, INVALID_INPUT, Data, Json, Town, layout_of, respond, told_in_words
from vigie_local.service_client import ServiceClient

app = typer.Typer(no_args_is_help=True, help="Caméras.")
_SHOWN = 40
_SURE = 0.8


class MappingUnreadable(RuntimeError):
    """A ``--mapping`` that is not ``field=column``."""

    def __init__(self, text: str) -> None:
        super().__init__(f"--mapping s'écrit champ=colonne, par exemple --mapping 'lon=Coord X' (lu : « {text} »).")


@app.command("import")
def import_cameras(
    file: Annotated[
        Path,
        typer.Argument(exists=True, dir_okay=False, help="Fichier CSV, XLSX, ODS, JSON ou GeoJSON ; 50 Mo au plus."),
    ],
    *,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Vérifie sans rien écrire.")] = False,
    mapping: Annotated[
        list[str] | None, typer.Option("--mapping", help="champ=colonne (répétable) ; champ= pour n'en lire aucune.")
    ] = None,
    sheet: Annotated[str | None, typer.Option(help="Feuille du tableur ; sinon la plus vraisemblable.")] = None,
    commune: Annotated[str | None, typer.Option(help="Commune (INSEE ou nom) des lignes qui n'en ont pas.")] = None,
    crs: Annotated[
        str | None, typer.Option(help="Système de coordonnées : WGS84, 2154, CC49… ; sinon reconnu.")
    ] = None,
    outside: Annotated[bool, typer.Option("--outside", help="Accepte les positions hors du contour.")] = False,
    strict: Annotated[bool, typer.Option("--strict", help="N'écrit rien si une ligne est refusée.")] = False,
    plan_hash: Annotated[
        str | None, typer.Option("--plan", help="N'applique que ce plan (plan_hash d'un --dry-run).")
    ] = None,
    town: Town = DEFAULT_TOWN,
    data: Data = None,
    as_json: Json = False,
) -> None:
    """Importe des caméras ; code de sortie 2 si des lignes sont refusées."""
    with told_in_words(as_json=as_json):
        options: dict[str, Any] = {
            "dry_run": str(dry_run).lower(),
            "outside": str(outside).lower(),
            "strict": str(strict).lower(),
            **{
                name: value
                for name, value in (("sheet", sheet), ("commune", commune), ("crs", crs), ("plan_hash", plan_hash))
                if value is not None
            },
        }
        report = ServiceClient(layout_of(town, data)).post(
            "/api/registry/cameras/imports",
            params=options,
            files={"file": (file.name, file.read_bytes(), "application/octet-stream")},
            data={"mapping": json.dumps(mapping_of(mapping))} if mapping else None,
            timeout=600.0,
        )
        respond(report, import_in_words(report), as_json=as_json)
    if report["invalid"]:
        raise typer.Exit(INVALID_INPUT)


def mapping_of(options: list[str]) -> dict[str, list[str]]:
    """Return the columns by field; the same field twice takes several columns. Raises MappingUnreadable."""
    mapping: dict[str, list[str]] = {}
    for text in options:
        field, found, column = text.partition("=")
        if not found or not field.strip():
            raise MappingUnreadable(text)
        columns = mapping.setdefault(field.strip(), [])
        columns.extend([column.strip()] if column.strip() else [])
    return mapping


def import_in_words(report: dict[str, Any]) -> str:
    """Tell a person what an import did or would do."""
    lines = [_summary(report)]
    lines += [f"  {note}" for note in report["notes"]]
    lines.append("Colonnes :")
    lines += [
        f"  {one['title']} ← {', '.join(one['columns'])}"
        + ("" if one["confidence"] >= _SURE else f" (supposé, {one['confidence']:.0%} : confirmez par --mapping)")
        for one in report["mapping"]
    ]
    if report["unmapped"]:
        lines.append(f"  non lues : {', '.join(report['unmapped'])}")
    for name, title in (("errors", "refusée"), ("warnings", "à vérifier")):
        issues = report[name]
        lines += [
            f"  ligne {e['line']}, {title}, {e['header'] or e['column']} : {e['message']} ({e['value']!r})"
            for e in issues[:_SHOWN]
        ]
        if len(issues) > _SHOWN:
            lines.append(f"  … et {len(issues) - _SHOWN} autres (--json pour tout voir)")
    lines += [
        f"  {one['camera_id']} : "
        + ", ".join(f"{f['field']} « {f['before']} » → « {f['after']} »" for f in one["fields"])
        for one in report["changes"][:_SHOWN]
    ]
    if report["missing"]:
        lines.append(
            f"  {report['missing']} caméra(s) enregistrée(s) dans ces communes et absente(s) du fichier : conservées."
        )
    if report["dry_run"]:
        lines.append(f"Appliquer exactement ceci : --plan {report['plan_hash']}")
    return "\n".join(lines)


def _summary(report: dict[str, Any]) -> str:
    heading = "Vérification" if report["dry_run"] else "Import"
    if report["strict"] and report["invalid"]:
        heading += " (strict : rien n'est écrit)"
    return (
        f"{heading} : {report['valid']} caméras valides, {report['invalid']} lignes refusées ; "
        f"{report['created']} nouvelles, {report['changed']} modifiées, {report['unchanged']} inchangées."
    )
