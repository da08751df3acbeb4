"""A still is the newest picture and no other, however the camera codes and whatever was looked at before."""

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import av
import numpy as np
import pytest

from camera_simulator.testing import read_counter
from stream_gateway.domain.access_units import CLOCK_HZ, AccessUnit, ParameterSets
from stream_gateway.domain.watermark import Stamp
from stream_gateway.followed_stills import KeepingUp
from stream_gateway.stills import NoStill, newest_picture, own_packet, still
from stream_gateway.testing.counting import HEIGHT, RATE, WIDTH, counted
from stream_gateway.testing.films import digest, digests, frames_of

H264 = ("-pix_fmt", "yuv420p", "-c:v", "libx264", "-profile:v", "main", "-preset", "veryfast", "-bf", "0")
SLICED = (*H264, "-slices", "4")
FULL_RANGE = ("-pix_fmt", "yuvj420p", "-color_range", "pc", *H264[2:])
BACKWARD = (*H264[:-1], "2", "-x264-params", "b-pyramid=strict:b-adapt=0")
H265 = ("-pix_fmt", "yuv420p", "-c:v", "libx265", "-preset", "ultrafast", "-bf", "0", "-x265-params", "log-level=none")
H265_BACKWARD = (*H265[:5], "superfast", "-bf", "3", "-x265-params", "log-level=none:b-adapt=0:bframes=3")
CODINGS = {
    "h264": H264,
    "h264-slices": SLICED,
    "h264-full-range": FULL_RANGE,
    "h264-b": BACKWARD,
    "h265": H265,
    "h265-b": H265_BACKWARD,
}
FOLLOWABLE = ["h264", "h264-slices", "h264-full-range", "h265"]
PICTURES, GROUP = 60, 30
STAMP = Stamp(("Mme Essai", "réf. 0123abcd"), 5)


@dataclass(frozen=True)
class Film:
    """A film of counted pictures. ``digests``: of every picture, in the order in which they are shown."""

    parameters: ParameterSets
    groups: list[list[AccessUnit]]
    digests: list[str]
    begins_at: int

    def newest(self, group: Sequence[AccessUnit]) -> int:
        """Return the number of the picture of a group that is shown last."""
        return round((max(map(shown_at, group)) - self.begins_at) * RATE / CLOCK_HZ)


def shown_at(unit: AccessUnit) -> int:
    return unit.time + unit.shown_after


def film_of(name: str) -> Film:
    parameters, units, film = counted(*CODINGS[name], pictures=PICTURES, group=GROUP)
    starts = [index for index, unit in enumerate(units) if unit.keyframe]
    groups = [units[start:end] for start, end in pairwise([*starts, len(units)])]
    return Film(parameters, groups, digests(film), min(map(shown_at, units)))


def number_on(jpeg: bytes) -> int:
    return read_counter(frames_of(jpeg)[0].to_ndarray(format="gray").astype(np.uint8, copy=False))


@pytest.mark.parametrize("name", CODINGS)
def test_the_decoded_picture_is_exactly_the_last_one(name: str) -> None:
    film = film_of(name)
    assert len(set(film.digests)) == PICTURES
    for group in film.groups:
        for length in (1, 2, 3, 4, 5, 7, 12, 13, 14, len(group)):
            shown = newest_picture(film.parameters, group[:length])
            assert digest(shown) == film.digests[film.newest(group[:length])], f"of {length} pictures"


@pytest.mark.parametrize("name", CODINGS)
def test_the_jpeg_shows_the_last_picture(name: str) -> None:
    film = film_of(name)
    for length in (1, 2, 8, 25):
        group = film.groups[1][:length]
        jpeg = still(film.parameters, group)
        assert number_on(jpeg) == film.newest(group)
        [picture] = frames_of(jpeg)
        assert (picture.width, picture.height, picture.format.name) == (WIDTH, HEIGHT, "yuvj420p")


def test_pictures_that_do_not_decode_are_no_still() -> None:
    film = film_of("h264")
    [key, *_] = film.groups[0]
    for group in ([], [key._replace(sample=b"\0\0\0\x05\x65\xff\xff\xff\xff")]):
        with pytest.raises(NoStill):
            still(film.parameters, group)


def test_no_thread_of_a_decoder_ever_frees_what_belongs_to_python() -> None:
    """It would wait for the GIL, and the thread that has it and closes the decoder would wait for it."""
    content = bytes(range(100))
    before = sys.getrefcount(content)
    packet = own_packet(content)
    assert sys.getrefcount(content) == before
    assert bytes(packet) == content
    borrowed = av.Packet(content)
    assert sys.getrefcount(content) > before, "what this is about"
    del borrowed


@pytest.mark.parametrize("name", CODINGS)
def test_a_decoder_that_keeps_up_makes_the_same_still_or_none(name: str) -> None:
    film, decoder = film_of(name), KeepingUp()
    made = 0
    for group in film.groups:
        for length in range(1, len(group) + 1):
            present = group[:length]
            if length % 3 == 1:
                decoder.keep_up(film.parameters, present)
            elif (jpeg := decoder.still(film.parameters, present, None)) is not None:
                assert jpeg == still(film.parameters, present)
                assert jpeg == decoder.still(film.parameters, present, None), "two looks at one picture"
                made += 1
    assert (made > 0) is (name in FOLLOWABLE)


def test_how_far_behind_it_is_and_that_another_camera_is_another_start() -> None:
    film, other, decoder = film_of("h264"), film_of("h265"), KeepingUp()
    first, second = film.groups
    assert decoder.behind(film.parameters, first) == GROUP
    decoder.keep_up(film.parameters, first[:20])
    assert decoder.behind(film.parameters, first) == 10
    assert decoder.behind(film.parameters, first[:15]) == 0
    assert decoder.behind(film.parameters, second[:3]) == 3
    assert decoder.behind(other.parameters, other.groups[0]) == GROUP
    jpeg = decoder.still(other.parameters, other.groups[0][:4], None)
    assert jpeg == still(other.parameters, other.groups[0][:4])


def test_a_stream_that_goes_back_in_time_is_never_near() -> None:
    film, decoder = film_of("h264-b"), KeepingUp()
    decoder.keep_up(film.parameters, film.groups[0][:9])
    assert decoder.behind(film.parameters, film.groups[0][:10]) > PICTURES
    film, decoder = film_of("h264"), KeepingUp()
    first, second, *_ = film.groups[0]
    assert decoder.still(film.parameters, [first, second._replace(shown_after=3600)], None) is None


def test_after_a_damaged_group_the_next_one_is_followed_again() -> None:
    film, decoder = film_of("h264"), KeepingUp()
    first, second = film.groups
    torn = [*first[:3], first[3]._replace(sample=b"\0\0\0\x02\x41\xff"), *first[4:6]]
    assert decoder.still(film.parameters, torn, None) is None
    assert decoder.behind(film.parameters, torn) > PICTURES
    assert decoder.still(film.parameters, second[:5], None) == still(film.parameters, second[:5])


@pytest.mark.parametrize("name", ["h264", "h264-full-range"])
def test_nobody_sees_the_stamp_of_another_person(name: str) -> None:
    film, decoder = film_of(name), KeepingUp()
    present = film.groups[0][:6]
    plain, stamped = still(film.parameters, present), still(film.parameters, present, STAMP)
    assert plain != stamped
    decoder.keep_up(film.parameters, present)
    assert decoder.still(film.parameters, present, STAMP) == stamped
    assert decoder.still(film.parameters, present, None) in (None, plain)
    later = film.groups[0][:7]
    assert decoder.still(film.parameters, later, None) == still(film.parameters, later)
