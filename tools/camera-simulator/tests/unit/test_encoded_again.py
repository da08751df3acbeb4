"""Other encodings of a clip decode whole, with the shape that was asked for."""

from typing import cast

import av
import pytest
from av.video.codeccontext import VideoCodecContext
from av.video.frame import VideoFrame

from camera_simulator.camera import HEVC_FILES, SCENE_FILES
from camera_simulator.clips import Clip, load_clip
from camera_simulator.simulator import media_folder
from camera_simulator.stream import Rendition
from camera_simulator.stream_quirks.kinds import ORDINARY, StreamHabits, StreamQuirk
from camera_simulator.stream_quirks.pictures import odd_rendition


def odd(file: str, *quirks: StreamQuirk, smaller: bool = False) -> Clip:
    healthy = Rendition(load_clip(media_folder() / file))
    return odd_rendition(healthy, healthy.clip, StreamHabits(frozenset(quirks)), smaller=smaller).clip


def decoded(clip: Clip) -> list[VideoFrame]:
    decoder = cast("VideoCodecContext", av.CodecContext.create(clip.codec, "r"))
    seen: list[VideoFrame] = []
    for turn, unit in enumerate(clip.access_units):
        packet = av.Packet(unit.annex_b())
        packet.pts = turn + unit.display_shift
        seen += decoder.decode(packet)
    return seen + decoder.decode(None)


@pytest.mark.parametrize("file", [SCENE_FILES["bikes"]["sub"], HEVC_FILES["sub"]])
def test_b_frames_are_shown_in_another_order_than_sent(file: str) -> None:
    clip = odd(file, StreamQuirk.B_FRAMES)
    shifts = [unit.display_shift for unit in clip.access_units]
    assert min(shifts) < 0 < max(shifts)
    shown = [turn + shift for turn, shift in enumerate(shifts)]
    assert sorted(shown) == list(range(len(shown)))
    pictures = decoded(clip)
    assert [picture.pts for picture in pictures] == list(range(len(shown)))
    assert not any(picture.is_corrupt for picture in pictures)


@pytest.mark.parametrize("file", [SCENE_FILES["bikes"]["sub"], HEVC_FILES["sub"]])
def test_rare_keyframes_and_another_size(file: str) -> None:
    clip = odd(file, StreamQuirk.BIG_GOP, smaller=True)
    assert [index for index, unit in enumerate(clip.access_units) if unit.keyframe] == [0]
    assert clip.gop / clip.fps == 10
    assert {(picture.width, picture.height) for picture in decoded(clip)} == {(320, 180)}
    assert clip.access_units[0].nals[: len(clip.parameter_sets)] == clip.parameter_sets


def test_an_ordinary_camera_sends_what_it_always_sends() -> None:
    healthy = Rendition(load_clip(media_folder() / SCENE_FILES["bikes"]["sub"]))
    assert odd_rendition(healthy, healthy.clip, ORDINARY, smaller=False) is healthy
    aggregated = odd_rendition(healthy, healthy.clip, StreamHabits(frozenset({StreamQuirk.STAP})), smaller=False)
    assert aggregated.units[0].template[16] & 0x1F == 24
    assert healthy.units[0].template[16] & 0x1F == 7
