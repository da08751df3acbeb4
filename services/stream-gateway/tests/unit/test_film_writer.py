"""Fetched pictures become files as a recorder's: whole groups that reach into the window, cut on the clock, fenced."""

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import timedelta
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from stream_gateway.backfill.film_writer import ENGINE, Fetch, FilmWriter, WriterTools
from stream_gateway.domain.access_units import AccessUnit, ParameterSets
from stream_gateway.domain.backfill import EdgeRefusal
from stream_gateway.domain.footage import read_footage
from stream_gateway.domain.intervals import Interval, common, seconds, union, without
from stream_gateway.ports import EdgePicture, EdgeRefused
from stream_gateway.recording.spool import ReadyFile, Spool
from stream_gateway.testing.filmed import MEDIA, filmed_groups
from stream_gateway.testing.recording_desk import CAMERA, START, TERMS

STEP = 0.1
GROUP = 20
FETCHED_MS = 1_764_558_288_123


def at(offset: float) -> timedelta:
    return timedelta(seconds=offset)


def between(begin: float, end: float) -> Interval:
    return START + at(begin), START + at(end)


class Desk:
    """A spool, a gate, and what was offered for upload."""

    def __init__(self, folder: Path) -> None:
        self.spool = Spool(folder)
        self.epoch: int | None = 9
        self.ready: list[ReadyFile] = []
        self.tools = WriterTools(self.spool, self.ready.append, lambda _: self.epoch, "media-1", segment_seconds=10)

    def writer(self, window: Interval, *, earliest: float = -30.0, offset: float = 0.0) -> FilmWriter:
        fetch = Fetch(CAMERA, TERMS, window, START + at(earliest), at(offset), 9, FETCHED_MS)
        made = FilmWriter(self.tools, fetch)
        made.begin(sets())
        return made

    @property
    def spans(self) -> list[Interval]:
        return [(one.segment.started_at, one.segment.ended_at) for one in self.ready]


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    made = Desk(tmp_path / "spool")
    made.spool.claim()
    yield made
    made.spool.release()


def sets() -> ParameterSets:
    return filmed_groups(MEDIA / "vtest_sub_640x360_10fps.mp4", groups=1)[0]


def film(begin: float, count: int, *, first: int = 0, offset: float = 0.0) -> list[EdgePicture]:
    """Pictures ten a second, the key frames where their number is a multiple of 20 (``first`` is the first number)."""
    return [
        EdgePicture(
            AccessUnit(
                b"\x00\x00\x00\x02\x65\x88" if number % GROUP == 0 else b"\x00\x00\x00\x02\x41\x9a",
                number % GROUP == 0,
                0,
            ),
            START + at(begin + (number - first) * STEP + offset),
        )
        for number in range(first, first + count)
    ]


def take(writer: FilmWriter, pictures: Sequence[EdgePicture]) -> None:
    for one in pictures:
        if not writer.take(one):
            break
    writer.finish()


def test_the_group_that_reaches_into_the_window_is_stored_whole_and_none_before(desk: Desk) -> None:
    writer = desk.writer(between(3, 7.5))
    take(writer, film(-2, 200))
    assert desk.spans == [between(2, 7.5)]
    (ready,) = desk.ready
    content = ready.path.read_bytes()
    with ready.path.open("rb") as file:
        label = read_footage(file, len(content)).label
    assert label is not None
    assert (label.origin, label.fetched_ms, label.engine, label.epoch) == ("edge", FETCHED_MS, ENGINE, 9)
    assert ready.path.name.endswith(f"-9-e{FETCHED_MS}.mp4")
    assert ready.sha256 == hashlib.sha256(content).hexdigest()
    assert desk.spool.read_ready(ready.path) == replace(ready, sha256=None), "what a restart reads is what was written"


def test_nothing_is_stored_of_before_the_right_to_record(desk: Desk) -> None:
    take(desk.writer(between(3, 9), earliest=2.5), film(0, 200))
    assert desk.spans == [between(4, 9)]


def test_files_are_cut_on_the_clock_at_key_frames(desk: Desk) -> None:
    take(desk.writer(between(0, 31)), film(0, 400))
    assert desk.spans == [between(0, 10), between(10, 20), between(20, 30), between(30, 31)]


def test_a_hole_ends_a_file_and_pictures_without_their_key_frame_are_left_out(desk: Desk) -> None:
    writer = desk.writer(between(0, 30))
    take(writer, [*film(0, 25), *film(12, 40, first=30)])
    assert desk.spans == [between(0, 2.5), between(13, 16)]
    assert writer.stored == desk.spans


def test_times_are_ours_and_not_the_cameras(desk: Desk) -> None:
    take(desk.writer(between(2, 6), offset=-90.0), film(0, 100, offset=-90.0))
    assert desk.spans == [between(2, 6)]
    assert desk.ready[0].segment.label is not None
    assert desk.ready[0].segment.label.clock_offset_ms == -90_000


def test_a_remainder_that_live_footage_has_begins_no_file(desk: Desk) -> None:
    take(desk.writer(between(5, 8.1)), film(8, 100))
    assert desk.spans == []


def test_a_camera_that_was_lost_is_written_no_more(desk: Desk) -> None:
    writer = desk.writer(between(0, 30))
    for one in film(0, 45):
        writer.take(one)
    desk.epoch = 10
    with pytest.raises(EdgeRefused) as refused:
        take(writer, film(4.5, 45, first=45))
    writer.close()
    assert refused.value.kind is EdgeRefusal.INTERRUPTED
    assert desk.spans == [between(0, 4)]


def test_times_that_go_back_are_refused_and_what_was_whole_stays(desk: Desk) -> None:
    writer = desk.writer(between(0, 30))
    for one in film(0, 45):
        writer.take(one)
    with pytest.raises(EdgeRefused) as refused:
        writer.take(film(4.4, 1, first=45)[0])
    writer.close()
    assert refused.value.kind is EdgeRefusal.UNSUPPORTED
    assert desk.spans == [between(0, 4)]


def test_a_second_fetch_of_the_same_time_never_takes_the_place_of_the_first(desk: Desk) -> None:
    take(desk.writer(between(0, 4)), film(0, 100))
    again = Fetch(CAMERA, TERMS, between(0, 4), START - at(30), at(0), 9, FETCHED_MS + 1)
    writer = FilmWriter(desk.tools, again)
    writer.begin(sets())
    take(writer, film(0, 100))
    one, other = (ready.segment for ready in desk.ready)
    assert one.started_at == other.started_at
    assert one.segment_id != other.segment_id
    assert one.object_key != other.object_key


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    steps=st.lists(st.integers(40, 4000), min_size=1, max_size=120),
    keys=st.sets(st.integers(0, 119), max_size=20),
    window=st.tuples(st.integers(0, 60_000), st.integers(1000, 60_000)),
    before=st.integers(0, 8000),
)
def test_any_film_is_stored_within_its_bounds_and_without_overlap(
    tmp_path_factory: pytest.TempPathFactory,
    steps: list[int],
    keys: set[int],
    window: tuple[int, int],
    before: int,
) -> None:
    desk = Desk(tmp_path_factory.mktemp("spool"))
    desk.spool.claim()
    wanted = between(window[0] / 1000, (window[0] + window[1]) / 1000)
    earliest = (window[0] - before) / 1000
    writer = desk.writer(wanted, earliest=earliest)
    since, pictures, unit = 0, list[EdgePicture](), film(0, 1)[0].unit
    for number, step in enumerate(steps):
        since += step
        pictures.append(EdgePicture(unit._replace(keyframe=number in keys), START + at(since / 1000)))
    take(writer, pictures)
    desk.spool.release()
    allowed = START + at(earliest), wanted[1] + at(1.6)
    assert without(desk.spans, [allowed]) == []
    assert all(first[1] <= second[0] + at(0.002) for first, second in pairwise(sorted(desk.spans)))
    assert seconds(common(writer.stored, [wanted])) <= seconds([wanted])
    assert union(writer.stored) == union(desk.spans)
    for ready in desk.ready:
        assert common([(ready.segment.started_at, ready.segment.ended_at)], [wanted]), "nothing of it was missing"
        assert ready.path.stat().st_size > 0
