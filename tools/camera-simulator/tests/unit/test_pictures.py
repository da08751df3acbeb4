"""A moved camera's pictures are described by the clip's own parameter sets."""

import av
import numpy as np
import pytest
from numpy.typing import NDArray

from camera_simulator.camera import SCENE_FILES
from camera_simulator.clips import START_CODE, load_clip
from camera_simulator.pictures import WHOLE_PICTURE, ClipDecoder, WindowEncoder, snapshot
from camera_simulator.ptz import Position, window_at
from camera_simulator.simulator import media_folder

FILES = [file for scene in SCENE_FILES.values() for file in scene.values()]
TELE = window_at(Position(pan=-0.6, tilt=0.3, zoom=0.5))


def luma(picture: av.VideoFrame) -> NDArray[np.int16]:
    return picture.to_ndarray(format="gray").astype(np.int16)


def difference(one: NDArray[np.int16], other: NDArray[np.int16]) -> float:
    return float(np.abs(one - other).mean())


@pytest.mark.parametrize("file", FILES)
def test_a_decoder_follows_from_the_clip_to_the_window_and_back(file: str) -> None:
    clip = load_clip(media_folder() / file)
    encoder = WindowEncoder(clip)
    moved = range(5, clip.gop)
    units = [unit.annex_b() for unit in clip.access_units[:5]]
    for index in moved:
        nals, keyframe = encoder.encode(index, TELE, keyframe=index == moved[0])
        assert keyframe == (index == moved[0])
        units.append(b"".join(START_CODE + nal for nal in nals))
    units += [unit.annex_b() for unit in clip.access_units[clip.gop : clip.gop + 5]]
    decoder = av.CodecContext.create("h264", "r")
    decoder.thread_count = 1
    decoder.options = {"err_detect": "explode"}
    pictures = [picture for unit in units for picture in decoder.decode(av.Packet(unit))]
    assert len(pictures) == len(units)
    assert not any(picture.is_corrupt for picture in pictures)
    assert {(picture.width, picture.height) for picture in pictures} == {(clip.width, clip.height)}
    source = ClipDecoder(clip)
    for index in (moved[0], moved[-1]):
        seen = luma(source.picture(index))
        left, top, width, height = TELE.pixels(clip.width, clip.height)
        part = av.VideoFrame.from_ndarray(seen[top : top + height, left : left + width].astype(np.uint8), format="gray")
        wanted = luma(part.reformat(width=clip.width, height=clip.height))
        assert difference(luma(pictures[index]), wanted) < 4
        assert difference(luma(pictures[index]), seen) > 8


def test_skipped_pictures_do_no_harm() -> None:
    clip = load_clip(media_folder() / SCENE_FILES["vtest"]["sub"])
    encoder = WindowEncoder(clip)
    indexes = [3, 4, 9, 17, 41, len(clip.access_units) - 1, 0]
    decoder = av.CodecContext.create("h264", "r")
    for position, index in enumerate(indexes):
        nals, _keyframe = encoder.encode(index, TELE, keyframe=position == 0)
        (picture,) = decoder.decode(av.Packet(b"".join(START_CODE + nal for nal in nals)))
        assert not picture.is_corrupt


def test_snapshot_is_a_jpeg_of_what_the_head_shows() -> None:
    clip = load_clip(media_folder() / SCENE_FILES["vtest"]["main"])
    whole, tele = (snapshot(clip, clip.gop + 3, window) for window in (WHOLE_PICTURE, TELE))
    pictures = [av.CodecContext.create("mjpeg", "r").decode(av.Packet(jpeg))[0] for jpeg in (whole, tele)]
    assert [(picture.width, picture.height) for picture in pictures] == [(1280, 720)] * 2
    keyframe = luma(ClipDecoder(clip).picture(clip.gop))
    assert difference(luma(pictures[0]), keyframe) < 4
    assert difference(luma(pictures[1]), keyframe) > 8
