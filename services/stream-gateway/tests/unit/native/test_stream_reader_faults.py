"""Cameras that lie about time, lengths, types and ends of pictures."""

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stream_gateway.domain.access_units import CLOCK_HZ, AccessUnit, Codec, ParameterSets
from stream_gateway.domain.parameter_sets import parameter_sets
from stream_gateway.native.events import Found, Loss, MarkersDistrusted, Refusal, Refused, TimeJump
from stream_gateway.native.interleaved import StreamReader
from stream_gateway.native.rtsp_headers import RtspMalformed
from stream_gateway.native.unit_assembly import MAX_UNIT_BYTES, MAX_UNIT_NALS
from stream_gateway.testing.coded_pictures import SETS, Picture, picture
from stream_gateway.testing.rtp_wire import PAYLOAD_TYPE, Packet, interleaved, numbered, sample_of, unit_packets

H264 = Codec.H264
STEP = 3600


def a_reader(codec: Codec = H264, declared: ParameterSets | None = None) -> StreamReader:
    return StreamReader(codec=codec, payload_type=PAYLOAD_TYPE, channel=0, rtcp_channel=1, declared=declared)


def read(packets: list[Packet], codec: Codec = H264) -> list[Found]:
    under_test = a_reader(codec)
    under_test.feed(b"".join(packet.frame() for packet in numbered(packets, 0)))
    return under_test.found


def film(count: int, keys: tuple[int, ...], *, codec: Codec = H264) -> list[Picture]:
    return [picture(codec, number, keyframe=number in keys) for number in range(count)]


def units(found: list[Found]) -> list[AccessUnit]:
    return [one for one in found if isinstance(one, AccessUnit)]


def reasons(found: list[Found]) -> list[Refusal]:
    return [one.reason for one in found if isinstance(one, Refused)]


def around(bad: list[Packet], *, keys: tuple[int, ...] = (0, 4)) -> list[Found]:
    """Three good pictures, what is to be refused as the fourth, then a key frame and its successor."""
    shown = film(6, keys)
    packets = [
        p
        for number, one in enumerate(shown)
        for p in (bad if number == 3 else unit_packets(H264, one.sent, stamp=number * STEP))
    ]
    found = read(packets)
    assert [one.sample for one in units(found)] == [sample_of(shown[number].kept) for number in (0, 1, 2, 4, 5)]
    return found


@given(st.lists(st.integers(-(1 << 31), (1 << 31) - 1), min_size=1, max_size=12), st.integers(0, (1 << 32) - 1))
def test_our_time_always_goes_on(steps: list[int], stamp: int) -> None:
    shown = film(len(steps) + 1, (0,))
    packets = unit_packets(H264, shown[0].sent, stamp=stamp)
    jumps: list[int] = []
    for one, step in zip(shown[1:], steps, strict=True):
        stamp += step
        packets += unit_packets(H264, one.sent, stamp=stamp)
        if not 0 < step <= 10 * CLOCK_HZ:
            jumps.append(step)
    found = read(packets)
    times = [one.time for one in units(found)]
    assert len(times) == len(shown)
    assert times == sorted(set(times)), "time goes back or stands still"
    assert [one.ticks for one in found if isinstance(one, TimeJump)] == jumps
    for before, after, step in zip(times, times[1:], steps, strict=False):
        assert after - before == step or step in jumps


def test_thirteen_hours_do_not_wrap() -> None:
    shown = film(4, (0,))
    near = (1 << 32) - STEP
    found = read([p for n, one in enumerate(shown) for p in unit_packets(H264, one.sent, stamp=near + n * STEP)])
    times = [one.time for one in units(found)]
    assert [after - before for before, after in itertools.pairwise(times)] == [STEP] * 3
    assert not [one for one in found if isinstance(one, TimeJump)]


def test_markers_on_every_packet_are_found_out() -> None:
    shown = [picture(H264, n, keyframe=n % 2 == 0, slices=(b"a", b"b")) for n in range(6)]
    packets = [Packet(nal, n * STEP, n, marker=True) for n, one in enumerate(shown) for nal in one.sent]
    found = read(packets)
    assert [type(one) for one in found].count(MarkersDistrusted) == 1
    after = found[[isinstance(one, MarkersDistrusted) for one in found].index(True) :]
    assert [one.sample for one in units(after)] == [sample_of(shown[n].kept) for n in (2, 3, 4)]


def test_sets_sent_with_markers_and_times_of_their_own_are_no_pictures() -> None:
    shown = film(3, (0, 2))
    packets: list[Packet] = []
    for number, one in enumerate(shown):
        sets = [nal for nal in one.sent if nal not in one.kept]
        packets += [Packet(nal, number * STEP - 1000, number, marker=True) for nal in sets]
        packets += unit_packets(H264, one.kept, stamp=number * STEP)
    assert [one.sample for one in units(read(packets))] == [sample_of(one.kept) for one in shown]


def fragment(flags: int, kind: int = 1, body: bytes = b"\x88abc") -> bytes:
    return bytes((0x5C, flags | kind)) + body


@pytest.mark.parametrize(
    ("payloads", "reason"),
    [
        ([fragment(0), fragment(0x40)], Refusal.FRAGMENT),
        ([fragment(0x80), fragment(0)], Refusal.FRAGMENT),
        ([fragment(0x80), fragment(0x80), fragment(0x40)], Refusal.FRAGMENT),
        ([fragment(0x80), fragment(0, kind=5), fragment(0x40)], Refusal.FRAGMENT),
        ([fragment(0x80), b"\x41\x88abc"], Refusal.FRAGMENT),
        ([b"\x5c"], Refusal.PAYLOAD),
        ([b"\x5c\x81"], Refusal.PAYLOAD),
        ([b"\x41"], Refusal.PAYLOAD),
        ([b"\x18\x00\x00"], Refusal.PAYLOAD),
        ([b"\x18\x00\x05\x41\x88ab"], Refusal.PAYLOAD),
        ([b"\x18\x00"], Refusal.PAYLOAD),
        ([b"\x00\x88"], Refusal.NAL_TYPE),
        ([b"\x1e\x88"], Refusal.NAL_TYPE),
        ([b"\x1f\x88"], Refusal.NAL_TYPE),
        ([b"\x19\x00\x00\x00\x04\x41\x88ab"], Refusal.NAL_TYPE),
        ([b"\xc1\x88abc"], Refusal.NAL_TYPE),
        ([fragment(0x80, kind=28), fragment(0x40, kind=28)], Refusal.NAL_TYPE),
        ([b"\x67"], Refusal.PARAMETER_SETS),
        ([b"\x67\x42\x00\x1f" + b"\x00" * 5000], Refusal.PARAMETER_SETS),
        ([b"\x41\x88", *[b"\x06\x05\x80"] * MAX_UNIT_NALS], Refusal.TOO_LARGE),
    ],
)
def test_what_cannot_be_a_picture_is_refused_until_the_next_key_frame(payloads: list[bytes], reason: Refusal) -> None:
    bad = [Packet(payload, 3 * STEP, 3, marker=number == len(payloads)) for number, payload in enumerate(payloads, 1)]
    found = around(bad)
    assert reasons(found) == [reason]
    assert not [one for one in found if isinstance(one, Loss)]


def test_packets_that_are_no_rtp_are_refused_and_missed() -> None:
    shown = film(6, (0, 4))
    packets = numbered([p for n, one in enumerate(shown) for p in unit_packets(H264, one.sent, stamp=n * STEP)], 0)
    frames = [packet.frame() for packet in packets]
    third = next(index for index, packet in enumerate(packets) if packet.stamp == 3 * STEP)
    for bad in (b"", b"\x80", b"\x00" + packets[third].octets()[1:], b"\xb0" + packets[third].octets()[1:-1] + b"\xff"):
        under_test = a_reader()
        under_test.feed(b"".join([*frames[:third], interleaved(0, bad), *frames[third + 1 :]]))
        found = under_test.found
        assert reasons(found) == [Refusal.PACKET]
        assert [one.packets for one in found if isinstance(one, Loss)] == [1]
        assert len(units(found)) == 3, "what was lost may have been the beginning of the key frame"
        assert under_test.malformed_packets == 1


def test_a_picture_of_more_than_sixteen_mebibytes_is_refused() -> None:
    part = bytes(60_000)
    many = MAX_UNIT_BYTES // len(part) + 2
    bad = [Packet(fragment(0x80), 3 * STEP, 3), *[Packet(fragment(0, body=part), 3 * STEP, 3)] * many]
    assert reasons(around([*bad, Packet(fragment(0x40), 3 * STEP, 3, marker=True)])) == [Refusal.TOO_LARGE]


def test_a_picture_that_never_ends_takes_no_more_memory() -> None:
    under_test = a_reader()
    begin = [*unit_packets(H264, picture(H264, 0, keyframe=True).sent, stamp=0), Packet(fragment(0x80), STEP, 1)]
    for body, limit in ((bytes(1400), MAX_UNIT_BYTES + 100_000), (b"ab", 70_000)):
        packets = numbered([*begin, *[Packet(fragment(0, body=body), STEP, 1)] * 60], 0)
        under_test = a_reader()
        under_test.feed(b"".join(packet.frame() for packet in packets[: len(begin)]))
        held = 0
        for number in range(1400):
            octets = b"".join(
                interleaved(
                    0, p.octets()[:2] + ((p.sequence + number * 60) & 0xFFFF).to_bytes(2, "big") + p.octets()[4:]
                )
                for p in packets[len(begin) :]
            )
            under_test.feed(octets)
            held = max(held, under_test.held_octets)
        assert reasons(under_test.found) == [Refusal.TOO_LARGE]
        assert held <= limit


def test_new_parameter_sets_come_before_the_picture_that_needs_them() -> None:
    other = SETS[H264][0][:3] + b"\x1f" + SETS[H264][0][4:]
    shown = film(5, (0, 2, 4))
    packets: list[Packet] = []
    for number, one in enumerate(shown):
        sent = [other if nal == SETS[H264][0] and number >= 2 else nal for nal in one.sent]
        packets += unit_packets(H264, sent, stamp=number * STEP, aggregate=True)
    found = read(packets)
    kinds = [type(one) for one in found]
    assert kinds == [ParameterSets, AccessUnit, AccessUnit, ParameterSets, AccessUnit, AccessUnit, AccessUnit]
    assert [one.sps for one in found if isinstance(one, ParameterSets)] == [(SETS[H264][0],), (other,)]


def test_sets_of_the_description_serve_until_others_come() -> None:
    declared = parameter_sets(H264, (), SETS[H264][:1], SETS[H264][1:])
    under_test = a_reader(declared=declared)
    one = picture(H264, 0, keyframe=True)
    under_test.feed(b"".join(p.frame() for p in numbered(unit_packets(H264, one.kept, stamp=0), 0)))
    assert under_test.found[0] == declared
    assert len(units(under_test.found)) == 1


def test_a_key_frame_without_parameter_sets_waits() -> None:
    one = picture(H264, 0, keyframe=True)
    under_test = a_reader()
    under_test.feed(b"".join(p.frame() for p in numbered(unit_packets(H264, one.kept, stamp=0), 0)))
    assert under_test.found == []
    assert under_test.skipped_units == 1


def test_leading_pictures_of_an_open_start_are_dropped_and_later_ones_kept() -> None:
    cra, rasl = b"\x2a\x01\x88", b"\x10\x01\x88"
    trail = b"\x02\x01\x88"
    order = [cra, rasl, trail, cra, rasl, trail]
    sent = [[*SETS[Codec.H265], nal] if nal == cra else [nal] for nal in order]
    packets = [p for n, nals in enumerate(sent) for p in unit_packets(Codec.H265, nals, stamp=n * STEP)]
    told = [one.sample[4:] for one in units(read(packets, Codec.H265))]
    assert told == [cra, trail, cra, rasl, trail]


def test_refresh_without_key_frames_is_visible() -> None:
    packets = [p for n in range(3) for p in unit_packets(H264, [b"\x06\x06\x01\x80\x80", b"\x41\x88"], stamp=n * STEP)]
    under_test = a_reader()
    under_test.feed(b"".join(p.frame() for p in numbered(packets, 0)))
    assert (under_test.found, under_test.recovery_points, under_test.skipped_units) == ([], 3, 3)


@pytest.mark.parametrize("garbage", [b"\x00", b"abc", b"HTTP\x00", b"RTSP 1.0" + b"x" * 20_000, b"A" * 30])
def test_what_is_neither_frame_nor_rtsp_ends_the_connection(garbage: bytes) -> None:
    with pytest.raises(RtspMalformed):
        a_reader().feed(garbage)
