"""Which recording is chosen, and that a device's answers are not believed beyond their bounds."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stream_gateway.domain.backfill import EdgeRefusal
from stream_gateway.domain.intervals import Interval
from stream_gateway.onvif.recordings import Recording, choose, recording_in
from stream_gateway.onvif.soap import read_xml
from stream_gateway.ports import EdgeRefused

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
_TOKEN = "r1"


def between(begin: float, end: float) -> Interval:
    return NOON + timedelta(seconds=begin), NOON + timedelta(seconds=end)


def recording(token: str, *spans: Interval, source: str = "camera") -> Recording:
    return Recording(token, (source, ""), spans)


def test_the_recording_that_has_most_of_the_window_is_chosen() -> None:
    found = [recording("a", between(0, 50)), recording("b", between(40, 100)), recording("c", between(-90, 0))]
    assert choose(found, between(30, 90)).token == "b"
    assert choose(found, between(0, 20)).token == "a"


@pytest.mark.parametrize(
    ("found", "kind"),
    [
        ([], EdgeRefusal.NO_CARD),
        ([recording("a", between(0, 10))], EdgeRefusal.UNKNOWN_TIME),
        (
            [recording("a", between(20, 40)), recording("b", between(20, 40), source="another")],
            EdgeRefusal.SEVERAL_SOURCES,
        ),
    ],
)
def test_nothing_is_chosen_where_nothing_is_sure(found: list[Recording], kind: EdgeRefusal) -> None:
    with pytest.raises(EdgeRefused) as refused:
        choose(found, between(20, 30))
    assert refused.value.kind is kind


def told(*, token: str = _TOKEN, kind: str = "Video", begin: str, end: str) -> Recording | None:
    return recording_in(
        read_xml(
            f"<RecordingInformation><RecordingToken>{token}</RecordingToken><Source><SourceId>s</SourceId>"
            f"<Name>n</Name></Source><Track><TrackToken>t</TrackToken><TrackType>{kind}</TrackType>"
            f"<DataFrom>{begin}</DataFrom><DataTo>{end}</DataTo></Track></RecordingInformation>".encode()
        )
    )


@pytest.mark.parametrize(
    ("begin", "end"),
    [
        ("2026-11-22T12:00:00Z", "2026-11-22T12:01:00Z"),
        ("2026-11-22T12:00:00", "2026-11-22T12:01:00.000"),
        ("2026-11-22T13:00:00+01:00", "2026-11-22T07:01:00-05:00"),
    ],
    ids=["zulu", "no zone", "other zones"],
)
def test_instants_are_read_in_every_way_devices_write_them(begin: str, end: str) -> None:
    assert told(begin=begin, end=end) == Recording("r1", ("s", "n"), (between(0, 60),))


@pytest.mark.parametrize(
    ("token", "kind", "begin", "end"),
    [
        ("r1", "Audio", "2026-11-22T12:00:00Z", "2026-11-22T12:01:00Z"),
        ("r1", "Video", "2026-11-22T12:01:00Z", "2026-11-22T12:00:00Z"),
        ("r1", "Video", "yesterday", "2026-11-22T12:00:00Z"),
        ("r1", "Video", "0001-01-01T00:00:00+14:00", "2026-11-22T12:00:00Z"),
        ("", "Video", "2026-11-22T12:00:00Z", "2026-11-22T12:01:00Z"),
        ("x" * 300, "Video", "2026-11-22T12:00:00Z", "2026-11-22T12:01:00Z"),
    ],
    ids=["sound", "backwards", "no instant", "before all time", "no token", "endless token"],
)
def test_what_is_no_video_recording_is_left_out(token: str, kind: str, begin: str, end: str) -> None:
    assert told(token=token, kind=kind, begin=begin, end=end) is None


@given(st.text(max_size=40), st.text(max_size=40))
def test_any_text_for_an_instant_is_read_or_left_out(begin: str, end: str) -> None:
    kept = "".join(one for one in begin if one.isalnum() or one in "-:.+TZ ")
    told(begin=kept, end="".join(one for one in end if one.isalnum() or one in "-:.+TZ "))
