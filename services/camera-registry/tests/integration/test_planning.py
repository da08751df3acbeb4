"""Planning over HTTP: needs, envelopes, the proposal and its adoption, the CSV, and who may do what."""

import csv
import io
from datetime import UTC, datetime
from typing import Any

import pytest

from camera_registry.domain.commune import Commune
from camera_registry.domain.position import Area, Position
from camera_registry.repository.communes import save_communes
from camera_registry.repository.planning import needs_of
from camera_registry.seeds.planned_needs import seed_needs
from common.testing.polling import eventually
from common.testing.states import ENGHIEN, SOISY, an_agent, put_agent
from contracts.access import Role

from .conftest import Registry

pytestmark = pytest.mark.integration

NEEDS = "/api/registry/planning/needs"
PROGRAMME = "/api/registry/planning/programme"
BETHUNE = "62119"
YEAR = datetime.now(UTC).year


def body(**changes: Any) -> dict[str, Any]:
    return {
        "insee": SOISY,
        "place": "Place de la Mairie",
        "position": {"lon": 2.2996, "lat": 48.9876},
        "camera_kind": "ptz",
        "finalite": "securite_personnes_biens",
        "motive": "Dégradations répétées",
        "requested_by": "Police municipale",
        "surveyed_on": "2026-02-03",
        "priority": 1,
        "cost_cents": 7_500_00,
        "works": [{"kind": "fibre", "label": "120 m", "cost_cents": 2_400_00}],
    } | changes


async def survey(registry: Registry, agent: str = "admin.vigie", **changes: Any) -> Any:
    return await registry.client.post(NEEDS, json=body(**changes), headers=registry.agent(agent))


async def patch(registry: Registry, need: dict[str, Any], **changes: Any) -> Any:
    path = f"{NEEDS}/{need['need_id']}"
    return await registry.client.patch(
        path, json={"revision": need["revision"]} | changes, headers=registry.agent("admin.vigie")
    )


async def envelope(registry: Registry, year: int, amount_cents: int, insee: str = SOISY) -> Any:
    return await registry.client.put(
        f"/api/registry/planning/envelopes/{insee}/{year}",
        json={"amount_cents": amount_cents},
        headers=registry.agent("admin.vigie"),
    )


async def programme(registry: Registry, **query: str) -> dict[str, Any]:
    answer = await registry.client.get(PROGRAMME, params=query, headers=registry.agent("admin.vigie"))
    assert answer.status_code == 200, answer.text
    return answer.json()


async def test_a_need_from_its_survey_to_its_camera(registry: Registry) -> None:
    kept = (await survey(registry)).json()
    assert (kept["reference"], kept["total_cents"], kept["status"]) == ("B-95598-0001", 9_900_00, "recense")
    assert (await survey(registry)).json()["reference"] == "B-95598-0002"
    kept = (await patch(registry, kept, status="retenu")).json()
    await envelope(registry, YEAR + 1, 10_000_00)
    proposed = await programme(registry)
    assert {one["need_id"]: one["proposed_year"] for one in proposed["needs"]}[kept["need_id"]] == YEAR + 1
    assert proposed["budgets"] == [
        {
            "insee": SOISY,
            "year": YEAR + 1,
            "envelope_cents": 10_000_00,
            "committed_cents": 0,
            "proposed_cents": 9_900_00,
            "left_cents": 100_00,
        }
    ]
    adopted = await registry.client.post(
        f"{PROGRAMME}/adopt", json={"insee": SOISY, "year": YEAR + 1}, headers=registry.agent("admin.vigie")
    )
    assert [(one["need_id"], one["status"], one["budget_year"]) for one in adopted.json()["items"]] == [
        (kept["need_id"], "programme", YEAR + 1)
    ]
    kept = adopted.json()["items"][0]
    assert (await patch(registry, kept, status="realise")).json()["errors"][0]["field"] == "camera_id"
    elsewhere = await patch(registry, kept, status="realise", camera_id="PV-95210-0001-P1")
    assert elsewhere.json()["errors"][0]["field"] == "camera_id"
    done = await patch(registry, kept, status="realise", camera_id="PV-95598-0001-P1")
    assert (done.status_code, done.json()["camera_id"]) == (200, "PV-95598-0001-P1")
    assert (await patch(registry, kept, note="trop tard")).status_code == 409


async def test_a_year_that_a_person_fixed_is_kept_and_an_overfull_one_is_shown(registry: Registry) -> None:
    kept = (await survey(registry, status="retenu")).json()
    await envelope(registry, YEAR, 5_000_00)
    await envelope(registry, YEAR + 1, 50_000_00)
    assert (await programme(registry))["needs"][0]["proposed_year"] == YEAR + 1
    await patch(registry, kept, budget_year=YEAR, year_fixed=True)
    planned = await programme(registry)
    assert planned["needs"][0]["proposed_year"] is None
    assert [one["left_cents"] for one in planned["budgets"]] == [-4_900_00, 50_000_00]


async def test_a_need_that_cannot_be_is_refused_in_words(registry: Registry) -> None:
    cases: list[tuple[dict[str, Any], str]] = [
        ({"position": {"lon": 48.98, "lat": 2.29}}, "position"),
        ({"priority": 4}, "priority"),
        ({"motive": " "}, "motive"),
        ({"cost_cents": 12.5}, "cost_cents"),
        ({"status": "programme"}, "budget_year"),
    ]
    for changes, field in cases:
        refused = await survey(registry, **changes)
        assert refused.status_code == 422
        assert refused.json()["errors"][0]["field"] == field


async def test_who_may_read_and_who_may_write(registry: Registry) -> None:
    kept = (await survey(registry)).json()
    await survey(registry, insee=ENGHIEN, position=None)
    await put_agent(registry.bus, an_agent("dpo.leroy", role=Role.DPO, communes=(SOISY,)))
    guard = registry.parts.app.state.guard

    async def known() -> bool:
        return guard.agents.get("dpo.leroy") is not None

    await eventually(known)
    listed = await registry.client.get(NEEDS, headers=registry.agent("dpo.leroy"))
    assert [one["need_id"] for one in listed.json()["items"]] == [kept["need_id"]]
    assert (await registry.client.get(NEEDS, headers=registry.agent("op.durand"))).status_code == 403
    assert (await survey(registry, "dpo.leroy")).status_code == 403
    assert (await survey(registry, "tech.moreau")).status_code == 201
    hidden = await survey(registry, "tech.moreau", insee="95288", position=None)
    assert hidden.status_code == 404
    unknown = await registry.client.patch(f"{NEEDS}/rien", json={"revision": 0}, headers=registry.agent("admin.vigie"))
    assert unknown.status_code == 404


async def test_bethune_is_seeded_once_and_exported_whole(registry: Registry) -> None:
    at = datetime.now(UTC)
    async with registry.database.transaction() as conn:
        await save_communes(conn, [Commune(BETHUNE, "Béthune", Area.disc(Position(2.64, 50.53), 1300))])
        assert await seed_needs(conn, "bethune", at) == 106
        assert await seed_needs(conn, "bethune", at) == 0
        assert await seed_needs(conn, "lievin", at) == 0
        assert len(await needs_of(conn, [BETHUNE])) == 106
    machine = registry.machine("cameras.read")
    exported = await registry.client.get(f"{NEEDS}.csv", params={"insee": BETHUNE}, headers=machine)
    assert exported.headers["content-disposition"].startswith('attachment; filename="besoins-')
    rows = list(csv.DictReader(io.StringIO(exported.content.decode("utf-8-sig")), delimiter=";"))
    assert len(rows) == 106
    planned = (await registry.client.get(PROGRAMME, params={"insee": BETHUNE}, headers=machine)).json()
    assert len(planned["needs"]) == 106
    assert {one["envelope_cents"] for one in planned["budgets"]} == {100_000_00}
    assert all(one["left_cents"] >= 0 for one in planned["budgets"])
    retained = [one for one in planned["needs"] if one["status"] == "retenu"]
    assert all(one["proposed_year"] is not None for one in retained)
