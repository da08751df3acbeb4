"""Keyframes out of packets: what two real encoders make, cut as RFC 6184 and RFC 7798 say, comes out to decode."""

import struct
from collections.abc import Iterator
from fractions import Fraction

import av
import numpy as np
import pytest
from av.video.codeccontext import VideoCodecContext
from av.video.frame import VideoFrame
from hypothesis import given, settings
from hypothesis import strategies as st

from camera_registry.rtsp.keyframe_decoder import KeyframeUnreadable, decode
from camera_registry.rtsp.keyframes import MAX_KEYFRAMES, MAX_OCTETS, MAX_PICTURES, KeyframeCollector, sender_clock

CODECS = {"H.264": ("libx264", 1, 28), "H.265": ("libx265", 2, 49)}
PICTURES, GOP, RATE = 24, 10, 10
START = 0xFFFF_F000
"""The clock of the packets wraps around within the test."""


def encoded(codec: str) -> list[list[bytes]]:
    """Return the NAL units of each picture of a short film."""
    encoder = av.CodecContext.create(CODECS[codec][0], "w")
    assert isinstance(encoder, VideoCodecContext)
    encoder.width, encoder.height, encoder.pix_fmt, encoder.framerate = 320, 192, "yuv420p", Fraction(RATE)
    params = f"keyint={GOP}:min-keyint={GOP}:scenecut=0:bframes=0"
    named = {"H.264": "x264-params", "H.265": "x265-params"}[codec]
    encoder.options = {"preset": "ultrafast", "tune": "zerolatency", named: f"{params}:log-level=none"}
    packets: list[bytes] = []
    for number in range(PICTURES):
        plane = np.roll(np.tile(np.arange(320, dtype=np.uint8), (192, 1)), number * 5, axis=1)
        frame = VideoFrame.from_ndarray(plane, format="gray").reformat(format="yuv420p")
        frame.pts = number
        packets += [bytes(packet) for packet in encoder.encode(frame)]
    packets += [bytes(packet) for packet in encoder.encode(None)]
    return [[unit for unit in _units(packet)] for packet in packets]  # noqa: C416 - a generator per picture


def _units(stream: bytes) -> Iterator[bytes]:
    for part in stream.split(b"\x00\x00\x01"):
        unit = part.rstrip(b"\x00")
        if unit:
            yield unit


def packets(pictures: list[list[bytes]], codec: str, largest: int) -> list[bytes]:
    """Cut pictures into RTP packets of at most ``largest`` octets of payload."""
    head, fragment = CODECS[codec][1:]
    found: list[bytes] = []
    for number, units in enumerate(pictures):
        stamp = (START + number * 90_000 // RATE) & 0xFFFF_FFFF
        payloads = [payload for unit in units for payload in _cut(unit, head, fragment, largest)]
        for place, payload in enumerate(payloads):
            marker = 0x80 if place == len(payloads) - 1 else 0
            found.append(struct.pack("!BBHII", 0x80, marker | 96, len(found) & 0xFFFF, stamp, 1) + payload)
    return found


def _cut(unit: bytes, head: int, fragment: int, largest: int) -> Iterator[bytes]:
    if len(unit) <= largest:
        yield unit
        return
    kind = unit[0] & 0x1F if head == 1 else unit[0] >> 1 & 0x3F
    first = bytes((unit[0] & 0xE0 | fragment,)) if head == 1 else bytes((unit[0] & 0x81 | fragment << 1, unit[1]))
    body = unit[head:]
    size = largest - head - 1
    pieces = [body[at : at + size] for at in range(0, len(body), size)]
    for place, piece in enumerate(pieces):
        mark = (0x80 if place == 0 else 0) | (0x40 if place == len(pieces) - 1 else 0)
        yield first + bytes((mark | kind,)) + piece


FILMS = {codec: encoded(codec) for codec in CODECS}


@settings(max_examples=15, deadline=None)
@given(codec=st.sampled_from(sorted(CODECS)), largest=st.integers(60, 1400))
def test_keyframes_come_out_whole_with_their_rate(codec: str, largest: int) -> None:
    collector = KeyframeCollector(codec)
    for packet in packets(FILMS[codec], codec, largest):
        collector.add(packet)
    assert collector.rate == pytest.approx(RATE, rel=0.01)
    assert collector.key_interval == pytest.approx(GOP / RATE)
    assert len(collector.keyframes) == 3
    for number, keyframe in enumerate(collector.keyframes):
        grey, size = decode(codec, keyframe)
        assert size == (320, 192)
        wanted = np.roll(np.arange(320), number * GOP * 5)
        assert np.abs(np.median(grey, axis=0) - wanted % 256).mean() < 12


@pytest.mark.parametrize("codec", sorted(CODECS))
def test_a_keyframe_with_a_lost_packet_is_counted_and_not_kept(codec: str) -> None:
    collector = KeyframeCollector(codec)
    cut = packets(FILMS[codec], codec, 100)
    lost = next(place for place, packet in enumerate(cut) if len(packet) > 100 and place > 3)
    for packet in [*cut[:lost], *cut[lost + 1 :]]:
        collector.add(packet)
    assert len(collector.key_stamps) == 3
    assert len(collector.keyframes) == 2


def test_units_that_travel_together_are_taken_apart() -> None:
    together = b"\x18" + b"".join(struct.pack("!H", len(unit)) + unit for unit in FILMS["H.264"][0])
    collector = KeyframeCollector("H.264")
    collector.add(struct.pack("!BBHII", 0x80, 0xE0, 0, 0, 1) + together)
    assert decode("H.264", collector.keyframes[0])[1] == (320, 192)


def test_parameter_sets_of_the_description_are_enough() -> None:
    sets = tuple(unit for unit in FILMS["H.264"][0] if unit[0] & 0x1F in (7, 8))
    slices = [unit for unit in FILMS["H.264"][0] if unit[0] & 0x1F == 5]
    collector = KeyframeCollector("H.264", sets)
    for packet in packets([slices], "H.264", 400):
        collector.add(packet)
    assert decode("H.264", collector.keyframes[0])[1] == (320, 192)


def test_a_flood_is_taken_in_part_only() -> None:
    collector = KeyframeCollector("H.264")
    body = b"\x7c\x05" + b"\xff" * 60_000  # a fragment of a keyframe that never ends
    for number in range(2 * MAX_OCTETS // len(body)):
        head = b"\x7c\x85" if number % 400 == 0 else b"\x7c\x05"
        collector.add(struct.pack("!BBHII", 0x80, 0x60, number & 0xFFFF, 7, 1) + head + body)
    assert collector.full
    assert collector.octets < MAX_OCTETS + 70_000
    many = KeyframeCollector("H.264")
    for number in range(MAX_PICTURES + 500):
        unit = b"\x18\x00\x02\x67\x00\x00\x02\x65\x00"
        many.add(struct.pack("!BBHII", 0x80, 0xE0, number & 0xFFFF, number, 1) + unit)
    assert many.full
    assert len(many.stamps) == MAX_PICTURES
    assert len(many.keyframes) == MAX_KEYFRAMES


def test_a_gigantic_picture_is_refused_before_it_is_decoded() -> None:
    encoder = av.CodecContext.create("libx264", "w")
    assert isinstance(encoder, VideoCodecContext)
    encoder.width, encoder.height, encoder.pix_fmt, encoder.framerate = 16_000, 4_016, "yuv420p", Fraction(1)
    encoder.options = {"preset": "ultrafast", "tune": "zerolatency", "x264-params": "log-level=none"}
    keyframe = b"".join(bytes(packet) for packet in encoder.encode(VideoFrame(16_000, 4_016, "yuv420p")))
    with pytest.raises(KeyframeUnreadable):
        decode("H.264", keyframe)


@settings(max_examples=200)
@given(st.lists(st.binary(max_size=60), max_size=20), st.sampled_from(sorted(CODECS)))
def test_no_bytes_break_the_collector(strange: list[bytes], codec: str) -> None:
    collector = KeyframeCollector(codec)
    for packet in strange:
        collector.add(packet)
        collector.add(b"\x80\x60" + packet)
    assert collector.octets == sum(2 * len(packet) + 2 for packet in strange)


@given(st.floats(1e9, 4e9))
def test_the_camera_s_clock_is_read_from_its_report(unix: float) -> None:
    seconds = int(unix)
    fraction = int((unix - seconds) * (1 << 32))
    report = struct.pack("!BBHIIIIII", 0x80, 200, 6, 1, (seconds + 2_208_988_800) & 0xFFFF_FFFF, fraction, 0, 0, 0)
    told = sender_clock(report)
    if seconds + 2_208_988_800 < 1 << 32:
        assert told == pytest.approx(unix, abs=1e-3)
    assert sender_clock(report[:20]) is None
