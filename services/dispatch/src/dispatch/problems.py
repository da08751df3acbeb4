"""What the domain refuses, said to a person in French."""

from collections.abc import Callable
from typing import Any

from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse

from common.problems import Conflict, Invalid, NotFound, Problem, response
from dispatch.errors import DispatchNotFailed, DispatchRule, DispatchUnknown, FieldRefused, SignatureRefused


def _unknown(error: DispatchUnknown) -> Problem:
    return NotFound("L'envoi", error.dispatch_id)


def _not_failed(error: DispatchNotFailed) -> Problem:
    return Conflict(
        f"L'envoi est dans l'état {error.status} : seul un envoi en échec se relance.", reason="pas_en_echec"
    )


def _field_refused(error: FieldRefused) -> Problem:
    return Invalid(f"Corrigez {error.field} : {error.reason}", [{"field": error.field, "message": error.reason}])


def _signature_refused(_error: SignatureRefused) -> Problem:
    return Problem(
        401,
        "signature-refusee",
        "Signature refusée",
        "La signature ne prouve pas que le partenaire destinataire vient d'envoyer cet accusé.",
    )


_SAID: dict[type[DispatchRule], Callable[[Any], Problem]] = {
    DispatchUnknown: _unknown,
    DispatchNotFailed: _not_failed,
    FieldRefused: _field_refused,
    SignatureRefused: _signature_refused,
}


async def _on_rule(_request: Request, error: Exception) -> JSONResponse:
    return response(_SAID[type(error)](error))  # pyright: ignore[reportArgumentType] - registered for rules only


def install(app: FastAPI) -> None:
    """Answer every refusal of the domain with a problem document."""
    for rule in _SAID:
        app.add_exception_handler(rule, _on_rule)
