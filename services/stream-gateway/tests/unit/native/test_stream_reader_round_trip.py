"""Whatever way pictures are cut into packets and the bytes into reads, the same pictures come out."""

import itertools
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from camera_simulator.rtp import sender_report
from stream_gateway.domain.access_units import AccessUnit, Codec, ParameterSets
from stream_gateway.native.events import Found, Goodbye, RtspText
from stream_gateway.native.interleaved import StreamReader
from stream_gateway.native.timeline import MAX_STEP
from stream_gateway.testing.coded_pictures import SETS, Picture, picture, pictures
from stream_gateway.testing.rtp_wire import (
    PAYLOAD_TYPE,
    Packet,
    interleaved,
    numbered,
    sample_of,
    unit_packets,
)

CODECS = st.sampled_from(list(Codec))
ANSWER = b"RTSP/1.0 200 OK\r\nCSeq: 7\r\nContent-Length: 5\r\n\r\n$\x00abc"
STEP = 3600


def reader(codec: Codec, declared: ParameterSets | None = None) -> StreamReader:
    return StreamReader(codec=codec, payload_type=PAYLOAD_TYPE, channel=0, rtcp_channel=1, declared=declared)


def read(codec: Codec, octets: bytes, cuts: list[int]) -> list[Found]:
    """Feed the bytes in pieces through one buffer that is overwritten after each, as the poller does."""
    under_test = reader(codec)
    shared = bytearray(len(octets))
    edges = sorted({0, len(octets), *(cut % (len(octets) + 1) for cut in cuts)})
    for start, end in itertools.pairwise(edges):
        shared[: end - start] = octets[start:end]
        under_test.feed(memoryview(shared)[: end - start])
        shared[: end - start] = b"\xee" * (end - start)
    return under_test.found


def expected(shown: list[Picture]) -> list[AccessUnit]:
    return [AccessUnit(sample_of(one.kept), one.keyframe, MAX_STEP + number * STEP) for number, one in enumerate(shown)]


@st.composite
def wire(draw: st.DrawFn, codec: Codec, shown: list[Picture]) -> list[Packet]:
    """Packets of the pictures, cut in all ways, with whatever header parts RTP allows."""
    first_stamp, first_sequence = draw(st.integers(0, (1 << 32) - 1)), draw(st.integers(0, 0xFFFF))
    packets: list[Packet] = []
    last = len(shown) - 1
    for number, one in enumerate(shown):
        packets += unit_packets(
            codec,
            one.sent,
            stamp=first_stamp + number * STEP,
            unit=number,
            limit=draw(st.integers(4, 150)),
            aggregate=draw(st.booleans()),
            marked=number == last or draw(st.integers(0, 3)) != 0,
        )
    extra = st.tuples(st.integers(0, 8), st.none() | st.sampled_from([b"", b"abcd" * 3]), st.integers(0, 3))
    plain = draw(st.booleans())
    dressed: list[Packet] = []
    for packet in packets:
        padding, extension, contributors = (0, None, 0) if plain else draw(extra)
        dressed.append(replace(packet, padding=padding, extension=extension, contributors=contributors))
    return numbered(dressed, first_sequence)


@given(st.data(), CODECS)
def test_pictures_arrive_unchanged(data: st.DataObject, codec: Codec) -> None:
    shown = data.draw(pictures(codec))
    octets = b"".join(packet.frame() for packet in data.draw(wire(codec, shown)))
    found = read(codec, octets, data.draw(st.lists(st.integers(0, 1 << 20), max_size=12)))
    sets, *units = found
    assert isinstance(sets, ParameterSets)
    assert (*sets.vps, *sets.sps, *sets.pps) == SETS[codec]
    assert (sets.width, sets.height) == (640, 360)
    assert units == expected(shown)


@given(st.data(), CODECS)
def test_one_byte_at_a_time_is_the_same(data: st.DataObject, codec: Codec) -> None:
    shown = data.draw(pictures(codec, at_most=3))
    octets = b"".join(packet.frame() for packet in data.draw(wire(codec, shown)))
    assert read(codec, octets, list(range(len(octets)))) == read(codec, octets, [])


@given(st.data(), CODECS)
def test_what_stands_between_the_frames_harms_nothing(data: st.DataObject, codec: Codec) -> None:
    """Answers, reports, other channels, other payload types of other sources."""
    shown = data.draw(pictures(codec, at_most=5))
    foreign = Packet(b"sound", 1, -1, payload_type=8, source=99).frame()
    between = st.sampled_from([b"", ANSWER, b"\r\n", interleaved(5, b"\x80" * 40), interleaved(1, b"junk"), foreign])
    octets = b""
    answers = 0
    for packet in data.draw(wire(codec, shown)):
        stray = data.draw(between)
        answers += stray == ANSWER
        octets += stray + packet.frame()
    found = read(codec, octets, data.draw(st.lists(st.integers(0, 1 << 20), max_size=12)))
    assert [one for one in found if isinstance(one, AccessUnit)] == expected(shown)
    assert [one for one in found if isinstance(one, RtspText)] == [RtspText(ANSWER)] * answers


@pytest.mark.parametrize("codec", list(Codec))
def test_large_pictures_take_the_fast_way(codec: Codec) -> None:
    shown = [picture(codec, number, keyframe=number == 0, slices=(bytes(60_000),)) for number in range(3)]
    packets = [p for n, one in enumerate(shown) for p in unit_packets(codec, one.sent, stamp=n * STEP)]
    octets = b"".join(packet.frame() for packet in numbered(packets, 65_500))
    for size in (len(octets), 32_768, 1447):
        found = read(codec, octets, list(range(0, len(octets), size)))
        assert found[1:] == expected(shown)


@pytest.mark.parametrize("codec", list(Codec))
def test_nothing_before_the_first_key_frame_is_told(codec: Codec) -> None:
    shown = [picture(codec, number, keyframe=number == 2) for number in range(4)]
    packets = [p for n, one in enumerate(shown) for p in unit_packets(codec, one.sent, stamp=n * STEP)]
    found = read(codec, b"".join(packet.frame() for packet in numbered(packets, 0)), [])
    assert found[1:] == expected(shown)[2:]
    assert isinstance(found[0], ParameterSets)


def test_goodbye_and_clock_of_the_camera() -> None:
    codec = Codec.H264
    under_test = reader(codec)
    report = sender_report(
        channel=1, ssrc=0x1234_5678, unix_time=1_700_000_000.5, timestamp=STEP + 900, packets=1, octets=1, cname="c"
    )
    shown = [picture(codec, number, keyframe=number == 0) for number in range(2)]
    packets = [p for n, one in enumerate(shown) for p in unit_packets(codec, one.sent, stamp=n * STEP)]
    under_test.feed(b"".join(packet.frame() for packet in numbered(packets, 7)))
    under_test.feed(report + interleaved(1, b"\x81\xcb\x00\x01\x12\x34\x56\x78"))
    assert under_test.sender_report is not None
    assert under_test.sender_report.unix_time == 1_700_000_000.5
    assert under_test.sender_report_time == MAX_STEP + STEP + 900
    assert under_test.found[-1] == Goodbye()
    reception = under_test.reception()
    assert reception is not None
    assert (reception.highest, reception.lost) == (7 + len(packets) - 1, 0)
