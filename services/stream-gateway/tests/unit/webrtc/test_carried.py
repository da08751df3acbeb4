"""What is refused at the offer because no browser would show it, and pictures that all viewers share."""

import subprocess
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from stream_gateway.domain.access_units import AccessUnit, Codec, ParameterSets
from stream_gateway.domain.parameter_sets import parameter_sets
from stream_gateway.ffmpeg.commands import ffmpeg_path
from stream_gateway.ingest.line import Line
from stream_gateway.live.feed import FeedLimits, LiveFeed
from stream_gateway.live.showing import Join
from stream_gateway.live.viewer import Viewer
from stream_gateway.testing.coded_pictures import SETS
from stream_gateway.testing.filmed import filmed_groups
from stream_gateway.webrtc.carried import CodecNotCarried, NoPictureYet, carried_sets
from stream_gateway.webrtc.pictures import FeedPictures, PicturesReordered

STEP = 3600
IN_ORDER = (0, 0, 0, 0, 0, 0)
LATE_IN_ORDER = (2, 2, 2, 2, 2, 2)
WITH_B_FRAMES = (1, 3, 0, 0, 3, 0)
"""By how many pictures each is shown after its turn: I P B B P B."""


def ue(value: int) -> str:
    """Return an Exp-Golomb code (H.264 §9.1)."""
    digits = f"{value + 1:b}"
    return "0" * (len(digits) - 1) + digits


def silent_sps() -> bytes:
    """Return a set of the high profile that leaves open whether pictures are reordered: there is no VUI."""
    fields = [
        *(ue(0), ue(1), ue(0), ue(0), "0", "0"),  # number, 4:2:0, 8 bits, no bypass, no scaling lists
        *(ue(0), ue(0), ue(0)),  # frame numbers of 4 bits, picture order by type 0 of 4 bits
        *(ue(4), "0", ue(39), ue(22), "1", "1"),  # 4 references, no gaps, 40 x 23 macroblocks, frames only
        *("1", ue(0), ue(0), ue(0), ue(4)),  # 8 lines cropped off at the bottom
        *("0", "1"),  # no VUI; the end
    ]
    bits = "".join(fields)
    bits += "0" * (-len(bits) % 8)
    return bytes.fromhex("6764001e") + int(bits, 2).to_bytes(len(bits) // 8, "big")


SILENT = parameter_sets(Codec.H264, (), (silent_sps(),), SETS[Codec.H264][1:])


def units(delays: Sequence[int], begin: int = 0) -> list[AccessUnit]:
    return [
        AccessUnit(b"\0\0\0\2\x65" + bytes((number,)), number == 0, (begin + number) * STEP, delay * STEP)
        for number, delay in enumerate(delays)
    ]


def a_feed(sets: ParameterSets, pictures: Sequence[AccessUnit] = ()) -> LiveFeed:
    feed = LiveFeed(FeedLimits())
    feed.begin(sets, Line("native"))
    feed.take(pictures)
    return feed


@asynccontextmanager
async def watching(feed: LiveFeed) -> AsyncGenerator[FeedPictures, None]:
    @asynccontextmanager
    async def join() -> AsyncGenerator[Viewer, None]:
        viewer = feed.join()
        yield viewer
        feed.leave(viewer)

    @asynccontextmanager
    async def opened() -> AsyncGenerator[Join, None]:
        yield join

    async with FeedPictures(opened()) as pictures:
        yield pictures


async def carried(feed: LiveFeed, seconds: float = 30) -> ParameterSets:
    async with watching(feed) as pictures:
        return await carried_sets(pictures, seconds=seconds)


def test_the_sets_of_these_tests_say_what_they_should() -> None:
    assert (SILENT.width, SILENT.height, SILENT.reorders) == (640, 360, True)


@pytest.fixture
def film_with_b_frames(tmp_path: Path) -> Path:
    film = tmp_path / "b.mp4"
    command = [ffmpeg_path(), "-nostdin", "-loglevel", "error", "-f", "lavfi", "-i", "testsrc2=size=128x96:rate=5"]
    command += ["-frames:v", "10", "-pix_fmt", "yuv420p", "-c:v", "libx264", "-bf", "2", str(film)]
    subprocess.run(command, check=True)
    return film


async def test_sets_that_say_b_frames_are_refused_before_any_picture(film_with_b_frames: Path) -> None:
    sets, pictures = filmed_groups(film_with_b_frames, groups=1)
    assert any(one.shown_after for one in pictures)
    with pytest.raises(CodecNotCarried):
        await carried(a_feed(sets))


async def test_sets_that_exclude_b_frames_are_carried_before_any_picture() -> None:
    sets = parameter_sets(Codec.H264, (), SETS[Codec.H264][:1], SETS[Codec.H264][1:])
    assert await carried(a_feed(sets)) == sets


async def test_h265_is_refused() -> None:
    vps, sps, pps = SETS[Codec.H265]
    with pytest.raises(CodecNotCarried):
        await carried(a_feed(parameter_sets(Codec.H265, (vps,), (sps,), (pps,))))


async def test_sets_that_leave_it_open_are_judged_by_the_group_that_is_kept() -> None:
    with pytest.raises(CodecNotCarried):
        await carried(a_feed(SILENT, units(WITH_B_FRAMES)))
    many_before = units((*IN_ORDER * 5, *WITH_B_FRAMES[1:]))
    with pytest.raises(CodecNotCarried):
        await carried(a_feed(SILENT, many_before))


@pytest.mark.parametrize("delays", [IN_ORDER, LATE_IN_ORDER, (0,)], ids=["in-order", "all-late", "too-few"])
async def test_pictures_that_are_in_order_as_far_as_seen_are_carried(delays: tuple[int, ...]) -> None:
    feed = a_feed(SILENT, units(delays))
    async with watching(feed) as pictures:
        assert await carried_sets(pictures, seconds=30) == SILENT
        await pictures.restart()
        assert await pictures.next_picture() == SILENT
        shown = await pictures.next_picture()
        assert isinstance(shown, AccessUnit)
        assert shown.keyframe, "what was looked at is shown all the same"


async def test_b_frames_that_come_later_end_the_pictures() -> None:
    feed = a_feed(SILENT, units(IN_ORDER))
    async with watching(feed) as pictures:
        await carried_sets(pictures, seconds=30)
        feed.take(units(WITH_B_FRAMES, begin=len(IN_ORDER)))
        await pictures.next_picture()
        await pictures.next_picture()
        with pytest.raises(PicturesReordered):
            await pictures.next_picture()


async def test_a_camera_that_says_nothing_in_time_has_no_picture_yet() -> None:
    with pytest.raises(NoPictureYet):
        await carried(LiveFeed(FeedLimits()), seconds=0.01)


async def test_all_viewers_get_the_very_picture_that_the_pull_made() -> None:
    made = units(IN_ORDER, begin=100)
    feed = a_feed(SILENT, made)
    async with watching(feed) as one, watching(feed) as other:
        for viewer in (one, other):
            await viewer.next_picture()
        for number, unit in enumerate(made):
            for viewer in (one, other):
                shown = await viewer.next_picture()
                assert isinstance(shown, AccessUnit)
                assert shown.sample is unit.sample
                assert (shown.time, shown.keyframe) == (number * STEP, unit.keyframe)
