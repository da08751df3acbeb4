"""A label reads back as it was written; damage is damage and nothing else."""

import struct
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stream_gateway.domain.segment_label import LABEL_KIND, NotALabel, SegmentLabel, read_label

texts = st.text(max_size=60)
labels = st.builds(
    SegmentLabel,
    camera_id=texts,
    authorisation_id=texts,
    started_at=st.datetimes(
        min_value=datetime(2020, 1, 1),  # noqa: DTZ001 - hypothesis wants naive bounds
        max_value=datetime(2090, 1, 1),  # noqa: DTZ001
        timezones=st.just(UTC),
    ),
    epoch=st.integers(0, 2**63 - 1),
    first_pts=st.integers(0, 2**50),
    clock_offset_ms=st.none() | st.integers(-(2**40), 2**40),
    engine=texts,
    node_id=texts,
    fetched_ms=st.just(0) | st.integers(1, 2**45),
)


def boxed(content: bytes) -> bytes:
    return struct.pack(">I4s", 24 + len(content), b"uuid") + LABEL_KIND + content


@given(labels)
def test_a_label_reads_back(label: SegmentLabel) -> None:
    box = label.box()
    assert int.from_bytes(box[:4], "big") == len(box)
    assert read_label(box) == label


def test_a_label_of_before_says_live() -> None:
    content = (
        b'{"camera_id":"a","authorisation_id":"b","started_at":"2026-01-01T00:00:00+00:00","epoch":3,'
        b'"first_pts":1,"clock_offset_ms":null,"engine":"n","node_id":"m"}'
    )
    read = read_label(boxed(content))
    assert (read.fetched_ms, read.origin) == (0, "live")
    assert replace(read, fetched_ms=5).origin == "edge"


@given(labels, st.data())
def test_a_damaged_label_is_none_or_a_label(label: SegmentLabel, data: st.DataObject) -> None:
    box = bytearray(label.box())
    for _ in range(data.draw(st.integers(1, 4))):
        box[data.draw(st.integers(0, len(box) - 1))] = data.draw(st.integers(0, 255))
    try:
        read = read_label(bytes(box))
    except NotALabel:
        return
    assert read.started_at.tzinfo is not None


@given(st.binary(max_size=200))
def test_garbage_is_no_label(content: bytes) -> None:
    with pytest.raises(NotALabel):
        read_label(content)
    with pytest.raises(NotALabel):
        read_label(boxed(content))


@pytest.mark.parametrize(
    "content",
    [
        b"[" * 4000,
        b"[1]",
        b'{"clock_offset_ms": null}',
        (
            b'{"camera_id":"a","authorisation_id":"b","started_at":"2026-01-01T00:00:00+00:00","epoch":Infinity,'
            b'"first_pts":1,"clock_offset_ms":null,"engine":"n","node_id":"m"}'
        ),
        (
            b'{"camera_id":"a","authorisation_id":"b","started_at":"2026-01-01T00:00:00","epoch":1,'
            b'"first_pts":1,"clock_offset_ms":null,"engine":"n","node_id":"m"}'
        ),
    ],
    ids=["deep", "list", "short", "infinite epoch", "no time zone"],
)
def test_what_is_nearly_a_label_is_none(content: bytes) -> None:
    with pytest.raises(NotALabel):
        read_label(boxed(content))


def test_a_box_of_another_kind_or_size_is_no_label() -> None:
    with pytest.raises(NotALabel):
        read_label(boxed(b"{}" + b" " * 5000))
    with pytest.raises(NotALabel):
        read_label(struct.pack(">I4s", 40, b"uuid") + bytes(32))
