"""Masks put on a camera by Media2: only what it then says it hides counts; the media plane has the rest.

The simulated camera's mask service is itself proved against ONVIF's official WSDL (tools/camera-simulator/tests).
"""

import io
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

import numpy as np
import pytest
from PIL import Image

from camera_registry.domain.camera import Credentials, Endpoints
from camera_registry.domain.masks import Bearer, MaskPolygon, MaskSet
from camera_registry.onvif.masks import Media2Masks
from camera_registry.ports import MasksNotBorne, StillUnavailable
from camera_registry.repository.cameras import one_camera
from camera_registry.repository.masks import sets_of
from camera_registry.rtsp.stills import StreamStills, burnt
from camera_registry.use_cases.coverage import settle
from camera_registry.use_cases.masks import draw_masks, keep_still, sign_masks
from camera_registry.watch.mask_bearing import MaskBearing
from camera_simulator.testing import SimulatorProcess
from common.clock import SteppedClock
from common.ids import new_id

from .conftest import Registry

pytestmark = pytest.mark.integration
RIGHT = Credentials("vigie", "le-bon-mot")
CAMERA = "PV-95598-0001-F1"
WINDOW = MaskPolygon(((0.1, 0.1), (0.3, 0.15), (0.25, 0.4)), "fenêtre")
DOOR = MaskPolygon(((0.6, 0.5), (0.8, 0.5), (0.8, 0.9), (0.6, 0.9)), "entrée d'immeuble")
MASKS = Media2Masks(within=4.0)


@pytest.fixture(scope="module")
def simulator() -> Iterator[SimulatorProcess]:
    with SimulatorProcess(count=2, username=RIGHT.username, password=RIGHT.password) as running:
        yield running


@pytest.fixture(autouse=True)
def plain(simulator: SimulatorProcess) -> Iterator[None]:
    yield
    simulator.set_quirks(1)


@pytest.mark.parametrize("quirks", [("masks",), ("masks", "masks_rectangles")])
async def test_a_camera_that_hides_by_itself_is_believed_once_it_says_so(
    simulator: SimulatorProcess, quirks: tuple[str, ...]
) -> None:
    simulator.set_quirks(1, *quirks)
    await MASKS.apply(simulator.onvif_url(1), RIGHT, [WINDOW, DOOR])
    await MASKS.apply(simulator.onvif_url(1), RIGHT, [DOOR])  # a second time replaces, and fits


@pytest.mark.parametrize(
    ("quirks", "words"),
    [
        ((), "Media2"),
        (("masks", "forgets_masks"), "gardé"),
        (("hang",), "réponse"),
        (("web_page",), "ONVIF"),
    ],
)
async def test_a_camera_that_does_not_hide_is_told_in_words(
    simulator: SimulatorProcess, quirks: tuple[str, ...], words: str
) -> None:
    simulator.set_quirks(1, *quirks)
    with pytest.raises(MasksNotBorne, match=words):
        await Media2Masks(within=1.5).apply(simulator.onvif_url(1), RIGHT, [WINDOW])


async def test_more_masks_than_it_takes_are_refused(simulator: SimulatorProcess) -> None:
    simulator.set_quirks(1, "masks")
    with pytest.raises(MasksNotBorne, match="8 masques"):
        await MASKS.apply(simulator.onvif_url(1), RIGHT, [WINDOW] * 9)


async def test_masks_that_somebody_took_away_are_found_missing(simulator: SimulatorProcess) -> None:
    simulator.set_quirks(1, "masks")
    await MASKS.apply(simulator.onvif_url(1), RIGHT, [WINDOW])
    await MASKS.confirm(simulator.onvif_url(1), RIGHT, [WINDOW])
    with pytest.raises(MasksNotBorne) as missing:
        await MASKS.confirm(simulator.onvif_url(1), RIGHT, [WINDOW, DOOR])
    assert not missing.value.silent
    simulator.set_quirks(1, "hang")
    with pytest.raises(MasksNotBorne) as silence:
        await Media2Masks(within=1.5).confirm(simulator.onvif_url(1), RIGHT, [WINDOW])
    assert silence.value.silent


async def test_a_still_is_what_the_camera_shows_and_burning_takes_the_pixels_away(simulator: SimulatorProcess) -> None:
    picture = await StreamStills(within=10.0).take(simulator.rtsp_url(1), RIGHT)
    assert (picture.width, picture.height) == (1280, 720)
    before = np.asarray(Image.open(io.BytesIO(picture.jpeg)).convert("L"))
    after = np.asarray(Image.open(io.BytesIO(burnt(picture.jpeg, [DOOR]))).convert("L"))
    door = (slice(370, 640), slice(778, 1014))
    assert before[door].mean() > 30
    assert after[door].max() < 16
    assert np.abs(before[:300].astype(int) - after[:300].astype(int)).mean() < 4, "the rest is as it was"


async def test_no_stream_is_told_in_words() -> None:
    with pytest.raises(StillUnavailable):
        await StreamStills(within=1.0).take("rtsp://127.0.0.1:9/cam", None)


async def test_a_signed_set_reaches_the_camera_and_only_then_is_in_force(
    registry: Registry, simulator: SimulatorProcess
) -> None:
    stills = StreamStills(within=10.0)
    clock = registry.parts.app.state.clock
    async with registry.database.transaction() as conn:
        camera = await one_camera(conn, registry.vault, CAMERA)
        assert camera is not None
        endpoints = Endpoints(simulator.rtsp_url(1), None, simulator.onvif_url(1))
        moved = replace(camera, endpoints=endpoints, credentials=RIGHT).revised()
        await settle(conn=conn, vault=registry.vault, touched=[moved], at=clock.now())
    picture = await stills.take(simulator.rtsp_url(1), RIGHT)
    async with registry.database.transaction() as conn:
        still = await keep_still(conn, still_id=str(new_id()), camera_id=CAMERA, picture=picture, at=clock.now())
        draft = await draw_masks(
            conn,
            mask_set_id=str(new_id()),
            camera_id=CAMERA,
            preset=None,
            polygons=[WINDOW],
            declaration="",
            still_id=still.still_id,
            by="tech.moreau",
            at=clock.now(),
        )
        await sign_masks(
            conn,
            vault=registry.vault,
            stills=stills,
            mask_set_id=draft.mask_set_id,
            by="chef.martin",
            at=clock.now(),
        )
    stepped = SteppedClock(clock.now())
    loop = MaskBearing(registry.database, registry.vault, MASKS, stepped, every=60)
    await loop.look()
    given = await _first(registry)
    assert (given.borne_by, given.in_force) == (Bearer.PLAN_MEDIA, True)
    assert "Media2" in given.bearing_problem, "the page says why it is not the camera"

    simulator.set_quirks(1, "masks")
    await loop.look()
    assert (await _first(registry)).borne_by is Bearer.PLAN_MEDIA, "asked again later, not at once"
    stepped.advance(timedelta(minutes=1))
    await loop.look()
    borne = await _first(registry)
    assert (borne.borne_by, borne.bearing_problem) == (Bearer.CAMERA, ""), "preferred as soon as it hides"

    await loop.look()
    simulator.set_quirks(1)  # a factory reset: the camera knows no masks any more
    stepped.advance(timedelta(minutes=9))
    await loop.look()
    assert (await _first(registry)).borne_by is Bearer.CAMERA, "asked every ten minutes"
    stepped.advance(timedelta(minutes=2))
    await loop.look()
    assert (await _first(registry)).borne_by is Bearer.PLAN_MEDIA, "what it no longer hides, the media plane hides"


async def _first(registry: Registry) -> MaskSet:
    async with registry.database.transaction() as conn:
        return (await sets_of(conn, CAMERA))[0]
