"""A replayed recording: every picture with its instant, whatever else the packets and their extensions hold."""

import struct
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import cache

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stream_gateway.domain.access_units import AccessUnit, Codec, ParameterSets
from stream_gateway.native.replay_packets import (
    REPLAY_PROFILE,
    ReplayedUnit,
    ReplayOver,
    ReplayReader,
    plain,
)
from stream_gateway.native.rtsp_headers import RtspMalformed
from stream_gateway.testing.filmed import MEDIA, filmed_groups
from stream_gateway.testing.rtp_wire import PAYLOAD_TYPE, Packet, interleaved, numbered, unit_packets

START = datetime(2026, 11, 22, 10, 0, 0, 120_000, UTC)
STEP = timedelta(milliseconds=80)
_NTP_OFFSET = 2_208_988_800


@cache
def film() -> tuple[ParameterSets, tuple[AccessUnit, ...]]:
    """Two groups of 20 pictures of a real film."""
    sets, units = filmed_groups(MEDIA / "vtest_sub_640x360_10fps.mp4", groups=2)
    return sets, tuple(units)


def nals_of(unit: AccessUnit) -> list[bytes]:
    found, at = list[bytes](), 0
    while at < len(unit.sample):
        end = at + 4 + int.from_bytes(unit.sample[at : at + 4], "big")
        found.append(unit.sample[at + 4 : end])
        at = end
    return found


def extension(at: datetime, flags: int = 0) -> bytes:
    since = at - datetime(1970, 1, 1, tzinfo=UTC)
    whole = since // timedelta(seconds=1)
    fraction = (since - timedelta(seconds=whole)) // timedelta(microseconds=1) * (1 << 32) // 1_000_000
    return struct.pack("!IIBBH", (whole + _NTP_OFFSET) & 0xFFFF_FFFF, fraction, flags, 7, 0)


def recorded(
    units: Sequence[AccessUnit], instants: Sequence[datetime], *, marked: bool = True, stamp: int = 77, last: int = 0
) -> list[Packet]:
    """Return the packets of a recording, the first of each picture with its instant; ``last``: flags of the last."""
    packets: list[Packet] = []
    for number, (unit, at) in enumerate(zip(units, instants, strict=True)):
        own = unit_packets(Codec.H264, nals_of(unit), stamp=stamp + number * 7200, marked=marked)
        flags = last if number == len(units) - 1 else 0
        own[0] = replace(own[0], extension=extension(at, flags), profile=REPLAY_PROFILE)
        if len(own) > 1 and flags:
            own[-1] = replace(own[-1], extension=extension(at, flags), profile=REPLAY_PROFILE)
        packets += own
    return packets


def a_reader() -> ReplayReader:
    return ReplayReader(codec=Codec.H264, payload_type=PAYLOAD_TYPE, channel=0, rtcp_channel=1, declared=film()[0])


def read(octets: bytes, *, at_once: int = 1 << 16) -> list[object]:
    reader = a_reader()
    return [one for at in range(0, len(octets), at_once) for one in reader.feed(octets[at : at + at_once])]


def frames(packets: Sequence[Packet], first: int = 65_500) -> bytes:
    return b"".join(packet.frame() for packet in numbered(packets, first))


def near(one: datetime | None, other: datetime) -> bool:
    return one is not None and abs(one - other) < timedelta(milliseconds=1)


def instants(count: int, start: datetime = START) -> list[datetime]:
    return [start + number * STEP for number in range(count)]


def pictures(found: Sequence[object]) -> list[ReplayedUnit]:
    return [one for one in found if isinstance(one, ReplayedUnit)]


@pytest.mark.parametrize("at_once", [17, 1000, 1 << 16])
def test_every_picture_comes_whole_and_with_its_instant(at_once: int) -> None:
    sets, units = film()
    octets = frames(recorded(units, instants(len(units))))
    found = read(octets, at_once=at_once)
    assert isinstance(found[0], ParameterSets)
    assert found[0].sps == sets.sps
    got = pictures(found)
    assert len(got) == len(units)
    for one, unit, at in zip(got, units, instants(len(units)), strict=True):
        assert one.unit.sample == unit.sample
        assert one.unit.keyframe == unit.keyframe
        assert near(one.taken_at, at)


def test_a_recording_without_marks_comes_with_its_own_instants_too() -> None:
    _, units = film()
    got = pictures(read(frames(recorded(units, instants(len(units)), marked=False))))
    assert [round((one.taken_at - START) / STEP) for one in got if one.taken_at] == list(range(len(units) - 1))


def test_a_hole_in_the_recording_is_a_hole_in_the_instants() -> None:
    _, units = film()
    half = len(units) // 2
    later = START + timedelta(hours=3)
    times = [*instants(half), *instants(len(units) - half, later)]
    got = pictures(read(frames(recorded(units, times, last=0x50))))
    assert near([one.taken_at for one in got if one.taken_at is not None][half], later)


def test_sets_alone_before_the_first_picture_shift_no_instant() -> None:
    """A camera may send its parameter sets as a unit of their own, with a time of their own."""
    sets, units = film()
    alone = [Packet(sets.sps[0], 5, 0), Packet(sets.pps[0], 5, 0)]
    got = pictures(read(frames([*alone, *recorded(units, instants(len(units)))])))
    assert near(got[0].taken_at, START)
    assert len(got) == len(units)


def test_another_section_of_the_card_begins_with_a_key_frame_and_its_own_instants() -> None:
    _, units = film()
    half = len(units) // 2
    first = frames(recorded(units[: half - 3], instants(half - 3)), first=10)
    later = START + timedelta(minutes=9)
    second = frames(recorded(units[half - 2 :], instants(len(units) - half + 2, later), stamp=9), first=40_000)
    got = pictures(read(first + second))
    assert len(got) == half - 3 + len(units) - half
    after = got[half - 3]
    assert after.unit.keyframe
    assert near(after.taken_at, later + 2 * STEP)


def test_the_end_of_the_recording_is_told_after_its_last_picture() -> None:
    _, units = film()
    found = read(frames(recorded(units, instants(len(units)), last=0x50)))
    assert isinstance(found[-1], ReplayOver)
    assert isinstance(found[-2], ReplayedUnit)
    assert near(found[-2].taken_at, instants(len(units))[-1])


def test_the_era_of_2036_is_read() -> None:
    at = datetime(2037, 5, 1, 12, 0, tzinfo=UTC)
    packet = Packet(b"\x41\x9a", 1, 0, extension=extension(at), profile=REPLAY_PROFILE)
    read_back = plain(packet.octets())
    assert read_back is not None
    assert read_back.taken_at == at


def test_an_extension_of_another_kind_tells_no_instant() -> None:
    told = plain(Packet(b"\x41\x9a", 1, 0, extension=extension(START)).octets())
    assert told is not None
    assert (told.taken_at, told.last, told.payload) == (None, False, b"\x41\x9a")


@given(
    st.builds(
        Packet,
        payload=st.binary(max_size=30),
        stamp=st.integers(0, 2**32 - 1),
        unit=st.just(0),
        extension=st.none() | st.binary(max_size=40).map(lambda octets: octets[: len(octets) // 4 * 4]),
        profile=st.sampled_from([REPLAY_PROFILE, 0xBEDE]),
        padding=st.integers(0, 40),
        contributors=st.integers(0, 15),
    ),
    st.integers(0, 200),
    st.lists(st.tuples(st.integers(0, 200), st.integers(0, 255)), max_size=4),
)
def test_a_damaged_packet_is_none_or_stays_within_itself(
    packet: Packet, cut: int, flips: list[tuple[int, int]]
) -> None:
    octets = bytearray(packet.octets())
    for at, value in flips:
        octets[at % len(octets)] = value
    read_back = plain(bytes(octets[: len(octets) - cut % (len(octets) + 1)]))
    if read_back is not None:
        assert 0 < len(read_back.payload) <= len(octets)
        assert read_back.taken_at is None or 1970 <= read_back.taken_at.year < 2107


@settings(max_examples=300, deadline=None)
@given(st.data())
def test_a_hostile_replay_ends_or_gives_pictures_in_bounded_memory(data: st.DataObject) -> None:
    _, units = film()
    chosen = list(units[: data.draw(st.integers(1, 25))])
    times = data.draw(
        st.lists(
            st.datetimes(min_value=datetime(1970, 1, 2), max_value=datetime(2100, 1, 1), timezones=st.just(UTC)),  # noqa: DTZ001
            min_size=len(chosen),
            max_size=len(chosen),
        )
    )
    packets = numbered(recorded(chosen, times, marked=data.draw(st.booleans())), data.draw(st.integers(0, 65_535)))
    octets = bytearray(b"".join(packet.frame() for packet in packets))
    for _ in range(data.draw(st.integers(0, 12))):
        octets[data.draw(st.integers(0, len(octets) - 1))] = data.draw(st.integers(0, 255))
    garbage = data.draw(st.binary(max_size=40))
    reader = a_reader()
    sent = bytes(octets) + interleaved(1, garbage)
    told = {unit.sample for unit in chosen}
    try:
        for at in range(0, len(sent), 1500):
            for one in reader.feed(sent[at : at + 1500]):
                if isinstance(one, ReplayedUnit) and one.unit.sample in told:
                    assert one.taken_at is None or one.taken_at.tzinfo is not None
            assert reader.held_octets <= len(sent)
    except RtspMalformed:
        return
