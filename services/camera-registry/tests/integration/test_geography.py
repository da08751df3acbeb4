"""Places over HTTP and in SQL: nearest, seeing, covered, inside, clustered, hidden; and never a neighbour's camera."""

import math
import random
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
import pytest_asyncio
from sqlalchemy import text

from camera_registry.credential_vault import AesGcmVault
from camera_registry.domain.authorisation import Authorisation, Finalite
from camera_registry.domain.camera import Camera, Endpoints, Health, Optics
from camera_registry.domain.commune import Commune, Site
from camera_registry.domain.field_of_view import Sighting, Why, best_first, field_of_view, sighting
from camera_registry.domain.masks import MaskStanding
from camera_registry.domain.plane import Plane
from camera_registry.domain.position import Area, Position
from camera_registry.repository.authorisations import save_authorisation
from camera_registry.repository.cameras import save_cameras
from camera_registry.repository.communes import save_communes, save_sites
from camera_registry.use_cases.geography import nearest_usable, seeing
from camera_registry.usual_optics import load_usual_optics
from common.database import Database
from common.testing.servers import TestDatabase
from common.testing.states import ENGHIEN, SOISY
from contracts.access import OrganisationKind
from contracts.registry import CameraKind, CameraStatus, OperatingMode

from .conftest import Registry

pytestmark = pytest.mark.integration
USUAL = load_usual_optics()
MIDDLE = Position(2.30, 48.98)
NOW = datetime(2026, 6, 1, tzinfo=UTC)
API = "/api/registry"
COMMUNES = ("95598", "95210", "95288")


def an_arrete(name: str, *, until: datetime) -> Authorisation:
    return Authorisation(
        authorisation_id=name,
        arrete_number=name,
        valid_from=NOW - timedelta(days=900),
        valid_until=until,
        communes=COMMUNES,
        camera_count=10_000,
        finalites=(Finalite.SECOURS_INCENDIE,),
        recipients=(OrganisationKind.SDIS,),
        retention_days=14,
        mode=OperatingMode.DIRECT,
    )


def a_cloud(dice: random.Random, count: int) -> list[Camera]:
    """Cameras of every kind and state within 800 m, many of them not usable for one reason or another."""
    plane = Plane.around(MIDDLE)
    cameras: list[Camera] = []
    for number in range(count):
        lon, lat = plane.degrees_of(dice.uniform(-800, 800), dice.uniform(-800, 800))
        kind = dice.choice(list(CameraKind))
        measured = dice.random() < 0.7
        turning = Optics(range_m=dice.uniform(20, 300)) if measured else None
        aimed = Optics(dice.uniform(0, 359), dice.uniform(20, 200), dice.uniform(20, 300)) if measured else None
        cameras.append(
            Camera(
                camera_id=f"C-{number:04d}",
                code=f"C-{number:04d}",
                label=f"Caméra {number}",
                insee=dice.choice(COMMUNES),
                site_id="S-1",
                kind=kind,
                status=dice.choice([CameraStatus.EN_SERVICE] * 5 + list(CameraStatus)),
                position=Position(lon, lat),
                registered_at=NOW,
                has_ptz=kind is CameraKind.PTZ,
                endpoints=Endpoints(main_url="rtsp://10.0.0.1/1" if dice.random() < 0.9 else None),
                authorisation_id=dice.choice(["A-1", "A-1", "A-1", "A-OLD", None]),
                masks=MaskStanding(signed=dice.random() < 0.9, review_due=None),
                optics=turning if kind is CameraKind.PTZ else aimed,
            )
        )
    return cameras


def usable(camera: Camera, covers: dict[str, Authorisation]) -> bool:
    cover = covers.get(camera.authorisation_id or "")
    return (
        camera.status is CameraStatus.EN_SERVICE
        and camera.has_stream
        and camera.health.online is not False
        and camera.masks.signed
        and cover is not None
        and cover.valid_at(NOW)
    )


def judged(camera: Camera, place: Position) -> Sighting:
    view = field_of_view(camera.kind, camera.position, camera.optics, has_ptz=camera.has_ptz, usual=USUAL)
    return sighting(camera.camera_id, view, place)


@pytest_asyncio.fixture
async def database(make_database: Callable[[str | None], TestDatabase]) -> AsyncIterator[Database]:
    opened = Database(make_database("camera_registry").app_url)
    yield opened
    await opened.dispose()


@pytest.fixture
def vault(tmp_path: Any) -> AesGcmVault:
    AesGcmVault.write_new_key(tmp_path / "key")
    return AesGcmVault.from_file(tmp_path / "key")


@pytest.mark.parametrize("seed", [1, 2])
async def test_nearest_and_seeing_are_what_brute_force_finds(database: Database, vault: AesGcmVault, seed: int) -> None:
    dice = random.Random(seed)  # noqa: S311 - a cloud, not a secret
    covers = {
        "A-1": an_arrete("A-1", until=NOW + timedelta(days=1)),
        "A-OLD": an_arrete("A-OLD", until=NOW),
    }
    communes = {insee: Commune(insee, insee, Area.disc(MIDDLE, 3000)) for insee in COMMUNES}
    cloud = a_cloud(dice, 250)
    async with database.transaction() as conn:
        await save_communes(conn, list(communes.values()))
        await save_sites(conn, [Site("S-1", COMMUNES[0], "Mairie", MIDDLE)])
        for one in covers.values():
            await save_authorisation(conn, one, NOW)
        await save_cameras(conn, vault, cloud, communes=communes, covers=covers, at=NOW)
        dark = {camera.camera_id for camera in cloud if dice.random() < 0.1}
        await conn.execute(text("UPDATE cameras SET online = false WHERE camera_id = ANY(:dark)"), {"dark": list(dark)})
    cloud = [
        replace(camera, health=Health(online=False, since=NOW)) if camera.camera_id in dark else camera
        for camera in cloud
    ]
    plane = Plane.around(MIDDLE)
    found_reasons: set[Why] = set()
    async with database.transaction() as conn:
        for _ in range(40):
            place = Position(*plane.degrees_of(dice.uniform(-900, 900), dice.uniform(-900, 900)))
            scope = dice.sample(COMMUNES, dice.randint(0, 3))
            limit = dice.choice([1, 5, 10, 400])
            mine = [camera for camera in cloud if camera.insee in scope]
            found = await nearest_usable(conn=conn, insee_codes=scope, usual=USUAL, place=place, limit=limit, at=NOW)
            brute = best_first(judged(camera, place) for camera in mine if usable(camera, covers))[:limit]
            assert [one.sighting for one in found] == brute
            found_reasons |= {one.why for one in brute}

            installed = (CameraStatus.EN_SERVICE, CameraStatus.EN_PANNE)
            views = [judged(camera, place) for camera in mine if camera.status in installed]
            seen = await seeing(conn=conn, insee_codes=scope, usual=USUAL, place=place, limit=5000)
            assert [one.sighting for one in seen] == best_first(one for one in views if one.why is not Why.PROCHE)
    assert found_reasons == set(Why)


async def test_a_box_holds_its_border_and_nothing_beyond(registry: Registry) -> None:
    camera = registry.seed.cameras[0]
    lon, lat = camera.position.lon, camera.position.lat
    headers = registry.agent("op.durand")
    for box, inside in (
        ((lon, lat, lon, lat), True),
        ((math.nextafter(lon, 9), lat, lon + 1, lat + 1), False),
        ((lon - 1, lat - 1, lon, math.nextafter(lat, 0)), False),
        ((lon - 1, lat - 1, lon, lat), True),
    ):
        answer = await registry.client.get(
            f"{API}/cameras", params={"bbox": ",".join(map(repr, box)), "limit": 5000}, headers=headers
        )
        assert (camera.camera_id in {one["camera_id"] for one in answer.json()["items"]}) == inside


async def test_nearest_usable_says_why(registry: Registry) -> None:
    live = [camera for camera in registry.seed.cameras if camera.has_stream]
    turning = next(camera for camera in live if camera.has_ptz)
    params = {"lon": turning.position.lon, "lat": turning.position.lat, "usable": True, "limit": 5}
    headers = registry.agent("op.durand")
    items = (await registry.client.get(f"{API}/cameras/nearest", params=params, headers=headers)).json()["items"]
    assert items[0]["camera_id"] == turning.camera_id
    assert (items[0]["why"], items[0]["distance_m"]) == ("ptz", 0.0)
    assert {one["camera_id"] for one in items} <= {camera.camera_id for camera in live}
    order = [(["ptz", "voit", "proche"].index(one["why"]), one["distance_m"]) for one in items]
    assert order == sorted(order)
    assert all(0 <= one["bearing_deg"] <= 360 for one in items)


async def test_no_question_of_place_shows_the_neighbours_camera(registry: Registry) -> None:
    neighbour = next(camera for camera in registry.seed.cameras if camera.insee == ENGHIEN and camera.has_ptz)
    here = {"lon": neighbour.position.lon, "lat": neighbour.position.lat}
    headers = registry.agent("op.soisy")
    everything = {
        "type": "Polygon",
        "coordinates": [[[2.0, 48.8], [2.6, 48.8], [2.6, 49.2], [2.0, 49.2], [2.0, 48.8]]],
    }

    async def got(path: str, **params: Any) -> list[dict[str, Any]]:
        answer = await registry.client.get(f"{API}/cameras{path}", params=params, headers=headers)
        assert answer.status_code == 200, answer.text
        return answer.json()["items"]

    assert await got("/seeing", **here) == []
    for shown in (await got("/nearest", **here, usable=True, limit=5000), await got("/nearest", **here, limit=5000)):
        assert {camera["insee"] for camera in shown} == {SOISY}
    clusters = await got("/clusters", bbox="2.0,48.8,2.6,49.2", zoom=12)
    own = [camera for camera in registry.seed.cameras if camera.insee == SOISY]
    assert sum(cluster["count"] for cluster in clusters) == len(own)
    inside = await registry.client.post(f"{API}/cameras/inside", json={"area": everything}, headers=headers)
    assert inside.json()["total"] == len(own)
    assert {camera["insee"] for camera in inside.json()["items"]} == {SOISY}
    foreign = {"authorisation_id": f"AP-PV-{ENGHIEN}-1"}
    assert (await registry.client.post(f"{API}/cameras/inside", json=foreign, headers=headers)).status_code == 404
    covered = await registry.client.get(f"{API}/cameras/{neighbour.camera_id}/coverage", headers=headers)
    assert covered.status_code == 404
    body = {"insee": ENGHIEN, "footprints": {"type": "FeatureCollection", "features": []}}
    assert (await registry.client.post(f"{API}/buildings", json=body, headers=headers)).status_code == 404


async def test_inside_a_polygon_or_a_perimeter_by_page(registry: Registry) -> None:
    headers = registry.agent("op.durand")
    west, south, east, north = 2.28, 48.96, 2.31, 49.0
    ring = [[west, south], [east, south], [east, north], [west, north], [west, south]]
    expected = [
        camera.camera_id
        for camera in registry.seed.cameras
        if west <= camera.position.lon <= east and south <= camera.position.lat <= north
    ]
    seen: list[str] = []
    body: dict[str, Any] = {"area": {"type": "Polygon", "coordinates": [ring]}, "limit": 20}
    while True:
        page = (await registry.client.post(f"{API}/cameras/inside", json=body, headers=headers)).json()
        assert page["total"] == len(expected)
        seen += [camera["camera_id"] for camera in page["items"]]
        if page["next_cursor"] is None:
            break
        body["cursor"] = page["next_cursor"]
    assert seen == expected
    body = {"authorisation_id": f"AP-PV-{SOISY}-1", "limit": 5000}
    page = (await registry.client.post(f"{API}/cameras/inside", json=body, headers=headers)).json()
    assert page["total"] == sum(camera.insee == SOISY for camera in registry.seed.cameras)


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"area": {"type": "Polygon", "coordinates": [[[0, 0], [1, 1], [1, 0], [0, 1], [0, 0]]]}},
        {"area": {"type": "Point", "coordinates": [2, 48]}},
        {"area": {}, "authorisation_id": "A"},
        {"authorisation_id": "A\x00"},
    ],
)
async def test_a_crooked_area_is_a_422(registry: Registry, body: dict[str, Any]) -> None:
    answer = await registry.client.post(f"{API}/cameras/inside", json=body, headers=registry.agent("op.durand"))
    assert answer.status_code == 422


async def test_a_building_hides_what_stands_behind_it(registry: Registry) -> None:
    camera = next(one for one in registry.seed.cameras if one.has_ptz and one.insee == SOISY)
    plane = Plane.around(camera.position)
    behind = Position(*plane.degrees_of(0, 60))
    headers = registry.agent("op.durand")

    async def shown() -> tuple[set[str], dict[str, Any]]:
        params = {"lon": behind.lon, "lat": behind.lat}
        seen = await registry.client.get(f"{API}/cameras/seeing", params=params, headers=headers)
        feature = await registry.client.get(f"{API}/cameras/{camera.camera_id}/coverage", headers=headers)
        return {one["camera_id"] for one in seen.json()["items"]}, feature.json()

    seen, free = await shown()
    assert camera.camera_id in seen
    assert (free["properties"]["shape"], free["properties"]["buildings"]) == ("disque", 0)
    wall = [(-30, 20), (30, 20), (30, 30), (-30, 30), (-30, 20)]
    building = {"type": "Polygon", "coordinates": [[plane.degrees_of(*corner) for corner in wall]]}
    far = {"type": "Polygon", "coordinates": [[[0, 0], [1, 0], [1, 1], [0, 0]]]}
    document = {
        "type": "FeatureCollection",
        "features": [{"type": "Feature", "geometry": one} for one in (building, far, None)],
    }
    body = {"insee": SOISY, "footprints": document}
    report = await registry.client.post(f"{API}/buildings", json=body, headers=registry.agent("tech.moreau"))
    assert report.status_code == 200, report.text
    assert (report.json()["kept"], report.json()["refused"]) == (1, 2)
    assert [one["number"] for one in report.json()["errors"]] == [2, 3]

    seen, less = await shown()
    assert camera.camera_id not in seen
    assert less["properties"]["buildings"] == 1
    whole, visible = (Area.from_geojson(one["geometry"]).geometry for one in (free, less))
    assert visible.area < whole.area * 0.98
    assert visible.difference(whole).area < whole.area * 1e-6
    assert visible.intersection(Area.from_geojson(building).geometry).area < whole.area * 1e-6


async def test_only_who_may_configure_imports_buildings(registry: Registry) -> None:
    body = {"insee": SOISY, "footprints": {"type": "FeatureCollection", "features": []}}

    async def answer(headers: dict[str, str], **changes: Any) -> httpx.Response:
        return await registry.client.post(f"{API}/buildings", json=body | changes, headers=headers)

    assert (await answer(registry.agent("op.durand"))).status_code == 403
    assert (await answer(registry.agent("tech.moreau"), footprints={"type": "Feature"})).status_code == 422
    assert (await answer(registry.machine("cameras.write"))).status_code == 200
    assert (await answer(registry.machine("cameras.read"))).status_code == 403
    assert (await answer(registry.machine("cameras.write"), insee="99999")).status_code == 404
