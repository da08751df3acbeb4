"""Masks that the media plane burns in: what the bus says, what the source answer says, and that both say the same."""

import io
from typing import Any

import pytest
from PIL import Image

from camera_registry.domain.masks import Bearer, MaskSetStatus, Still
from camera_registry.onvif.masks import Media2Masks
from camera_registry.repository.masks import save_still, sets_of
from camera_registry.use_cases.masks import record_bearer
from camera_registry.watch.mask_bearing import MaskBearing
from common.testing.polling import eventually
from common.testing.states import SOISY, an_agent, put_agent
from contracts.access import Role
from contracts.registry import CameraState

from .conftest import Registry

pytestmark = pytest.mark.integration
FIXED = "PV-95598-0001-F1"
WINDOW = [[0.1, 0.1], [0.3, 0.1], [0.3, 0.3]]
DOOR = [[0.6, 0.6], [0.8, 0.6], [0.8, 0.9]]
NOTHING_PRIVATE = "Rue commerçante, aucune fenêtre d'habitation dans le champ."
HEAD = {"pan_degrees": 350.0, "tilt_degrees": 90.0, "aspect": 1.78, "openings": [[0.0, 60.0], [1.0, 3.0]]}


@pytest.fixture(autouse=True)
async def _chef(registry: Registry) -> None:
    await put_agent(registry.bus, an_agent("chef.martin", role=Role.CHEF_DE_SALLE, communes=(SOISY,)))
    agents = registry.parts.app.state.guard.agents

    async def known() -> bool:
        return agents.get("chef.martin") is not None

    await eventually(known, until=bool)


@pytest.fixture
def dome(registry: Registry) -> str:
    return next(one.camera_id for one in registry.seed.cameras if one.has_ptz and one.insee == SOISY)


async def signed(registry: Registry, camera_id: str, *polygons: Any, preset: str | None = None) -> str:
    """Draw on a fresh still and sign; returns the set's id."""
    picture = io.BytesIO()
    Image.new("RGB", (64, 48), (255, 255, 255)).save(picture, "JPEG")
    still_id = f"still-{camera_id}-{preset}-{len(polygons)}-{polygons}"[:90]
    async with registry.database.transaction() as conn:
        at = registry.parts.app.state.clock.now()
        await save_still(conn, Still(still_id, camera_id, at, 64, 48, "0" * 64), picture.getvalue())
    areas = [{"corners": corners} for corners in polygons]
    body: dict[str, Any] = {"polygons": areas, "still_id": still_id, "preset": preset}
    body["declaration"] = "" if polygons else NOTHING_PRIVATE
    drawn = await call(registry, "POST", f"/cameras/{camera_id}/masks", body)
    mask_set_id: str = drawn["mask_set_id"]
    await call(registry, "POST", f"/masks/{mask_set_id}/signature")
    return mask_set_id


async def call(registry: Registry, method: str, path: str, body: Any = None, agent: str = "chef.martin") -> Any:
    answer = await registry.client.request(method, f"/api/registry{path}", json=body, headers=registry.agent(agent))
    assert answer.is_success, answer.text
    return answer.json() if answer.content else None


async def state(registry: Registry, camera_id: str, dark: bool) -> CameraState:  # noqa: FBT001 - read in one line
    cameras = registry.parts.app.state.guard.cameras

    async def now() -> CameraState:
        return cameras.get(camera_id)

    return await eventually(now, until=lambda one: one.masks_in_force is not dark)


async def source(registry: Registry, camera_id: str) -> Any:
    path = f"/api/registry/internal/cameras/{camera_id}/source"
    answer = await registry.client.get(path, headers=registry.machine("cameras.source"))
    return answer.json()["masks"]


async def look(registry: Registry) -> None:
    clock = registry.parts.app.state.clock
    await MaskBearing(registry.database, registry.vault, Media2Masks(within=1.0), clock, every=60).look()


async def test_what_the_bus_promises_is_what_the_source_answer_tells(registry: Registry) -> None:
    assert (await source(registry, FIXED))["revision"] == ""
    first = await signed(registry, FIXED, WINDOW)
    assert (await state(registry, FIXED, dark=True)).masks_by_media_plane is False
    assert (await source(registry, FIXED))["views"] == [], "nobody bears it yet: nobody may pull"

    await look(registry)
    promised = await state(registry, FIXED, dark=False)
    assert promised.masks_signed is False, "who does not know of the media plane's masks keeps it dark"
    told = await source(registry, FIXED)
    assert (promised.masks_by_media_plane, promised.masks_revision) == (True, told["revision"])
    assert [one["polygons"] for one in told["views"]] == [[WINDOW]]
    shown = await call(registry, "GET", f"/cameras/{FIXED}/masks")
    assert (shown["signed"], shown["items"][0]["borne_by"]) == (True, "plan_media")

    await signed(registry, FIXED, WINDOW, DOOR)
    await state(registry, FIXED, dark=True)
    await look(registry)
    other = await state(registry, FIXED, dark=False)
    assert other.masks_revision not in ("", promised.masks_revision), "other masks are another revision"
    assert len((await source(registry, FIXED))["views"][0]["polygons"]) == 2

    await call(registry, "POST", f"/cameras/{FIXED}/masks/voidings", {"reason": "La caméra a été déplacée."})
    void = await state(registry, FIXED, dark=True)
    assert (void.masks_by_media_plane, void.masks_revision) == (False, "")
    async with registry.database.transaction() as conn:
        statuses = {one.mask_set_id: one.status for one in await sets_of(conn, FIXED)}
    assert statuses[first] is MaskSetStatus.REMPLACE

    again = await signed(registry, FIXED, DOOR)
    async with registry.database.transaction() as conn:
        at = registry.parts.app.state.clock.now()
        await record_bearer(conn, vault=registry.vault, mask_set_id=again, bearer=Bearer.CAMERA, at=at)
    by_itself = await state(registry, FIXED, dark=False)
    assert (by_itself.masks_signed, by_itself.masks_by_media_plane, by_itself.masks_revision) == (True, False, "")
    assert (await source(registry, FIXED))["revision"] == ""


async def test_masks_of_a_camera_that_turns_keep_where_it_looked_when_they_were_signed(
    registry: Registry, dome: str
) -> None:
    where = {"pan": 0.25, "tilt": -0.5, "zoom": 0.125}
    await call(registry, "PUT", f"/cameras/{dome}/presets/3", {"name": "Parvis", **where}, "tech.moreau")
    nowhere = await signed(registry, dome, WINDOW)
    await look(registry)
    await state(registry, dome, dark=True)
    kept = (await call(registry, "GET", f"/cameras/{dome}/masks"))["items"][0]
    assert kept["mask_set_id"] == nowhere
    assert "préréglage" in kept["bearing_problem"], "nobody knows where it looked: dark, and told what to do"

    await signed(registry, dome)
    await signed(registry, dome, DOOR, preset="3")
    await look(registry)
    promised = await state(registry, dome, dark=False)
    moved = {"name": "Parvis", "pan": 0.9, "tilt": 0.0, "zoom": 0.0}
    await call(registry, "PUT", f"/cameras/{dome}/presets/3", moved, "tech.moreau")
    told = await source(registry, dome)
    assert told["views"] == [{"preset": "3", "aim": [0.25, -0.5, 0.125], "polygons": [DOOR]}]
    assert (told["turns"], told["head"], told["revision"]) == (True, None, promised.masks_revision)

    await call(registry, "PUT", f"/cameras/{dome}/masks/head", HEAD)

    async def measured() -> CameraState:
        return registry.parts.app.state.guard.cameras.get(dome)

    later = await eventually(measured, until=lambda one: one.masks_revision != promised.masks_revision)
    told = await source(registry, dome)
    assert told["head"] == HEAD | {"level_tilt": 0.0}
    assert told["revision"] == later.masks_revision


async def test_measures_that_no_head_has_are_refused(registry: Registry, dome: str) -> None:
    for camera_id, body in ((FIXED, HEAD), (dome, HEAD | {"openings": [[0.5, 20.0], [0.5, 10.0]]})):
        answer = await registry.client.put(
            f"/api/registry/cameras/{camera_id}/masks/head", json=body, headers=registry.agent("chef.martin")
        )
        assert answer.status_code == 422
