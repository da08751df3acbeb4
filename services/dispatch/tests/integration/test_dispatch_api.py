"""Who sees what, who may acknowledge, and what is refused."""

import asyncio
import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import pytest

from common.bus import Bus
from common.testing.polling import eventually
from common.testing.states import put_agent
from contracts.access import AgentState
from contracts.envelope import Envelope
from partner_simulator.signatures import partner_secret, read_master_secret, signed_headers
from partner_simulator.testing import SimulatorProcess

from .conftest import AGENTS, ENGHIEN, DispatchService

pytestmark = [pytest.mark.integration, pytest.mark.usefixtures("partners")]

ACKNOWLEDGEMENTS = "/api/dispatch/acknowledgements"


@pytest.fixture
async def silent(simulator: SimulatorProcess) -> None:
    """No simulated partner acknowledges by itself."""
    async with httpx.AsyncClient(base_url=simulator.base_url) as client:
        for partner_id in ("pn-enghien", "croix-rouge-95"):
            await client.post(f"/partners/{partner_id}/behaviour", json={"ack": False})


async def register_rows(bus: Bus) -> list[dict[str, Any]]:
    last = (await bus.js.stream_info("REGISTER")).state.last_seq
    messages = [await bus.js.get_msg("REGISTER", seq) for seq in range(1, last + 1)]
    return [Envelope.model_validate_json(message.data or b"").data for message in messages]


def an_acknowledgement(dispatch_id: str, **changes: Any) -> str:
    said = {
        "dispatch_id": dispatch_id,
        "acknowledged_at": datetime.now(UTC).isoformat(),
        "acknowledged_by": "Brigadier Dupont",
        "reference": "PN-42",
    }
    return json.dumps(said | changes)


async def post_signed(
    service: DispatchService, secret_file: Path, body: str, *, signer: str = "pn-enghien", age: timedelta = timedelta()
) -> httpx.Response:
    secret = partner_secret(read_master_secret(secret_file), signer)
    headers = signed_headers(secret, f"ack_{uuid4()}", datetime.now(UTC) - age, body)
    async with httpx.AsyncClient(base_url=service.base_url) as client:
        return await client.post(ACKNOWLEDGEMENTS, content=body, headers=headers)


@pytest.mark.usefixtures("silent")
async def test_the_first_signed_acknowledgement_stands(service: DispatchService, secret_file: Path) -> None:
    incident_id = await service.transmit("pn-enghien")
    dispatch = await service.becomes(incident_id, "TRANSMIS")
    first = await post_signed(service, secret_file, an_acknowledgement(dispatch["dispatch_id"]))
    second = await post_signed(service, secret_file, an_acknowledgement(dispatch["dispatch_id"], reference="B"))
    assert (first.status_code, second.status_code) == (200, 200)
    assert first.json() == second.json()
    assert first.json()["reference"] == "PN-42"
    assert (await service.becomes(incident_id, "ACCUSE"))["acknowledged_by"] == "Brigadier Dupont"


@pytest.mark.usefixtures("silent")
async def test_a_wrong_signature_is_refused(service: DispatchService, secret_file: Path) -> None:
    incident_id = await service.transmit("pn-enghien")
    dispatch = await service.becomes(incident_id, "TRANSMIS")
    body = an_acknowledgement(dispatch["dispatch_id"])
    async with httpx.AsyncClient(base_url=service.base_url) as client:
        unsigned = await client.post(ACKNOWLEDGEMENTS, content=body)
    other = await post_signed(service, secret_file, body, signer="sdis-95")
    old = await post_signed(service, secret_file, body, age=timedelta(minutes=6))
    unknown = await post_signed(service, secret_file, an_acknowledgement(str(uuid4())))
    assert {answer.status_code for answer in (unsigned, other, old, unknown)} == {401}
    assert len({answer.text for answer in (unsigned, other, old, unknown)}) == 1
    assert (await service.becomes(incident_id, "TRANSMIS"))["acknowledged_at"] is None


@pytest.mark.usefixtures("silent")
@pytest.mark.parametrize(
    "changes",
    [
        {"acknowledged_at": "2999-01-01T00:00:00Z"},
        {"acknowledged_at": "hier"},
        {"acknowledged_by": ""},
        {"acknowledged_by": "a\u0000b"},
        {"reference": "x" * 200},
    ],
)
async def test_a_signed_acknowledgement_of_rubbish_is_a_problem(
    service: DispatchService, secret_file: Path, changes: dict[str, str]
) -> None:
    dispatch = await service.becomes(await service.transmit("pn-enghien"), "TRANSMIS")
    answer = await post_signed(service, secret_file, an_acknowledgement(dispatch["dispatch_id"], **changes))
    assert answer.status_code == 422
    assert answer.headers["content-type"] == "application/problem+json"


async def test_a_body_without_end_is_cut(service: DispatchService) -> None:
    async with httpx.AsyncClient(base_url=service.base_url) as client:
        answer = await client.post(ACKNOWLEDGEMENTS, content=b"x" * 20_000)
    assert answer.status_code == 413


async def test_half_sent_acknowledgements_hold_no_database_connection(service: DispatchService) -> None:
    url = httpx.URL(service.base_url)
    head = f"POST {ACKNOWLEDGEMENTS} HTTP/1.1\r\nHost: {url.host}\r\nContent-Length: 100\r\n\r\n{{"
    half_sent = [await asyncio.open_connection(url.host, url.port) for _ in range(40)]
    try:
        for _, writer in half_sent:
            writer.write(head.encode())
            await writer.drain()
        async with service.client("op.durand") as client:
            for _ in range(3):
                assert (await client.get("/api/dispatch/partners")).status_code == 200
        for reader, _ in half_sent:
            assert (await reader.readline()).startswith(b"HTTP/1.1 408")
    finally:
        for _, writer in half_sent:
            writer.close()


@pytest.mark.usefixtures("silent")
async def test_a_partner_agent_reads_the_inbox_and_acknowledges_by_hand(service: DispatchService) -> None:
    incident_id = await service.transmit("pn-enghien", "croix-rouge-95")
    async with service.client("pn.bernard") as client:
        inbox = await eventually(
            lambda: client.get("/api/dispatch/inbox"), until=lambda answer: bool(answer.json()["items"])
        )
        (item,) = inbox.json()["items"]
        assert item["partner_id"] == "pn-enghien"
        answer = await client.post(
            f"/api/dispatch/dispatches/{item['dispatch_id']}/acknowledgement", json={"reference": "MC 118"}
        )
        lists = await client.get("/api/dispatch/dispatches")
    assert answer.status_code == 200
    assert (answer.json()["status"], answer.json()["acknowledged_by"]) == ("ACCUSE", "Pn Bernard")
    assert lists.status_code == 403
    assert len(await service.dispatches(incident_id)) == 2


@pytest.mark.usefixtures("silent")
async def test_a_message_to_another_organisation_does_not_exist(service: DispatchService, bus: Bus) -> None:
    dispatch = await service.becomes(await service.transmit("pn-enghien"), "TRANSMIS")
    nothing_id = str(uuid4())
    async with service.client("cr.petit") as client:
        inbox = (await client.get("/api/dispatch/inbox")).json()
        path = "/api/dispatch/dispatches/{}/acknowledgement"
        other = await client.post(path.format(dispatch["dispatch_id"]), json={})
        nothing = await client.post(path.format(nothing_id), json={})
    assert inbox["items"] == []
    assert other.status_code == nothing.status_code == 404
    assert other.text.replace(dispatch["dispatch_id"], nothing_id) == nothing.text
    (row,) = await eventually(lambda: register_rows(bus))
    assert (row["actor_id"], row["result"], row["rule"]) == ("cr.petit", "refused", "destinataire_du_message")


async def test_dispatches_of_a_neighbour_commune_do_not_exist(service: DispatchService, bus: Bus) -> None:
    incident_id = await service.transmit("personne", insee=ENGHIEN)
    failed = await service.becomes(incident_id, "ECHEC")
    async with service.client("op.soisy") as client:
        listed = (await client.get("/api/dispatch/dispatches")).json()
        retried = await client.post(f"/api/dispatch/dispatches/{failed['dispatch_id']}/retries")
    assert listed["items"] == []
    assert retried.status_code == 404
    (row,) = await eventually(lambda: register_rows(bus))
    assert (row["actor_id"], row["rule"], row["insee"]) == ("op.soisy", "commune_de_l_employeur", ENGHIEN)


async def test_partners_are_shown_without_address_or_secret(service: DispatchService) -> None:
    async with service.client("op.durand") as client:
        answer = await client.get("/api/dispatch/partners")
    items = {item["partner_id"]: item for item in answer.json()["items"]}
    assert set(items) == {"pn-enghien", "pm-soisy", "sdis-95", "gn-domont", "croix-rouge-95"}
    assert items["croix-rouge-95"]["receives_images"] is False
    assert items["pn-enghien"]["receives_images"] is True
    assert "127.0.0.1" not in answer.text
    assert "whsec" not in answer.text


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"webhook_url": "http://169.254.169.254/"}, "webhook_url"),
        ({"webhook_url": "file:///etc/passwd"}, "webhook_url"),
        ({"webhook_secret": "whsec_YWJj"}, "webhook_secret"),
        ({"kind": "autorite"}, "kind"),
        ({"communes": []}, "communes"),
    ],
)
async def test_a_partner_that_cannot_be_is_refused(
    service: DispatchService, changes: dict[str, Any], field: str
) -> None:
    body = {
        "partner_id": "nouveau",
        "name": "Nouveau",
        "kind": "sdis",
        "organisation_id": "nouveau",
        "communes": ["95598"],
        "webhook_url": "https://partenaire.example/hook",
        "webhook_secret": "whsec_" + "QUFB" * 8,
    }
    headers = service.tokens.service_headers("deployment", "partners.write")
    async with httpx.AsyncClient(base_url=service.base_url, headers=headers) as client:
        answer = await client.post("/api/dispatch/partners", json=body | changes)
        unscoped = await client.post(
            "/api/dispatch/partners", json=body, headers=service.tokens.service_headers("deployment", "other")
        )
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["field"] == field
    assert "QUFB" not in answer.text
    assert unscoped.status_code == 403


@pytest.mark.usefixtures("silent")
async def test_the_live_feed_of_a_partner_holds_its_own_messages_only(service: DispatchService) -> None:
    async with service.client("cr.petit") as client, client.stream("GET", "/api/dispatch/live") as feed:
        lines = feed.aiter_lines()
        async for line in lines:
            if line == "event: hello":
                break
        await service.becomes(await service.transmit("pn-enghien"), "TRANSMIS")
        await service.transmit("croix-rouge-95")
        async for line in lines:
            if line.startswith("data: {") and "dispatch_changed" in line:
                assert json.loads(line.removeprefix("data: "))["data"]["partner_id"] == "croix-rouge-95"
                break


async def expire(bus: Bus, agent: AgentState) -> None:
    """End an agent's habilitation now; the session itself stays open."""
    await put_agent(bus, agent.model_copy(update={"habilitation_until": datetime.now(UTC)}))


async def refused_to_open(client: httpx.AsyncClient) -> bool:
    async with client.stream("GET", "/api/dispatch/live") as feed:
        return feed.status_code == 403


async def fact(lines: AsyncIterator[str], wanted: str) -> dict[str, Any]:
    """Read on to the next event of a name."""
    async for line in lines:
        if line.startswith("event: ") and line.removeprefix("event: ") == wanted:
            data = await anext(lines)
            return json.loads(data.removeprefix("data: "))
    raise AssertionError("the stream ended")


@pytest.mark.usefixtures("silent")
@pytest.mark.parametrize("reader", ["op.soisy", "cr.petit"])
async def test_an_expired_habilitation_ends_the_live_feed(service: DispatchService, bus: Bus, reader: str) -> None:
    async with (
        service.client("op.durand") as durand,
        service.client(reader) as other,
        durand.stream("GET", "/api/dispatch/live") as kept,
        other.stream("GET", "/api/dispatch/live") as ended,
    ):
        still, over = kept.aiter_lines(), ended.aiter_lines()
        for lines in (still, over):
            await fact(lines, "hello")
        await expire(bus, next(agent for agent in AGENTS if agent.agent_id == reader))
        await eventually(lambda: refused_to_open(other))
        await service.transmit("croix-rouge-95")
        asked, delivered = [(await fact(still, "dispatch_changed"))["data"] for _ in range(2)]
        assert (asked["status"], delivered["status"]) == ("DEMANDE", "TRANSMIS")
        assert asked["partner_kind"] == delivered["partner_kind"] == "association"
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(1):
                await fact(over, "dispatch_changed")
