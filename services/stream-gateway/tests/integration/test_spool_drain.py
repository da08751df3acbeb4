"""The spool survives crashes and an object store that is away."""

import asyncio
import hashlib
import os
import shutil
import subprocess
import sys
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import pytest_asyncio
from prometheus_client import REGISTRY

from common.clock import SystemClock
from common.database import Database
from common.object_store import ObjectStore, ObjectStoreError
from common.testing.polling import eventually
from common.testing.servers import TestDatabase
from stream_gateway.domain.access_units import AccessUnit
from stream_gateway.domain.segment_label import SegmentLabel
from stream_gateway.domain.segments import RecordingTerms
from stream_gateway.recording.segment_file import SegmentFile
from stream_gateway.recording.spool import ReadyFile, Spool, SpoolTaken
from stream_gateway.recording.uploads import DISK_CRITICAL, DISK_WARNING, Uploads
from stream_gateway.repository.placement import Epoch, begin_epochs
from stream_gateway.testing.filmed import MEDIA, filmed_groups
from stream_gateway.testing.films import frames_of

pytestmark = pytest.mark.integration

TERMS = RecordingTerms("95598", 14, "AUT/1")
CAMERA = "PV-95598-0001-P1"
EPOCH = 42
BEGUN = datetime(2026, 11, 22, 10, 0, tzinfo=UTC)
FILM = MEDIA / "vtest_sub_640x360_10fps.mp4"
GROUP = 20


@pytest.fixture
def spool(tmp_path: Path) -> Spool:
    return Spool(tmp_path / "spool")


@pytest_asyncio.fixture
async def database(make_database: Callable[[str | None], TestDatabase]) -> AsyncIterator[Database]:
    made = Database(make_database("stream_gateway").app_url)
    yield made
    await made.dispose()


def cut_off_recording(spool: Spool, *, groups: int = 2, epoch: int = EPOCH) -> Path:
    """Write some groups as a recorder does, and leave the file as its death would: open, with half a fragment."""
    path, _ = written_groups(spool, groups, epoch)
    with path.open("ab") as more:
        more.write(b"\x00\x00\x20\x00moof-cut-in-the-middle")
    return path


def written_groups(spool: Spool, groups: int, epoch: int = EPOCH) -> tuple[Path, list[int]]:
    """Write some groups as a recorder does; returns the open file and its size after each of them."""
    file, units = new_file(spool, groups, epoch=epoch)
    sizes: list[int] = []
    for begin in range(0, len(units), GROUP):
        some = units[begin : begin + GROUP]
        file.append(some, some[-1].time + 9000)
        sizes.append(file.path.stat().st_size)
    return file.path, sizes


def new_file(
    spool: Spool, groups: int, *, begun: datetime = BEGUN, epoch: int = EPOCH
) -> tuple[SegmentFile, list[AccessUnit]]:
    """Open a file; returns it and the pictures that go into it."""
    parameters, units = filmed_groups(FILM, groups=groups)
    path, started_at = spool.new_file(CAMERA, TERMS, begun, epoch)
    label = SegmentLabel(CAMERA, TERMS.authorisation_id, started_at, epoch, units[0].time, -120, "native", "media-1")
    return SegmentFile(path, label, TERMS, parameters, started_at=started_at), units


def closed(spool: Spool, begun: datetime) -> ReadyFile:
    """Write a group as a recorder does, and close it with what the recorder knows of it."""
    file, units = new_file(spool, 1, begun=begun)
    file.append(units, units[-1].time + 9000)
    segment = file.close()
    assert segment is not None
    return spool.close(file.path, segment, file.sha256)


def altered_files() -> float:
    return REGISTRY.get_sample_value("vigie_stream_altered_files_total") or 0.0


def recovered(spool: Spool) -> ReadyFile:
    cut_off_recording(spool)
    spool.recover()
    [ready] = list(spool.ready())
    return ready


def test_a_killed_recording_is_kept_up_to_its_last_whole_group(spool: Spool) -> None:
    spool.claim()
    path = cut_off_recording(spool)
    size = path.stat().st_size
    spool.recover()
    [ready] = list(spool.ready())
    segment = ready.segment
    assert (segment.terms, segment.camera_id, segment.epoch) == (TERMS, CAMERA, EPOCH)
    assert segment.started_at == BEGUN
    assert segment.duration_ms == 4000
    assert segment.label is not None
    assert segment.label.clock_offset_ms == -120
    assert ready.path.stat().st_size == size - len(b"\x00\x00\x20\x00moof-cut-in-the-middle")
    assert len(frames_of(ready.path)) == segment.pictures == 2 * GROUP
    assert list(spool.root.glob("*/*/open/*")) == []
    spool.release()


@pytest.mark.parametrize("part", [number / 40 for number in range(41)])
def test_cut_anywhere_it_is_kept_up_to_the_last_whole_group_before(spool: Spool, part: float) -> None:
    spool.claim()
    path, sizes = written_groups(spool, 2)
    recover_cut(spool, path, sizes, round(sizes[-1] * part))


@pytest.mark.parametrize("beside", [-1, 0, 1])
@pytest.mark.parametrize("group", [0, 1])
def test_cut_at_the_end_of_a_group_it_is_kept_with_its_last_byte_only(spool: Spool, group: int, beside: int) -> None:
    spool.claim()
    path, sizes = written_groups(spool, 3)
    recover_cut(spool, path, sizes, sizes[group] + beside)


def recover_cut(spool: Spool, path: Path, sizes: list[int], kept: int) -> None:
    """Cut the file, recover it, and expect every group that was whole."""
    os.truncate(path, kept)
    spool.recover()
    whole = sum(size <= kept for size in sizes) * GROUP
    found = list(spool.ready())
    assert [ready.segment.pictures for ready in found] == ([whole] if whole else [])
    for ready in found:
        assert len(frames_of(ready.path)) == whole
    assert list(spool.root.glob("*/*/open/*")) == []
    spool.release()


_RECORD_FOR_EVER = """
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from stream_gateway.testing.filmed import filmed_groups
from stream_gateway.testing.recording_desk import START, Desk

desk = Desk(Path(sys.argv[1]), segment_seconds=600)
parameters, units = filmed_groups(Path(sys.argv[2]), groups=3)
desk.begin(parameters)
number = 0
while True:
    desk.take([units[number % len(units)]._replace(time=number * 9000)])
    number += 1
"""


def test_a_recorder_that_is_killed_leaves_what_decodes(spool: Spool) -> None:
    """``kill -9`` at any moment of a process that writes as fast as it can."""
    command = [sys.executable, "-c", _RECORD_FOR_EVER, str(spool.root), str(FILM)]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL) as process:
        while not any(path.stat().st_size > 3_000_000 for path in spool.root.glob("*/*/open/*.mp4")):
            assert process.poll() is None
        process.kill()
    spool.claim()
    spool.recover()
    found = list(spool.ready())
    assert found
    for ready in found:
        assert len(frames_of(ready.path)) == ready.segment.pictures
        assert ready.segment.pictures % GROUP == 0
        assert ready.segment.label is not None
    assert list(spool.root.glob("*/*/unreadable/*")) == []
    spool.release()


async def test_the_spool_drains_when_the_store_comes_back(
    spool: Spool, object_store: ObjectStore, database: Database
) -> None:
    spool.claim()
    ready = recovered(spool)
    away = ObjectStore("127.0.0.1:1", "nobody", "nothing")

    def uploads(store: ObjectStore) -> Uploads:
        return Uploads(spool=spool, store=store, database=database, clock=SystemClock())

    with pytest.raises(ObjectStoreError):
        await uploads(away).upload(ready)
    assert ready.path.exists()

    back = uploads(object_store)
    back.offer(ready)
    running = asyncio.create_task(back.run())
    try:
        await eventually(lambda: _gone(ready))
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
    assert await object_store.exists(ready.segment.bucket, ready.segment.object_key)
    spool.release()


async def test_what_is_under_way_when_the_process_ends_is_finished_with_the_rest(
    spool: Spool, object_store: ObjectStore, database: Database
) -> None:
    spool.claim()
    under_way, waits = (closed(spool, begun) for begun in (BEGUN, BEGUN + timedelta(minutes=1)))
    uploads = Uploads(spool=spool, store=object_store, database=database, clock=SystemClock(), at_once=1)
    for ready in (under_way, waits):
        uploads.offer(ready)
    running = asyncio.create_task(uploads.run())
    async with database.transaction() as connection:
        await connection.exec_driver_sql("LOCK TABLE uploads IN ACCESS EXCLUSIVE MODE")  # so that no commit comes
        await eventually(lambda: object_store.exists(under_way.segment.bucket, under_way.segment.object_key))
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
    assert under_way.path.exists()
    await uploads.drain_now()
    assert not under_way.path.exists()
    assert not waits.path.exists()
    assert await _outbox_rows(database) == 2
    spool.release()


async def _outbox_rows(database: Database) -> int:
    async with database.transaction() as connection:
        count = await connection.exec_driver_sql("SELECT count(*) FROM outbox")
        return int(count.scalar_one())


async def test_a_crash_between_put_and_commit_loses_and_doubles_nothing(
    spool: Spool, object_store: ObjectStore, database: Database, tmp_path: Path
) -> None:
    spool.claim()
    ready = recovered(spool)
    uploads = Uploads(spool=spool, store=object_store, database=database, clock=SystemClock())
    kept = tmp_path / "kept.mp4"
    shutil.copy(ready.path, kept)

    await object_store.ensure_bucket(ready.segment.bucket)
    await object_store.put_file_verified(ready.segment.bucket, ready.segment.object_key, ready.path)
    await uploads.upload(ready)  # first start after a kill between PUT and commit
    shutil.copy(kept, ready.path)
    await uploads.upload(ready)  # first start after a kill between commit and delete
    assert not ready.path.exists()
    assert await _outbox_rows(database) == 1
    spool.release()


async def test_a_disk_that_gives_other_bytes_than_were_written_is_told_of_and_its_footage_kept(
    spool: Spool, object_store: ObjectStore, database: Database
) -> None:
    spool.claim()
    whole, altered = (closed(spool, begun) for begun in (BEGUN, BEGUN + timedelta(minutes=1)))
    content = altered.path.read_bytes()
    altered.path.write_bytes(content[:-1] + bytes([content[-1] ^ 1]))
    uploads = Uploads(spool=spool, store=object_store, database=database, clock=SystemClock())
    before = altered_files()
    await uploads.upload(whole)
    assert altered_files() == before
    await uploads.upload(altered)
    assert altered_files() == before + 1
    async with database.transaction() as connection:
        rows = await connection.exec_driver_sql("SELECT segment_id, sha256 FROM uploads")
        told = {row.segment_id: str(row.sha256) for row in rows}
    assert told[whole.segment.segment_id] == whole.sha256
    assert told[altered.segment.segment_id] != altered.sha256
    for ready in (whole, altered):
        held = await object_store.get_range(ready.segment.bucket, ready.segment.object_key)
        assert hashlib.sha256(held).hexdigest() == told[ready.segment.segment_id]
        assert not ready.path.exists()
    spool.release()


async def test_footage_of_a_lost_placement_is_set_aside_and_leaves_the_store(
    spool: Spool, object_store: ObjectStore, database: Database
) -> None:
    spool.claim()
    ready = recovered(spool)
    async with database.transaction() as connection:
        taken = datetime(2026, 11, 22, 9, 59, 40, tzinfo=UTC)
        await begin_epochs(connection, [Epoch(CAMERA, EPOCH + 1, "media-2", taken)])
    uploads = Uploads(spool=spool, store=object_store, database=database, clock=SystemClock())
    await uploads.upload(ready)
    assert not ready.path.exists()
    [fenced] = spool.root.glob("*/*/fenced/*.mp4")
    assert fenced.name == ready.path.name
    end_of_retention = BEGUN + timedelta(days=TERMS.retention_days)
    assert spool.forget_expired(end_of_retention - timedelta(milliseconds=1)) == 0
    assert len(frames_of(fenced)) == 2 * GROUP, "nobody destroys it before its time"
    assert not await object_store.exists(ready.segment.bucket, ready.segment.object_key)
    assert await _outbox_rows(database) == 0
    assert list(spool.ready()) == []
    assert spool.forget_expired(end_of_retention) == 1
    assert list(spool.root.glob("*/*/fenced/*")) == []
    spool.release()


def test_what_waits_for_the_store_is_not_destroyed_with_what_was_set_aside(spool: Spool) -> None:
    spool.claim()
    ready = recovered(spool)
    unreadable = ready.path.parent.parent / "unreadable" / ready.path.name
    unreadable.parent.mkdir()
    unreadable.write_bytes(b"no footage")
    assert spool.forget_expired(BEGUN + timedelta(days=400)) == 1
    assert not unreadable.exists()
    assert ready.path.exists()
    spool.release()


async def test_what_was_announced_before_the_fence_was_known_stays(
    spool: Spool, object_store: ObjectStore, database: Database, tmp_path: Path
) -> None:
    """The next holder could not note its epoch yet; then this node died before it had deleted its file."""
    spool.claim()
    ready = recovered(spool)
    kept = tmp_path / "kept.mp4"
    shutil.copy(ready.path, kept)
    uploads = Uploads(spool=spool, store=object_store, database=database, clock=SystemClock())
    await uploads.upload(ready)
    async with database.transaction() as connection:
        taken = datetime(2026, 11, 22, 9, 59, 40, tzinfo=UTC)
        await begin_epochs(connection, [Epoch(CAMERA, EPOCH + 1, "media-2", taken)])
    shutil.copy(kept, ready.path)
    await uploads.upload(ready)
    assert not ready.path.exists()
    assert await object_store.exists(ready.segment.bucket, ready.segment.object_key)
    assert await _outbox_rows(database) == 1
    spool.release()


async def _gone(ready: ReadyFile) -> bool:
    return not ready.path.exists()


def test_a_spool_has_one_owner(spool: Spool) -> None:
    spool.claim()
    with pytest.raises(SpoolTaken):
        Spool(spool.root).claim()
    spool.release()
    Spool(spool.root).claim()


def test_a_file_without_footage_is_set_aside_not_deleted(spool: Spool) -> None:
    spool.claim()
    path, _ = spool.new_file(CAMERA, TERMS, BEGUN, EPOCH)
    path.write_bytes(b"not a film at all, but somebody may want to look")
    (path.parent / "20261122T022806000Z-42.mp4").touch()
    spool.recover()
    assert list(spool.ready()) == []
    assert len(list(spool.root.glob("*/*/unreadable/*"))) == 1
    spool.release()


@pytest.mark.parametrize(
    ("ratio", "word"),
    [(DISK_WARNING - 0.01, None), (DISK_WARNING, "élevé"), (DISK_CRITICAL, "critique")],
)
async def test_disk_pressure_is_a_reason_never_a_deletion(
    spool: Spool, object_store: ObjectStore, ratio: float, word: str | None
) -> None:
    database = Database("postgresql+asyncpg://nobody@127.0.0.1:1/none")
    uploads = Uploads(spool=spool, store=object_store, database=database, clock=SystemClock(), disk_ratio=lambda: ratio)
    reason = await uploads.disk_reason()
    assert (reason is None) if word is None else (reason is not None and word in reason)
    await database.dispose()
