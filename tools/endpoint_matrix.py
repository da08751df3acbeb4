"""Write docs/endpoint-matrix.md: every route of every service, and who may ask it; or check it (``--check``).

Nothing is declared twice. For each route the code that answers it is walked (the function, its FastAPI dependencies,
and every function of the service that they name), collecting the actions put to the guard and the scopes asked of
machines. A route for which neither is found must stand in ``WITHOUT_RIGHT`` with its reason, or this fails: that is how
a route that somebody forgot to guard shows.
"""

import argparse
import ast
import importlib
import inspect
import re
import sys
import textwrap
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import FunctionType, ModuleType
from typing import Any

from fastapi import APIRouter
from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute, APIWebSocketRoute, iter_route_contexts

from guard.assembly import build_app
from policy import Action, Role, roles_allowed

PAGE = Path(__file__).parent.parent / "docs" / "endpoint-matrix.md"
SERVICES = ("access", "camera_registry", "dispatch", "incident", "retention", "stream_gateway")
_SCOPE = re.compile(r"^[a-z_]+\.(read|write|source|admin|export|manage|send|push|live|footage)$")
_SESSION = "session : tout agent actif"
_OPEN = "sans session"

_GRANTED = "relecture accordée à cet agent, rejugée à chaque lecture"
_REPLAYED = "`live` ou `replay` selon ce qui est demandé (docs/adr/0025)"
_OF_A_REPLAY = (
    ("GET", "/index.m3u8"),
    ("GET", "/keyframes.m3u8"),
    ("GET", "/thumbnails"),
    ("GET", "/segments/{index}"),
    ("GET", "/segments/{index}/init"),
    ("GET", "/segments/{index}/groups/{group}"),
    ("GET", "/segments/{index}/keyframes/{group}"),
    ("POST", "/renewal"),
    ("DELETE", ""),
)

WITHOUT_RIGHT = {
    "GET /api/access/login": f"{_OPEN} : début de la connexion",
    "GET /api/access/callback": f"{_OPEN} : réponse du fournisseur d'identité",
    "GET /api/access/me": _SESSION,
    "POST /api/access/session/refresh": _SESSION,
    "POST /api/access/logout": _SESSION,
    "POST /api/dispatch/acknowledgements": f"{_OPEN} : signature du partenaire (Standard Webhooks)",
    "GET /api/incident/nomenclature": _SESSION,
    "DELETE /api/stream/sessions/{session_id}": "session de visionnage accordée à cet agent",
    "GET /api/access/register/key": f"{_OPEN} : clé publique du registre",
    "POST /api/access/oauth/token": f"{_OPEN} : identifiants du client machine",
    "POST /api/registry/alarms/buttons/{button_id}": f"{_OPEN} : signature du bouton d'alerte",
    "DELETE /api/stream/sessions/{session_id}/whep/{peer_id}": "session de visionnage accordée à cet agent",
    "DELETE /api/stream/cameras/{camera_id}/ptz": "prise en main tenue par cet agent",
    "DELETE /api/stream/bookmarks/{bookmark_id}": "signet posé par cet agent",
    "PATCH /api/stream/bookmarks/{bookmark_id}": "signet posé par cet agent",
    "POST /api/stream/cameras/{camera_id}/instant-replay": _REPLAYED,
    **{f"{method} /api/stream/replays/{{replay_id}}{rest}": _GRANTED for method, rest in _OF_A_REPLAY},
}
"""Routes on which no right of the matrix is asked, and why that is in order."""

HEAD = """# Qui peut appeler quoi

Page générée par `tools/endpoint_matrix.py` à partir du code des routes : ne pas la modifier à la main.

Chaque ligne est une route ; les actions sont celles que son code soumet à la politique (une au moins est exigée), les
colonnes les rôles qui peuvent les demander (`docs/access-matrix.md` dit à quelles conditions), « machine » la portée
exigée du jeton d'un service. Une route sans droit porte sa raison.

"""


@dataclass(frozen=True)
class Rights:
    """What the code of a route asks: any of ``actions`` of an agent, any of ``scopes`` of a machine."""

    actions: frozenset[Action]
    scopes: frozenset[str]

    def __or__(self, other: "Rights") -> "Rights":
        return Rights(self.actions | other.actions, self.scopes | other.scopes)


NOTHING = Rights(frozenset(), frozenset())


@dataclass(frozen=True)
class Endpoint:
    """One route with what it asks."""

    name: str
    rights: Rights

    def line(self) -> str:
        """Return the line of the page."""
        asked = ", ".join(f"`{action}`" for action in sorted(self.rights.actions)) or WITHOUT_RIGHT.get(self.name, "–")
        may = frozenset[Role]().union(*(roles_allowed(action) for action in self.rights.actions))
        cells = ["oui" if role in may else "–" for role in Role]
        machine = ", ".join(f"`{scope}`" for scope in sorted(self.rights.scopes)) or "–"
        return "| " + " | ".join([f"`{self.name}`", asked, machine, *cells]) + " |\n"


def endpoints() -> list[Endpoint]:
    """Return every route of every service."""
    return sorted((found for package in SERVICES for found in _of_service(package)), key=lambda one: one.name)


def _of_service(package: str) -> Iterator[Endpoint]:
    api = importlib.import_module(f"{package}.api")
    yield from endpoints_of(getattr(api, "ROUTERS", None) or (api.router,), package=package)


def endpoints_of(routers: Sequence[APIRouter], *, package: str) -> Iterator[Endpoint]:
    """Return the routes of routers; only functions of ``package`` are walked."""
    app = build_app(package, package, routers, public_origin="")
    for context in iter_route_contexts(app.routes):
        route = context.original_route
        if isinstance(route, APIWebSocketRoute):
            yield Endpoint(f"WS {context.path}", _of_calls(route.dependant, package))
        elif isinstance(route, APIRoute) and context.include_in_schema:
            for method in sorted(context.methods or ()):
                yield Endpoint(f"{method} {context.path}", _of_calls(route.dependant, package))


def _of_calls(dependant: Dependant, package: str) -> Rights:
    calls = list(_calls(dependant))
    found = _walk(calls, package)
    for call in calls:
        found |= _of_closure(call)
    return found


def _calls(dependant: Dependant) -> Iterator[Callable[..., Any]]:
    if dependant.call is not None:
        yield dependant.call
    for inner in dependant.dependencies:
        yield from _calls(inner)


def _of_closure(call: Callable[..., Any]) -> Rights:
    """Return the scopes that a dependency made by a function holds (``service_scope("cameras.source")``)."""
    cells = (cell.cell_contents for cell in getattr(call, "__closure__", None) or ())
    return Rights(frozenset(), frozenset(value for value in cells if _is_scope(value)))


def _walk(calls: Iterable[Callable[..., Any]], package: str) -> Rights:
    """Return what functions of the service ask, and all the functions of the service that they come to.

    A method counts where its class is named and its name is used: ``door.require_addressee`` is not ``door.require``.
    """
    found, used = NOTHING, set[str]()
    pending: list[object] = list(calls)
    seen, classes = set[object](), set[type]()
    while pending:
        function = pending.pop()
        if not _ours(function, package) or function in seen:
            continue
        seen.add(function)
        if isinstance(function, type):
            classes.add(function)
        elif isinstance(function, FunctionType):
            used |= {node.attr for node in ast.walk(_source(function)) if isinstance(node, ast.Attribute)}
            for value in _values(function):
                if isinstance(value, FunctionType | type):
                    pending.append(value)
                else:
                    found |= _right(value)
        pending += [vars(one)[name] for one in classes for name in used & vars(one).keys() if callable(vars(one)[name])]
    return found


def _ours(function: object, package: str) -> bool:
    return getattr(function, "__module__", "").split(".")[0] == package


def _values(function: FunctionType) -> Iterator[object]:
    """Return what the names and attributes in a function's source stand for."""
    for node in ast.walk(_source(function)):
        if isinstance(node, ast.Name):
            yield function.__globals__.get(node.id)
        elif isinstance(node, ast.Constant):
            yield node.value
        elif isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
            holder = function.__globals__.get(node.value.id)
            if holder is Action or isinstance(holder, ModuleType):
                yield getattr(holder, node.attr, None)


@cache
def _source(function: FunctionType) -> ast.AST:
    return ast.parse(textwrap.dedent(inspect.getsource(function)))


def _right(value: object) -> Rights:
    if isinstance(value, Action):
        return Rights(frozenset({value}), frozenset())
    if _is_scope(value):
        return Rights(frozenset(), frozenset({str(value)}))
    if isinstance(value, tuple | frozenset | list | set):
        items: Iterable[object] = value  # pyright: ignore[reportUnknownVariableType]
        return Rights(frozenset(item for item in items if isinstance(item, Action)), frozenset())
    return NOTHING


def _is_scope(value: object) -> bool:
    return isinstance(value, str) and not isinstance(value, Action) and _SCOPE.match(value) is not None


def unguarded(found: Iterable[Endpoint]) -> list[str]:
    """Return what is wrong: routes without a right or a reason, and reasons that belong to no route."""
    bare = {one.name for one in found if one.rights == NOTHING}
    said = WITHOUT_RIGHT.keys()
    forgotten = [f"{name}: no right is asked; guard it, or say why in WITHOUT_RIGHT" for name in sorted(bare - said)]
    stale = [f"{name}: stands in WITHOUT_RIGHT for nothing" for name in sorted(said - bare)]
    return forgotten + stale


def page(found: Iterable[Endpoint]) -> str:
    """Return the whole page."""
    head = ["route", "action", "machine", *(f"`{role.value}`" for role in Role)]
    rule = "|---" * len(head) + "|\n"
    return HEAD + "| " + " | ".join(head) + " |\n" + rule + "".join(endpoint.line() for endpoint in found)


def main(arguments: list[str]) -> int:
    """Write or check the page; returns the exit status."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="change nothing, fail when the page is out of date")
    found = endpoints()
    problems = unguarded(found)
    if parser.parse_args(arguments).check:
        if not PAGE.is_file() or PAGE.read_text(encoding="utf-8") != page(found):
            problems.append(f"{PAGE.name} is out of date: run `make generate`")
    else:
        PAGE.write_text(page(found), encoding="utf-8")
    sys.stderr.writelines(f"{problem}\n" for problem in problems)
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
