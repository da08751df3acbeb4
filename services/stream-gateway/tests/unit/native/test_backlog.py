"""A stream that rests: whenever it is read again, its newest group of pictures comes out whole, and all after it."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from camera_simulator.rtp import sender_report
from stream_gateway.domain.access_units import AccessUnit, Codec
from stream_gateway.native import backlog as backlogs
from stream_gateway.native.events import Found, Loss, Refused, RtspText, SourceChanged
from stream_gateway.native.interleaved import StreamReader
from stream_gateway.native.rtsp_headers import RtspMalformed
from stream_gateway.testing.coded_pictures import picture, pictures
from stream_gateway.testing.rtp_wire import PAYLOAD_TYPE, SOURCE, interleaved, numbered, sample_of, unit_packets

CODECS = st.sampled_from(list(Codec))
ANSWER = b"RTSP/1.0 200 OK\r\nCSeq: 7\r\nContent-Length: 5\r\n\r\n$\x00abc"
STEP = 3600


def reader(codec: Codec) -> StreamReader:
    return StreamReader(codec=codec, payload_type=PAYLOAD_TYPE, channel=0, rtcp_channel=1)


def rested(under_test: StreamReader, octets: bytes, reads: list[int]) -> None:
    """Let a reader rest while bytes come in reads that end at the given places, then read again."""
    backlog = under_test.rest()
    asides = [backlog.take(octets[begin:end]) for begin, end in pairwise(sorted({0, *reads, len(octets)}))]
    for aside in asides:
        under_test.feed(aside)
    under_test.resume(backlog)


def units_of(found: list[Found]) -> list[AccessUnit]:
    return [one for one in found if isinstance(one, AccessUnit)]


@given(st.data(), CODECS)
def test_after_a_rest_the_newest_group_and_all_that_follows_come_out(data: st.DataObject, codec: Codec) -> None:
    shown = data.draw(pictures(codec, at_least=2, at_most=14))
    frames: list[bytes] = []
    packets = [
        packet
        for number, one in enumerate(shown)
        for packet in unit_packets(
            codec,
            one.sent,
            stamp=(4_000_000_000 + number * STEP) % (1 << 32),
            unit=number,
            limit=data.draw(st.integers(4, 150)),
            aggregate=data.draw(st.booleans()),
            marked=number == len(shown) - 1 or data.draw(st.booleans()),
        )
    ]
    between = st.sampled_from([b"", b"", ANSWER, b"\r\n", interleaved(5, b"\x80" * 40), interleaved(1, b"junk")])
    numbers: list[int] = []
    for packet in numbered(packets, data.draw(st.integers(0, 0xFFFF))):
        frames.append(packet.frame() + data.draw(between))
        numbers.append(packet.unit)
    octets = b"".join(frames)
    rest_at = data.draw(st.integers(0, len(octets)))
    wake_at = data.draw(st.integers(rest_at, len(octets)))
    reads = data.draw(st.lists(st.integers(0, wake_at - rest_at), max_size=8))
    under_test = reader(codec)
    under_test.feed(octets[:rest_at])
    before = len(units_of(under_test.found))
    rested(under_test, octets[rest_at:wake_at], reads)
    under_test.feed(octets[wake_at:])
    told = units_of(under_test.found)[before:]
    samples = [sample_of(one.kept) for one in shown]
    assert not [one for one in under_test.found if isinstance(one, Loss | Refused | SourceChanged)]
    assert [one.sample for one in told] == samples[len(samples) - len(told) :], "nothing after the first is left out"
    first = len(shown) - len(told)
    if first != before:
        assert shown[first].keyframe
        begun = {packet_of: sum(map(len, frames[:index])) for index, packet_of in reversed(list(enumerate(numbers)))}
        keys = [number for number, one in enumerate(shown) if one.keyframe and begun[number] < wake_at]
        whole = [number for number in keys if begun.get(number + 1, len(octets)) <= wake_at]
        assert max(whole, default=0) <= first <= max(keys), "the newest whole group, or one that has begun since"
    steps = {later.time - earlier.time for earlier, later in pairwise(told)}
    assert steps <= {STEP}


@given(CODECS, st.integers(0, 40))
def test_no_more_is_kept_than_one_group_and_what_came_with_the_last_read(codec: Codec, groups: int) -> None:
    packets = [
        packet
        for number in range(groups * 5)
        for packet in unit_packets(
            codec, picture(codec, number, keyframe=number % 5 == 0, slices=(bytes(100),)).sent, stamp=number * STEP
        )
    ]
    frames = [packet.frame() for packet in numbered(packets, 65_500)]
    backlog = reader(codec).rest()
    for frame in frames:
        backlog.take(frame)
    assert len(backlog.octets) <= 5 * max(map(len, frames), default=0) * len(frames) / max(groups * 5, 1)
    assert backlog.cut == (groups > 1)


def test_a_group_without_end_is_dropped_and_the_next_one_is_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(backlogs, "_MOST_BYTES", 2_000)
    under_test = reader(Codec.H264)
    shown = [picture(Codec.H264, number, keyframe=number in (0, 38), slices=(bytes(100),)) for number in range(40)]
    packets = [
        packet
        for number, one in enumerate(shown)
        for packet in unit_packets(Codec.H264, one.sent, stamp=number * STEP, unit=number)
    ]
    backlog = under_test.rest()
    for packet in numbered(packets, 0):
        backlog.take(packet.frame())
        assert len(backlog.octets) <= 2_200
    under_test.resume(backlog)
    assert [one.sample for one in units_of(under_test.found)] == [sample_of(one.kept) for one in shown[38:]]


def test_reports_and_answers_are_told_at_once() -> None:
    under_test = reader(Codec.H264)
    [packet] = numbered(unit_packets(Codec.H264, (b"\x41\x88abcd",), stamp=900), 7)
    backlog = under_test.rest()
    report = sender_report(
        channel=1, ssrc=SOURCE, unix_time=1_700_000_000.5, timestamp=900, packets=1, octets=1, cname="camera"
    )
    aside = backlog.take(packet.frame() + ANSWER + report + packet.frame()[:9])
    under_test.feed(aside)
    assert under_test.found == [RtspText(ANSWER)]
    assert under_test.sender_report is not None
    assert backlog.octets == packet.frame() + packet.frame()[:9]


def test_what_is_neither_frame_nor_message_is_not_kept() -> None:
    with pytest.raises(RtspMalformed):
        reader(Codec.H264).rest().take(b"\x00" * 400)


@given(st.lists(st.binary(max_size=80), max_size=20), CODECS)
def test_hostile_packets_harm_nothing(payloads: list[bytes], codec: Codec) -> None:
    under_test = reader(codec)
    backlog = under_test.rest()
    for payload in payloads:
        backlog.take(interleaved(0, payload) + interleaved(0, b"\x80\x60" + bytes(10) + payload))
    under_test.resume(backlog)
    assert under_test.held_octets <= 6 * sum(map(len, payloads)), "a length of four bytes before each unit"
