"""Which closed segment goes to the store next, and who may still write when the disk fills up."""

import asyncio
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stream_gateway.domain.segments import RecordingTerms, Segment
from stream_gateway.recording.queue import UploadQueue
from stream_gateway.recording.recorder import DISK_FULL
from stream_gateway.recording.room import ANYTHING_UNTIL, ROUTINE_UNTIL, SpoolRoom
from stream_gateway.recording.spool import ReadyFile

START = datetime(2026, 11, 22, tzinfo=UTC)
TERMS = RecordingTerms("95598", 14, "AUT/1")


def ready(camera_id: str, minute: int) -> ReadyFile:
    segment = Segment(camera_id, TERMS, START + timedelta(minutes=minute), 60_000)
    return ReadyFile(Path(f"{camera_id}-{minute}.mp4"), segment)


def all_of(queue: UploadQueue) -> list[str]:
    found: list[str] = []
    while (one := queue.take_now()) is not None:
        found.append(one.path.stem)
    return found


def test_routine_footage_goes_oldest_first() -> None:
    queue = UploadQueue(frozenset)
    for minute in (3, 1, 2):
        queue.put(ready("A", minute))
    assert all_of(queue) == ["A-1", "A-2", "A-3"]


def test_footage_of_open_incidents_goes_first_and_the_newest_of_it_first_of_all() -> None:
    queue = UploadQueue(lambda: frozenset({"B", "C"}))
    for camera, minute in (("A", 1), ("B", 1), ("C", 2), ("A", 2), ("B", 3)):
        queue.put(ready(camera, minute))
    assert all_of(queue) == ["B-3", "C-2", "B-1", "A-1", "A-2"]


def test_an_incident_that_opens_or_closes_ranks_anew_what_waits() -> None:
    urgent = frozenset[str]()
    queue = UploadQueue(lambda: urgent)
    for camera in "AB":
        for minute in range(3):
            queue.put(ready(camera, minute))
    assert queue.take_now() == ready("A", 0)
    urgent = frozenset({"B"})
    assert queue.take_now() == ready("B", 2)
    urgent = frozenset()
    assert all_of(queue) == ["B-0", "A-1", "B-1", "A-2"]


puts = st.lists(st.tuples(st.sampled_from("ABCD"), st.integers(0, 50)), min_size=1, max_size=40)


@given(puts, st.lists(st.frozensets(st.sampled_from("ABCD")), max_size=50))
def test_every_segment_is_given_once_and_always_the_first_by_rank(
    segments: list[tuple[str, int]], incidents: list[frozenset[str]]
) -> None:
    urgent = frozenset[str]()
    queue = UploadQueue(lambda: urgent)
    waiting = [ready(camera, minute) for camera, minute in segments]
    for one in waiting:
        queue.put(one)
    for number in range(len(segments)):
        urgent = incidents[number] if number < len(incidents) else urgent
        taken = queue.take_now()
        assert taken is not None
        hot = [one.segment.started_at for one in waiting if one.segment.camera_id in urgent]
        expected = max(hot) if hot else min(one.segment.started_at for one in waiting)
        assert taken.segment.started_at == expected
        assert not hot or taken.segment.camera_id in urgent
        waiting.remove(taken)
    assert queue.take_now() is None


async def test_several_who_wait_get_one_each() -> None:
    queue = UploadQueue(frozenset)
    waiting = [asyncio.create_task(queue.take()) for _ in range(3)]
    await asyncio.sleep(0)
    for minute in range(3):
        queue.put(ready("A", minute))
    taken = await asyncio.gather(*waiting)
    assert sorted(one.path.stem for one in taken) == ["A-0", "A-1", "A-2"]


@pytest.mark.parametrize(
    ("ratio", "routine", "urgent"),
    [
        (ROUTINE_UNTIL - 0.001, None, None),
        (ROUTINE_UNTIL, DISK_FULL, None),
        (ANYTHING_UNTIL - 0.001, DISK_FULL, None),
        (ANYTHING_UNTIL, DISK_FULL, DISK_FULL),
    ],
)
def test_a_disk_that_fills_up_leaves_its_last_room_to_incidents(
    ratio: float, routine: str | None, urgent: str | None
) -> None:
    room = SpoolRoom(disk_ratio=lambda: ratio, spooled_bytes=lambda: 0, limit_bytes=None)
    assert room.refusal(urgent=False) is None, "nobody has looked yet"
    assert room.look() == room.ratio == ratio
    assert (room.refusal(urgent=False), room.refusal(urgent=True)) == (routine, urgent)


def test_the_spools_own_bound_counts_when_it_is_nearer() -> None:
    spooled = 900
    room = SpoolRoom(disk_ratio=lambda: 0.5, spooled_bytes=lambda: spooled, limit_bytes=1000)
    assert room.look() == 0.9
    spooled = 980
    room.look()
    assert (room.refusal(urgent=False), room.refusal(urgent=True)) == (DISK_FULL, None)
    spooled = 10
    assert room.look() == 0.5
    assert room.refusal(urgent=False) is None
