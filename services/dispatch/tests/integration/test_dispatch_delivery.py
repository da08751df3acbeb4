"""From the event to the acknowledgement, with the real simulator at the other end."""

from typing import Any

import httpx
import pytest
from sqlalchemy import text

from common.bus import Bus
from common.testing.polling import eventually
from contracts.envelope import Envelope
from partner_simulator.testing import SimulatorProcess

from .conftest import DispatchService

pytestmark = [pytest.mark.integration, pytest.mark.usefixtures("partners")]


async def told(bus: Bus) -> list[str]:
    """Return the statuses on the bus, in order."""
    last = (await bus.js.stream_info("DISPATCH")).state.last_seq
    messages = [await bus.js.get_msg("DISPATCH", seq) for seq in range(1, last + 1)]
    return [Envelope.model_validate_json(message.data or b"").data["status"] for message in messages]


async def inbox_of(simulator: SimulatorProcess, partner_id: str) -> dict[str, Any]:
    async with httpx.AsyncClient(base_url=simulator.base_url) as client:
        return (await client.get(f"/partners/{partner_id}/messages")).json()


async def behave(simulator: SimulatorProcess, partner_id: str, **behaviour: Any) -> None:
    async with httpx.AsyncClient(base_url=simulator.base_url) as client:
        (await client.post(f"/partners/{partner_id}/behaviour", json=behaviour)).raise_for_status()


async def test_on_incident_transmitted_twice_is_one_message(
    service: DispatchService, simulator: SimulatorProcess, bus: Bus
) -> None:
    incident_id = await service.transmit("pn-enghien", "pn-enghien", times=2)
    dispatch = await service.becomes(incident_id, "ACCUSE")
    another = await service.transmit("pn-enghien")
    await service.becomes(another, "ACCUSE")
    inbox = await inbox_of(simulator, "pn-enghien")
    assert [item["deliveries"] for item in inbox["items"]] == [1, 1]
    assert inbox["items"][0]["payload"]["data"]["message"] == "Rixe en cours, quatre personnes à l'arrêt de bus"
    assert dispatch["acknowledged_by"] == "Opérateur simulé (pn-enghien)"
    assert dispatch["attempts"] == 1
    statuses = await eventually(lambda: told(bus), until=lambda found: found.count("ACCUSE") == 2)
    assert statuses.count("DEMANDE") == 2


async def test_three_failures_then_it_works(service: DispatchService, simulator: SimulatorProcess) -> None:
    await behave(simulator, "sdis-95", fail=3)
    incident_id = await service.transmit("sdis-95")
    dispatch = await service.becomes(incident_id, "ACCUSE")
    assert dispatch["attempts"] == 4
    assert len((await inbox_of(simulator, "sdis-95"))["items"]) == 1
    async with service.client("op.durand") as client:
        partners = (await client.get("/api/dispatch/partners")).json()["items"]
    assert {item["partner_id"]: item["reachable"] for item in partners}["sdis-95"] is True


async def test_giving_up_is_visible_and_can_be_tried_again(
    service: DispatchService, simulator: SimulatorProcess, bus: Bus
) -> None:
    await behave(simulator, "gn-domont", fail=6)
    incident_id = await service.transmit("gn-domont")
    failed = await service.becomes(incident_id, "ECHEC")
    assert failed["attempts"] == 6
    assert "503" in failed["detail"]
    async with service.client("op.durand") as client:
        again = await client.post(f"/api/dispatch/dispatches/{failed['dispatch_id']}/retries")
        assert again.status_code == 200
        await service.becomes(incident_id, "ACCUSE")
        refused = await client.post(f"/api/dispatch/dispatches/{failed['dispatch_id']}/retries")
    assert refused.status_code == 409
    statuses = await eventually(lambda: told(bus), until=lambda found: "ACCUSE" in found)
    assert [status for status in statuses if status != "TRANSMIS"] == ["DEMANDE", "ECHEC", "DEMANDE", "ACCUSE"]


async def test_a_silent_partner_stays_transmitted(service: DispatchService, simulator: SimulatorProcess) -> None:
    await behave(simulator, "pm-soisy", ack=False)
    incident_id = await service.transmit("pm-soisy")
    dispatch = await service.becomes(incident_id, "TRANSMIS")
    assert dispatch["transmitted_at"] is not None
    assert dispatch["acknowledged_at"] is None


async def test_nobody_home_is_a_failure_that_says_so(service: DispatchService, simulator: SimulatorProcess) -> None:
    simulator.stop()
    incident_id = await service.transmit("pn-enghien")
    failed = await service.becomes(incident_id, "ECHEC")
    assert "injoignable" in failed["detail"]
    assert "127.0.0.1" not in failed["detail"]


async def test_unknown_partners_and_other_communes_fail_visibly(service: DispatchService) -> None:
    unknown = await service.becomes(await service.transmit("personne"), "ECHEC")
    elsewhere = await service.becomes(await service.transmit("pm-soisy", insee="95210"), "ECHEC")
    assert "inconnu" in unknown["detail"]
    assert "commune" in elsewhere["detail"]


async def test_the_simulator_refuses_what_another_secret_signed(
    service: DispatchService, simulator: SimulatorProcess
) -> None:
    body = {
        "partner_id": "sdis-95",
        "name": "SDIS",
        "kind": "sdis",
        "organisation_id": "sdis-95",
        "communes": ["95598"],
        "webhook_url": f"{simulator.base_url}/partners/sdis-95/webhook",
        "webhook_secret": "whsec_" + "QUFB" * 8,
    }
    headers = service.tokens.service_headers("deployment", "partners.write")
    async with httpx.AsyncClient(base_url=service.base_url, headers=headers) as client:
        written = await client.post("/api/dispatch/partners", json=body)
    assert written.status_code == 201
    failed = await service.becomes(await service.transmit("sdis-95"), "ECHEC")
    assert "401" in failed["detail"]
    assert (await inbox_of(simulator, "sdis-95"))["refused"] == 6


async def test_secrets_are_sealed_in_the_database(service: DispatchService, secret_file: Any) -> None:
    async with service.database.transaction() as conn:
        rows = (await conn.execute(text("SELECT partner_id, sealed_secret, webhook_url FROM partners"))).all()
    assert len(rows) == 5
    assert len({bytes(row.sealed_secret) for row in rows}) == 5
    assert all(secret_file.read_bytes() not in bytes(row.sealed_secret) for row in rows)
