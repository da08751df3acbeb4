"""The ``vigie`` command. Every command takes ``--json`` for programs."""

import time
from typing import Annotated, Any

import typer
from rich.console import Console

from embedded.unprivileged import remove_folder
from vigie_local import control
from vigie_local.answers import (
    DEFAULT_TOWN,
    Data,
    Json,
    Town,
    folder_of,
    layout_of,
    print_json,
    respond,
    told_in_words,
)
from vigie_local.board import status_table
from vigie_local.commands import agents, cameras, policy, register
from vigie_local.supervisor import State, Status
from vigie_local.wanted import Wanted

app = typer.Typer(no_args_is_help=True, add_completion=False, help="Vigie : supervision de la vidéoprotection.")
app.add_typer(agents.app, name="agents")
app.add_typer(cameras.app, name="cameras")
app.add_typer(policy.app, name="policy")
app.add_typer(register.app, name="register")


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

    with told_in_words(as_json=as_json):
        running.run(Wanted(town, folder_of(town, data), port, live_cameras, demo), as_json=as_json)


@app.command()
def down(*, town: Town = DEFAULT_TOWN, data: Data = None, as_json: Json = False) -> None:
    """Arrête proprement ; les données restent."""
    with told_in_words(as_json=as_json):
        stopped = control.stop_running(layout_of(town, data))
        respond(
            {"stopped": stopped}, "Vigie est arrêtée." if stopped else "Vigie ne fonctionnait pas.", as_json=as_json
        )


@app.command()
def status(*, town: Town = DEFAULT_TOWN, data: Data = None, as_json: Json = False) -> None:
    """Dit ce qui fonctionne ; code de sortie 1 si tout n'est pas prêt."""
    state = control.recorded(layout_of(town, data))
    if state is None:
        respond({"running": False, "ready": False, "components": []}, "Vigie ne fonctionne pas.", as_json=as_json)
        raise typer.Exit(1)
    ready = all(component["state"] in {State.READY, State.DONE} for component in state["components"])
    if as_json:
        print_json({"running": True, "ready": ready, **state})
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

    with told_in_words(as_json=as_json):
        done = reseed(layout_of(town, data))
        respond({"seeded": done}, f"Premier contenu en place : {', '.join(done)}.", as_json=as_json)


@app.command("clean-data")
def clean_data(
    *,
    town: Town = DEFAULT_TOWN,
    data: Data = None,
    yes: Annotated[bool, typer.Option("--yes", help="Ne pas demander (pour les programmes).")] = False,
    as_json: Json = False,
) -> None:
    """Efface toutes les données d'une ville, après confirmation."""
    layout = layout_of(town, data)
    with told_in_words(as_json=as_json):
        if control.is_running(layout):
            raise control.StillRunning("Vigie fonctionne sur ce dossier ; l'arrêter d'abord : vigie down")
        if not layout.root.exists():
            respond({"removed": False}, f"Rien à effacer dans {layout.root}.", as_json=as_json)
            return
        if not yes:
            typer.confirm(f"Effacer pour toujours {layout.root} (images, registre, bases, comptes) ?", abort=True)
        remove_folder(layout.folder("postgres") / "cluster")
        remove_folder(layout.root)
        respond({"removed": True}, f"{layout.root} est effacé.", as_json=as_json)


def main() -> None:
    """Console script."""
    app()


def _status(component: dict[str, Any], now: float) -> Status:
    return Status(
        name=component["name"],
        title=component["title"],
        state=State(component["state"]),
        pid=component["pid"],
        restarts=component["restarts"],
        since=now - (time.time() - component["since"]),
        detail=component["detail"],
    )
