"""Names, ids and terms of recorded segments."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stream_gateway.domain.segments import (
    NotASegmentName,
    RecordingTerms,
    Segment,
    camera_folder,
    camera_of_folder,
    parse_segment_name,
    segment_id,
    segment_name,
    stamp,
    to_millisecond,
)

instants = st.datetimes(
    min_value=datetime(2020, 1, 1),  # noqa: DTZ001 - hypothesis wants naive bounds
    max_value=datetime(2090, 1, 1),  # noqa: DTZ001
    timezones=st.just(UTC),
)
texts = st.text(min_size=1, max_size=40)


@given(instants, st.integers(0, 10**18))
def test_a_name_reads_back_and_sorts_by_time(at: datetime, epoch: int) -> None:
    start = to_millisecond(at)
    assert parse_segment_name(segment_name(start, epoch)) == (start, epoch)


@given(instants, st.integers(0, 10**18), st.integers(1, 10**14))
def test_the_name_of_fetched_footage_says_so_and_is_no_other(at: datetime, epoch: int, fetched_ms: int) -> None:
    start = to_millisecond(at)
    name = segment_name(start, epoch, fetched_ms)
    assert parse_segment_name(name) == (start, epoch)
    assert name.endswith(f"-e{fetched_ms}")
    assert len({segment_id("c", start, epoch, when) for when in (0, fetched_ms, fetched_ms + 1)}) == 3
    assert stamp(start) < stamp(start + timedelta(milliseconds=1))


@given(st.text(max_size=30))
def test_other_names_are_refused(name: str) -> None:
    try:
        parse_segment_name(name)
    except NotASegmentName:
        return
    assert name[:8].isdecimal()


@given(texts)
def test_a_camera_is_one_safe_folder(camera_id: str) -> None:
    folder = camera_folder(camera_id)
    assert camera_of_folder(folder) == camera_id
    assert "/" not in folder
    assert not folder.startswith(".")


@given(st.from_regex(r"\A(\d{5}|2[AB]\d{3})\Z"), st.integers(1, 30), texts)
def test_terms_read_back_from_their_folder(insee: str, days: int, authorisation: str) -> None:
    terms = RecordingTerms(insee, days, authorisation)
    assert RecordingTerms.from_folder(terms.folder) == terms
    assert "/" not in terms.folder


@pytest.mark.parametrize("name", ["", "95598", "95598_14_", "9559_14_A", "95598_x_A"])
def test_foreign_folders_are_refused(name: str) -> None:
    with pytest.raises(NotASegmentName):
        RecordingTerms.from_folder(name)


def test_a_segment_has_one_name_everywhere() -> None:
    paris_midnight = datetime.fromisoformat("2026-11-23T00:30:00.250+01:00")
    segment = Segment("PV-1", RecordingTerms("2A004", 14, "A"), to_millisecond(paris_midnight), 60_080)
    assert segment.bucket == "vigie-2a004-20261122"
    assert segment.object_key == "PV-1/23/20261122T233000250Z.mp4"
    assert segment.ended_at - segment.started_at == timedelta(milliseconds=60_080)
    assert segment.segment_id == segment_id("PV-1", paris_midnight)


def test_two_holders_of_a_camera_never_share_a_name() -> None:
    start = datetime(2026, 11, 22, 10, tzinfo=UTC)
    one, other = (Segment("PV-1", RecordingTerms("95598", 14, "A"), start, 60_000, epoch) for epoch in (41, 42))
    assert one.object_key == "PV-1/10/20261122T100000000Z-41.mp4"
    assert one.object_key != other.object_key
    assert one.segment_id != other.segment_id


@given(instants, instants)
def test_ids_are_equal_for_the_same_millisecond_only(one: datetime, other: datetime) -> None:
    same = to_millisecond(one) == to_millisecond(other)
    assert (segment_id("C", one) == segment_id("C", other)) is same
    assert segment_id("C", one) != segment_id("D", one)
