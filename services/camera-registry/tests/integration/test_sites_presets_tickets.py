"""Sites, presets, tours and maintenance tickets over HTTP."""

from typing import Any

import pytest

from common.testing.polling import eventually
from common.testing.states import ENGHIEN, SOISY
from contracts.registry import CameraKind, TicketState
from contracts.streams import BUCKET_TICKETS

from .conftest import Registry
from .fleet import a_camera, a_chief, register_rows

pytestmark = pytest.mark.integration
SITE = {
    "site_id": "MAT-1",
    "insee": SOISY,
    "label": "Mât de la gare",
    "lon": 2.2996,
    "lat": 48.9876,
    "support": "mat",
    "link": "radio",
    "works": "Passer la fibre",
    "address": "1, place de la Gare",
}


async def test_a_site_is_registered_changed_and_taken_away(registry: Registry) -> None:
    client, tech = registry.client, registry.agent("tech.moreau")
    created = await client.post("/api/registry/sites", json=SITE, headers=tech)
    assert created.status_code == 201
    again = await client.post("/api/registry/sites", json=SITE, headers=tech)
    assert again.json() == created.json()
    other = await client.post("/api/registry/sites", json={**SITE, "label": "Autre"}, headers=tech)
    assert other.status_code == 409
    url = "/api/registry/sites/MAT-1"
    changed = await client.patch(url, json={"revision": 0, "link": "fibre", "works": ""}, headers=tech)
    assert (changed.json()["link"], changed.json()["works"], changed.json()["revision"]) == ("fibre", "", 1)
    stale = await client.patch(url, json={"revision": 0, "label": "x"}, headers=tech)
    assert stale.status_code == 409
    assert "rechargez" in stale.json()["detail"]
    far = await client.patch(url, json={"revision": 1, "lon": 3.0}, headers=tech)
    assert "hors de" in far.json()["detail"]
    assert (await client.get(url, headers=registry.agent("op.soisy"))).json()["cameras"] == 0
    assert (await client.delete(url, headers=registry.agent("op.soisy"))).status_code == 403
    assert (await client.delete(url, headers=tech)).status_code == 204
    assert (await client.get(url, headers=tech)).status_code == 404


async def test_sites_are_listed_by_page_within_ones_communes_and_kept_while_used(registry: Registry) -> None:
    client, soisy = registry.client, registry.agent("op.soisy")
    first = (await client.get("/api/registry/sites", params={"limit": 5}, headers=soisy)).json()
    rest = (await client.get("/api/registry/sites", params={"cursor": first["next_cursor"]}, headers=soisy)).json()
    listed = [site["site_id"] for site in (*first["items"], *rest["items"])]
    assert listed == sorted(one.site_id for one in registry.seed.sites if one.insee == SOISY)
    used = next(site for site in first["items"] if site["cameras"])
    refused = await client.delete(f"/api/registry/sites/{used['site_id']}", headers=registry.agent("tech.moreau"))
    assert refused.status_code == 409
    assert "rattachez-les" in refused.json()["detail"]
    abroad = next(one.site_id for one in registry.seed.sites if one.insee == ENGHIEN)
    assert (await client.get(f"/api/registry/sites/{abroad}", headers=soisy)).status_code == 404


async def test_presets_and_tours_hang_together(registry: Registry) -> None:
    client, tech = registry.client, registry.agent("tech.moreau")
    camera = a_camera(registry, CameraKind.PTZ)
    url = f"/api/registry/cameras/{camera.camera_id}"
    for number, name in ((2, "Parking"), (1, "Entrée"), (1, "Entrée nord")):
        body = {"name": name, "token": f"preset-{number}", "pan": 0.5, "tilt": -0.2, "zoom": 0.1}
        assert (await client.put(f"{url}/presets/{number}", json=body, headers=tech)).status_code == 200
    tour = {"name": "Nuit", "steps": [{"preset": 2, "dwell_s": 10}, {"preset": 1, "dwell_s": 30}]}
    kept = (await client.put(f"{url}/tours/nuit", json=tour, headers=tech)).json()
    assert [preset["name"] for preset in kept["presets"]] == ["Entrée nord", "Parking"]
    assert kept["tours"] == [{"tour_id": "nuit", **tour}]
    assert (await client.get(f"{url}/presets", headers=registry.agent("op.durand"))).json() == kept
    missing = {"name": "Jour", "steps": [{"preset": 9, "dwell_s": 10}]}
    refused = await client.put(f"{url}/tours/jour", json=missing, headers=tech)
    assert "Créez-les d'abord" in refused.json()["detail"]
    short = {"name": "Jour", "steps": [{"preset": 1, "dwell_s": 4}]}
    assert (await client.put(f"{url}/tours/jour", json=short, headers=tech)).status_code == 422
    in_use = await client.delete(f"{url}/presets/1", headers=tech)
    assert in_use.status_code == 409
    assert "« Nuit »" in in_use.json()["detail"]
    assert (await client.delete(f"{url}/tours/nuit", headers=tech)).status_code == 204
    assert (await client.delete(f"{url}/tours/nuit", headers=tech)).status_code == 404
    assert (await client.delete(f"{url}/presets/1", headers=tech)).status_code == 204
    fixed = a_camera(registry, CameraKind.FIXE).camera_id
    answer = await client.put(f"/api/registry/cameras/{fixed}/presets/1", json={"name": "x"}, headers=tech)
    assert "pas orientable" in answer.json()["detail"]


def a_ticket(registry: Registry, **other: Any) -> dict[str, Any]:
    camera = a_camera(registry, CameraKind.FIXE)
    body = {"insee": SOISY, "camera_ids": [camera.camera_id], "title": "Image floue", "description": "Depuis hier"}
    return body | other


async def on_the_bus(registry: Registry, ticket_id: str, *, is_open: bool) -> TicketState:
    kv = await registry.bus.js.key_value(BUCKET_TICKETS)

    async def state() -> TicketState | None:
        try:
            found = await kv.get(ticket_id)
        except Exception:  # noqa: BLE001 - not there yet
            return None
        read = TicketState.model_validate_json(found.value or b"")
        return read if (read.closed_at is None) is is_open else None

    found = await eventually(state)
    assert found is not None
    return found


async def test_a_ticket_lives_from_opening_to_closure(registry: Registry) -> None:
    client, tech, chief = registry.client, registry.agent("tech.moreau"), await a_chief(registry)
    body = a_ticket(registry, ticket_id="T-1")
    opened = await client.post("/api/registry/tickets", json=body, headers=chief)
    assert opened.status_code == 201, opened.text
    again = await client.post("/api/registry/tickets", json=body, headers=chief)
    assert again.json() == opened.json()
    state = await on_the_bus(registry, "T-1", is_open=True)
    assert state.camera_ids == tuple(body["camera_ids"])
    said = await client.post("/api/registry/tickets/T-1/comments", json={"text": "Nacelle demain"}, headers=tech)
    assert [one["author"] for one in said.json()["comments"]] == ["tech.moreau"]
    closed = await client.post("/api/registry/tickets/T-1/closure", headers=tech)
    assert closed.json()["closed_by"] == "tech.moreau"
    assert (await client.post("/api/registry/tickets/T-1/closure", headers=chief)).json() == closed.json()
    await on_the_bus(registry, "T-1", is_open=False)
    late = await client.post("/api/registry/tickets/T-1/comments", json={"text": "Trop tard"}, headers=tech)
    assert late.status_code == 409
    assert "ouvrez-en un autre" in late.json()["detail"]
    read = (await client.get("/api/registry/tickets/T-1", headers=chief)).json()
    assert read["comments"][0]["text"] == "Nacelle demain"
    mine = [row for row in await register_rows(registry) if "ticket" in row.motive_text]
    assert {(row.action, row.result, row.insee) for row in mine} == {("supervise", "allowed", SOISY)}


async def test_tickets_are_found_by_what_they_are_about(registry: Registry) -> None:
    client, tech = registry.client, registry.agent("tech.moreau")
    camera = a_camera(registry, CameraKind.PTZ).camera_id
    for number, other in enumerate(({}, {"title": "Mât penché", "camera_ids": [camera]}, {"title": "Câble coupé"})):
        body = a_ticket(registry, ticket_id=f"T-{number}", **other)
        assert (await client.post("/api/registry/tickets", json=body, headers=tech)).status_code == 201
    await client.post("/api/registry/tickets/T-2/closure", headers=tech)

    async def found(**params: Any) -> list[str]:
        answer = await client.get("/api/registry/tickets", params=params, headers=tech)
        return [one["ticket_id"] for one in answer.json()["items"]]

    assert await found() == ["T-1", "T-0"]
    assert await found(state="closed") == ["T-2"]
    assert await found(state="all", camera_id=camera) == ["T-1"]
    assert await found(state="all", q="cable") == ["T-2"]
    assert await found(insee=ENGHIEN) == []
    page = (await client.get("/api/registry/tickets", params={"state": "all", "limit": 2}, headers=tech)).json()
    assert await found(state="all", cursor=page["next_cursor"]) == ["T-0"]


async def test_who_may_open_a_ticket_and_on_what(registry: Registry) -> None:
    client = registry.client
    elsewhere = a_camera(registry, CameraKind.FIXE, "95288").camera_id
    for who, body, status in (
        ("op.durand", a_ticket(registry), 403),
        ("tech.moreau", a_ticket(registry, insee="95288", camera_ids=[elsewhere]), 404),
        ("tech.moreau", a_ticket(registry, camera_ids=[elsewhere]), 422),
        ("tech.moreau", a_ticket(registry, camera_ids=["INCONNUE"]), 422),
        ("tech.moreau", a_ticket(registry, camera_ids=[f"C-{number}" for number in range(21)]), 422),
        ("tech.moreau", a_ticket(registry, title="  "), 422),
        ("admin.vigie", a_ticket(registry, ticket_id="T-ADMIN"), 201),
    ):
        answer = await client.post("/api/registry/tickets", json=body, headers=registry.agent(who))
        assert answer.status_code == status, (who, answer.text)
    assert (await client.get("/api/registry/tickets", headers=registry.agent("op.durand"))).status_code == 403
    unknown = await client.get("/api/registry/tickets/T-0", headers=registry.agent("tech.moreau"))
    assert unknown.status_code == 404
