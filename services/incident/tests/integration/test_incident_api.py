"""The incident API on real servers: opening, refusals, transitions, transmissions."""

import asyncio
import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import httpx
import pytest
from sqlalchemy import text

from common.bus import Bus
from common.testing.polling import eventually
from common.testing.states import SOISY, an_agent, put_agent
from contracts.access import AgentState, RegisterEntry
from contracts.envelope import Envelope
from contracts.incident import IncidentOpened, IncidentTransmitted

from .conftest import CAMERA_ENGHIEN, CAMERA_SOISY, IncidentService, a_request

pytestmark = pytest.mark.integration


async def events(bus: Bus, stream: str, fact: str) -> list[Envelope]:
    """Read a whole stream's events of one fact."""
    last = (await bus.js.stream_info(stream)).state.last_seq
    found: list[Envelope] = []
    for seq in range(1, last + 1):
        message = await bus.js.get_msg(stream, seq)
        envelope = Envelope.model_validate_json(message.data or b"")
        if envelope.type.split(".")[2] == fact:
            found.append(envelope)
    return found


async def opened(client: httpx.AsyncClient, **changes: Any) -> dict[str, Any]:
    response = await client.post("/api/incident/incidents", json=a_request(**changes))
    assert response.status_code == 201, response.text
    return response.json()


async def test_opening_gives_a_number_a_timeline_and_an_event(service: IncidentService, bus: Bus) -> None:
    async with service.client("op.durand") as client:
        incident = await opened(client)
        again = (await client.get(f"/api/incident/incidents/{incident['incident_id']}")).json()
    year = incident["opened_at"][:4]
    assert incident["number"].endswith("-95598-000001")
    assert incident["number"][:4] in {year, str(int(year) + 1)}
    assert incident["status"] == "NOUVEAU"
    assert incident["priority"] == "P1"
    assert incident["commune"] == "Soisy-sous-Montmorency"
    assert [line["kind"] for line in incident["timeline"]] == ["opened"]
    assert again == incident
    published = await eventually(lambda: events(bus, "INCIDENT", "incident_opened"))
    assert len(published) == 1
    assert published[0].nats_subject == "vigie.95598.incident.incident_opened.v1"
    assert IncidentOpened.model_validate(published[0].data).number == incident["number"]


async def test_the_same_key_gives_the_same_incident(service: IncidentService) -> None:
    async with service.client("op.durand") as client:
        headers = {"Idempotency-Key": "declaration-1"}
        answers = await asyncio.gather(
            *(client.post("/api/incident/incidents", json=a_request(), headers=headers) for _ in range(8))
        )
        assert {answer.status_code for answer in answers} == {201}
        assert len({answer.json()["incident_id"] for answer in answers}) == 1
        other = await client.post("/api/incident/incidents", json=a_request(facts="Autre chose"), headers=headers)
        listed = (await client.get("/api/incident/incidents")).json()
    assert other.status_code == 422
    assert other.json()["type"] == "urn:vigie:problem:cle-deja-utilisee"
    assert len(listed["items"]) == 1


@pytest.mark.parametrize("changes", [{"camera_ids": [CAMERA_ENGHIEN]}, {"insee": "95210", "camera_ids": []}])
async def test_a_neighbour_commune_is_not_found_and_leaves_a_register_row(
    service: IncidentService, bus: Bus, changes: dict[str, Any]
) -> None:
    async with service.client("op.soisy") as client:
        answer = await client.post("/api/incident/incidents", json=a_request(**changes))
        listed = (await client.get("/api/incident/incidents")).json()
    assert answer.status_code == 404
    assert answer.headers["content-type"] == "application/problem+json"
    assert listed["items"] == []
    rows = await eventually(lambda: events(bus, "REGISTER", "entry_requested"))
    entry = RegisterEntry.model_validate(rows[0].data)
    assert (entry.actor_id, entry.result, entry.rule, entry.insee) == (
        "op.soisy",
        "refused",
        "commune_de_l_employeur",
        "95210",
    )


async def test_a_neighbour_camera_looks_like_one_that_does_not_exist(service: IncidentService) -> None:
    async with service.client("op.soisy") as client:
        hidden = await client.post("/api/incident/incidents", json=a_request(camera_ids=[CAMERA_ENGHIEN]))
        mixed = await client.post("/api/incident/incidents", json=a_request(camera_ids=[CAMERA_SOISY, CAMERA_ENGHIEN]))
        nothing = await client.post("/api/incident/incidents", json=a_request(camera_ids=["PV-95210-9999-P9"]))
    assert hidden.status_code == mixed.status_code == nothing.status_code == 404
    assert hidden.text == mixed.text == nothing.text.replace("PV-95210-9999-P9", CAMERA_ENGHIEN)


async def test_an_incident_of_a_neighbour_commune_looks_like_none(service: IncidentService, bus: Bus) -> None:
    async with service.client("op.durand") as client:
        hidden = await opened(client, camera_ids=[CAMERA_ENGHIEN])
    async with service.client("op.soisy") as client:
        listed = (await client.get("/api/incident/incidents")).json()
        refused = await client.get(f"/api/incident/incidents/{hidden['incident_id']}")
        nothing_id = uuid4()
        nothing = await client.get(f"/api/incident/incidents/{nothing_id}")
        body = {"to": "LEVEE_DE_DOUTE", "version": 1}
        changed = await client.post(f"/api/incident/incidents/{hidden['incident_id']}/transitions", json=body)
    assert listed["items"] == []
    assert refused.status_code == changed.status_code == nothing.status_code == 404
    assert refused.text.replace(hidden["incident_id"], str(nothing_id)) == nothing.text
    rows = await eventually(lambda: events(bus, "REGISTER", "entry_requested"), until=lambda found: len(found) == 2)
    assert {row.data["action"] for row in rows} == {"view_incident", "manage_incident"}


async def test_nobody_and_machines_open_nothing(service: IncidentService) -> None:
    async with httpx.AsyncClient(base_url=service.base_url) as client:
        nobody = await client.post("/api/incident/incidents", json=a_request())
        machine = await client.post(
            "/api/incident/incidents", json=a_request(), headers=service.tokens.service_headers("retention", "x")
        )
    assert nobody.status_code == machine.status_code == 401


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"facts": "??"}, "facts"),
        ({"facts": "x" * 5000}, "facts"),
        ({"facts": "rixe\u0000"}, "facts"),
        ({"code": "inconnu.rien"}, "code"),
        ({"camera_ids": []}, "insee"),
        ({"detected_at": "2999-01-01T00:00:00Z"}, "detected_at"),
        ({"lon": 2.3}, "lon"),
        ({"lon": 2000, "lat": 3}, "lon"),
        ({"origin": "rumeur"}, "origin"),
        ({"address": "https://exemple.fr/carte"}, "address"),
        ({"facts": None}, "facts"),
    ],
)
async def test_rubbish_is_a_problem_that_names_the_field(
    service: IncidentService, changes: dict[str, Any], field: str
) -> None:
    async with service.client("op.durand") as client:
        answer = await client.post("/api/incident/incidents", json=a_request(**changes))
        listed = (await client.get("/api/incident/incidents")).json()
    assert answer.status_code == 422
    problem = answer.json()
    assert problem["type"] == "urn:vigie:problem:donnees-invalides"
    assert field in problem["detail"]
    assert listed["items"] == []


async def test_transitions_follow_the_life_cycle_and_the_version(service: IncidentService) -> None:
    async with service.client("op.durand") as client:
        incident = await opened(client)
        path = f"/api/incident/incidents/{incident['incident_id']}/transitions"
        moved = await client.post(path, json={"to": "LEVEE_DE_DOUTE", "note": "Vu en direct", "version": 1})
        stale = await client.post(path, json={"to": "QUALIFIE", "note": "", "version": 1})
        too_far = await client.post(path, json={"to": "CLOS", "note": "", "version": 2})
    assert moved.status_code == 200
    assert (moved.json()["status"], moved.json()["version"]) == ("LEVEE_DE_DOUTE", 2)
    last = moved.json()["timeline"][-1]
    assert (last["before"], last["after"], last["note"], last["by"]) == (
        "NOUVEAU",
        "LEVEE_DE_DOUTE",
        "Vu en direct",
        "op.durand",
    )
    assert (stale.status_code, stale.json()["reason"], stale.json()["version"]) == (409, "version_perimee", 2)
    assert (too_far.status_code, too_far.json()["allowed"]) == (409, ["INFONDE", "QUALIFIE"])


async def test_two_operators_at_once_make_one_step(service: IncidentService) -> None:
    async with service.client("op.durand") as client:
        incident = await opened(client)
        path = f"/api/incident/incidents/{incident['incident_id']}/transitions"
        body = {"to": "LEVEE_DE_DOUTE", "version": 1}
        answers = await asyncio.gather(*(client.post(path, json=body) for _ in range(6)))
        after = (await client.get(f"/api/incident/incidents/{incident['incident_id']}")).json()
    assert sorted(answer.status_code for answer in answers) == [200, 409, 409, 409, 409, 409]
    assert len(after["timeline"]) == 2


async def test_a_new_incident_is_transmitted_at_once(service: IncidentService, bus: Bus) -> None:
    async with service.client("op.durand") as client:
        incident = await opened(client)
        path = f"/api/incident/incidents/{incident['incident_id']}/transmissions"
        body = {"partner_ids": ["pn-enghien", "pn-enghien"], "message": "Rixe"}
        # An impatient double click: the same key warns the police once.
        answer, _again = [await client.post(path, json=body, headers={"Idempotency-Key": "t1"}) for _ in range(2)]
        link = await client.post(path, json={"partner_ids": ["pn-enghien"], "message": "voir https://a.fr/1.jpg"})
    assert answer.status_code == 200
    assert answer.json()["status"] == "TRANSMIS"
    steps = [line["after"] for line in answer.json()["timeline"] if line["kind"] == "transition"]
    assert steps == ["LEVEE_DE_DOUTE", "QUALIFIE", "TRANSMIS"]
    assert link.status_code == 422
    sent = await eventually(lambda: events(bus, "INCIDENT", "incident_transmitted"))
    assert len(sent) == 1
    assert IncidentTransmitted.model_validate(sent[0].data).partner_ids == ("pn-enghien",)
    assert len(await events(bus, "INCIDENT", "incident_transitioned")) == 3


async def test_the_queue_pages_newest_first(service: IncidentService) -> None:
    async with service.client("op.durand") as client:
        numbers = [(await opened(client))["number"] for _ in range(5)]
        first = (await client.get("/api/incident/incidents", params={"limit": 3, "open": True})).json()
        cursor = first["next_cursor"]
        rest = (await client.get("/api/incident/incidents", params={"limit": 3, "cursor": cursor})).json()
        closed = (await client.get("/api/incident/incidents", params={"open": False})).json()
    listed = [item["number"] for item in first["items"] + rest["items"]]
    assert listed == list(reversed(numbers))
    assert rest["next_cursor"] is None
    assert closed["items"] == []


async def test_the_nomenclature_is_served_whole(service: IncidentService) -> None:
    async with service.client("op.durand") as client:
        items = (await client.get("/api/incident/nomenclature")).json()["items"]
    assert len(items) == 47
    assert {"code", "family", "label", "priority", "default_partner_kinds"} == set(items[0])


async def test_the_serving_role_cannot_rewrite_a_timeline(service: IncidentService) -> None:
    async with service.client("op.durand") as client:
        await opened(client)
    for statement in (
        "UPDATE timeline_entries SET note = 'autre'",
        "DELETE FROM timeline_entries",
        "TRUNCATE timeline_entries",
    ):
        with pytest.raises(Exception, match=r"permission denied|append-only"):
            async with service.database.transaction() as conn:
                await conn.execute(text(statement))


async def test_the_live_feed_is_bounded_by_communes(service: IncidentService) -> None:
    async with (
        service.client("op.durand") as durand,
        service.client("op.soisy") as soisy,
        soisy.stream("GET", "/api/incident/live") as feed,
    ):
        lines = feed.aiter_lines()
        async for line in lines:
            if line == "event: hello":
                break
        await opened(durand, camera_ids=[CAMERA_ENGHIEN])
        await opened(durand, camera_ids=[CAMERA_SOISY])
        seen: dict[str, Any] = {}
        async for line in lines:
            if line.startswith("data: {") and "incident_opened" in line:
                seen = json.loads(line.removeprefix("data: "))
                break
    assert seen["insee"] == "95598"


async def expire(bus: Bus, agent: AgentState) -> None:
    """End an agent's habilitation now; the session itself stays open."""
    await put_agent(bus, agent.model_copy(update={"habilitation_until": datetime.now(UTC)}))


async def refused_to_open(client: httpx.AsyncClient) -> bool:
    async with client.stream("GET", "/api/incident/live") as feed:
        return feed.status_code == 403


async def fact(lines: AsyncIterator[str], wanted: str) -> dict[str, Any]:
    """Read on to the next event of a name."""
    async for line in lines:
        if line.startswith("event: ") and line.removeprefix("event: ") == wanted:
            data = await anext(lines)
            return json.loads(data.removeprefix("data: "))
    raise AssertionError("the stream ended")


async def test_an_expired_habilitation_ends_the_live_feed(service: IncidentService, bus: Bus) -> None:
    async with (
        service.client("op.durand") as durand,
        service.client("op.soisy") as soisy,
        durand.stream("GET", "/api/incident/live") as kept,
        soisy.stream("GET", "/api/incident/live") as ended,
    ):
        still, over = kept.aiter_lines(), ended.aiter_lines()
        for lines in (still, over):
            await fact(lines, "hello")
        await expire(bus, an_agent("op.soisy", communes=(SOISY,)))
        await eventually(lambda: refused_to_open(soisy))
        await opened(durand, camera_ids=[CAMERA_SOISY])
        assert (await fact(still, "incident_opened"))["insee"] == SOISY
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(1):
                await fact(over, "incident_opened")
