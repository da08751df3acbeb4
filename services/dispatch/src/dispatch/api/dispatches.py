"""Dispatches as the operators see them."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query

from contracts.dispatch import DispatchStatus
from dispatch import repository, use_cases
from dispatch.errors import DispatchUnknown
from dispatch.permission import AtTheDoor
from dispatch.schemas import DispatchPage, DispatchView
from policy import Action, Context

router = APIRouter()


@router.get("/dispatches")
async def list_dispatches(
    door: AtTheDoor,
    incident_id: UUID | None = None,
    status: DispatchStatus | None = None,
    cursor: UUID | None = None,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
) -> DispatchPage:
    """Return the dispatches of the agent's communes, newest first."""
    agent = await door.require(Action.VIEW_DISPATCH, subject="La liste des envois")
    found = await repository.page(
        door.conn,
        communes=agent.communes,
        incident_id=incident_id,
        status=status,
        before=cursor,
        limit=limit,
    )
    return DispatchPage.of(found, limit=limit)


@router.post("/dispatches/{dispatch_id}/retries")
async def retry_dispatch(door: AtTheDoor, dispatch_id: UUID) -> DispatchView:
    """Send again what failed; 409 for a dispatch that did not."""
    known = await repository.load(door.conn, dispatch_id)
    if known is None:
        raise DispatchUnknown(dispatch_id)
    where = Context(incident_id=str(known.incident_id), insee=known.insee)
    await door.require(Action.MANAGE_DISPATCH, subject=f"L'envoi « {dispatch_id} »", context=where)
    return DispatchView.of(await use_cases.retry(door.conn, dispatch_id=dispatch_id, at=door.at))
