"""Media nodes: which record what, and taking one out of service without a lost second."""

from dataclasses import replace
from typing import Annotated

from fastapi import APIRouter, Depends, Path
from starlette.requests import HTTPConnection

from common.problems import NotFound
from common.web import Tx
from contracts.media_nodes import MediaNodeOrder, NodeState
from guard import Motive
from guard.web import TheGuard
from policy import Action
from stream_gateway.api.asked import TheAsked
from stream_gateway.placement.view import FleetView
from stream_gateway.repository import placement as orders
from stream_gateway.schemas.nodes import MediaNodeList, MediaNodeOut
from stream_gateway.use_cases.asking import note_act, require

router = APIRouter(prefix="/api/stream", tags=["supervision"])

_NODES = "Les nœuds média"

NodeName = Annotated[str, Path(min_length=1, max_length=64, pattern=r"^[A-Za-z0-9_-]+$")]


def _fleet(connection: HTTPConnection) -> FleetView:
    return connection.app.state.media_nodes


TheFleet = Annotated[FleetView, Depends(_fleet)]


@router.get("/nodes")
async def list_nodes(tx: Tx, guard: TheGuard, asked: TheAsked, fleet: TheFleet) -> MediaNodeList:
    """Return the media nodes with their state, load and last sign of life."""
    agent = await require(tx, guard, asked, Action.SUPERVISE, subject=_NODES)
    held = fleet.cameras_of()

    def visible(camera_id: str) -> bool:
        camera = guard.cameras.get(camera_id)
        return camera is not None and camera.insee in agent.communes

    return MediaNodeList(
        items=[
            MediaNodeOut(
                node_id=view.state.node_id,
                state=view.state.state,
                alive=view.alive,
                heard_seconds_ago=round(view.heard_ago, 1),
                started_at=view.state.started_at,
                version=view.state.version,
                communes=list(view.state.communes),
                capacity=view.state.capacity,
                cameras=view.cameras,
                camera_ids=[camera for camera in held.get(view.state.node_id, []) if visible(camera)],
            )
            for view in fleet.nodes()
        ]
    )


@router.post("/nodes/{node_id}/drain", status_code=202)
async def drain_node(node_id: NodeName, tx: Tx, guard: TheGuard, asked: TheAsked, fleet: TheFleet) -> None:
    """Have a node hand its cameras to the others, each recorded there before it ends here; holds across restarts."""
    await _order(NodeState.DRAINING, "vidange_noeud", node_id, tx, guard, asked, fleet)


@router.post("/nodes/{node_id}/activate", status_code=202)
async def activate_node(node_id: NodeName, tx: Tx, guard: TheGuard, asked: TheAsked, fleet: TheFleet) -> None:
    """Have a node take its share of the cameras again; they come back some at a time, with overlap."""
    await _order(NodeState.ACTIVE, "activation_noeud", node_id, tx, guard, asked, fleet)


async def _order(
    state: NodeState, motive: str, node_id: str, tx: Tx, guard: TheGuard, asked: TheAsked, fleet: TheFleet
) -> None:
    named = replace(asked, motive=Motive(motive, node_id))
    agent = await note_act(tx, guard, named, Action.CONFIGURE, subject=_NODES)
    if not fleet.knows(node_id):
        raise NotFound("Le nœud média", node_id)
    order = MediaNodeOrder(node_id=node_id, state=state, ordered_at=asked.at, ordered_by=agent.agent_id)
    await orders.order_node(tx, order)
