"""What the child does with pictures: solid where it must be from the very first, as it was elsewhere."""

import io
import itertools
from collections.abc import Iterator, Sequence
from dataclasses import replace
from fractions import Fraction
from typing import Any

import av
import numpy as np
import pytest
from numpy.typing import NDArray

from stream_gateway.domain.access_units import CLOCK_HZ, AccessUnit, Codec
from stream_gateway.domain.parameter_sets import parameter_sets
from stream_gateway.domain.watermark import Stamp
from stream_gateway.masking.painting import NothingToHide, Painter, Unreadable
from stream_gateway.masking.raster import hidden_blocks, pixels_of
from stream_gateway.masking.stamp import Ink
from stream_gateway.masking.wire import (
    HEADER_BYTES,
    Coding,
    Kind,
    WireBroken,
    areas_message,
    coding_message,
    header_of,
    joined,
    message,
    parted,
    unit_from,
    unit_message,
)
from stream_gateway.masking.worker import paint_messages
from stream_gateway.testing.watermarks import luma_of

WIDTH, HEIGHT, RATE = 160, 96, 10
AREA = ((0.2, 0.2), (0.55, 0.25), (0.5, 0.7), (0.15, 0.6))
CODING = Coding(rate_factor=18.0, group_ticks=CLOCK_HZ)
STAMPED = replace(CODING, stamped=True)
STAMP = Stamp(("Adj. Éva", "réf. 1a2b"), 3)
Picture = NDArray[np.uint8]
_START = b"\x00\x00\x00\x01"


def scene(number: int, width: int = WIDTH, height: int = HEIGHT) -> Picture:
    """A bright picture in which a light square walks: no pixel of it is black."""
    x, y = np.meshgrid(np.arange(width), np.arange(height))
    grey = (110 + 60 * np.sin(x / 17 + number / 5) + 50 * np.cos(y / 11)).astype(np.uint8)
    left = 8 * number % (width - 24)
    grey[30:54, left : left + 24] = 235
    return np.stack([grey, 255 - grey, np.full_like(grey, 160)], axis=-1)


def filmed(
    pictures: Sequence[Picture], *, codec: str = "libx264", pixels: str = "yuv420p"
) -> list[tuple[list[bytes], AccessUnit]]:
    """Encode pictures as a camera does; each access unit with the parameter sets that came with it."""
    encoder: Any = av.CodecContext.create(codec, "w")
    encoder.height, encoder.width = pictures[0].shape[:2]
    encoder.pix_fmt, encoder.time_base, encoder.framerate = pixels, Fraction(1, RATE), Fraction(RATE)
    encoder.options = {"preset": "ultrafast", "tune": "zerolatency", "crf": "10", "g": "20"}
    if codec == "libx265":
        encoder.options["x265-params"] = "repeat-headers=1:bframes=0:log-level=none:keyint=20"
    found: list[tuple[list[bytes], AccessUnit]] = []
    for number, picture in enumerate(pictures):
        frame = av.VideoFrame.from_ndarray(picture, format="rgb24").reformat(format=pixels)
        frame.pts = number
        for packet in encoder.encode(frame):
            nals = [one.rstrip(b"\x00") for one in bytes(packet).split(_START[1:]) if one.rstrip(b"\x00")]
            sets = [nal for nal in nals if is_set(nal, codec)]
            rest = [nal for nal in nals if nal not in sets]
            time = packet.pts * CLOCK_HZ // RATE
            found.append((sets, AccessUnit(joined(rest), packet.is_keyframe, time)))
    return found


def is_set(nal: bytes, codec: str) -> bool:
    return nal[0] & 0x1F in (7, 8) if codec == "libx264" else nal[0] >> 1 & 0x3F in (32, 33, 34)


def decoded(painted: Sequence[tuple[tuple[bytes, ...], AccessUnit]]) -> Iterator[av.VideoFrame]:
    decoder: Any = av.CodecContext.create("h264", "r")
    decoder.thread_count = 1
    for sets, unit in painted:
        yield from decoder.decode(av.Packet(b"".join(_START + nal for nal in (*sets, *parted(unit.sample)))))
    yield from decoder.decode(None)


def painted(
    film: Sequence[tuple[list[bytes], AccessUnit]], painter: Painter, codec: str = "h264"
) -> list[tuple[tuple[bytes, ...], AccessUnit]]:
    found: list[tuple[tuple[bytes, ...], AccessUnit]] = []
    for sets, unit in film:
        if sets:
            painter.begin(codec, sets)
        found += painter.paint(unit)
    return found


def check_hidden(frame: av.VideoFrame, original: Picture | None, areas: Sequence[Any] = (AREA,)) -> None:
    """All pixels of the areas are solid; the others are as they were, but for the codec's error."""
    width, height = frame.width, frame.height
    blocks = hidden_blocks(areas, width=width, height=height, margin=CODING.margin)
    hidden = pixels_of(blocks, width=width, height=height)
    exactly = pixels_of(hidden_blocks(areas, width=width, height=height, margin=0.0), width=width, height=height)
    luma = frame.to_ndarray(format="yuv420p")
    y, chroma = luma[:height], luma[height:].reshape(2, height // 2, width // 2)
    assert y[exactly].max() <= 18, "something shows under the mask"
    assert np.abs(chroma[:, exactly[::2, ::2]].astype(int) - 128).max() <= 2, "a colour shows under the mask"
    if original is not None:
        grown = np.pad(~hidden, 8, constant_values=True)
        clear = np.min([np.roll(grown, shift, (0, 1)) for shift in itertools.product((-8, 0, 8), repeat=2)], axis=0)
        clear = clear[8:-8, 8:-8].astype(bool)
        before = av.VideoFrame.from_ndarray(original, format="rgb24").to_ndarray(format="yuv420p")[:height]
        assert np.abs(y.astype(int) - before)[clear].mean() < 3, "outside of the mask the picture is as it was"


@pytest.mark.parametrize(
    ("codec", "name", "pixels"),
    [("libx264", "h264", "yuv420p"), ("libx264", "h264", "yuv422p"), ("libx265", "h265", "yuv420p")],
)
def test_every_picture_is_solid_under_the_mask_and_itself_elsewhere(codec: str, name: str, pixels: str) -> None:
    pictures = [scene(number) for number in range(30)]
    painter = Painter(CODING)
    painter.hide([AREA])
    units = painted(filmed(pictures, codec=codec, pixels=pixels), painter, name)
    assert len(units) == len(pictures)
    assert units[0][1].keyframe
    assert [unit.time for _, unit in units] == [number * CLOCK_HZ // RATE for number in range(30)]
    frames = list(decoded(units))
    assert len(frames) == len(pictures)
    for frame, original in zip(frames, pictures, strict=True):
        check_hidden(frame, original)


def test_what_comes_out_has_no_b_frames_and_short_groups() -> None:
    painter = Painter(CODING)
    painter.hide([AREA])
    units = painted(filmed([scene(number) for number in range(45)]), painter)
    keys = [unit.time for _, unit in units if unit.keyframe]
    assert keys == [0, CLOCK_HZ, 2 * CLOCK_HZ, 3 * CLOCK_HZ, 4 * CLOCK_HZ][: len(keys)]
    assert len(keys) == 5
    sps = [nal for nal in units[0][0] if nal[0] & 0x1F == 7]
    pps = [nal for nal in units[0][0] if nal[0] & 0x1F == 8]
    told = parameter_sets(Codec.H264, (), sps, pps)
    assert (told.width, told.height, told.reorders) == (WIDTH, HEIGHT, False)


def test_other_areas_hold_from_the_next_picture_on() -> None:
    elsewhere = ((0.6, 0.1), (0.9, 0.1), (0.9, 0.9), (0.6, 0.9))
    film = filmed([scene(number) for number in range(20)])
    painter = Painter(CODING)
    painter.hide([AREA])
    first = painted(film[:10], painter)
    painter.hide([elsewhere])
    frames = list(decoded([*first, *painted(film[10:], painter)]))
    for number, frame in enumerate(frames):
        check_hidden(frame, scene(number), [AREA] if number < 10 else [elsewhere])


def test_a_camera_that_changes_its_size_stays_masked() -> None:
    small = [scene(number, 128, 64) for number in range(6)]
    film = filmed([scene(number) for number in range(6)])
    later = [(sets, unit._replace(time=unit.time + CLOCK_HZ)) for sets, unit in filmed(small)]
    painter = Painter(CODING)
    painter.hide([AREA])
    units = painted([*film, *later], painter)
    frames = list(decoded(units))
    assert {(frame.width, frame.height) for frame in frames} == {(WIDTH, HEIGHT), (128, 64)}
    assert units[6][1].keyframe, "another size begins with a key frame"
    for frame in frames:
        check_hidden(frame, None)


def test_nothing_comes_out_before_somebody_said_what_to_hide() -> None:
    painter = Painter(CODING)
    [(sets, unit), *_] = filmed([scene(0)])
    painter.begin("h264", sets)
    with pytest.raises(NothingToHide):
        list(painter.paint(unit))


def test_nothing_that_must_be_stamped_comes_out_before_somebody_said_what_to_write() -> None:
    painter = Painter(STAMPED)
    painter.hide([])
    [(sets, unit), *_] = filmed([scene(0)])
    painter.begin("h264", sets)
    with pytest.raises(NothingToHide):
        list(painter.paint(unit))
    painter.stamp(STAMP)
    assert list(painter.paint(unit))


def test_every_picture_carries_the_stamp_and_is_itself_elsewhere() -> None:
    pictures = [scene(number) for number in range(20)]
    painter = Painter(STAMPED)
    painter.hide([])
    painter.stamp(STAMP)
    frames = list(decoded(painted(filmed(pictures), painter)))
    assert len(frames) == len(pictures)
    covered = Ink(STAMP, WIDTH, HEIGHT).covered
    for frame, original in zip(frames, pictures, strict=True):
        luma = luma_of(frame)
        before = luma_of(av.VideoFrame.from_ndarray(original, format="rgb24"))
        wanted = before.copy()
        Ink(STAMP, WIDTH, HEIGHT).write(wanted)
        assert np.abs(luma.astype(int) - wanted)[covered].mean() < 6
        assert np.abs(luma.astype(int) - before)[covered].mean() > 15
        assert np.abs(luma.astype(int) - before)[~covered].mean() < 4


def test_a_stamp_over_a_mask_shows_nothing_of_what_is_under_it() -> None:
    found: list[Picture] = []
    for number in (0, 9):
        painter = Painter(STAMPED)
        painter.hide([((0.0, 0.0), (1.0, 0.0), (1.0, 1.0), (0.0, 1.0))])
        painter.stamp(STAMP)
        [frame] = decoded(painted(filmed([scene(number)]), painter))
        found.append(luma_of(frame))
    assert np.array_equal(found[0], found[1])


def test_a_stream_that_never_decodes_is_given_up() -> None:
    painter = Painter(CODING)
    painter.hide([AREA])
    [(sets, _), *_] = filmed([scene(0)])
    noise = [(sets, AccessUnit(joined([b"\x65" + bytes([7]) * 40]), keyframe=True, time=at)) for at in range(1000)]
    with pytest.raises(Unreadable):
        painted(noise, painter)


def test_messages_go_in_and_painted_pictures_and_marks_come_out_in_order() -> None:
    film = filmed([scene(number) for number in range(8)])
    source = io.BytesIO(
        coding_message(CODING)
        + message(Kind.CODEC, b"h264\x00" + joined(film[0][0]))
        + areas_message([AREA])
        + b"".join(unit_message(unit) for _, unit in film[:4])
        + message(Kind.MARK)
        + b"".join(unit_message(unit) for _, unit in film[4:])
        + unit_message(film[0][1])[:-3]  # the parent died in the middle of a message
    )
    target = io.BytesIO()
    paint_messages(source, target)
    answers = list(read(target.getvalue()))
    kinds = [kind for kind, _ in answers]
    assert kinds == [Kind.SETS, *[Kind.UNIT] * 4, Kind.MARK, *[Kind.UNIT] * 4]
    after_the_mark = unit_from(answers[6][1])
    assert after_the_mark.keyframe


def test_a_picture_without_masks_ends_the_child() -> None:
    film = filmed([scene(0)])
    source = io.BytesIO(
        coding_message(CODING) + message(Kind.CODEC, b"h264\x00" + joined(film[0][0])) + unit_message(film[0][1])
    )
    target = io.BytesIO()
    with pytest.raises(NothingToHide):
        paint_messages(source, target)
    assert target.getvalue() == b""


@pytest.mark.parametrize("content", [b"x\x00\x00\x00\x00", b"\xff\x00\x00\x00\x00", b"u\xff\xff\xff\xff"])
def test_what_is_no_message_is_refused(content: bytes) -> None:
    with pytest.raises(WireBroken):
        header_of(content)


def read(content: bytes) -> Iterator[tuple[Kind, bytes]]:
    at = 0
    while at < len(content):
        kind, length = header_of(content[at : at + HEADER_BYTES])
        yield kind, content[at + HEADER_BYTES : at + HEADER_BYTES + length]
        at += HEADER_BYTES + length
