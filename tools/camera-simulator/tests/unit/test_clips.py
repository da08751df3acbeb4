"""The clips loop without a seam, and what cannot be looped is refused."""

import base64
from pathlib import Path
from typing import cast

import av
import numpy as np
import pytest
from av.video.stream import VideoStream

from camera_simulator.camera import SCENE_FILES, make_cameras
from camera_simulator.clips import UnusableClipError, load_clip
from camera_simulator.pictures import ClipDecoder
from camera_simulator.sdp import describe
from camera_simulator.simulator import media_folder

FILES = [file for scene in SCENE_FILES.values() for file in scene.values()]


@pytest.mark.parametrize("file", FILES)
def test_a_clip_is_whole_gops_of_two_seconds(file: str) -> None:
    clip = load_clip(media_folder() / file)
    keyframes = [index for index, unit in enumerate(clip.access_units) if unit.keyframe]
    assert keyframes == list(range(0, len(clip.access_units), clip.gop))
    assert clip.gop / clip.fps == 2
    assert clip.seconds % 2 == 0
    assert 90_000 / clip.fps == clip.timestamp_step
    assert all(clip.access_units[index].nals[:2] == (clip.sps, clip.pps) for index in keyframes)


@pytest.mark.parametrize("scene", SCENE_FILES)
def test_streams_of_a_camera_stay_together(scene: str) -> None:
    main, sub = (load_clip(media_folder() / SCENE_FILES[scene][quality]) for quality in ("main", "sub"))
    assert main.seconds == sub.seconds
    assert (sub.width, sub.height) == (640, 360)


def test_decoding_goes_over_the_seam() -> None:
    clip = load_clip(media_folder() / SCENE_FILES["bikes"]["sub"])
    decoder = ClipDecoder(clip)
    last = len(clip.access_units) - 1
    assert all(not decoder.picture(index).is_corrupt for index in (last - 1, last, 0, 1))


def test_sdp_describes_the_clip() -> None:
    clip = load_clip(media_folder() / SCENE_FILES["vtest"]["main"])
    lines = describe(clip, camera="0007", quality="main", host="127.0.0.1", session=1).split("\r\n")
    assert "m=video 0 RTP/AVP 96" in lines
    assert "a=rtpmap:96 H264/90000" in lines
    (parameters,) = [line for line in lines if line.startswith("a=fmtp:96 ")]
    fields = dict(field.split("=", 1) for field in parameters.removeprefix("a=fmtp:96 ").split(";"))
    assert fields["packetization-mode"] == "1"
    assert fields["profile-level-id"] == "4d401f"
    sets = [base64.b64decode(part) for part in fields["sprop-parameter-sets"].split(",")]
    assert sets == [clip.sps, clip.pps]
    assert lines[-1] == ""


def test_cameras_start_at_different_pictures() -> None:
    cameras = make_cameras(count=24, ptz_count=2, media=media_folder())
    shown = [(camera.streams["main"].clip.name, camera.streams["main"].index_at(0)) for camera in cameras.values()]
    assert list(cameras)[:2] == ["0001", "0002"]
    assert len(set(shown)) == len(shown)
    assert [camera.name for camera in cameras.values() if camera.head] == ["0001", "0002"]


@pytest.mark.parametrize(
    ("codec", "options"), [("mpeg4", {}), ("libx264", {"bf": "2", "g": "10"}), ("libx264", {"profile": "high"})]
)
def test_a_clip_that_no_camera_would_send_is_refused(tmp_path: Path, codec: str, options: dict[str, str]) -> None:
    path = tmp_path / "clip.mp4"
    noise = np.random.default_rng(1)
    with av.open(str(path), "w") as container:
        stream = cast("VideoStream", container.add_stream(codec, rate=25, options=options))
        stream.width, stream.height, stream.pix_fmt = 64, 64, "yuv420p"
        for _ in range(40):
            pixels = noise.integers(0, 255, (64, 64, 3), dtype=np.uint8)
            container.mux(stream.encode(av.VideoFrame.from_ndarray(pixels, format="rgb24")))
        container.mux(stream.encode(None))
    with pytest.raises(UnusableClipError):
        load_clip(path)
