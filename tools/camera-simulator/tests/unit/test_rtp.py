"""RTP packets carry access units unchanged."""

import struct
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from camera_simulator.rtp import FU_A, packetise, sender_report, stamp

MAX_PAYLOAD = 60  # small, so that small NAL units are cut as well

nal_units = st.builds(
    lambda header, body: bytes((header,)) + body,
    st.sampled_from([0x67, 0x68, 0x65, 0x41, 0x06, 0x01]),
    st.binary(max_size=500),
)


def interleaved_frames(octets: bytes) -> list[tuple[int, bytes]]:
    frames: list[tuple[int, bytes]] = []
    at = 0
    while at < len(octets):
        dollar, channel, length = struct.unpack_from("!cBH", octets, at)
        assert dollar == b"$"
        frames.append((channel, octets[at + 4 : at + 4 + length]))
        at += 4 + length
    assert at == len(octets)
    return frames


def depacketise(packets: list[bytes]) -> list[bytes]:
    """RFC 6184, written independently of the packetiser."""
    nals: list[bytes] = []
    open_nal: bytearray | None = None
    for packet in packets:
        payload = packet[12:]
        if payload[0] & 0x1F != FU_A:
            assert open_nal is None
            nals.append(payload)
            continue
        start, end, kind = payload[1] & 0x80, payload[1] & 0x40, payload[1] & 0x1F
        assert not (start and end), "a NAL unit in one fragment is forbidden"
        assert bool(start) == (open_nal is None)
        if start:
            open_nal = bytearray((payload[0] & 0xE0 | kind,))
        assert open_nal is not None
        open_nal += payload[2:]
        if end:
            nals.append(bytes(open_nal))
            open_nal = None
    assert open_nal is None
    return nals


@given(st.lists(nal_units, min_size=1, max_size=6))
def test_depacketised_units_are_the_original(nals: list[bytes]) -> None:
    unit = packetise(nals, keyframe=False, max_payload=MAX_PAYLOAD)
    frames = interleaved_frames(stamp(unit, channel=0, sequence=0, timestamp=0, ssrc=0))
    assert depacketise([packet for _channel, packet in frames]) == nals
    assert all(len(packet) - 12 <= MAX_PAYLOAD for _channel, packet in frames)


@given(
    st.lists(nal_units, min_size=1, max_size=4),
    st.integers(0, 0xFFFF),
    st.integers(0, 0xFFFFFFFF),
    st.integers(0, 0xFFFFFFFF),
    st.integers(0, 254),
)
def test_headers_count_and_mark(nals: list[bytes], first: int, timestamp: int, ssrc: int, channel: int) -> None:
    unit = packetise(nals, keyframe=True, max_payload=MAX_PAYLOAD)
    frames = interleaved_frames(stamp(unit, channel=channel, sequence=first, timestamp=timestamp, ssrc=ssrc))
    headers = [struct.unpack_from("!BBHII", packet) for _channel, packet in frames]
    assert {used for used, _packet in frames} == {channel}
    assert [sequence for _, _, sequence, _, _ in headers] == [(first + i) % 65_536 for i in range(len(frames))]
    assert {(version, at, source) for version, _, _, at, source in headers} == {(0x80, timestamp, ssrc)}
    assert [marked >> 7 for _, marked, _, _, _ in headers] == [0] * (len(frames) - 1) + [1]
    assert unit.payload_octets == sum(len(packet) - 12 for _channel, packet in frames)


def test_sender_report_maps_wall_clock_to_rtp_time() -> None:
    report = sender_report(
        channel=1, ssrc=7, unix_time=1_000.5, timestamp=90_000, packets=3, octets=42, cname="camera-0001"
    )
    ((channel, compound),) = interleaved_frames(report)
    version, kind, words, ssrc, seconds, fraction, timestamp, packets, octets = struct.unpack_from(
        "!BBHIIIIII", compound
    )
    assert (channel, version, kind, words, ssrc) == (1, 0x80, 200, 6, 7)
    assert seconds == 1_000 + 2_208_988_800
    assert fraction == 1 << 31
    assert (timestamp, packets, octets) == (90_000, 3, 42)
    chunk = compound[28:]
    assert chunk[1] == 202
    assert len(chunk) == 4 * (struct.unpack_from("!H", chunk, 2)[0] + 1)
    assert b"camera-0001\x00" in chunk


def test_sequence_continues_from_unit_to_unit() -> None:
    units = [packetise([bytes((0x41,)) * 200], keyframe=False, max_payload=MAX_PAYLOAD) for _ in range(3)]
    sequence = 0xFFFE
    seen: list[int] = []
    for unit in units:
        for _channel, packet in interleaved_frames(stamp(unit, channel=0, sequence=sequence, timestamp=0, ssrc=0)):
            seen.append(struct.unpack_from("!H", packet, 2)[0])
        sequence = (sequence + len(unit.offsets)) & 0xFFFF
    assert all((after - before) % 65_536 == 1 for before, after in pairwise(seen))
