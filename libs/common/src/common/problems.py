"""Errors that tell a person what to do: RFC 9457 problem details.

``type`` is ``urn:vigie:problem:<slug>``; ``title`` and ``detail`` are French sentences for the person who reads
them; extra members are for programs (for example ``rule`` and ``citation`` of a refusal).
"""

import json
from typing import Any, ClassVar

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException

from common.validation_words import in_french

MEDIA_TYPE = "application/problem+json"
SCHEMA: dict[str, Any] = {
    "title": "Problem",
    "description": "RFC 9457 problem details; further members depend on the type.",
    "type": "object",
    "required": ["type", "title", "status", "detail"],
    "properties": {
        "type": {"type": "string", "pattern": "^urn:vigie:problem:", "description": "What kind of problem."},
        "title": {"type": "string", "description": "The kind of problem, in French."},
        "status": {"type": "integer", "minimum": 400, "maximum": 599},
        "detail": {"type": "string", "description": "What happened and what to do, in French."},
        "errors": {
            "type": "array",
            "description": "The fields to mend.",
            "items": {
                "type": "object",
                "required": ["field", "message"],
                "properties": {"field": {"type": "string"}, "message": {"type": "string"}},
            },
        },
    },
}
DOCUMENTED: dict[int | str, dict[str, Any]] = {
    "default": {
        "description": "A problem, told for the person who reads it.",
        "content": {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}},
    }
}
"""What every route may answer beside what it declares; whoever serves it adds ``SCHEMA`` to the components."""


_OF_STATUS = {
    400: ("requete-illisible", "Requête illisible", "Le corps de la requête n'est pas lisible : vérifiez son format."),
    404: ("introuvable", "Introuvable", "Cette adresse n'existe pas : vérifiez-la."),
    405: ("methode-refusee", "Méthode refusée", "Cette adresse ne connaît pas cette méthode HTTP."),
}
"""What the framework itself refuses before a route is reached: slug, title, detail."""


class Problem(Exception):
    """An error with an HTTP status. ``keeps_transaction``: what was written before it stays committed."""

    keeps_transaction: ClassVar[bool] = False

    def __init__(self, status: int, slug: str, title: str, detail: str, **extra: Any) -> None:
        super().__init__(detail)
        self.status = status
        self.slug = slug
        self.title = title
        self.detail = detail
        self.extra = extra

    def body(self) -> dict[str, Any]:
        """Return the problem document."""
        return {
            "type": f"urn:vigie:problem:{self.slug}",
            "title": self.title,
            "status": self.status,
            "detail": self.detail,
            **self.extra,
        }


class NotFound(Problem):
    """Nothing there, or nothing there for this agent: the two must look the same."""

    def __init__(self, what: str, ident: object) -> None:
        super().__init__(
            404,
            "introuvable",
            "Introuvable",
            f"{what} « {ident} » n'existe pas ou n'est pas dans votre périmètre.",
        )


class Conflict(Problem):
    """The request contradicts the present state."""

    def __init__(self, detail: str, **extra: Any) -> None:
        super().__init__(409, "conflit", "Action impossible dans l'état actuel", detail, **extra)


class Invalid(Problem):
    """The request is not well formed; nothing was stored. ``errors`` lists {field, message}."""

    def __init__(self, detail: str, errors: list[dict[str, Any]] | None = None) -> None:
        super().__init__(422, "donnees-invalides", "Données invalides", detail, errors=errors or [])


class Forbidden(Problem):
    """Known to exist, not allowed; ``rule`` and ``citation`` say why."""

    def __init__(self, detail: str, *, rule: str = "", citation: str = "") -> None:
        super().__init__(403, "refuse", "Accès refusé", detail, rule=rule, citation=citation)


class Unauthenticated(Problem):
    """Nobody, or a session that ended."""

    def __init__(self, detail: str = "Votre session est absente ou terminée : reconnectez-vous.") -> None:
        super().__init__(401, "non-authentifie", "Connexion nécessaire", detail)


class Unavailable(Problem):
    """Something this answer needs is away for the moment."""

    def __init__(self, detail: str) -> None:
        super().__init__(503, "indisponible", "Service momentanément indisponible", detail)


class Unexpected(Problem):
    """A mistake of ours. Says nothing of the inside: the log has the error, under the request's trace id."""

    def __init__(self) -> None:
        detail = "Erreur interne. Réessayez, puis prévenez le technicien si cela continue."
        super().__init__(500, "erreur-interne", "Erreur interne", detail)


class _ProblemResponse(JSONResponse):
    """A problem may quote what was sent, and a lone surrogate has no UTF-8: it is answered as a question mark."""

    media_type = MEDIA_TYPE

    def render(self, content: Any) -> bytes:
        return json.dumps(content, ensure_ascii=False, allow_nan=False, separators=(",", ":")).encode(
            "utf-8", "replace"
        )


def response(problem: Problem) -> JSONResponse:
    """Return a problem as an HTTP response."""
    headers = {"WWW-Authenticate": "Bearer"} if problem.status == 401 else None  # noqa: PLR2004
    return _ProblemResponse(problem.body(), status_code=problem.status, headers=headers)


async def _on_problem(_request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, Problem)  # noqa: S101 - registered for this class only
    return response(error)


async def _on_validation_error(_request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, RequestValidationError)  # noqa: S101
    errors = [
        {"field": ".".join(str(part) for part in item["loc"][1:]), "message": in_french(item)}
        for item in error.errors()
    ]
    names = ", ".join(sorted({item["field"] for item in errors if item["field"]}))
    detail = f"Corrigez : {names}." if names else "Le corps de la requête n'est pas lisible."
    return response(Invalid(detail, errors))


async def _on_http_exception(_request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, HTTPException)  # noqa: S101
    slug, title, detail = _OF_STATUS.get(
        error.status_code, (f"http-{error.status_code}", "Requête refusée", str(error.detail))
    )
    answer = response(Problem(error.status_code, slug, title, detail))
    answer.headers.update(error.headers or {})
    return answer


def install(app: FastAPI) -> None:
    """Make every error of an application a problem document."""
    app.add_exception_handler(Problem, _on_problem)
    app.add_exception_handler(RequestValidationError, _on_validation_error)
    app.add_exception_handler(HTTPException, _on_http_exception)
