"""Acknowledgements that partners' systems sign."""

import asyncio
from dataclasses import dataclass
from typing import Annotated

from fastapi import APIRouter, Depends, Request
from pydantic import ValidationError
from starlette.requests import ClientDisconnect

from common.problems import Invalid, Problem
from common.web import Now, Tx
from dispatch import repository, use_cases
from dispatch.errors import SignatureRefused
from dispatch.schemas import AcknowledgementRequest, AcknowledgementView
from dispatch.signatures import verify

LARGEST_BODY = 16 * 1024
SLOWEST_BODY_SECONDS = 5.0

router = APIRouter()


@dataclass(frozen=True, slots=True)
class Received:
    """What was sent: the exact bytes, which are signed, and what they say."""

    body: bytes
    said: AcknowledgementRequest


async def received(request: Request) -> Received:
    """Read what was sent, in bounded size and time.

    Anybody may knock here, so this stands before the transaction: who sends half a request and waits holds a socket
    for five seconds, never a database connection.
    """
    body = await _bounded_body(request)
    try:
        return Received(body, AcknowledgementRequest.model_validate_json(body))
    except ValidationError as error:
        raise Invalid("Le corps de l'accusé n'est pas lisible.") from error


@router.post(
    "/acknowledgements",
    openapi_extra={
        "requestBody": {
            "required": True,
            "content": {"application/json": {"schema": AcknowledgementRequest.model_json_schema()}},
        }
    },
)
async def acknowledge(
    request: Request, sent: Annotated[Received, Depends(received)], conn: Tx, clock: Now
) -> AcknowledgementView:
    """Take in an acknowledgement signed by the partner of the dispatch (Standard Webhooks).

    No session: the signature over the exact bytes is the proof. Sent twice it is one acknowledgement; an unknown
    dispatch answers like a wrong signature.
    """
    dispatch = await repository.load(conn, sent.said.dispatch_id)
    if dispatch is None:
        raise SignatureRefused
    endpoint = await use_cases.endpoint_of(conn, partner_id=dispatch.partner_id, vault=request.app.state.vault)
    if endpoint is None:
        raise SignatureRefused
    verify(endpoint.secret, body=sent.body, headers=request.headers)
    stands = await use_cases.acknowledge(
        conn, dispatch_id=sent.said.dispatch_id, acknowledgement=sent.said.acknowledgement, at=clock.now()
    )
    return AcknowledgementView.of(stands)


async def _bounded_body(request: Request) -> bytes:
    body = b""
    try:
        async with asyncio.timeout(SLOWEST_BODY_SECONDS):
            async for chunk in request.stream():
                body += chunk
                if len(body) > LARGEST_BODY:
                    raise Problem(413, "trop-long", "Message trop long", "Un accusé tient en 16 Kio.")
    except (TimeoutError, ClientDisconnect) as error:
        raise Problem(408, "trop-lent", "Message inachevé", "L'accusé n'est pas arrivé entier à temps.") from error
    return body
