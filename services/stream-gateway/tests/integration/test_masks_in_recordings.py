"""Masks that the media plane burns in, looked for in what the object store holds: not one picture shows more."""

import asyncio
import io
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import av
import numpy as np
import pytest
from av.video.frame import VideoFrame
from numpy.typing import NDArray

from common.testing.polling import eventually
from common.testing.states import a_camera, put_camera
from contracts.registry import CameraState
from contracts.stream import SegmentRecorded
from stream_gateway.domain.access_units import AccessUnit, ParameterSets
from stream_gateway.ingest.hub import StreamHub
from stream_gateway.ingest.line import Line
from stream_gateway.testing.filmed import MEDIA
from stream_gateway.testing.films import frames_of
from stream_gateway.testing.masked import Area, is_solid, luma_of, shows, under
from stream_gateway.testing.rig import Gateway

pytestmark = [pytest.mark.integration, pytest.mark.timeout(400)]

CAMERA = "PV-95598-0002-P1"
NUMBER = 2
"""The simulated camera; it shows the film ``SCENE`` over and over."""
SCENE = MEDIA / "vtest_main_1280x720_12fps.mp4"
AREA: Area = ((0.2, 0.2), (0.5, 0.25), (0.45, 0.7), (0.15, 0.6))
OTHER: Area = ((0.6, 0.1), (0.9, 0.1), (0.9, 0.5), (0.6, 0.5))
SMALL = (160, 90)
EDGE = 40
"""Pixels around an area that are not compared: what is painted there, and what its coding does to its neighbours."""

Picture = NDArray[np.float32]


@dataclass(frozen=True)
class Stored:
    """A file of the object store: its pictures, decoded and as they were coded."""

    segment: SegmentRecorded
    frames: list[VideoFrame]
    samples: list[bytes]


class Beside:
    """Takes the same pictures as the recorder does.

    ``gone_before``: those up to the moment in which a change of masks was heard; ``cut``: that they ended with it.
    """

    hurried = False

    def __init__(self) -> None:
        self._samples: set[bytes] = set()
        self._goes_on = False
        self.gone_before: set[bytes] | None = None
        self.cut = False

    def begin(self, parameters: ParameterSets, line: Line) -> None:
        del parameters, line
        self._goes_on = True

    def take(self, units: Sequence[AccessUnit]) -> None:
        self._samples |= {unit.sample for unit in units}

    def lost(self, cause: str) -> None: ...

    def broken(self, reason: str) -> None:
        del reason
        self._goes_on = False

    def heard(self, camera_id: str, camera: CameraState | None) -> None:
        if camera_id == CAMERA and camera is not None and camera.masks_revision == revision_of(2):
            self.gone_before, self.cut = set(self._samples), not self._goes_on


def revision_of(number: int) -> str:
    return f"masques-{number}"


def masked_camera(number: int, *areas: Area) -> tuple[CameraState, dict[str, Any]]:
    """Return a camera's state whose masks the media plane burns in, and what the registry answers for its source."""
    revision = revision_of(number)
    promised = {"masks_signed": False, "masks_by_media_plane": True, "masks_revision": revision, "revision": number}
    views = [{"aim": None, "polygons": [area]} for area in areas]
    camera = a_camera(CAMERA, has_ptz=False).model_copy(update=promised)
    return camera, {"masks": {"revision": revision, "turns": False, "views": views}}


async def sign(gateway: Gateway, number: int, *areas: Area) -> None:
    """Let a person have signed masks: the registry answers with them, then says so on the bus."""
    camera, masks = masked_camera(number, *areas)
    gateway.neighbours.know(CAMERA, gateway.simulator, NUMBER)
    gateway.neighbours.sources[CAMERA] |= masks
    await put_camera(gateway.bus, camera)


async def stored(gateway: Gateway) -> list[SegmentRecorded]:
    """Return what was announced so far, by its beginning."""
    facts = [SegmentRecorded.model_validate(item.data) for item in await gateway.events("segment_recorded")]
    return sorted((one for one in facts if one.camera_id == CAMERA), key=lambda one: one.started_at)


async def fetched(gateway: Gateway, segment: SegmentRecorded) -> Stored:
    content = await gateway.store.get_range(segment.bucket, segment.object_key)
    frames = await asyncio.to_thread(frames_of, content)  # the gateway's own loop is this one
    samples = samples_of(content)
    assert len(frames) == len(samples) == segment.pictures
    return Stored(segment, frames, samples)


def samples_of(film: bytes) -> list[bytes]:
    with av.open(io.BytesIO(film), "r") as container:
        return [bytes(packet) for packet in container.demux(video=0) if packet.size]


def small(frame: VideoFrame) -> Picture:
    return frame.reformat(width=SMALL[0], height=SMALL[1], format="gray").to_ndarray().astype(np.float32)


def scene_outside(*areas: Area) -> NDArray[np.bool_]:
    """Return which pixels of a small picture lie well outside of all areas."""
    picture = np.zeros((720, 1280), np.uint8)
    hidden = np.any([under(area, picture, EDGE) for area in areas], axis=0)
    return ~hidden[4::8, 4::8]


def check_scene(files: list[Stored]) -> None:
    """Check that each picture is solid under ``AREA``, and that the pictures follow the camera's film outside."""
    outside = scene_outside(AREA)
    scene: list[Picture] = []
    with av.open(str(SCENE)) as film:
        for number, frame in enumerate(film.decode(video=0)):
            scene.append(small(frame)[outside])
            assert number % 50 or shows(luma_of(frame), AREA), "the scene itself is black there"
    for file in files:
        first = int(np.abs(np.stack(scene) - small(file.frames[0])[outside]).mean(axis=1).argmin())
        for number, frame in enumerate(file.frames):
            place = f"picture {number} of {file.segment.object_key}"
            assert is_solid(frame, AREA), place
            expected = scene[(first + number) % len(scene)]
            assert np.corrcoef(small(frame)[outside], expected)[0, 1] > 0.99, place


async def test_every_stored_picture_is_solid_under_the_mask_and_the_cameras_own_outside(gateway: Gateway) -> None:
    gateway.simulator.set_faults(NUMBER)
    await sign(gateway, 1, AREA)
    segments = await eventually(lambda: stored(gateway), until=lambda found: len(found) >= 3)
    assert {segment.engine for segment in segments} == {"masques"}
    await asyncio.to_thread(check_scene, [await fetched(gateway, segment) for segment in segments])


async def test_nothing_is_stored_that_masks_hide_which_were_signed_while_it_records(gateway: Gateway) -> None:
    gateway.simulator.set_faults(NUMBER)
    state, beside = gateway.parts.app.state, Beside()
    state.guard.cameras.on_change(beside.heard)
    await sign(gateway, 1, AREA)

    async def hub() -> StreamHub | None:
        return state.hubs.hub(CAMERA, "main")

    found = await eventually(hub, until=lambda hub: hub is not None)
    assert found is not None
    found.join(beside)
    await eventually(lambda: stored(gateway), until=lambda segments: len(segments) >= 2)
    await asyncio.sleep(0.7)  # in the middle of a file
    earlier, signed_at = len(await stored(gateway)), datetime.now(UTC)
    await sign(gateway, 2, AREA, OTHER)

    async def begun_since() -> list[SegmentRecorded]:
        return [one for one in await stored(gateway) if one.started_at > signed_at]

    await eventually(begun_since, until=lambda segments: len(segments) >= 3)
    assert beside.gone_before is not None
    assert beside.cut, "pictures under the old masks went on after the new ones were known"
    files = [await fetched(gateway, segment) for segment in (await stored(gateway))[earlier:]]
    await asyncio.to_thread(check_change, files, beside.gone_before)


def check_change(files: list[Stored], gone_before: set[bytes]) -> None:
    """Check that only pictures which had come before the change was heard show ``OTHER``, and no file mixes both."""
    shown = [[shows(luma_of(frame), OTHER) for frame in file.frames] for file in files]
    assert all(len(set(told)) == 1 for told in shown), "a file has pictures of before and of after"
    old = [file for file, told in zip(files, shown, strict=True) if told[0]]
    new = [file for file, told in zip(files, shown, strict=True) if not told[0]]
    assert old
    assert new
    late = [sample not in gone_before for file in old for sample in file.samples]
    assert not any(late), f"{sum(late)} pictures came after the change and show what it hides"
    assert all(is_solid(frame, AREA) for file in files for frame in file.frames)
    assert all(is_solid(frame, OTHER) for file in new for frame in file.frames)
