"""Moving a nomad over HTTP: inside its perimeter, the préfet informed, the masks void, the past kept."""

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy.exc import IntegrityError

from camera_registry.domain.camera import Camera
from contracts.registry import CameraKind

from .conftest import Registry
from .fleet import a_camera, now, register_rows, stored, told

pytestmark = pytest.mark.integration


def a_nomad(registry: Registry) -> Camera:
    return a_camera(registry, CameraKind.NOMADE)


def move(registry: Registry, nomad: Camera, **other: Any) -> dict[str, Any]:
    """Return a move to another site of the nomad's commune."""
    site = next(
        one
        for one in registry.seed.sites
        if one.insee == nomad.insee and one.site_id != nomad.site_id and one.position != nomad.position
    )
    body = {
        "lon": site.position.lon,
        "lat": site.position.lat,
        "label": "Marché du samedi",
        "prefet_informed_on": now().date().isoformat(),
    }
    return {key: value for key, value in (body | other).items() if value is not None}


async def post(registry: Registry, camera_id: str, body: dict[str, Any], who: str = "tech.moreau") -> Any:
    url = f"/api/registry/cameras/{camera_id}/placements"
    return await registry.client.post(url, json=body, headers=registry.agent(who))


async def test_a_move_keeps_the_past_and_voids_the_masks(registry: Registry) -> None:
    nomad = a_nomad(registry)
    url = f"/api/registry/cameras/{nomad.camera_id}/placements"
    (first,) = (await registry.client.get(url, headers=registry.agent("op.soisy"))).json()["items"]
    assert (first["lon"], first["until"]) == (nomad.position.lon, None)
    body = move(registry, nomad)
    answer = await post(registry, nomad.camera_id, body)
    assert answer.status_code == 201, answer.text
    ended, present = answer.json()["items"]
    assert ended["until"] == present["from"]
    assert present["until"] is None
    assert (present["lon"], present["label"], present["moved_by"]) == (body["lon"], body["label"], "tech.moreau")
    after = await stored(registry, nomad.camera_id)
    assert (after.position.lon, after.masks.signed) == (body["lon"], False)
    assert after.authorisation_id == nomad.authorisation_id or after.authorisation_id is not None
    state = await told(registry, nomad.camera_id, after.revision)
    assert (state.lon, state.masks_signed) == (body["lon"], False)
    row = (await register_rows(registry))[-1]
    assert (row.action, row.camera_id, row.actor_id) == ("configure", nomad.camera_id, "tech.moreau")
    assert "préfet informé" in row.motive_text


async def test_a_doubled_click_moves_once_and_the_next_move_follows(registry: Registry) -> None:
    nomad = a_nomad(registry)
    body = move(registry, nomad, placement_id="P-1", **{"from": now().isoformat()})
    first = await post(registry, nomad.camera_id, body)
    again = await post(registry, nomad.camera_id, body)
    assert again.status_code == 201
    assert again.json() == first.json()
    earlier = move(registry, nomad, **{"from": (now() - timedelta(days=2)).isoformat()})
    refused = await post(registry, nomad.camera_id, earlier)
    assert refused.status_code == 422
    assert "ultérieur" in refused.json()["detail"]
    back = move(registry, nomad, lon=nomad.position.lon, lat=nomad.position.lat, label="Retour")
    assert len((await post(registry, nomad.camera_id, back)).json()["items"]) == 3


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"lon": 2.40, "lat": 48.80}, "hors du périmètre"),
        ({"prefet_informed_on": "2999-01-01"}, "Informez le préfet"),
        ({"from": "2999-01-01T00:00:00Z"}, "quand il a lieu"),
        ({"site_id": "INCONNU"}, "point d'implantation"),
    ],
)
async def test_a_move_that_may_not_be_says_what_to_do(registry: Registry, change: dict[str, Any], says: str) -> None:
    nomad = a_nomad(registry)
    before = await stored(registry, nomad.camera_id)
    answer = await post(registry, nomad.camera_id, move(registry, nomad, **change))
    assert answer.status_code == 422
    assert says in answer.json()["detail"]
    assert await stored(registry, nomad.camera_id) == before


async def test_only_nomads_move_so_and_only_by_who_configures(registry: Registry) -> None:
    nomad = a_nomad(registry)
    fixed = a_camera(registry, CameraKind.FIXE)
    assert (await post(registry, fixed.camera_id, move(registry, nomad))).status_code == 422
    assert (await post(registry, nomad.camera_id, move(registry, nomad), "op.durand")).status_code == 403
    assert (await post(registry, "INCONNUE", move(registry, nomad))).status_code == 404
    revision = (await stored(registry, nomad.camera_id)).revision
    moved = await registry.client.patch(
        f"/api/registry/cameras/{nomad.camera_id}",
        json={"revision": revision, "lon": 2.3, "lat": 48.98},
        headers=registry.agent("tech.moreau"),
    )
    assert moved.status_code == 422
    assert "Emplacements" in moved.json()["detail"]


async def test_the_table_itself_refuses_two_places_at_once(registry: Registry) -> None:
    nomad = a_nomad(registry)
    await post(registry, nomad.camera_id, move(registry, nomad))
    with pytest.raises(IntegrityError):
        async with registry.database.transaction() as conn:
            await conn.exec_driver_sql(
                "INSERT INTO camera_placements SELECT 'X', camera_id, site_id, label, lon, lat, "
                "from_at + interval '1 second', NULL, prefet_informed_on, authorisation_id, moved_by "
                "FROM camera_placements WHERE until_at IS NULL"
            )
