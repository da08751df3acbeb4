"""The ``vigie`` command. Every command takes ``--json`` for programs."""

import json
import sys
import time
from collections.abc import Generator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any, NoReturn

import httpx
import typer
from rich.console import Console

from embedded.unprivileged import remove_folder
from vigie_local import control, installation
from vigie_local.board import status_table
from vigie_local.components import StepFailed
from vigie_local.layout import Layout
from vigie_local.service_client import ServiceClient, ServiceRefused
from vigie_local.supervisor import ComponentFailed, State, Status
from vigie_local.wanted import Wanted

app = typer.Typer(no_args_is_help=True, add_completion=False, help="Vigie : supervision de la vidéoprotection.")
cameras = typer.Typer(no_args_is_help=True, help="Caméras.")
policy = typer.Typer(no_args_is_help=True, help="Droits d'accès.")
register = typer.Typer(no_args_is_help=True, help="Registre.")
app.add_typer(cameras, name="cameras")
app.add_typer(policy, name="policy")
app.add_typer(register, name="register")

DEFAULT_TOWN = "plaine-vallee"
_INVALID_INPUT = 2

Town = Annotated[str, typer.Option(help="Ville ou intercommunalité.")]
Data = Annotated[Path | None, typer.Option("--data", help="Dossier des données ; par défaut var/<ville>.")]
Json = Annotated[bool, typer.Option("--json", help="Réponse en JSON.")]


@app.command()
def up(
    *,
    town: Town = DEFAULT_TOWN,
    demo: Annotated[bool, typer.Option("--demo/--no-demo", help="Caméras, partenaires et comptes factices.")] = True,
    live_cameras: Annotated[int, typer.Option("--cameras", min=1, max=2000, help="Caméras avec un flux.")] = 24,
    port: Annotated[int, typer.Option(min=1, max=65535, help="Port de la console.")] = 8080,
    data: Data = None,
    as_json: Json = False,
) -> None:
    """Démarre tout et reste au premier plan jusqu'à Ctrl-C."""
    from vigie_local import up as running  # noqa: PLC0415 - the other commands start without the servers' modules

    with _told_in_words(as_json=as_json):
        running.run(Wanted(town, _data(town, data), port, live_cameras, demo), as_json=as_json)


@app.command()
def down(*, town: Town = DEFAULT_TOWN, data: Data = None, as_json: Json = False) -> None:
    """Arrête proprement ; les données restent."""
    with _told_in_words(as_json=as_json):
        stopped = control.stop_running(_layout(town, data))
        _answer(
            {"stopped": stopped}, "Vigie est arrêtée." if stopped else "Vigie ne fonctionnait pas.", as_json=as_json
        )


@app.command()
def status(*, town: Town = DEFAULT_TOWN, data: Data = None, as_json: Json = False) -> None:
    """Dit ce qui fonctionne ; code de sortie 1 si tout n'est pas prêt."""
    state = control.recorded(_layout(town, data))
    if state is None:
        _answer({"running": False, "ready": False, "components": []}, "Vigie ne fonctionne pas.", as_json=as_json)
        raise typer.Exit(1)
    ready = all(component["state"] in {State.READY, State.DONE} for component in state["components"])
    if as_json:
        _print_json({"running": True, "ready": ready, **state})
    else:
        now = time.monotonic()
        Console().print(status_table([_status(component, now) for component in state["components"]], now=now))
        typer.echo(state["url"])
    if not ready:
        raise typer.Exit(1)


@app.command()
def seed(*, town: Town = DEFAULT_TOWN, data: Data = None, as_json: Json = False) -> None:
    """Redonne leur premier contenu aux services (sans rien doubler)."""
    from vigie_local.reseed import reseed  # noqa: PLC0415 - needs the servers' modules

    with _told_in_words(as_json=as_json):
        done = reseed(_layout(town, data))
        _answer({"seeded": done}, f"Premier contenu en place : {', '.join(done)}.", as_json=as_json)


@cameras.command("import")
def import_cameras(
    file: Annotated[Path, typer.Argument(exists=True, dir_okay=False, help="Fichier CSV.")],
    *,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Vérifie sans rien écrire.")] = False,
    town: Town = DEFAULT_TOWN,
    data: Data = None,
    as_json: Json = False,
) -> None:
    """Importe des caméras ; code de sortie 2 si des lignes sont refusées."""
    with _told_in_words(as_json=as_json):
        report = ServiceClient(_layout(town, data)).post(
            "/api/registry/cameras/imports",
            params={"dry_run": str(dry_run).lower()},
            files={"file": (file.name, file.read_bytes(), "text/csv")},
        )
        _answer(report, _import_in_words(report, dry_run=dry_run), as_json=as_json)
    if report["invalid"]:
        raise typer.Exit(_INVALID_INPUT)


@policy.command()
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
    with _told_in_words(as_json=as_json):
        answer = ServiceClient(_layout(town, data)).post("/api/access/policy/explanations", json=question)
        _answer(answer, _explanation_in_words(answer), as_json=as_json)


@register.command()
def verify(*, town: Town = DEFAULT_TOWN, data: Data = None, as_json: Json = False) -> None:
    """Vérifie la chaîne du registre ; code de sortie 1 si elle est rompue."""
    with _told_in_words(as_json=as_json):
        answer = ServiceClient(_layout(town, data)).get("/api/access/register/verification")
        intact = f"Registre intact : {answer['entries']} lignes, empreinte {answer['head_hash']}."
        broken = f"REGISTRE ALTÉRÉ à la ligne {answer['first_bad_seq']} (sur {answer['entries']})."
        _answer(answer, intact if answer["valid"] else broken, as_json=as_json)
    if not answer["valid"]:
        raise typer.Exit(1)


@app.command("clean-data")
def clean_data(
    *,
    town: Town = DEFAULT_TOWN,
    data: Data = None,
    yes: Annotated[bool, typer.Option("--yes", help="Ne pas demander (pour les programmes).")] = False,
    as_json: Json = False,
) -> None:
    """Efface toutes les données d'une ville, après confirmation."""
    layout = _layout(town, data)
    with _told_in_words(as_json=as_json):
        if control.is_running(layout):
            raise control.StillRunning("Vigie fonctionne sur ce dossier ; l'arrêter d'abord : vigie down")
        if not layout.root.exists():
            _answer({"removed": False}, f"Rien à effacer dans {layout.root}.", as_json=as_json)
            return
        if not yes:
            typer.confirm(f"Effacer pour toujours {layout.root} (images, registre, bases, comptes) ?", abort=True)
        remove_folder(layout.folder("postgres") / "cluster")
        remove_folder(layout.root)
        _answer({"removed": True}, f"{layout.root} est effacé.", as_json=as_json)


def main() -> None:
    """Console script."""
    app()


@contextmanager
def _told_in_words(*, as_json: bool) -> Generator[None]:
    """Turn every expected failure into one sentence on stderr and exit status 1; the unexpected keep their trace."""
    try:
        yield
    except ServiceRefused as refused:
        _fail(str(refused), {"error": str(refused), "problem": refused.problem}, as_json=as_json)
    except (RuntimeError, StepFailed, ComponentFailed, PermissionError, TimeoutError, httpx.HTTPError) as failure:
        _fail(str(failure), {"error": str(failure)}, as_json=as_json)


def _fail(text: str, document: dict[str, Any], *, as_json: bool) -> NoReturn:
    if as_json:
        _print_json(document)
    else:
        typer.secho(text, err=True, fg=typer.colors.RED)
    raise typer.Exit(1)


def _answer(document: dict[str, Any], text: str, *, as_json: bool) -> None:
    if as_json:
        _print_json(document)
    else:
        typer.echo(text)


def _print_json(document: dict[str, Any]) -> None:
    sys.stdout.write(json.dumps(document, ensure_ascii=False, indent=2) + "\n")


def _data(town: str, data: Path | None) -> Path:
    return (data or installation.DATA / town).resolve()


def _layout(town: str, data: Path | None) -> Layout:
    return Layout(_data(town, data))


def _status(component: dict[str, Any], now: float) -> Status:
    return Status(
        name=component["name"],
        title=component["title"],
        state=State(component["state"]),
        pid=component["pid"],
        restarts=component["restarts"],
        since=now - component["since_seconds"],
        detail=component["detail"],
    )


def _import_in_words(report: dict[str, Any], *, dry_run: bool) -> str:
    heading = "Vérification" if dry_run else "Import"
    lines = [f"{heading} : {report['valid']} lignes valides, {report['invalid']} refusées."]
    lines += [f"  ligne {e['line']}, colonne {e['column']} : {e['message']} ({e['value']!r})" for e in report["errors"]]
    return "\n".join(lines)


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
