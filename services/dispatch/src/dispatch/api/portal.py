"""The partner portal: what was sent to the agent's own organisation, and an acknowledgement by hand."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query

from contracts.dispatch import DispatchStatus
from dispatch import repository, use_cases
from dispatch.domain import Acknowledgement
from dispatch.errors import DispatchUnknown
from dispatch.permission import AtTheDoor
from dispatch.schemas import DispatchPage, DispatchView, HandAcknowledgementRequest
from policy import Action

router = APIRouter()


@router.get("/inbox")
async def read_inbox(
    door: AtTheDoor,
    status: DispatchStatus | None = None,
    cursor: UUID | None = None,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
) -> DispatchPage:
    """Return the messages sent to the agent's organisation, newest first."""
    agent = await door.require(Action.RECEIVE_DISPATCH, subject="La boîte de réception")
    found = await repository.page(
        door.conn,
        communes=agent.communes,
        organisation_id=agent.organisation_id,
        status=status,
        before=cursor,
        limit=limit,
    )
    return DispatchPage.of(found, limit=limit)


@router.post("/dispatches/{dispatch_id}/acknowledgement")
async def acknowledge_by_hand(door: AtTheDoor, dispatch_id: UUID, body: HandAcknowledgementRequest) -> DispatchView:
    """Acknowledge in one's own name; 404 for a message to another organisation."""
    dispatch = await repository.load(door.conn, dispatch_id)
    if dispatch is None:
        raise DispatchUnknown(dispatch_id)
    partner = await repository.load_partner(door.conn, dispatch.partner_id)
    agent = await door.require_addressee(dispatch, partner.organisation_id if partner else None)
    said = Acknowledgement(acknowledged_at=door.at, acknowledged_by=agent.name, reference=body.reference)
    stands = await use_cases.acknowledge(door.conn, dispatch_id=dispatch_id, acknowledgement=said, at=door.at)
    return DispatchView.of(stands)
