"""Any bytes at all: each parser answers or raises its own error, in bounded memory."""

import itertools
from contextlib import suppress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stream_gateway.domain.access_units import Codec, ParameterSets
from stream_gateway.domain.bits import unescape
from stream_gateway.domain.parameter_sets import (
    MalformedParameterSets,
    h264_sequence,
    h265_sequence,
    parameter_sets,
    set_name,
)
from stream_gateway.native.interleaved import StreamReader
from stream_gateway.native.rtcp import read_reports
from stream_gateway.native.rtsp_auth import Authenticator, read_challenges
from stream_gateway.native.rtsp_headers import RtspMalformed, read_session, read_transport
from stream_gateway.native.rtsp_messages import (
    MAX_BODY_BYTES,
    MAX_EARLY_BYTES,
    MAX_HEAD_BYTES,
    MessageReader,
    answer_to,
    parse_message,
)
from stream_gateway.native.rtsp_messages import RtspRequest as Request
from stream_gateway.native.sdp import NotForNative, SdpMalformed, video_track
from stream_gateway.testing.coded_pictures import SETS
from stream_gateway.testing.rtp_wire import PAYLOAD_TYPE, Packet, interleaved, numbered

CODECS = st.sampled_from(list(Codec))
NAL_BYTES = [0x65, 0x41, 0x67, 0x68, 0x5C, 0x7C, 0x18, 0x06, 0x26, 0x02, 0x62, 0x60, 0x40, 0x42, 0x44, 0x2A, 0x10, 0]
payloads = st.builds(
    lambda head, body: bytes(head) + body, st.lists(st.sampled_from(NAL_BYTES), max_size=3), st.binary(max_size=40)
)
spoiled_sets = st.one_of(
    *[st.just(nal) for sets in SETS.values() for nal in sets],
    st.builds(
        lambda nal, at, flip: nal[: at % len(nal)] + bytes((nal[at % len(nal)] ^ flip,)) + nal[at % len(nal) + 1 :],
        st.sampled_from([nal for sets in SETS.values() for nal in sets]),
        st.integers(0, 100),
        st.integers(1, 255),
    ),
)


def a_reader(codec: Codec) -> StreamReader:
    return StreamReader(codec=codec, payload_type=PAYLOAD_TYPE, channel=0, rtcp_channel=1)


@given(CODECS, st.lists(st.binary(max_size=300), max_size=8))
def test_any_bytes(codec: Codec, reads: list[bytes]) -> None:
    under_test = a_reader(codec)
    with suppress(RtspMalformed):
        for octets in reads:
            under_test.feed(octets)
    assert under_test.held_octets <= sum(map(len, reads))


@settings(max_examples=400)
@given(
    CODECS,
    st.lists(
        st.builds(
            Packet,
            payload=payloads | spoiled_sets,
            stamp=st.integers(0, 3) | st.integers(0, (1 << 32) - 1),
            unit=st.just(0),
            marker=st.booleans(),
            source=st.sampled_from([1, 1, 1, 2]),
            payload_type=st.sampled_from([PAYLOAD_TYPE] * 6 + [97]),
            padding=st.sampled_from([0, 0, 0, 1, 200]),
            extension=st.sampled_from([None, None, b"", b"1234"]),
            contributors=st.sampled_from([0, 0, 15]),
        ),
        max_size=30,
    ),
    st.integers(0, 0xFFFF),
    st.data(),
)
def test_any_packets_in_turn(codec: Codec, packets: list[Packet], first: int, data: st.DataObject) -> None:
    octets = bytearray(b"".join(packet.frame() for packet in numbered(packets, first)))
    for at, value in data.draw(st.lists(st.tuples(st.integers(0, 1 << 12), st.integers(0, 255)), max_size=3)):
        if octets:
            octets[at % len(octets)] = value
    size = data.draw(st.integers(1, 400))
    under_test = a_reader(codec)
    with suppress(RtspMalformed):
        for at in range(0, len(octets), size):
            under_test.feed(memoryview(octets)[at : at + size])
    assert under_test.held_octets <= 2 * len(octets)
    assert all(len(one.sps) for one in under_test.found if isinstance(one, ParameterSets))


@given(st.binary(max_size=80))
def test_any_report(octets: bytes) -> None:
    read_reports(octets)
    a_reader(Codec.H264).feed(interleaved(1, octets))


@settings(max_examples=400)
@given(
    CODECS,
    spoiled_sets | st.builds(lambda nal, tail: nal[: 1 + len(tail) % 20] + tail, spoiled_sets, st.binary(max_size=60)),
)
def test_any_parameter_set(codec: Codec, nal: bytes) -> None:
    for parse in (
        h264_sequence,
        h265_sequence,
        lambda n: set_name(codec, n),
        lambda n: parameter_sets(codec, (n,), (n,), (n,)),
    ):
        with suppress(MalformedParameterSets):
            parse(nal)
    for vps, sps, pps in ((), (nal,), SETS[Codec.H264][1:]), (SETS[Codec.H265][:1], (nal,), SETS[Codec.H265][2:]):
        with suppress(MalformedParameterSets):
            made = parameter_sets(codec, vps, sps, pps)
            assert 16 <= min(made.width, made.height) <= max(made.width, made.height) <= 16_384


@given(st.binary(max_size=300))
def test_emulation_prevention(payload: bytes) -> None:
    escaped = bytearray()
    zeros = 0
    for octet in payload:
        if zeros >= 2 and octet <= 3:
            escaped.append(3)
            zeros = 0
        escaped.append(octet)
        zeros = zeros + 1 if octet == 0 else 0
    assert unescape(bytes(escaped)) == payload


lines = st.sampled_from(
    [
        "RTSP/1.0 200 OK",
        "OPTIONS * RTSP/1.0",
        "CSeq: 1",
        "Content-Length: 5",
        "content-length: -1",
        ": x",
        " fold",
        "",
        "$abcd",
        "Content-Length: 99999",
    ]
)


@given(st.lists(lines | st.text(max_size=20), max_size=12), st.lists(st.integers(0, 300), max_size=6))
def test_any_message(parts: list[str], cuts: list[int]) -> None:
    octets = "\r\n".join(parts).encode()
    reader = MessageReader()
    edges = sorted({0, len(octets), *(min(cut, len(octets)) for cut in cuts)})
    with suppress(RtspMalformed):
        for start, end in itertools.pairwise(edges):
            for message in reader.feed(octets[start:end]):
                if isinstance(message, Request):
                    answer_to(message)
    assert len(reader.leftover()) <= len(octets)
    with suppress(RtspMalformed):
        parse_message(octets)


@pytest.mark.parametrize(
    "part", [b"X-A: b\r\n" * 500, b"RTSP/1.0 200 OK\r\n" + b"A" * 5000, b"$\x00\xff\xff" + b"z" * 4000]
)
def test_memory_of_messages_is_bounded(part: bytes) -> None:
    reader = MessageReader()
    with suppress(RtspMalformed):
        for number in range(200):
            reader.feed(part if number == 0 or part[:1] == b"$" else b"A" * 5000)
    assert reader.held_octets <= MAX_HEAD_BYTES + MAX_BODY_BYTES + 2 * len(part) + MAX_EARLY_BYTES


CHALLENGE_PARTS = [
    "Digest",
    "Basic",
    ",",
    " ",
    "realm=",
    'nonce="x"',
    "qop=auth",
    "algorithm=",
    "SHA-256",
    "=",
    "\\",
    '"',
    "\r\n",
]


@given(st.text(max_size=200) | st.lists(st.sampled_from(CHALLENGE_PARTS), max_size=12).map("".join))
def test_any_header(text: str) -> None:
    for read in (read_transport, read_session):
        with suppress(RtspMalformed):
            read(text)
    read_challenges([text])
    account = Authenticator("user", "password")
    if account.take_challenges([text]):
        answer = account.authorization("OPTIONS", "rtsp://camera/")
        assert answer is not None
        assert "\n" not in answer
        assert "\r" not in answer


sdp_lines = st.sampled_from(
    [
        "v=0",
        "a=control:*",
        "a=control:rtsp://elsewhere/x",
        "a=control:trackID=1",
        "m=video 0 RTP/AVP 96",
        "m=video 0 RTP/AVP 26",
        "m=audio 0 RTP/AVP 0", "m=video 0 RTP/SAVP 96 97", "a=rtpmap:96 H264/90000", "a=rtpmap:96 H265/90000",
        "a=rtpmap:96 H264/8000", "a=fmtp:96 packetization-mode=2", "a=fmtp:96 sprop-parameter-sets=Z0IAH,,aM4=",
        "a=framerate:25", "a=framerate:nan", "a=x-dimensions:1,2", "a=control://elsewhere/", "m=video x y z",
    ]
)  # fmt: skip


@given(st.lists(sdp_lines | st.text(max_size=20), max_size=14), st.none() | st.text(max_size=30))
def test_any_description_stays_on_the_camera(parts: list[str], base: str | None) -> None:
    with suppress(NotForNative, SdpMalformed):
        track = video_track("\r\n".join(parts), "rtsp://user:pw@camera:8554/a?b", base=base)
        for url in (track.control, track.aggregate):
            assert url.startswith("rtsp://camera:8554/")
            assert "\r" not in url
            assert " " not in url
