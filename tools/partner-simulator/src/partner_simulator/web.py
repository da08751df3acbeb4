"""Routes of the simulator: the webhook a partner exposes, its inbox, and the knob that makes it misbehave."""

import json
from collections import defaultdict
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from dataclasses import asdict
from datetime import datetime
from typing import Annotated, Any

import httpx
from fastapi import APIRouter, Depends, FastAPI, HTTPException, Path, Request, Response
from fastapi.responses import HTMLResponse
from pydantic import BaseModel, ConfigDict, Field

from partner_simulator.acknowledger import Acknowledger
from partner_simulator.inbox import Behaviour, Inbox
from partner_simulator.pages import inbox_page, partners_page
from partner_simulator.signatures import SignatureRefusedError, partner_secret, verify

LARGEST_BODY = 64 * 1024
PartnerId = Annotated[str, Path(pattern=r"^[a-z0-9][a-z0-9-]{0,62}$")]
router = APIRouter()


class BehaviourChange(BaseModel):
    """What to change; an absent field stays as it was."""

    model_config = ConfigDict(extra="forbid")

    ack: bool | None = None
    fail: int | None = Field(default=None, ge=0, le=1000)


def _inbox_of(partner_id: PartnerId, request: Request) -> Inbox:
    inboxes: defaultdict[str, Inbox] = request.app.state.inboxes
    return inboxes[partner_id]


PartnerInbox = Annotated[Inbox, Depends(_inbox_of)]


@router.get("/", response_class=HTMLResponse)
async def partners(request: Request) -> str:
    """List the partners that have been spoken to, for a person."""
    return partners_page(request.app.state.inboxes)


@router.post("/partners/{partner_id}/webhook", status_code=204)
async def webhook(partner_id: PartnerId, inbox: PartnerInbox, request: Request) -> Response:
    """Receive one signed message: 204, 401 for a wrong signature, 503 while told to fail."""
    body = await request.body()
    if len(body) > LARGEST_BODY:
        raise HTTPException(413, "message trop long")
    try:
        verify(partner_secret(request.app.state.master_secret, partner_id), body, request.headers)
    except SignatureRefusedError as error:
        inbox.refused += 1
        raise HTTPException(401, "signature refusée") from error
    if inbox.must_fail():
        raise HTTPException(503, "le simulateur a reçu l'ordre d'échouer")
    payload: dict[str, Any] = json.loads(body)
    webhook_id = request.headers["webhook-id"]
    is_new = inbox.receive(webhook_id, payload, at=request.app.state.now())
    if is_new and inbox.behaviour.ack:
        acknowledger: Acknowledger = request.app.state.acknowledger
        acknowledger.schedule(partner_id, inbox, webhook_id, str(payload["data"]["dispatch_id"]))
    return Response(status_code=204)


@router.get("/partners/{partner_id}/messages")
async def messages(partner_id: PartnerId, inbox: PartnerInbox) -> dict[str, Any]:
    """Return the inbox, oldest first, and how many deliveries were refused."""
    return {
        "partner_id": partner_id,
        "items": [asdict(message) for message in inbox.messages],
        "refused": inbox.refused,
        "behaviour": asdict(inbox.behaviour),
    }


@router.post("/partners/{partner_id}/behaviour")
async def behaviour(partner_id: PartnerId, inbox: PartnerInbox, change: BehaviourChange) -> dict[str, Any]:
    """Tell the partner to stay silent or to fail a number of times."""
    known = inbox.behaviour
    inbox.behaviour = Behaviour(
        ack=known.ack if change.ack is None else change.ack,
        fail=known.fail if change.fail is None else change.fail,
    )
    return {"partner_id": partner_id, **asdict(inbox.behaviour)}


@router.get("/partners/{partner_id}", response_class=HTMLResponse)
async def page(partner_id: PartnerId, inbox: PartnerInbox) -> str:
    """Show the inbox to a person."""
    return inbox_page(partner_id, inbox)


def create_app(*, callback_base: str, master_secret: bytes, ack_after: float, now: Callable[[], datetime]) -> FastAPI:
    """Assemble the simulator; ``ack_after`` in seconds, ``callback_base`` the platform's origin."""

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncGenerator[None, None]:
        async with httpx.AsyncClient(base_url=callback_base, timeout=5.0, trust_env=False) as client:
            app.state.acknowledger = Acknowledger(client, master_secret, ack_after, now)
            yield
            await app.state.acknowledger.close()

    app = FastAPI(title="Simulateur de partenaires", lifespan=lifespan, docs_url=None, redoc_url=None)
    app.state.inboxes = defaultdict[str, Inbox](Inbox)
    app.state.master_secret = master_secret
    app.state.now = now
    app.include_router(router)
    return app
