"""Reading the register over HTTP: pages, boxes, nearest, and what a neighbour may not see."""

import math

import pytest
from sqlalchemy import text

from camera_registry.domain.position import Position, lambert93
from camera_registry.schemas.cameras import CameraOut
from common.testing.polling import eventually
from common.testing.states import ENGHIEN, SOISY
from contracts.access import RegisterEntry, RegisterResult
from contracts.envelope import Envelope

from .conftest import Registry

pytestmark = pytest.mark.integration
RADIUS_M = 6_371_008.8


def great_circle(lon1: float, lat1: float, lon2: float, lat2: float) -> float:
    """Distance on the sphere in metres (haversine): an oracle that knows nothing of Lambert-93."""
    phi1, phi2 = math.radians(lat1), math.radians(lat2)
    a = (
        math.sin((phi2 - phi1) / 2) ** 2
        + math.cos(phi1) * math.cos(phi2) * math.sin(math.radians(lon2 - lon1) / 2) ** 2
    )
    return 2 * RADIUS_M * math.asin(math.sqrt(a))


async def test_pages_together_hold_every_camera_once(registry: Registry) -> None:
    seen: list[str] = []
    cursor = None
    while True:
        query = {"limit": 50} | ({"cursor": cursor} if cursor else {})
        answer = await registry.client.get("/api/registry/cameras", params=query, headers=registry.agent("op.durand"))
        assert answer.status_code == 200
        page = answer.json()
        seen += [camera["camera_id"] for camera in page["items"]]
        cursor = page["next_cursor"]
        if cursor is None:
            break
    assert seen == [camera.camera_id for camera in registry.seed.cameras]


async def test_a_camera_shows_its_arrete_and_never_an_address(registry: Registry) -> None:
    answer = await registry.client.get(
        "/api/registry/cameras",
        params={"has_stream": True, "limit": 100},
        headers=registry.agent("op.durand"),
    )
    cameras = answer.json()["items"]
    assert len(cameras) == 8
    assert all(camera["has_stream"] and camera["online"] is None for camera in cameras)
    assert cameras[0]["authorisation"]["mode"] == "DIRECT"
    assert "rtsp" not in answer.text
    assert "8554" not in answer.text


async def test_the_box_gives_what_lies_in_it(registry: Registry) -> None:
    west, south, east, north = 2.28, 48.96, 2.31, 49.0
    answer = await registry.client.get(
        "/api/registry/cameras",
        params={"bbox": f"{west},{south},{east},{north}", "limit": 5000},
        headers=registry.agent("op.durand"),
    )
    expected = [
        camera.camera_id
        for camera in registry.seed.cameras
        if west <= camera.position.lon <= east and south <= camera.position.lat <= north
    ]
    assert [camera["camera_id"] for camera in answer.json()["items"]] == expected
    assert 0 < len(expected) < len(registry.seed.cameras)


async def test_a_list_shows_a_camera_as_its_own_page_does(registry: Registry) -> None:
    headers = registry.agent("op.durand")
    listed = (await registry.client.get("/api/registry/cameras", headers=headers)).json()["items"]
    for shown in (next(one for one in listed if one["authorisation"]), listed[-1]):
        alone = await registry.client.get(f"/api/registry/cameras/{shown['camera_id']}", headers=headers)
        assert set(shown) == set(CameraOut.model_fields)
        assert CameraOut.model_validate(shown) == CameraOut.model_validate(alone.json())


async def test_a_box_is_paged_without_gap_or_repetition(registry: Registry) -> None:
    headers = registry.agent("op.durand")
    query = {"bbox": "-10,40,12,52", "limit": 1}
    first = (await registry.client.get("/api/registry/cameras", params=query, headers=headers)).json()
    rest = {**query, "limit": 5000, "cursor": first["next_cursor"]}
    others = (await registry.client.get("/api/registry/cameras", params=rest, headers=headers)).json()
    seen = [camera["camera_id"] for camera in first["items"] + others["items"]]
    assert seen == [camera.camera_id for camera in registry.seed.cameras]
    assert others["next_cursor"] is None


async def test_filters_search_without_accents_and_by_words(registry: Registry) -> None:
    answer = await registry.client.get(
        "/api/registry/cameras",
        params={"q": "hotel de ville soisy", "insee": SOISY, "status": "en_service"},
        headers=registry.agent("op.durand"),
    )
    labels = [camera["label"] for camera in answer.json()["items"]]
    assert labels
    assert all(label.startswith("Hôtel de ville") for label in labels)


@pytest.mark.parametrize("bbox", ["1,2,3", "a,b,c,d", "3,48,2,49"])
async def test_a_crooked_box_is_refused(registry: Registry, bbox: str) -> None:
    answer = await registry.client.get(
        "/api/registry/cameras", params={"bbox": bbox}, headers=registry.agent("op.durand")
    )
    assert answer.status_code == 422


@pytest.mark.parametrize(("lon", "lat"), [(2.2996, 48.9876), (2.30, 48.97), (2.40, 49.05), (7.75, 48.58)])
async def test_the_nearest_are_those_that_brute_force_finds(registry: Registry, lon: float, lat: float) -> None:
    answer = await registry.client.get(
        "/api/registry/cameras/nearest",
        params={"lon": lon, "lat": lat, "limit": 40},
        headers=registry.agent("op.durand"),
    )
    found = answer.json()["items"]
    here = lambert93(Position(lon, lat))
    brute = sorted(
        registry.seed.cameras,
        key=lambda camera: (math.dist(here, lambert93(camera.position)), camera.camera_id),
    )
    assert [camera["camera_id"] for camera in found] == [camera.camera_id for camera in brute[:40]]
    for camera in found:
        on_ground = great_circle(lon, lat, camera["lon"], camera["lat"])
        assert camera["distance_m"] == pytest.approx(on_ground, rel=6e-3, abs=0.5)


async def test_the_nearest_uses_the_index(registry: Registry) -> None:
    async with registry.database.transaction() as conn:
        await conn.execute(text("SET LOCAL enable_seqscan = off"))
        plan = await conn.execute(
            text(
                "EXPLAIN SELECT camera_id FROM cameras"
                " ORDER BY point(east_m, north_m) <-> point(650000, 6876000) LIMIT 10"
            )
        )
        assert "ix_cameras_ground" in "\n".join(plan.scalars())


async def test_an_agent_sees_only_the_communes_of_the_employer(registry: Registry) -> None:
    headers = registry.agent("op.soisy")
    answer = await registry.client.get("/api/registry/cameras", params={"limit": 5000}, headers=headers)
    assert {camera["insee"] for camera in answer.json()["items"]} == {SOISY}
    elsewhere = await registry.client.get("/api/registry/cameras", params={"insee": ENGHIEN}, headers=headers)
    assert elsewhere.json()["items"] == []
    near = await registry.client.get(
        "/api/registry/cameras/nearest", params={"lon": 2.30, "lat": 48.97}, headers=headers
    )
    assert {camera["insee"] for camera in near.json()["items"]} == {SOISY}
    communes = await registry.client.get("/api/registry/communes", headers=headers)
    assert [commune["insee"] for commune in communes.json()["items"]] == [SOISY]


async def test_the_neighbours_camera_is_a_404_and_a_register_row(registry: Registry) -> None:
    answer = await registry.client.get("/api/registry/cameras/PV-95210-0001-P1", headers=registry.agent("op.soisy"))
    assert answer.status_code == 404
    assert answer.json()["type"] == "urn:vigie:problem:introuvable"

    async def rows() -> list[RegisterEntry]:
        found: list[RegisterEntry] = []
        info = await registry.bus.js.stream_info("REGISTER")
        for seq in range(1, info.state.last_seq + 1):
            message = await registry.bus.js.get_msg("REGISTER", seq)
            found.append(RegisterEntry.model_validate(Envelope.model_validate_json(message.data or b"").data))
        return found

    (row,) = await eventually(rows)
    assert row.actor_id == "op.soisy"
    assert row.camera_id == "PV-95210-0001-P1"
    assert row.insee == ENGHIEN
    assert row.result is RegisterResult.REFUSED
    assert row.rule == "commune_de_l_employeur"


@pytest.mark.parametrize(
    ("path", "params"),
    [
        ("/cameras", {"q": "a\x00b"}),
        ("/cameras", {"insee": "9559\x00"}),
        ("/cameras", {"cursor": "AAAA"}),
        ("/cameras", {"cursor": "é"}),
        ("/cameras", {"limit": "5001"}),
        ("/cameras/nearest", {"lon": "nan", "lat": "48"}),
        ("/cameras/A%00B", {}),
    ],
)
async def test_garbage_in_a_question_is_a_422(registry: Registry, path: str, params: dict[str, str]) -> None:
    answer = await registry.client.get(f"/api/registry{path}", params=params, headers=registry.agent("op.durand"))
    assert answer.status_code == 422


async def test_one_camera_of_ones_own_commune(registry: Registry) -> None:
    answer = await registry.client.get("/api/registry/cameras/PV-95598-0001-P1", headers=registry.agent("op.soisy"))
    assert answer.status_code == 200
    assert answer.json()["commune"] == "Soisy-sous-Montmorency"


async def test_a_camera_nobody_knows_is_a_404(registry: Registry) -> None:
    answer = await registry.client.get("/api/registry/cameras/PV-00000-0000-P9", headers=registry.agent("op.durand"))
    assert answer.status_code == 404


async def test_an_association_may_not_even_list_cameras(registry: Registry) -> None:
    answer = await registry.client.get("/api/registry/cameras", headers=registry.agent("cr.petit"))
    assert answer.status_code == 403
    assert answer.json()["rule"]


async def test_nobody_without_a_session(registry: Registry) -> None:
    assert (await registry.client.get("/api/registry/cameras")).status_code == 401


async def test_contours_are_a_feature_collection(registry: Registry) -> None:
    answer = await registry.client.get("/api/registry/communes/contours", headers=registry.agent("op.durand"))
    collection = answer.json()
    assert collection["type"] == "FeatureCollection"
    assert len(collection["features"]) == 4
    assert {feature["geometry"]["type"] for feature in collection["features"]} == {"Polygon"}


async def test_an_outside_machine_reads_its_organisations_communes_and_a_service_of_the_house_the_town(
    registry: Registry,
) -> None:
    outside = registry.tokens.client_headers("cad-95", "cameras.read", communes=(SOISY, "59606"))

    async def communes(path: str, headers: dict[str, str], **query: float) -> set[str]:
        answer = await registry.client.get(f"/api/registry/{path}", params={"limit": 5000, **query}, headers=headers)
        assert answer.status_code == 200, answer.text
        return {camera["insee"] for camera in answer.json()["items"]}

    assert await communes("cameras", outside) == {SOISY}
    assert await communes("cameras/nearest", outside, lon=2.3, lat=48.98, limit=50) == {SOISY}
    assert {SOISY, ENGHIEN} < await communes("cameras", registry.machine("cameras.read"))
    for path in ("cameras/PV-95210-0001-P1", "cameras/PV-95598-0001-P1"):
        answer = await registry.client.get(f"/api/registry/{path}", headers=outside)
        assert answer.status_code == (200 if "95598" in path else 404)
    nobody = registry.tokens.client_headers("cad-95", "cameras.read", communes=())
    assert await communes("cameras", nobody) == set()
