"""Machine clients: made, revoked, and their tokens (RFC 6749 §4.4, client credentials)."""

import base64
import binascii
import secrets
from typing import Annotated
from urllib.parse import unquote

from fastapi import APIRouter, Form, Request
from fastapi.responses import JSONResponse

from access.api.desk import TheDesk
from access.api.people_bodies import (
    MachineClientBody,
    MachineClientList,
    MachineClientView,
    NewMachineClient,
    TokenAnswer,
)
from access.domain.machine_clients import TOKEN_SECONDS, ClientRefused
from access.repository import machine_clients as repository
from access.schemas import Word
from access.use_cases import machine_clients as use_cases
from common.auth import ServiceKey
from common.web import Tx
from policy import Action

router = APIRouter(prefix="/api/access", tags=["machine clients"])
_SCOPE = "clients.manage"
_SECRET_BYTES = 32
_FIELD = 2_000


@router.get("/machine-clients")
async def list_clients(desk: TheDesk) -> MachineClientList:
    """List machine clients, revoked ones too; never a secret."""
    await desk.admit(Action.MANAGE_AGENTS, scope=_SCOPE, about="lecture des clients machine")
    return MachineClientList(items=[MachineClientView.of(one) for one in await repository.every(desk.connection)])


@router.post("/machine-clients", status_code=201)
async def register_client(desk: TheDesk, body: MachineClientBody) -> NewMachineClient:
    """Make a client; its secret is in this answer and nowhere else."""
    admitted = await desk.admit(
        Action.MANAGE_AGENTS,
        scope=_SCOPE,
        about=f"client machine {body.client_id[:64]} : {' '.join(body.scopes)[:500]}",
    )
    secret = secrets.token_urlsafe(_SECRET_BYTES)
    client = await use_cases.register_client(
        desk.connection,
        client_id=body.client_id,
        name=body.name,
        organisation_id=body.organisation_id,
        scopes=frozenset(body.scopes),
        secret=secret,
        by=admitted.actor_id,
        at=desk.at,
    )
    return NewMachineClient(**MachineClientView.of(client).model_dump(), client_secret=secret)


@router.post("/machine-clients/{client_id}/revocation")
async def revoke_client(desk: TheDesk, client_id: Word) -> MachineClientView:
    """Refuse every new token of a client; its last one lives a minute at most."""
    await desk.admit(Action.MANAGE_AGENTS, scope=_SCOPE, about=f"révocation du client machine {client_id[:64]}")
    client = await use_cases.revoke_client(desk.connection, client_id=client_id, at=desk.at)
    return MachineClientView.of(client)


@router.post("/oauth/token", response_model=TokenAnswer, responses={400: {}, 401: {}})
async def issue_token(
    request: Request,
    tx: Tx,
    grant_type: Annotated[str, Form(max_length=_FIELD)],
    scope: Annotated[str, Form(max_length=_FIELD)] = "",
    client_id: Annotated[str, Form(max_length=_FIELD)] = "",
    client_secret: Annotated[str, Form(max_length=_FIELD)] = "",
) -> JSONResponse:
    """Give a machine a token of one minute for its secret (HTTP Basic, or in the form)."""
    if grant_type != "client_credentials":
        return _refused(400, "unsupported_grant_type")
    shown = _basic(request.headers.get("authorization", "")) or (client_id, client_secret)
    if "\x00" in "".join(shown):
        return _refused(401, "invalid_client")
    try:
        grant = await use_cases.grant_token(tx, client_id=shown[0], secret=shown[1], asked=frozenset(scope.split()))
    except ClientRefused:
        return _refused(401, "invalid_client")
    key: ServiceKey = request.app.state.service_key
    written = " ".join(sorted(grant.scopes))
    claims = {"sub": shown[0], "typ": "client", "scope": written, "communes": " ".join(sorted(grant.communes))}
    token = key.sign(claims, ttl=TOKEN_SECONDS)
    answer = TokenAnswer(access_token=token, expires_in=TOKEN_SECONDS, scope=written)
    return JSONResponse(answer.model_dump(), headers={"Cache-Control": "no-store"})


def _basic(header: str) -> tuple[str, str] | None:
    """Return identifier and secret of an HTTP Basic header (RFC 6749 §2.3.1: form-encoded), None without one."""
    scheme, _, value = header.partition(" ")
    if scheme.lower() != "basic":
        return None
    try:
        client_id, _, secret = base64.b64decode(value, validate=True).decode().partition(":")
    except (binascii.Error, ValueError):
        return "", ""
    return unquote(client_id), unquote(secret)


def _refused(status: int, error: str) -> JSONResponse:
    """Answer as RFC 6749 §5.2 says, which client libraries read."""
    headers = {"Cache-Control": "no-store"} | ({"WWW-Authenticate": "Basic"} if status == 401 else {})  # noqa: PLR2004
    return JSONResponse({"error": error}, status, headers=headers)
