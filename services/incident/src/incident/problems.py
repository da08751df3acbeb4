"""What the domain refuses, said to a person in French."""

from collections.abc import Callable
from typing import Any
from zoneinfo import ZoneInfo

from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse

from common.problems import Conflict, Invalid, NotFound, Problem, response
from incident.errors import (
    FieldRefused,
    IncidentAlreadyClosed,
    IncidentChangedMeanwhile,
    IncidentRule,
    IncidentUnknown,
    KeyUsedForAnotherRequest,
    TransitionNotAllowed,
)

_PARIS = ZoneInfo("Europe/Paris")


def _already_closed(error: IncidentAlreadyClosed) -> Problem:
    since = f" depuis le {error.closed_at.astimezone(_PARIS):%d/%m/%Y à %H:%M}" if error.closed_at else ""
    return Conflict(f"L'incident est clos{since} : rouvrez-le pour continuer.", reason="incident_clos")


def _not_allowed(error: TransitionNotAllowed) -> Problem:
    allowed = sorted(status.value for status in error.allowed)
    return Conflict(
        f"Un incident {error.before} ne peut pas passer à {error.after}. Étapes possibles : {', '.join(allowed)}.",
        reason="transition_impossible",
        allowed=allowed,
    )


def _changed_meanwhile(error: IncidentChangedMeanwhile) -> Problem:
    return Conflict(
        "L'incident a été modifié entre-temps : relisez-le, puis recommencez.",
        reason="version_perimee",
        version=error.present,
    )


def _field_refused(error: FieldRefused) -> Problem:
    return Invalid(f"Corrigez {error.field} : {error.reason}", [{"field": error.field, "message": error.reason}])


def _key_used(_error: KeyUsedForAnotherRequest) -> Problem:
    return Problem(
        422,
        "cle-deja-utilisee",
        "Clé d'idempotence déjà utilisée",
        "Cette clé a déjà servi pour une déclaration différente : envoyez-en une nouvelle.",
    )


def _unknown(error: IncidentUnknown) -> Problem:
    return NotFound("L'incident", error.incident_id)


_SAID: dict[type[IncidentRule], Callable[[Any], Problem]] = {
    IncidentAlreadyClosed: _already_closed,
    TransitionNotAllowed: _not_allowed,
    IncidentChangedMeanwhile: _changed_meanwhile,
    FieldRefused: _field_refused,
    KeyUsedForAnotherRequest: _key_used,
    IncidentUnknown: _unknown,
}


async def _on_rule(_request: Request, error: Exception) -> JSONResponse:
    return response(_SAID[type(error)](error))  # pyright: ignore[reportArgumentType] - registered for rules only


def install(app: FastAPI) -> None:
    """Answer every refusal of the domain with a problem document."""
    for rule in _SAID:
        app.add_exception_handler(rule, _on_rule)
