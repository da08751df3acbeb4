"""Pictures into RTP payloads, undone by aiortc's depayloader."""

import pytest
from aiortc.codecs.h264 import h264_depayload
from hypothesis import given
from hypothesis import strategies as st

from stream_gateway.webrtc.payloads import (
    MAX_PAYLOAD_BYTES,
    BrokenPicture,
    SharedPayloads,
    payloads_of,
    together,
    units_of,
)

HEADS = st.sampled_from([0x65, 0x41, 0x01, 0x06, 0x67, 0x68])
UNITS = st.builds(
    lambda head, length, fill: bytes((head,)) + (fill * (length // len(fill) + 1))[:length],
    HEADS,
    st.one_of(st.integers(1, 50), st.integers(MAX_PAYLOAD_BYTES - 3, MAX_PAYLOAD_BYTES + 3), st.integers(1, 20_000)),
    st.binary(min_size=7, max_size=31),
)


def sample_of(units: list[bytes]) -> bytes:
    return b"".join(len(unit).to_bytes(4, "big") + unit for unit in units)


def annex_b(units: list[bytes]) -> bytes:
    return b"".join(b"\0\0\0\1" + unit for unit in units)


@given(st.lists(UNITS, min_size=1, max_size=6))
def test_a_depayloader_gets_the_same_units_back(units: list[bytes]) -> None:
    payloads = payloads_of(sample_of(units))
    assert max(map(len, payloads)) <= MAX_PAYLOAD_BYTES
    assert b"".join(map(h264_depayload, payloads)) == annex_b(units)


@given(st.lists(st.binary(min_size=2, max_size=300), min_size=1, max_size=6))
def test_parameter_sets_travel_together_when_they_fit(sets: list[bytes]) -> None:
    units = [bytes((0x67,)) + content for content in sets]
    payloads = together(units)
    assert b"".join(map(h264_depayload, payloads)) == annex_b(units)
    assert (len(payloads) == 1) == (len(units) == 1 or sum(len(unit) + 2 for unit in units) < MAX_PAYLOAD_BYTES)


def test_no_parameter_sets_are_no_packet() -> None:
    assert together([]) == ()


def test_delimiters_and_filler_are_left_out() -> None:
    units = [b"\x09\xf0", b"\x65abc", b"\x0c\xff\xff"]
    assert payloads_of(sample_of(units)) == (b"\x65abc",)


@given(st.binary(max_size=200))
def test_garbage_is_broken_or_a_picture(content: bytes) -> None:
    try:
        units = list(units_of(content))
    except BrokenPicture:
        with pytest.raises(BrokenPicture):
            payloads_of(content)
        return
    assert sample_of(units) == content


@given(st.lists(st.integers(0, 30), max_size=200))
def test_shared_payloads_are_the_same_objects_and_bounded(numbers: list[int]) -> None:
    samples = [sample_of([bytes((0x41, number)) * 40]) for number in range(31)]
    shared = SharedPayloads(max_bytes=1000)
    for number in numbers:
        assert shared.of(samples[number]) == payloads_of(samples[number])
        assert shared.of(samples[number]) is shared.of(samples[number])
        assert shared.size <= 1000


def test_a_picture_larger_than_the_bound_is_not_kept() -> None:
    shared = SharedPayloads(max_bytes=10)
    assert shared.of(sample_of([b"\x65abcdefgh"])) == (b"\x65abcdefgh",)
    assert shared.size == 0
