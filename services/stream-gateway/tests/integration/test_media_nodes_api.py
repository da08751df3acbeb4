"""Supervisors see the media nodes; technicians take one out of service, with a register row."""

import asyncio
from functools import partial

import pytest

from common.clock import SystemClock
from common.testing.polling import eventually
from common.testing.states import an_agent, put_agent
from contracts.access import Role
from contracts.media_nodes import NodeState
from stream_gateway.placement.bucket import Bucket
from stream_gateway.placement.service import Placement
from stream_gateway.placement.settings import NodeIdentity
from stream_gateway.testing.rig import Gateway

pytestmark = pytest.mark.integration
NODES = "/api/stream/nodes"


async def test_a_node_is_seen_drained_and_activated(gateway: Gateway) -> None:
    await put_agent(gateway.bus, an_agent("tech.node", role=Role.TECHNICIEN))
    technician, operator = gateway.headers("tech.node"), gateway.headers()
    placement = Placement(
        partial(Bucket, gateway.bus),
        NodeIdentity("salle-1", 300, version="9.9"),
        clock=SystemClock(),
        cameras=dict[str, str],
        on_gain=lambda _: None,
        on_loss=lambda _: None,
    )
    running = asyncio.create_task(placement.run())

    async def seen() -> dict[str, object]:
        answer = await gateway.http.get(NODES, headers=technician)
        items = answer.json().get("items", [])
        return next((item for item in items if item["node_id"] == "salle-1"), {})

    try:
        node = await eventually(seen)
        assert (node["state"], node["alive"], node["capacity"], node["version"]) == ("active", True, 300, "9.9")
        assert (await gateway.http.get(NODES, headers=operator)).status_code == 403
        await gateway.wait_for(
            "entry_requested", lambda row: (row["action"], row["result"]) == ("supervise", "refused")
        )
        assert (await gateway.http.post(f"{NODES}/salle-1/drain", headers=operator)).status_code == 403
        assert (await gateway.http.post(f"{NODES}/salle-9/drain", headers=technician)).status_code == 404
        assert (await gateway.http.post(f"{NODES}/salle-1/drain", headers=technician)).status_code == 202

        async def state() -> NodeState:
            return placement.state

        await eventually(state, until=lambda found: found is NodeState.DRAINING)
        await eventually(seen, until=lambda found: found["state"] == "draining")
        assert (await gateway.http.post(f"{NODES}/salle-1/activate", headers=technician)).status_code == 202
        await eventually(state, until=lambda found: found is NodeState.ACTIVE)
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
    await eventually(seen, until=lambda found: found["state"] == "stopped" and not found["alive"])
