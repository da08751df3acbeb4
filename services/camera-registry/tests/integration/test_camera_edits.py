"""Registering and changing a camera over HTTP: rights, revisions, what follows, what the register is told."""

from dataclasses import replace
from typing import Any

import pytest

from camera_registry.credential_vault import AesGcmVault
from camera_registry.domain.camera import Camera, Credentials
from camera_registry.domain.camera_network import CameraNetworks
from camera_registry.repository.cameras import all_cameras
from camera_registry.use_cases.camera_edits import edit_camera
from common.testing.states import SOISY
from contracts.registry import CameraKind

from .conftest import Registry
from .fleet import a_camera, now, register_rows, stored, told

pytestmark = pytest.mark.integration
PLACE = {"lon": 2.2996, "lat": 48.9876}
NEW = {"code": "NEUVE-1", "label": "Place de l'Église", "insee": SOISY, "kind": "ptz", "status": "etude", **PLACE}


async def patch(registry: Registry, camera: Camera, body: dict[str, Any], who: str = "tech.moreau") -> Any:
    revision = (await stored(registry, camera.camera_id)).revision
    url = f"/api/registry/cameras/{camera.camera_id}"
    return await registry.client.patch(url, json={"revision": revision, **body}, headers=registry.agent(who))


async def test_a_camera_is_registered_with_its_equipment_and_read_whole(registry: Registry) -> None:
    body = {
        **NEW,
        "optics": {"azimuth_deg": 45, "opening_deg": 60, "range_m": 80, "height_m": 6},
        "equipment": {
            "manufacturer": "Axis",
            "model": "Q6135",
            "firmware": "11.2",
            "streams": [{"role": "main", "codec": "H264", "width": 1920, "height": 1080, "fps": 25, "gop_s": 2}],
        },
        "endpoints": {"rtsp_main": "rtsp://10.1.2.3:554/cle-secrete", "onvif": "http://10.1.2.3/onvif"},
    }
    answer = await registry.client.post("/api/registry/cameras", json=body, headers=registry.agent("tech.moreau"))
    assert answer.status_code == 201, answer.text
    read = await registry.client.get("/api/registry/cameras/NEUVE-1", headers=registry.agent("tech.moreau"))
    sheet = read.json()
    assert sheet == answer.json()
    assert sheet["has_ptz"] is True
    assert sheet["masks_signed"] is False
    assert sheet["streams"][0]["width"] == 1920
    assert sheet["hosts"] == {"rtsp_main": "rtsp://10.1.2.3:554", "rtsp_sub": None, "onvif": "http://10.1.2.3"}
    assert sheet["next_statuses"] == ["projet", "autorisee", "deposee"]
    assert "cle-secrete" not in read.text
    seen = await registry.client.get("/api/registry/cameras/NEUVE-1", headers=registry.agent("op.durand"))
    assert seen.json()["hosts"] is None
    assert "10.1.2.3" not in seen.text
    state = await told(registry, "NEUVE-1", 0)
    assert (state.azimuth_deg, state.opening_deg, state.range_m) == (45, 60, 80)
    again = await registry.client.post("/api/registry/cameras", json=body, headers=registry.agent("tech.moreau"))
    assert again.status_code == 409
    assert "choisissez-en un autre" in again.json()["detail"]


async def test_who_registers_where(registry: Registry) -> None:
    for who, insee, status in (
        ("op.durand", SOISY, 403),
        ("cr.petit", SOISY, 403),
        ("tech.moreau", "95288", 404),
        ("tech.moreau", SOISY, 201),
    ):
        body = {**NEW, "insee": insee}
        answer = await registry.client.post("/api/registry/cameras", json=body, headers=registry.agent(who))
        assert answer.status_code == status, (who, insee, answer.text)
    rows = await register_rows(registry)
    assert [(row.actor_id, row.result, row.insee) for row in rows[-4:]] == [
        ("op.durand", "refused", SOISY),
        ("cr.petit", "refused", SOISY),
        ("tech.moreau", "refused", "95288"),
        ("tech.moreau", "allowed", SOISY),
    ]


async def test_a_machine_writes_with_its_scope_and_leaves_a_row(registry: Registry) -> None:
    answer = await registry.client.post("/api/registry/cameras", json=NEW, headers=registry.machine("cameras.read"))
    assert answer.status_code == 403
    answer = await registry.client.post("/api/registry/cameras", json=NEW, headers=registry.machine("cameras.write"))
    assert answer.status_code == 201
    row = (await register_rows(registry))[-1]
    assert (row.actor_id, row.insee, row.motive_text) == (
        "service:deploy",
        SOISY,
        "enregistrement de la caméra NEUVE-1",
    )


async def test_a_change_starts_from_the_revision_that_was_read(registry: Registry) -> None:
    camera = a_camera(registry, CameraKind.FIXE)
    url = f"/api/registry/cameras/{camera.camera_id}"
    headers = registry.agent("tech.moreau")
    sheet = (await registry.client.get(url, headers=headers)).json()
    body = {"label": "Nouveau libellé", "revision": sheet["revision"]}
    first = await registry.client.patch(url, json=body, headers=headers)
    assert first.status_code == 200
    assert first.json()["label"] == "Nouveau libellé"
    stale = await registry.client.patch(url, json={**body, "label": "Autre"}, headers=headers)
    assert stale.status_code == 409
    assert stale.json()["reason"] == "revision"
    assert "rechargez-la" in stale.json()["detail"]
    etag = {"If-Match": f'"{first.json()["revision"]}"'}
    by_header = await registry.client.patch(url, json={"notes": "Mât repeint"}, headers=headers | etag)
    assert by_header.json()["notes"] == "Mât repeint"
    without = await registry.client.patch(url, json={"notes": "x"}, headers=headers)
    assert without.status_code == 428
    nothing = await registry.client.patch(url, json={"revision": by_header.json()["revision"]}, headers=headers)
    assert nothing.json()["revision"] == by_header.json()["revision"]


async def test_an_unknown_camera_and_one_of_elsewhere_look_the_same(registry: Registry) -> None:
    elsewhere = a_camera(registry, CameraKind.FIXE, "95288").camera_id
    details = []
    for camera_id in ("INCONNUE", elsewhere):
        url = f"/api/registry/cameras/{camera_id}"
        body = {"revision": 0, "label": "x"}
        answer = await registry.client.patch(url, json=body, headers=registry.agent("tech.moreau"))
        assert answer.status_code == 404
        details.append(answer.json()["detail"].replace(camera_id, "…"))
    assert details[0] == details[1]
    row = (await register_rows(registry))[-1]
    assert (row.camera_id, row.result, row.rule) == (elsewhere, "refused", "commune_de_l_employeur")


async def test_statuses_follow_the_life_of_a_camera(registry: Registry) -> None:
    camera = a_camera(registry, CameraKind.FIXE)
    broken = await patch(registry, camera, {"status": "en_panne"})
    assert broken.json()["next_statuses"] == ["en_travaux", "en_service", "deposee"]
    refused = await patch(registry, camera, {"status": "projet"})
    assert refused.status_code == 422
    assert "Choisissez" in refused.json()["detail"]
    gone = await patch(registry, camera, {"status": "deposee"})
    assert gone.json()["authorisation"] is None
    assert (await patch(registry, camera, {"status": "en_service"})).status_code == 422


async def test_moving_turning_and_flashing_void_the_masks_and_the_arrete_is_judged_again(registry: Registry) -> None:
    camera = a_camera(registry, CameraKind.FIXE)
    first = await patch(registry, camera, {"equipment": {"firmware": "1.0"}, "optics": {"range_m": 50}})
    assert first.json()["masks_signed"] is True
    flashed = await patch(registry, camera, {"equipment": {"firmware": "1.1"}})
    assert flashed.json()["masks_signed"] is False
    moved = a_camera(registry, CameraKind.PANORAMIQUE)
    position = {"lon": moved.position.lon + 1e-6, "lat": moved.position.lat}
    answer = await patch(registry, moved, position)
    assert answer.json()["masks_signed"] is False
    assert answer.json()["authorisation"] is not None
    state = await told(registry, moved.camera_id, answer.json()["revision"])
    assert state.masks_signed is False
    far = await patch(registry, moved, {"lon": 2.40, "lat": 48.80})
    assert far.status_code == 422
    assert "est hors de" in far.json()["detail"]
    half = await patch(registry, moved, {"lon": 2.30})
    assert half.status_code == 422


async def test_a_place_that_becomes_free_passes_on_at_once(registry: Registry) -> None:
    extra = {**NEW, "status": "en_travaux"}
    answer = await registry.client.post("/api/registry/cameras", json=extra, headers=registry.agent("tech.moreau"))
    arrete = next(one for one in registry.seed.authorisations if SOISY in one.communes)
    async with registry.database.transaction() as conn:
        fleet = await all_cameras(conn, registry.vault)
        held = [one for one in fleet.values() if one.authorisation_id == arrete.authorisation_id]
        await conn.exec_driver_sql(
            "UPDATE authorisations SET camera_count = $1 WHERE authorisation_id = $2",
            (len(held) - 1, arrete.authorisation_id),
        )
    camera = a_camera(registry, CameraKind.FIXE)
    await patch(registry, camera, {"notes": "premier jugement sous le nouveau nombre"})
    without = await stored(registry, "NEUVE-1")
    assert answer.status_code == 201
    assert without.authorisation_id is None or without.authorisation_id == arrete.authorisation_id
    await patch(registry, camera, {"status": "deposee"})
    assert (await stored(registry, "NEUVE-1")).authorisation_id == arrete.authorisation_id


class WatchfulVault(AesGcmVault):
    """The vault of the service, which notes whose credentials are opened: whose rows are loaded whole."""

    opened: set[str]

    def unseal(self, camera_id: str, sealed: bytes) -> Credentials:
        self.opened.add(camera_id)
        return super().unseal(camera_id, sealed)


async def test_a_change_of_one_camera_reads_that_camera_and_no_other(registry: Registry) -> None:
    camera = next(camera for camera in registry.seed.cameras if camera.credentials)
    vault = WatchfulVault(registry.vault.keys)
    vault.opened = set()
    revision = (await stored(registry, camera.camera_id)).revision
    async with registry.database.transaction() as conn:
        _, changed = await edit_camera(
            conn=conn,
            vault=vault,
            networks=CameraNetworks(()),
            camera_id=camera.camera_id,
            change=lambda before: replace(before, notes="une seule fiche"),
            revision=revision,
            at=now(),
        )
    assert changed == ("notes",)
    assert vault.opened == {camera.camera_id}


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"optics": {"azimuth_deg": 400}}, "azimuth_deg"),
        ({"endpoints": {"rtsp_main": "rtsp://moi:secret@10.0.0.1/x"}}, "rtsp_main"),
        ({"site_id": "AILLEURS"}, "site_id"),
        ({"equipment": {"streams": [{"role": "audio"}]}}, "body"),
        ({"code": "pas un code"}, "code"),
        ({"inconnu": 1}, "inconnu"),
    ],
)
async def test_what_is_wrong_is_named_and_nothing_is_stored(
    registry: Registry, body: dict[str, Any], field: str
) -> None:
    camera = a_camera(registry, CameraKind.FIXE)
    answer = await patch(registry, camera, body)
    assert answer.status_code == 422
    assert field in answer.text or field == "body"
    assert "secret@" not in answer.text
    assert await stored(registry, camera.camera_id) == camera_as_seeded(
        registry, await stored(registry, camera.camera_id)
    )


def camera_as_seeded(registry: Registry, now: Camera) -> Camera:
    seeded = next(camera for camera in registry.seed.cameras if camera.camera_id == now.camera_id)
    assert (now.label, now.position, now.optics, now.endpoints, now.site_id, now.code) == (
        seeded.label,
        seeded.position,
        seeded.optics,
        seeded.endpoints,
        seeded.site_id,
        seeded.code,
    )
    return now
