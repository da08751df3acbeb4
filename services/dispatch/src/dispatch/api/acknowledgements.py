"""Acknowledgements that partners' systems sign."""

from fastapi import APIRouter, Request
from pydantic import ValidationError

from common.problems import Invalid, Problem
from common.web import Now, Tx
from dispatch import repository, use_cases
from dispatch.errors import SignatureRefused
from dispatch.schemas import AcknowledgementRequest, AcknowledgementView
from dispatch.signatures import verify

LARGEST_BODY = 16 * 1024

router = APIRouter()


@router.post(
    "/acknowledgements",
    openapi_extra={
        "requestBody": {
            "required": True,
            "content": {"application/json": {"schema": AcknowledgementRequest.model_json_schema()}},
        }
    },
)
async def acknowledge(request: Request, conn: Tx, clock: Now) -> AcknowledgementView:
    """Take in an acknowledgement signed by the partner of the dispatch (Standard Webhooks).

    No session: the signature over the exact bytes is the proof. Sent twice it is one acknowledgement; an unknown
    dispatch answers like a wrong signature.
    """
    body = await _bounded_body(request)
    try:
        said = AcknowledgementRequest.model_validate_json(body)
    except ValidationError as error:
        raise Invalid("Le corps de l'accusé n'est pas lisible.") from error
    dispatch = await repository.load(conn, said.dispatch_id)
    if dispatch is None:
        raise SignatureRefused
    endpoint = await use_cases.endpoint_of(conn, partner_id=dispatch.partner_id, vault=request.app.state.vault)
    if endpoint is None:
        raise SignatureRefused
    verify(endpoint.secret, body=body, headers=request.headers)
    stands = await use_cases.acknowledge(
        conn, dispatch_id=said.dispatch_id, acknowledgement=said.acknowledgement, at=clock.now()
    )
    return AcknowledgementView.of(stands)


async def _bounded_body(request: Request) -> bytes:
    body = b""
    async for chunk in request.stream():
        body += chunk
        if len(body) > LARGEST_BODY:
            raise Problem(413, "trop-long", "Message trop long", "Un accusé tient en 16 Kio.")
    return body
