"""Partners: who can be warned."""

from typing import Annotated

from fastapi import APIRouter, Depends, Request

from common.auth import Principal
from common.web import Tx, service_scope
from dispatch import repository, use_cases
from dispatch.addresses import AddressRefused
from dispatch.domain import Partner
from dispatch.errors import FieldRefused
from dispatch.permission import AtTheDoor
from dispatch.schemas import PartnerPage, PartnerRequest, PartnerView
from dispatch.signatures import read_secret
from policy import Action

router = APIRouter()
Writer = Annotated[Principal, Depends(service_scope("partners.write"))]


@router.get("/partners")
async def list_partners(door: AtTheDoor) -> PartnerPage:
    """Return the partners whose territory touches the agent's."""
    agent = await door.require(Action.VIEW_DISPATCH, subject="La liste des partenaires")
    found = await repository.partners_of(door.conn, communes=agent.communes)
    return PartnerPage(items=[PartnerView.of(partner) for partner in found])


@router.post("/partners", status_code=201)
async def register_partner(_writer: Writer, request: Request, conn: Tx, body: PartnerRequest) -> PartnerView:
    """Write a partner, new or changed; its secret goes in and never comes out."""
    try:
        request.app.state.addresses.judge_url(body.webhook_url)
    except AddressRefused as error:
        raise FieldRefused("webhook_url", str(error)) from error
    partner = Partner(
        partner_id=body.partner_id,
        name=body.name,
        kind=body.kind,
        organisation_id=body.organisation_id,
        communes=frozenset(body.communes),
        webhook_url=body.webhook_url,
    )
    secret = read_secret(body.webhook_secret.get_secret_value())
    await use_cases.register_partner(conn, partner=partner, secret=secret, vault=request.app.state.vault)
    return PartnerView.of(partner)
