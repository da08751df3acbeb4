"""Missing, repeated and swapped packets: never a wrong picture, never a silent gap."""

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from stream_gateway.domain.access_units import AccessUnit, Codec
from stream_gateway.native.events import Found, Loss, Refused, Repeated, SourceChanged
from stream_gateway.native.interleaved import StreamReader
from stream_gateway.testing.coded_pictures import Picture, picture, pictures
from stream_gateway.testing.rtp_wire import PAYLOAD_TYPE, Packet, numbered, sample_of, unit_packets

CODECS = st.sampled_from(list(Codec))
STEP = 3600


def packets_of(codec: Codec, shown: list[Picture], *, limit: int, first: int, aggregate: bool = False) -> list[Packet]:
    packets = [
        packet
        for number, one in enumerate(shown)
        for packet in unit_packets(codec, one.sent, stamp=number * STEP, unit=number, limit=limit, aggregate=aggregate)
    ]
    return numbered(packets, first)


def read(codec: Codec, packets: list[Packet], *, at_once: bool = True) -> list[Found]:
    under_test = StreamReader(codec=codec, payload_type=PAYLOAD_TYPE, channel=0, rtcp_channel=1)
    frames = [packet.frame() for packet in packets]
    for octets in [b"".join(frames)] if at_once else frames:
        under_test.feed(memoryview(octets))
    return under_test.found


def told(shown: list[Picture], found: list[Found]) -> list[int]:
    """Numbers of the pictures told, each bit for bit one that was sent."""
    numbers = {sample_of(one.kept): number for number, one in enumerate(shown)}
    units = [one for one in found if isinstance(one, AccessUnit)]
    assert all(unit.keyframe == shown[numbers[unit.sample]].keyframe for unit in units)
    return [numbers[unit.sample] for unit in units]


def missing_between(packets: list[Packet]) -> int:
    """Sequence numbers that a receiver of these packets cannot have seen."""
    return sum((after.sequence - before.sequence - 1) & 0xFFFF for before, after in pairwise(packets))


@given(st.data(), CODECS, st.integers(4, 150), st.integers(0, 0xFFFF), st.booleans(), st.booleans())
def test_losses(data: st.DataObject, codec: Codec, limit: int, first: int, aggregate: bool, at_once: bool) -> None:  # noqa: FBT001 drawn
    shown = data.draw(pictures(codec, at_least=2))
    packets = packets_of(codec, shown, limit=limit, first=first, aggregate=aggregate)
    lost = data.draw(st.sets(st.integers(1, len(packets) - 1), max_size=6))  # nobody can miss what was before the first
    kept = [packet for index, packet in enumerate(packets) if index not in lost]
    found = read(codec, kept, at_once=at_once)

    assert sum(event.packets for event in found if isinstance(event, Loss)) == missing_between(kept)
    numbers = told(shown, found)
    assert numbers == sorted(set(numbers))
    damaged = {packets[index].unit for index in lost}
    assert not damaged & set(numbers)
    needs_key = True
    for number, one in enumerate(shown):
        needs_key = (needs_key or number in damaged) and not (one.keyframe and number not in damaged)
        if needs_key:
            assert number not in numbers, "told although what it builds on is missing"
    after_loss: list[Found] = [one for one in found if isinstance(one, Loss | AccessUnit)]
    for before, after in pairwise(after_loss):
        if isinstance(before, Loss) and isinstance(after, AccessUnit):
            assert after.keyframe


@given(st.data(), CODECS, st.integers(4, 150))
def test_no_picture_is_dropped_without_need(data: st.DataObject, codec: Codec, limit: int) -> None:
    """One packet lost: all is told before its picture, and from the first key frame after the next one on."""
    shown = data.draw(pictures(codec, at_least=2))
    packets = packets_of(codec, shown, limit=limit, first=0)
    index = data.draw(st.integers(1, len(packets) - 1))
    hit = packets[index].unit
    numbers = told(shown, read(codec, packets[:index] + packets[index + 1 :]))
    assert numbers[:hit] == list(range(hit))
    after = [number for number in range(hit + 2, len(shown)) if shown[number].keyframe]
    if after:
        assert set(range(after[0], len(shown))) <= set(numbers)


@given(st.data(), CODECS, st.integers(4, 150), st.integers(0, 0xFFFF))
def test_repeated_packets_change_nothing(data: st.DataObject, codec: Codec, limit: int, first: int) -> None:
    shown = data.draw(pictures(codec))
    packets = packets_of(codec, shown, limit=limit, first=first)
    sent: list[Packet] = []
    for index, packet in enumerate(packets):
        sent.append(packet)
        back = data.draw(st.none() | st.integers(0, min(index, 20)))
        if back is not None:
            sent.append(packets[index - back])
    found = read(codec, sent)
    assert told(shown, found) == list(range(len(shown)))
    assert sum(event.packets for event in found if isinstance(event, Repeated)) == len(sent) - len(packets)


@given(st.data(), CODECS, st.integers(4, 150))
def test_swapped_packets_are_a_loss_and_a_late_one(data: st.DataObject, codec: Codec, limit: int) -> None:
    shown = data.draw(pictures(codec, at_least=2))
    packets = packets_of(codec, shown, limit=limit, first=65_530)
    at = data.draw(st.integers(1, len(packets) - 2))
    sent = [*packets[:at], packets[at + 1], packets[at], *packets[at + 2 :]]
    found = read(codec, sent)
    assert sum(event.packets for event in found if isinstance(event, Loss)) == 1
    assert sum(event.packets for event in found if isinstance(event, Repeated)) == 1
    assert not {packets[at].unit, packets[at + 1].unit} & set(told(shown, found))


@given(st.data(), CODECS)
def test_anything_done_to_the_packets_never_gives_a_wrong_picture(data: st.DataObject, codec: Codec) -> None:
    shown = data.draw(pictures(codec, at_most=6))
    packets = packets_of(codec, shown, limit=data.draw(st.integers(4, 60)), first=data.draw(st.integers(0, 0xFFFF)))
    chosen = data.draw(st.lists(st.integers(0, len(packets) - 1), max_size=40))
    numbers = told(shown, read(codec, [packets[index] for index in chosen]))
    for before, after in pairwise(numbers):
        assert after == before + 1 or shown[after].keyframe


def test_another_source_begins_with_its_key_frame() -> None:
    shown = [picture(Codec.H264, number, keyframe=number in (0, 4)) for number in range(6)]
    packets = packets_of(Codec.H264, shown, limit=40, first=10)
    second = [
        Packet(p.payload, p.stamp + 77_000_000, p.unit, p.marker, (p.sequence + 9000) & 0xFFFF, source=5)
        for p in packets
        if p.unit >= 3
    ]
    found = read(Codec.H264, [p for p in packets if p.unit < 3] + second)
    assert [one.source for one in found if isinstance(one, SourceChanged)] == [5]
    assert told(shown, found) == [0, 1, 2, 4, 5]
    times = [one.time for one in found if isinstance(one, AccessUnit)]
    assert times == sorted(set(times))
    assert not [one for one in found if isinstance(one, Loss | Refused)]


def test_counting_anew_is_a_loss_of_unknown_size() -> None:
    shown = [picture(Codec.H264, number, keyframe=number in (0, 4)) for number in range(6)]
    packets = packets_of(Codec.H264, shown, limit=40, first=10_000)
    head = [p for p in packets if p.unit < 2]
    for first, shift in ((3, 50_000_000), (10_000 + len(head) - 20, 50_000_000)):
        tail = numbered(
            [Packet(p.payload, p.stamp + shift, p.unit, p.marker) for p in packets if p.unit >= 2], first % 65_536
        )
        found = read(Codec.H264, head + tail)
        assert [one.packets for one in found if isinstance(one, Loss)] == [0]
        assert told(shown, found) == [0, 1, 4, 5]
