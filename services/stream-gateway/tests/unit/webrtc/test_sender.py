"""The RTP stream as a receiver sees it; packets are read by aiortc."""

import itertools
import struct

import pytest
from aiortc.codecs.h264 import h264_depayload
from aiortc.rtp import HeaderExtensionsMap, RtpPacket, unwrap_rtx

from stream_gateway.domain.access_units import AccessUnit, Codec, ParameterSets
from stream_gateway.webrtc.offer import OfferedCodec
from stream_gateway.webrtc.payloads import SharedPayloads
from stream_gateway.webrtc.sender import PictureStream

CODEC = OfferedCodec(102, "42e01f", 103, nack=True, pli=True)
SETS = ParameterSets(Codec.H264, (), (b"\x67sps",), (b"\x68pps",), 640, 360)


def picture(number: int, *, keyframe: bool = False, size: int = 3000) -> AccessUnit:
    unit = bytes((0x65 if keyframe else 0x41,)) + struct.pack("!H", number) * (size // 2)
    return AccessUnit(len(unit).to_bytes(4, "big") + unit, keyframe, number * 3600)


class Wire:
    """What was sent, and a clock that stands still until somebody moves it."""

    def __init__(self, codec: OfferedCodec = CODEC) -> None:
        self.packets: list[RtpPacket] = []
        self.now = 1.0
        self.stream = PictureStream(
            codec, send=self._send, shared=SharedPayloads(), now=lambda: self.now, seed=20_260_412
        )

    async def _send(self, packet: bytes) -> None:
        self.packets.append(RtpPacket.parse(packet, HeaderExtensionsMap()))
        self.now += 0.001


async def test_a_stream_begins_with_parameter_sets_and_a_key_frame() -> None:
    wire = Wire()
    wire.stream.begin(SETS)
    await wire.stream.show(picture(0))  # refers to what the peer never saw
    assert wire.packets == []
    await wire.stream.show(picture(1, keyframe=True))
    await wire.stream.show(picture(2))
    times = [packet.timestamp for packet in wire.packets]
    first = [packet for packet in wire.packets if packet.timestamp == times[0]]
    assert [packet.marker for packet in first] == [0] * (len(first) - 1) + [1]
    assert h264_depayload(first[0].payload) == b"\0\0\0\1\x67sps\0\0\0\1\x68pps"
    assert b"".join(h264_depayload(p.payload) for p in first[1:])[4:] == picture(1, keyframe=True).sample[4:]
    assert len(set(times)) == 2
    numbers = [packet.sequence_number for packet in wire.packets]
    assert numbers == list(range(numbers[0], numbers[0] + len(numbers)))
    assert {(packet.ssrc, packet.payload_type) for packet in wire.packets} == {(wire.stream.ssrc, 102)}


async def test_a_lost_packet_is_sent_again_in_the_stream_of_repetitions() -> None:
    wire = Wire()
    wire.stream.begin(SETS)
    await wire.stream.show(picture(1, keyframe=True))
    lost = wire.packets[1]
    await wire.stream.repeat([lost.sequence_number, (lost.sequence_number - 100) % 65536])
    repeated = wire.packets[-1]
    assert (repeated.ssrc, repeated.payload_type) == (wire.stream.rtx_ssrc, 103)
    original = unwrap_rtx(repeated, 102, wire.stream.ssrc)
    assert original.serialize(HeaderExtensionsMap()) == lost.serialize(HeaderExtensionsMap())


async def test_without_rtx_it_is_the_same_packet_again() -> None:
    wire = Wire(OfferedCodec(102, "42e01f", None, nack=True, pli=True))
    wire.stream.begin(SETS)
    await wire.stream.show(picture(1, keyframe=True))
    lost = wire.packets[0]
    await wire.stream.repeat([lost.sequence_number])
    assert wire.packets[-1].serialize(HeaderExtensionsMap()) == lost.serialize(HeaderExtensionsMap())


async def test_repetitions_are_bounded() -> None:
    wire = Wire()
    wire.stream.begin(SETS)
    await wire.stream.show(picture(1, keyframe=True))
    sent = len(wire.packets)
    began = wire.now
    for _ in range(20_000):
        await wire.stream.repeat([wire.packets[1].sequence_number])
        wire.now = began  # all in one instant
    assert 900 < len(wire.packets) - sent < 1100


async def test_memory_of_what_was_sent_is_bounded() -> None:
    wire = Wire()
    wire.stream.begin(SETS)
    for number in range(600):
        wire.now += 1  # nothing waits
        await wire.stream.show(picture(number, keyframe=number == 0))
    sent = list(wire.packets)
    assert len(sent) > 1024
    await wire.stream.repeat([sent[-1025].sequence_number, sent[-1024].sequence_number])
    assert len(wire.packets) == len(sent) + 1


async def test_after_a_broken_picture_the_stream_waits_for_a_key_frame() -> None:
    wire = Wire()
    wire.stream.begin(SETS)
    await wire.stream.show(picture(1, keyframe=True))
    sent = len(wire.packets)
    await wire.stream.show(AccessUnit(b"\0\0\1\0x", keyframe=False, time=7200))
    await wire.stream.show(picture(3))
    assert len(wire.packets) == sent
    await wire.stream.show(picture(4, keyframe=True))
    assert len(wire.packets) > sent


async def test_sequence_numbers_wrap() -> None:
    wire = Wire()
    wire.stream.begin(SETS)
    for number in range(9_000):
        wire.now += 1
        await wire.stream.show(picture(number, keyframe=number == 0, size=8000))
    numbers = [packet.sequence_number for packet in wire.packets]
    assert len(numbers) > 60_000
    assert all((after - before) % 65536 == 1 for before, after in itertools.pairwise(numbers))
    assert min(numbers) == 0


async def test_the_time_of_reports_runs_on_between_pictures() -> None:
    wire = Wire()
    assert wire.stream.rtp_time() is None
    wire.stream.begin(SETS)
    await wire.stream.show(picture(1, keyframe=True, size=100))
    at_once = wire.stream.rtp_time()
    wire.now += 0.5
    later = wire.stream.rtp_time()
    assert at_once is not None
    assert later is not None
    assert (later - at_once) % (1 << 32) == pytest.approx(45_000, abs=1)
