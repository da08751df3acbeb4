"""Masks over HTTP: no signature, no picture; a signed area that nobody burns in is no signature either."""

import io
from datetime import datetime, timedelta
from typing import Any

import numpy as np
import pytest
from PIL import Image

from camera_registry.domain.masks import Bearer, Still
from camera_registry.repository.masks import picture_of, save_still
from camera_registry.use_cases.masks import erase_stills, record_bearer, void_masks
from common.testing.polling import eventually
from common.testing.states import SOISY, a_ticket, an_agent, put_agent, put_ticket
from contracts.access import Role
from contracts.registry import CameraState

from .conftest import Registry
from .fleet import register_rows

pytestmark = pytest.mark.integration

CAMERA = "PV-95598-0001-F1"
ELSEWHERE = "PV-95210-0001-F1"
NOTHING_PRIVATE = "Rue commerçante, aucune fenêtre d'habitation dans le champ."


@pytest.fixture(autouse=True)
async def _chef(registry: Registry) -> None:
    await put_agent(registry.bus, an_agent("chef.martin", role=Role.CHEF_DE_SALLE, communes=(SOISY,)))
    agents = registry.parts.app.state.guard.agents

    async def known() -> bool:
        return agents.get("chef.martin") is not None

    await eventually(known, until=bool)


async def state_with(registry: Registry, *, signed: bool) -> CameraState:
    guard = registry.parts.app.state.guard

    async def state() -> CameraState:
        return guard.cameras.get(CAMERA)

    return await eventually(state, until=lambda one: one.masks_signed == signed)


async def post(registry: Registry, path: str, body: dict[str, Any] | None = None, agent: str = "chef.martin") -> Any:
    return await registry.client.post(f"/api/registry{path}", json=body, headers=registry.agent(agent))


async def void(registry: Registry, reason: str = "La caméra a été déplacée de dix mètres.") -> None:
    answer = await post(registry, f"/cameras/{CAMERA}/masks/voidings", {"reason": reason})
    assert answer.status_code == 200


async def test_voided_masks_end_the_right_to_watch_until_somebody_signs_again(registry: Registry) -> None:
    assert (await state_with(registry, signed=True)).masks_review_due is not None
    await void(registry)
    assert (await state_with(registry, signed=False)).masks_review_due is None

    draft = await post(registry, f"/cameras/{CAMERA}/masks", {"declaration": NOTHING_PRIVATE})
    assert draft.status_code == 201
    assert draft.json()["in_force"] is False
    signed = await post(registry, f"/masks/{draft.json()['mask_set_id']}/signature")
    assert signed.status_code == 200
    assert signed.json()["signed_by"] == "chef.martin"
    await state_with(registry, signed=True)

    history = await registry.client.get(f"/api/registry/cameras/{CAMERA}/masks", headers=registry.agent("chef.martin"))
    assert [one["status"] for one in history.json()["items"]] == ["signe", "caduc"]
    assert "déplacée" in history.json()["items"][1]["end_reason"]


async def test_cameras_that_masks_keep_dark_are_listed_within_the_territory(registry: Registry) -> None:
    async def listed(agent: str) -> list[str]:
        answer = await registry.client.get("/api/registry/masks/unsigned", headers=registry.agent(agent))
        return [one["camera_id"] for one in answer.json()["items"]]

    streaming = next(one.camera_id for one in registry.seed.cameras if one.has_stream and one.insee == SOISY)
    assert streaming not in await listed("chef.martin")
    answer = await post(registry, f"/cameras/{streaming}/masks/voidings", {"reason": "La caméra a été déplacée."})
    assert answer.status_code == 200
    assert await listed("chef.martin") == [streaming]
    assert await listed("op.durand") == [streaming]


async def test_signing_twice_is_told_and_changes_nothing(registry: Registry) -> None:
    draft = await post(registry, f"/cameras/{CAMERA}/masks", {"declaration": NOTHING_PRIVATE})
    path = f"/masks/{draft.json()['mask_set_id']}/signature"
    assert (await post(registry, path)).status_code == 200
    again = await post(registry, path)
    assert again.status_code == 422
    assert "brouillon" in again.json()["detail"]
    await state_with(registry, signed=True)


def a_white_picture() -> bytes:
    written = io.BytesIO()
    Image.new("RGB", (64, 48), (255, 255, 255)).save(written, "JPEG")
    return written.getvalue()


async def test_an_area_that_nobody_burns_in_keeps_the_camera_dark(registry: Registry) -> None:
    signed_at = (await state_with(registry, signed=True)).revision
    async with registry.database.transaction() as conn:
        at = registry.parts.app.state.clock.now()
        await save_still(conn, Still("still-1", CAMERA, at, 64, 48, "0" * 64), a_white_picture())
    corners = [[0.1, 0.1], [0.3, 0.1], [0.3, 0.3]]
    draft = await post(
        registry,
        f"/cameras/{CAMERA}/masks",
        {"polygons": [{"corners": corners, "label": "fenêtre"}], "still_id": "still-1"},
    )
    mask_set_id = draft.json()["mask_set_id"]
    signed = await post(registry, f"/masks/{mask_set_id}/signature")
    assert signed.json()["in_force"] is False
    still = await registry.client.get("/api/registry/masks/stills/still-1", headers=registry.agent("chef.martin"))
    picture = np.asarray(Image.open(io.BytesIO(still.content)).convert("L"))
    assert picture[8, 16] < 40, "what the still showed below the mask is gone"
    assert picture[40, 50] > 200
    dark = await state_with(registry, signed=False)
    assert dark.revision > signed_at

    async with registry.database.transaction() as conn:
        await record_bearer(conn, vault=registry.vault, mask_set_id=mask_set_id, bearer=Bearer.CAMERA, at=at)
    await state_with(registry, signed=True)


async def keep_picture(registry: Registry, still_id: str, taken_at: datetime) -> None:
    async with registry.database.transaction() as conn:
        await save_still(conn, Still(still_id, CAMERA, taken_at, 64, 48, "0" * 64), a_white_picture())


async def test_a_picture_from_before_the_move_signs_nothing(registry: Registry) -> None:
    before = registry.parts.app.state.clock.now() - timedelta(minutes=1)
    await keep_picture(registry, "still-before", before)
    await void(registry)
    corners = [[0.1, 0.1], [0.3, 0.1], [0.3, 0.3]]
    draft = await post(
        registry, f"/cameras/{CAMERA}/masks", {"polygons": [{"corners": corners}], "still_id": "still-before"}
    )
    assert draft.status_code == 422
    assert "avant l'annulation" in draft.json()["detail"]


async def test_a_still_is_an_image_and_a_technician_needs_the_ticket(registry: Registry) -> None:
    await keep_picture(registry, "still-t", registry.parts.app.state.clock.now())
    path = "/api/registry/masks/stills/still-t"
    refused = await registry.client.get(path, headers=registry.agent("tech.moreau"))
    assert (refused.status_code, refused.json()["rule"]) == (403, "maintenance_sous_ticket")
    await put_ticket(registry.bus, a_ticket("T-1", CAMERA))
    tickets = registry.parts.app.state.guard.replicas.tickets

    async def known() -> bool:
        return tickets.get("T-1") is not None

    await eventually(known, until=bool)
    seen = await registry.client.get(path, params={"ticket_id": "T-1"}, headers=registry.agent("tech.moreau"))
    assert seen.headers["content-type"] == "image/jpeg"
    taking = await post(registry, f"/cameras/{CAMERA}/masks/stills", agent="tech.moreau")
    assert taking.status_code == 403


async def test_pictures_are_erased_when_nobody_may_need_them(registry: Registry) -> None:
    now = registry.parts.app.state.clock.now()

    async def pictures(at: datetime) -> list[str]:
        async with registry.database.transaction() as conn:
            await erase_stills(conn, at=at)
            names = [f"still-{name}" for name in ("unsigned", "signed")]
            return [name for name in names if await picture_of(conn, name) is not None]

    await keep_picture(registry, "still-unsigned", now)
    await keep_picture(registry, "still-signed", now)
    corners = [[0.1, 0.1], [0.3, 0.1], [0.3, 0.3]]
    body = {"polygons": [{"corners": corners}], "still_id": "still-signed"}
    draft = await post(registry, f"/cameras/{CAMERA}/masks", body)
    assert (await post(registry, f"/masks/{draft.json()['mask_set_id']}/signature")).status_code == 200
    assert await pictures(now + timedelta(hours=23)) == ["still-unsigned", "still-signed"]
    assert await pictures(now + timedelta(hours=25)) == ["still-signed"]
    assert await pictures(now + timedelta(days=14)) == [], "the arrêté lets images be kept 14 days"


async def test_a_refused_declaration_leaves_no_row_of_a_mask_that_was_never_signed(registry: Registry) -> None:
    both = {"camera_ids": [CAMERA, ELSEWHERE], "declaration": NOTHING_PRIVATE}
    assert (await post(registry, "/masks/declarations", both)).status_code == 404
    rows = [row for row in await register_rows(registry) if NOTHING_PRIVATE in row.motive_text]
    assert [(row.result, row.camera_id) for row in rows] == [("refused", ELSEWHERE)]


async def test_what_is_wrong_is_refused_with_words(registry: Registry) -> None:
    path = f"/cameras/{CAMERA}/masks"
    crossed = [[0, 0], [1, 1], [1, 0], [0, 1]]
    assert (await post(registry, path, {"polygons": [{"corners": crossed}]})).status_code == 422
    no_still = await post(registry, path, {"polygons": [{"corners": [[0, 0], [1, 0], [1, 1]]}]})
    assert "image" in no_still.json()["detail"]
    assert (await post(registry, path, {"declaration": "non"})).status_code == 422
    assert (await post(registry, "/masks/inconnu/signature")).status_code == 404
    await state_with(registry, signed=True)


async def test_masks_of_another_commune_do_not_exist_and_an_operator_may_not_draw(registry: Registry) -> None:
    declaration = {"declaration": NOTHING_PRIVATE}
    assert (await post(registry, f"/cameras/{ELSEWHERE}/masks", declaration)).status_code == 404
    refused = await post(registry, f"/cameras/{CAMERA}/masks", declaration, agent="op.soisy")
    assert refused.status_code == 403
    both = {"camera_ids": [CAMERA, ELSEWHERE]} | declaration
    assert (await post(registry, "/masks/declarations", both)).status_code == 404


async def test_a_declaration_signs_several_cameras_at_once(registry: Registry) -> None:
    others = ["PV-95598-0002-F1", "PV-95598-0003-F1"]
    await void(registry)
    answer = await post(
        registry, "/masks/declarations", {"camera_ids": [CAMERA, *others, CAMERA], "declaration": NOTHING_PRIVATE}
    )
    assert answer.status_code == 201
    assert [one["camera_id"] for one in answer.json()["items"]] == [CAMERA, *others]
    await state_with(registry, signed=True)


async def test_reviews_come_due_and_start_again(registry: Registry) -> None:
    due = await registry.client.get(
        "/api/registry/masks/reviews", params={"within_days": 90}, headers=registry.agent("chef.martin")
    )
    first = due.json()["items"][0]
    assert set(first) == {"mask_set_id", "camera_id", "preset", "review_due"}, "not what it hides"
    reviewed = await post(registry, f"/masks/{first['mask_set_id']}/reviews")
    assert reviewed.json()["review_due"] > first["review_due"]


async def test_the_media_plane_reads_what_to_burn_and_nobody_else(registry: Registry) -> None:
    path = f"/api/registry/internal/cameras/{CAMERA}/masks"
    answer = await registry.client.get(path, headers=registry.machine("cameras.source"))
    assert [one["status"] for one in answer.json()["items"]] == ["signe"]
    assert (await registry.client.get(path, headers=registry.machine("cameras.read"))).status_code == 403
    assert (await registry.client.get(path, headers=registry.agent("chef.martin"))).status_code == 403


async def test_a_void_inside_another_transaction_goes_with_it(registry: Registry) -> None:
    """The call that a move or a new firmware makes: masks and move are stored together or not at all."""
    at = registry.parts.app.state.clock.now()
    with pytest.raises(RuntimeError, match="undone"):
        await _void_and_fail(registry, at)
    await state_with(registry, signed=True)
    sets = await registry.client.get(f"/api/registry/cameras/{CAMERA}/masks", headers=registry.agent("chef.martin"))
    assert sets.json()["signed"] is True


async def _void_and_fail(registry: Registry, at: Any) -> None:
    async with registry.database.transaction() as conn:
        assert await void_masks(conn, vault=registry.vault, camera_id=CAMERA, reason="nouveau micrologiciel", at=at)
        raise RuntimeError("undone")
