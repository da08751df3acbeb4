"""The terms of an arrêté over HTTP: perimeters, changes with their revision, and the gate on the real bus."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from common.testing.polling import eventually
from common.testing.states import ENGHIEN, SOISY, an_agent, put_agent
from contracts.access import OrganisationKind, Role
from contracts.registry import CameraState
from guard.states import agent_from
from policy import Action, Context, explain

from .conftest import Registry

pytestmark = pytest.mark.integration

CAMERA = "PV-95598-0001-P1"
ARRETE = "AP-PV-95598-1"
LIST = "/api/registry/authorisations"
ONE = f"{LIST}/{ARRETE}"


async def patch(registry: Registry, **changes: Any) -> Any:
    return await registry.client.patch(ONE, json=changes, headers=registry.agent("admin.vigie"))


async def state_when(registry: Registry, condition: Callable[[CameraState], bool]) -> CameraState:
    guard = registry.parts.app.state.guard

    async def state() -> CameraState | None:
        return guard.cameras.get(CAMERA)

    found = await eventually(state, until=lambda one: one is not None and condition(one))
    assert found is not None
    return found


async def test_changed_terms_reach_every_service_at_once(registry: Registry) -> None:
    starts = datetime.now(UTC) + timedelta(days=1)
    window = {"starts_at": starts.isoformat(), "ends_at": (starts + timedelta(hours=8)).isoformat()}
    answer = await patch(
        registry,
        revision=0,
        retention_days=7,
        retention_min_days=3,
        mode="EVENEMENT",
        event_windows=[window],
        verbalisation=True,
        partner_watermark=True,
        responsible={"name": "A. Martin", "function": "Directeur du CSU", "contact": "csu@example.org"},
    )
    assert answer.status_code == 200, answer.text
    body = answer.json()
    assert (body["revision"], body["responsible"]["function"]) == (1, "Directeur du CSU")
    state = await state_when(registry, lambda one: one.authorisation is not None and one.authorisation.verbalisation)
    assert state.authorisation is not None
    assert (state.authorisation.retention_days, state.authorisation.retention_min_days) == (7, 3)
    assert body["partner_watermark"] is state.authorisation.partner_watermark is True
    assert state.authorisation.event_windows[0].starts_at == starts
    again = await patch(
        registry, revision=1, retention_days=21, retention_min_days=None, mode="DIRECT", event_windows=[]
    )
    assert again.json()["retention_min_days"] is None
    assert again.json()["partner_watermark"] is True, "a term that nobody names stays"
    longer = await state_when(registry, lambda one: one.authorisation.retention_days == 21)  # pyright: ignore[reportOptionalMemberAccess]
    assert longer.revision > state.revision


async def test_a_stale_change_is_a_conflict_but_an_end_needs_no_revision(registry: Registry) -> None:
    assert (await patch(registry, retention_days=7)).status_code == 422
    assert (await patch(registry, revision=0, retention_days=7)).status_code == 200
    stale = await patch(registry, revision=0, retention_days=9)
    assert stale.status_code == 409
    assert stale.json()["revision"] == 1
    ended = await patch(registry, valid_until=(datetime.now(UTC) + timedelta(days=5)).isoformat())
    assert (ended.status_code, ended.json()["warning_days"], ended.json()["revision"]) == (200, 7, 2)


async def test_terms_that_cannot_be_change_nothing(registry: Registry) -> None:
    cases: list[tuple[dict[str, Any], str]] = [
        ({"retention_min_days": 20}, "retention_min_days"),
        ({"retention_days": 31}, "retention_days"),
        ({"mode": "EVENEMENT"}, "event_windows"),
        ({"communes": ["75056"]}, "communes"),
        ({"perimeter": {"type": "Polygon", "coordinates": []}}, "perimeter"),
        ({"positions": [{"lon": 2.4, "lat": 48.8}]}, "perimeter"),
        ({"responsible": {"name": " ", "function": "F", "contact": "c"}}, "responsible.name"),
    ]
    machine = registry.machine("authorisations.write")  # an agent of these communes would be told 404 for another one
    for changes, field in cases:
        answer = await registry.client.patch(ONE, json={"revision": 0} | changes, headers=machine)
        assert answer.status_code == 422
        assert answer.json()["errors"][0]["field"] == field
    read = await registry.client.get(ONE, headers=registry.agent("admin.vigie"))
    assert read.json()["revision"] == 0


async def test_a_perimeter_that_leaves_a_camera_out_takes_its_arrete_away(registry: Registry) -> None:
    own = [one for one in registry.seed.cameras if one.insee == SOISY]
    site = next(one for one in registry.seed.sites if one.insee == SOISY)
    near, listed = 0.0004, {"lon": site.position.lon, "lat": site.position.lat, "radius_m": 25}
    west, south = site.position.lon - near, site.position.lat - near
    east, north = site.position.lon + near, site.position.lat + near
    ring = [[west, south], [east, south], [east, north], [west, north], [west, south]]
    feature = {"type": "Feature", "properties": {}, "geometry": {"type": "Polygon", "coordinates": [ring]}}
    inside = {one.camera_id for one in own if west <= one.position.lon <= east and south <= one.position.lat <= north}
    assert 0 < len(inside) < len(own)
    drawn = await patch(registry, revision=0, perimeter={"type": "FeatureCollection", "features": [feature]})
    assert drawn.status_code == 200, drawn.text
    assert drawn.json()["cameras_covered"] == len(inside)
    guard = registry.parts.app.state.guard

    async def covered() -> set[str]:
        return {one.camera_id for one in own if guard.cameras.get(one.camera_id).authorisation is not None}

    assert await eventually(covered, until=lambda found: found == inside) == inside
    positions = await patch(registry, revision=1, perimeter=None, positions=[listed])
    assert positions.json()["cameras_covered"] == sum(one.site_id == site.site_id for one in own)
    whole = await patch(registry, revision=2, positions=[])
    assert whole.json()["cameras_covered"] == len(own)


async def test_a_bad_perimeter_is_reported_whole(registry: Registry) -> None:
    bow = [[2.29, 48.98], [2.31, 48.995], [2.31, 48.98], [2.29, 48.995], [2.29, 48.98]]
    lambert = [[652000, 6872000], [653000, 6872000], [653000, 6873000], [652000, 6872000]]
    answer = await patch(registry, revision=0, perimeter={"type": "MultiPolygon", "coordinates": [[bow], [lambert]]})
    assert answer.status_code == 422
    told = {error["where"]: error["message"] for error in answer.json()["errors"]}
    assert "se croise lui-même" in told["polygone 1"]
    assert "Lambert-93" in told["polygone 2"]


async def test_at_the_end_the_decision_refuses_without_any_word_on_the_bus(registry: Registry) -> None:
    end = datetime.now(UTC) + timedelta(hours=1)
    assert (await patch(registry, valid_until=end.isoformat())).status_code == 200
    await state_when(registry, lambda one: one.authorisation is not None and one.authorisation.valid_until == end)
    before = await registry.bus.js.stream_info("REGISTRY")
    guard = registry.parts.app.state.guard
    watcher = agent_from(guard.agents.get("op.durand"))

    def passes(at: datetime) -> bool:
        steps = {
            step.rule: step for step in explain(watcher, Action.LIVE, guard.camera(CAMERA, at), Context(), at).steps
        }
        return steps["autorisation_en_vigueur"].passed

    microsecond = timedelta(microseconds=1)
    assert [passes(end - microsecond), passes(end), passes(end + microsecond)] == [True, False, False]
    after = await registry.bus.js.stream_info("REGISTRY")
    assert after.state.last_seq == before.state.last_seq


async def test_a_renewal_is_known_before_it_is_needed_and_takes_over_at_the_instant(registry: Registry) -> None:
    end = datetime.now(UTC) + timedelta(hours=1)
    assert (await patch(registry, valid_until=end.isoformat())).status_code == 200
    body = {
        "authorisation_id": "AP-SUITE",
        "arrete_number": "95-2026-SUITE",
        "valid_from": end.isoformat(),
        "valid_until": (end + timedelta(days=1000)).isoformat(),
        "communes": [SOISY],
        "camera_count": 500,
        "finalites": ["securite_personnes_biens"],
        "recipients": ["police_nationale"],
        "retention_days": 9,
        "mode": "DIRECT",
    }
    answer = await registry.client.post(LIST, json=body, headers=registry.agent("admin.vigie"))
    assert answer.status_code == 201, answer.text
    state = await state_when(registry, lambda one: one.next_authorisation is not None)
    microsecond = timedelta(microseconds=1)
    judged = [state.authorisation_at(at) for at in (end - microsecond, end)]
    assert [one.authorisation_id for one in judged if one] == [ARRETE, "AP-SUITE"]
    guard = registry.parts.app.state.guard
    assert guard.camera(CAMERA, end).authorisation.retention_days == 9
    withdrawn = await registry.client.patch(
        f"{LIST}/AP-SUITE",
        json={"revision": 0, "valid_from": (end + timedelta(minutes=1)).isoformat()},
        headers=registry.agent("admin.vigie"),
    )
    assert withdrawn.status_code == 200
    await state_when(registry, lambda one: one.next_authorisation is None)


async def test_an_arrete_of_another_commune_does_not_exist(registry: Registry) -> None:
    everywhere = registry.agent("op.durand")
    assert (await registry.client.get(ONE, headers=everywhere)).status_code == 200
    await put_agent(registry.bus, an_agent("admin.enghien", role=Role.ADMIN, communes=(ENGHIEN,)))
    headers = registry.agent("admin.enghien")
    guard = registry.parts.app.state.guard

    async def known() -> bool:
        return guard.agents.get("admin.enghien") is not None

    await eventually(known)
    for call in (
        registry.client.get(ONE, headers=headers),
        registry.client.get(f"{ONE}/documents", headers=headers),
        registry.client.get(f"{ONE}/renewal", headers=headers),
        registry.client.patch(ONE, json={"revision": 0, "retention_days": 1}, headers=headers),
    ):
        assert (await call).status_code == 404


async def test_the_mayor_reads_arretes_and_the_red_cross_does_not(registry: Registry) -> None:
    await put_agent(
        registry.bus,
        an_agent("maire.soisy", role=Role.MAIRE, kind=OrganisationKind.COLLECTIVITE, communes=(SOISY,)),
    )
    guard = registry.parts.app.state.guard

    async def known() -> bool:
        return guard.agents.get("maire.soisy") is not None

    await eventually(known)
    listed = await registry.client.get(LIST, headers=registry.agent("maire.soisy"))
    assert [one["authorisation_id"] for one in listed.json()["items"]] == [ARRETE]
    assert (await registry.client.get(LIST, headers=registry.agent("cr.petit"))).status_code == 403
