"""Searches for devices on the camera network: asked here by a person with a reason, carried out by a worker."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Request

from camera_registry.api.access import SCOPE_WRITE, TheDesk
from camera_registry.domain.discovery import DiscoveryMode, RangeRefused, Reach, addresses_in
from camera_registry.repository.discoveries import (
    Discovery,
    known_addresses,
    latest_discoveries,
    one_discovery,
    queue_discovery,
)
from camera_registry.schemas.discoveries import DiscoveryIn, DiscoveryList, DiscoveryOut
from common.ids import new_id
from common.problems import Conflict, Invalid, NotFound
from common.web import Tx
from policy import Action

router = APIRouter()
_LONGEST_MOTIVE = 500


async def searching_communes(desk: TheDesk) -> frozenset[str]:
    """Return the communes whose cameras may be named to the caller; a refusal is written down."""
    return await desk.reads((Action.CONFIGURE,), SCOPE_WRITE)


Searching = Annotated[frozenset[str], Depends(searching_communes, scope="function")]


@router.post("/discoveries", status_code=202)
async def post_discovery(body: DiscoveryIn, request: Request, desk: TheDesk, searching: Searching) -> DiscoveryOut:
    """Queue a search: one register row, whoever asks from wherever."""
    reach: Reach = request.app.state.discovery_reach
    total = _addresses(body, reach)
    where = "annonce (WS-Discovery)" if body.mode is DiscoveryMode.ANNONCE else body.target
    why = f"{where} : {body.motive}"[:_LONGEST_MOTIVE]
    await desk.configure(None, why, subject="La recherche", code="recherche_equipements")
    discovery = Discovery(
        discovery_id=new_id(),
        mode=body.mode,
        target=body.target.strip(),
        ports=body.ports,
        motive=body.motive,
        asked_by=desk.caller.subject,
        asked_at=desk.at,
        total=total,
    )
    await queue_discovery(desk.connection, discovery)
    return DiscoveryOut.of(discovery, [], searching)


@router.get("/discoveries")
async def list_discoveries(tx: Tx, searching: Searching) -> DiscoveryList:
    """Return the newest searches."""
    found = await latest_discoveries(tx)
    hosts = sorted({device.address for discovery in found for device in discovery.found})
    known = await known_addresses(tx, hosts)
    return DiscoveryList(items=[DiscoveryOut.of(discovery, known, searching) for discovery in found])


@router.get("/discoveries/{discovery_id}")
async def read_discovery(discovery_id: UUID, tx: Tx, searching: Searching) -> DiscoveryOut:
    """Return a search: how far it is, and what was found."""
    discovery = await one_discovery(tx, discovery_id)
    if discovery is None:
        raise NotFound("La recherche", discovery_id)
    known = await known_addresses(tx, sorted({device.address for device in discovery.found}))
    return DiscoveryOut.of(discovery, known, searching)


def _addresses(body: DiscoveryIn, reach: Reach) -> int:
    """Return how many addresses a search asks; raises a problem for one that may not be carried out here."""
    if body.mode is DiscoveryMode.ANNONCE:
        if reach.interface is None:
            raise Conflict(
                "La recherche par annonce n'est pas configurée sur ce serveur : donnez une plage d'adresses."
            )
        return 1
    try:
        return len(addresses_in(body.target, reach.networks))
    except RangeRefused as error:
        raise Invalid(str(error), [{"field": "target", "message": str(error)}]) from error
