"""Each event from dispatch, delivered twice by the bus, has one effect."""

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import httpx
import pytest

from common.bus import Bus
from common.ids import new_id
from common.testing.polling import eventually
from contracts.dispatch import FACT_DISPATCH_CHANGED, OWNER, DispatchChanged, DispatchStatus
from contracts.envelope import Envelope, make_envelope

from .conftest import IncidentService, a_request

pytestmark = pytest.mark.integration

DISPATCH_ID = new_id()


def a_change(incident: dict[str, Any], status: DispatchStatus, *, dispatch_id: UUID = DISPATCH_ID) -> Envelope:
    change = DispatchChanged(
        dispatch_id=dispatch_id,
        incident_id=UUID(incident["incident_id"]),
        incident_number=incident["number"],
        insee="95598",
        partner_id="pn-enghien",
        partner_name="Commissariat d'Enghien",
        status=status,
        at=datetime.now(UTC),
        detail=f"état {status}",
    )
    return make_envelope(
        change,
        event_id=new_id(),
        owner=OWNER,
        fact=FACT_DISPATCH_CHANGED,
        source="dispatch",
        aggregate=f"dispatch/{dispatch_id}",
        insee="95598",
        at=change.at,
    )


async def deliver_twice(bus: Bus, envelope: Envelope) -> None:
    """Store the event twice: without a message id JetStream does not filter the second."""
    for _ in range(2):
        await bus.nc.request(envelope.nats_subject, envelope.model_dump_json().encode(), timeout=5)


async def transmitted(client: httpx.AsyncClient) -> dict[str, Any]:
    incident = (await client.post("/api/incident/incidents", json=a_request())).json()
    path = f"/api/incident/incidents/{incident['incident_id']}/transmissions"
    return (await client.post(path, json={"partner_ids": ["pn-enghien"], "message": "Rixe en cours"})).json()


async def test_on_dispatch_changed_twice_is_one_effect(service: IncidentService, bus: Bus) -> None:
    async with service.client("op.durand") as client:
        incident = await transmitted(client)
        for status in (DispatchStatus.DEMANDE, DispatchStatus.TRANSMIS, DispatchStatus.ACCUSE):
            await deliver_twice(bus, a_change(incident, status))
        marker = new_id()
        await deliver_twice(bus, a_change(incident, DispatchStatus.DEMANDE, dispatch_id=marker))

        async def read() -> dict[str, Any]:
            return (await client.get(f"/api/incident/incidents/{incident['incident_id']}")).json()

        after = await eventually(read, until=lambda found: len(found["dispatches"]) == 2)
    assert after["status"] == "PRIS_EN_CHARGE"
    assert {told["dispatch_id"]: told["status"] for told in after["dispatches"]} == {
        str(DISPATCH_ID): "ACCUSE",
        str(marker): "DEMANDE",
    }
    assert [line["kind"] for line in after["timeline"]].count("dispatch") == 4
    assert [line["after"] for line in after["timeline"]].count("PRIS_EN_CHARGE") == 1


async def test_news_of_an_unknown_incident_stop_nothing(service: IncidentService, bus: Bus) -> None:
    async with service.client("op.durand") as client:
        incident = await transmitted(client)
        stranger = {"incident_id": str(new_id()), "number": "2026-95598-999999"}
        await deliver_twice(bus, a_change(stranger, DispatchStatus.ACCUSE, dispatch_id=new_id()))
        await deliver_twice(bus, a_change(incident, DispatchStatus.ACCUSE))

        async def read() -> dict[str, Any]:
            return (await client.get(f"/api/incident/incidents/{incident['incident_id']}")).json()

        after = await eventually(read, until=lambda found: found["status"] == "PRIS_EN_CHARGE")
    assert len(after["dispatches"]) == 1
