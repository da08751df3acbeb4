"""Whatever is sent to whatever route, by whomever: an answer as documented, never a fault of ours."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from camera_registry.domain.masks import Still
from camera_registry.repository.cameras import one_camera
from camera_registry.repository.masks import save_still
from common.testing.every_route import Attack, Someone, every_route_answers, operations_of
from common.testing.polling import eventually
from common.testing.states import ENGHIEN, SOISY, an_agent, put_agent
from contracts.access import Role

from .conftest import STREAM_PASSWORD, Registry

pytestmark = pytest.mark.integration

WITHOUT = {"live": "a stream of server-sent events, which has no end to wait for"}
SITE = {"site_id": "FUZZ-S", "label": "Place", "insee": SOISY, "lon": 2.2996, "lat": 48.9876, "support": "mat"}
POLYGON = {"type": "Polygon", "coordinates": [[[2.29, 48.98], [2.31, 48.98], [2.31, 48.99], [2.29, 48.98]]]}
NOMAD = "PV-95598-0012-N1"
ARRETE = "AP-PV-95598-1"


def accepted_bodies() -> dict[str, Any]:
    """Return a body for each operation that stores something, which the service takes."""
    now = datetime.now(UTC)
    camera = {
        "code": "FUZZ-C",
        "label": "Mairie",
        "insee": SOISY,
        "kind": "ptz",
        "lon": 2.2996,
        "lat": 48.9876,
        "optics": {"azimuth_deg": 10.0, "opening_deg": 60.0, "range_m": 80.0, "height_m": 5.0},
        "equipment": {"model": "X", "streams": [{"role": "main", "codec": "H264", "fps": 25.0}]},
        "endpoints": {"rtsp_main": "rtsp://127.0.0.1:1/a", "onvif": "http://127.0.0.1:1/onvif"},
        "installed_on": "2026-01-01",
        "notes": "",
    }
    arrete = {
        "arrete_number": "95-2026-VP-NEUF",
        "valid_from": (now - timedelta(days=1)).isoformat(),
        "valid_until": (now + timedelta(days=365 * 4)).isoformat(),
        "communes": [SOISY],
        "camera_count": 500,
        "finalites": ["securite_personnes_biens"],
        "recipients": ["police_nationale"],
        "retention_days": 14,
        "retention_min_days": 3,
        "mode": "EVENEMENT",
        "event_windows": [{"starts_at": now.isoformat(), "ends_at": (now + timedelta(days=1)).isoformat()}],
        "perimeter": POLYGON,
        "responsible": {"name": "A", "function": "maire", "contact": "a@b.fr"},
    }
    need = {
        "insee": SOISY,
        "place": "Place de la Mairie",
        "position": {"lon": 2.2996, "lat": 48.9876},
        "camera_kind": "ptz",
        "finalite": "securite_personnes_biens",
        "motive": "Dégradations répétées",
        "surveyed_on": "2026-02-03",
        "priority": 1,
        "cost_cents": 7_500_00,
        "budget_year": now.year,
        "works": [{"kind": "fibre", "label": "120 m", "cost_cents": 2_400_00}],
    }
    return {
        "post_camera": camera,
        "patch_camera": {key: value for key, value in camera.items() if key not in ("code", "insee")}
        | {"revision": 0},
        "put_credentials": {"username": "a", "password": "b"},
        "put_events": {"enabled": True},
        "post_site": SITE,
        "patch_site": {"label": "Autre", "lon": 2.2996, "lat": 48.9876, "works": "tranchée", "revision": 0},
        "put_preset": {"name": "Entrée", "token": "1", "pan": 0.1, "tilt": 0.1, "zoom": 0.0},
        "put_tour": {"name": "Ronde", "steps": [{"preset": 1, "dwell_s": 10}]},
        "post_placement": {
            "lon": 2.2996,
            "lat": 48.9876,
            "label": "Marché",
            "from": now.isoformat(),
            "prefet_informed_on": f"{now:%Y-%m-%d}",
        },
        "post_ticket": {"insee": SOISY, "camera_ids": ["PV-95598-0001-F1"], "title": "Dôme sale", "description": "a"},
        "post_comment": {"text": "Vu."},
        "post_authorisation": arrete,
        "patch_authorisation": {key: value for key, value in arrete.items() if key != "perimeter"}
        | {"positions": [{"lon": 2.3, "lat": 48.98, "radius_m": 50.0, "label": "Mairie"}], "revision": 0},
        "put_renewal_pieces": {"pieces": [{"label": "Plan", "ready": True}], "receipt": "R-1", "revision": 0},
        "post_renewal_step": {"state": "en_constitution", "on": f"{now:%Y-%m-%d}", "note": "", "revision": 0},
        "post_need": need,
        "patch_need": {key: value for key, value in need.items() if key != "insee"} | {"revision": 0},
        "put_envelope": {"amount_cents": 100},
        "adopt": {"insee": SOISY, "year": now.year},
        "post_masks": {"polygons": [{"corners": [[0.1, 0.1], [0.3, 0.1], [0.3, 0.3]], "label": "Fenêtre"}],
                       "preset": None, "still_id": "still-1"},
        "post_voiding": {"reason": "La caméra a été déplacée."},
        "post_declaration": {"camera_ids": ["PV-95598-0001-F1"], "declaration": "Rue commerçante, aucune fenêtre."},
        "adopt_camera_view": {"reason": "La caméra a été déplacée."},
        "adopt_probe": {"choices": ["identite"]},
        "post_button": {"button_id": "fuzz-b", "label": "Pharmacie", "insee": SOISY, "lon": 2.2996, "lat": 48.9876},
        "judge": {"status": "acquittee", "note": "Vu."},
        "post_buildings": {
            "insee": SOISY,
            "footprints": {
                "type": "FeatureCollection",
                "features": [{"type": "Feature", "properties": {}, "geometry": POLYGON}],
            },
        },
        "list_inside": {"area": POLYGON, "limit": 10},
        "post_discovery": {"mode": "plage", "target": "127.0.0.1", "ports": [1], "motive": "Inventaire du réseau"},
    }  # fmt: skip


async def test_every_route_answers(registry: Registry) -> None:
    chef = an_agent("chef.martin", role=Role.CHEF_DE_SALLE, communes=tuple(one.insee for one in registry.seed.communes))
    await put_agent(registry.bus, chef)
    guard = registry.parts.app.state.guard

    async def known() -> bool:
        return guard.agents.get("chef.martin") is not None

    await eventually(known)
    of_soisy = [one.camera_id for one in registry.seed.cameras if one.insee == SOISY]
    async with registry.database.transaction() as conn:
        still = Still("still-1", of_soisy[0], datetime.now(UTC), 64, 48, "0" * 64)
        await save_still(conn, still, b"\xff\xd8\xff\xd9")
    document = (await registry.client.get("/api/registry/openapi.json")).json()
    elsewhere = frozenset(one.camera_id for one in registry.seed.cameras if one.insee != SOISY)
    callers = [
        Someone("admin.vigie", registry.agent("admin.vigie")),
        Someone("chef.martin", registry.agent("chef.martin")),
        Someone("op.soisy", registry.agent("op.soisy"), never_sees=elsewhere),
        Someone("a machine", registry.machine("cameras.read", "cameras.write", "cameras.source")),
    ]
    attack = Attack(
        base_url=str(registry.client.base_url).rstrip("/"),
        document=document,
        callers=callers,
        known={
            "camera_id": [*of_soisy[:2], NOMAD, min(elsewhere)],
            "insee": [SOISY, ENGHIEN],
            "site_id": [registry.seed.cameras[0].site_id, SITE["site_id"]],
            "authorisation_id": [ARRETE],
            "communes": [[SOISY]],
            "button_id": ["fuzz-b"],
            "bbox": ["2.2,48.9,2.4,49.1"],
            "month": [f"{datetime.now(UTC):%Y-%m}"],
        },
        bodies=accepted_bodies(),
        secrets=frozenset({STREAM_PASSWORD} | {one.headers["Authorization"][7:] for one in callers}),
        tells_secrets=frozenset({"read_source"}),
        without=WITHOUT,
    )
    outcome = await asyncio.to_thread(every_route_answers, attack)
    assert outcome.faults == []
    everything = operations_of(document) - WITHOUT.keys()
    assert outcome.statuses.keys() == everything
    assert len(outcome.succeeded) > len(everything) / 2
    async with registry.database.transaction() as conn:
        kept = [await one_camera(conn, registry.vault, one.camera_id) for one in registry.seed.cameras]
    assert all(kept), "no camera was lost"
