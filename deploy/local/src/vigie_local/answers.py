"""What every ``vigie`` command shares: its common options, and how it answers people and programs."""

import json
import sys
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any, NoReturn

import httpx
import typer

from vigie_local import installation
from vigie_local.components import StepFailed
from vigie_local.layout import Layout
from vigie_local.service_client import ServiceRefused
from vigie_local.supervisor import ComponentFailed

DEFAULT_TOWN = "plaine-vallee"
INVALID_INPUT = 2
"""Exit status when what the person gave is refused."""

Town = Annotated[str, typer.Option(help="Ville ou intercommunalité.")]
Data = Annotated[Path | None, typer.Option("--data", help="Dossier des données ; par défaut var/<ville>.")]
Json = Annotated[bool, typer.Option("--json", help="Réponse en JSON.")]


@contextmanager
def told_in_words(*, as_json: bool) -> Generator[None]:
    """Turn every expected failure into one sentence on stderr and exit status 1; the unexpected keep their trace."""
    try:
        yield
    except ServiceRefused as refused:
        stop_with(str(refused), {"error": str(refused), "problem": refused.problem}, as_json=as_json)
    except (RuntimeError, StepFailed, ComponentFailed, PermissionError, TimeoutError, httpx.HTTPError) as failure:
        stop_with(str(failure), {"error": str(failure)}, as_json=as_json)


def respond(document: dict[str, Any], text: str, *, as_json: bool) -> None:
    """Answer a program with the document, a person with the text."""
    if as_json:
        print_json(document)
    else:
        typer.echo(text)


def print_json(document: dict[str, Any]) -> None:
    """Write a document to the standard output."""
    sys.stdout.write(json.dumps(document, ensure_ascii=False, indent=2) + "\n")


def layout_of(town: str, data: Path | None) -> Layout:
    """Return where a town keeps its things."""
    return Layout(folder_of(town, data))


def folder_of(town: str, data: Path | None) -> Path:
    """Return the folder of a town's data."""
    return (data or installation.DATA / town).resolve()


def stop_with(text: str, document: dict[str, Any], *, as_json: bool) -> NoReturn:
    """Tell a failure on stderr (a person) or stdout (a program) and leave with exit status 1."""
    if as_json:
        print_json(document)
    else:
        typer.secho(text, err=True, fg=typer.colors.RED)
    raise typer.Exit(1)
