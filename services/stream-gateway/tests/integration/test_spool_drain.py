"""The spool survives crashes and an object store that is away."""

import asyncio
import contextlib
import os
import shutil
import signal
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import psutil
import pytest

from camera_simulator.testing import SimulatorProcess
from common.clock import SystemClock
from common.database import Database
from common.object_store import ObjectStore, ObjectStoreError
from common.testing.polling import eventually
from common.testing.servers import TestDatabase
from stream_gateway.domain.segments import RecordingTerms, parse_stamp
from stream_gateway.ffmpeg.engine import FfmpegEngine
from stream_gateway.ports import Pull, PullEnded, SegmentClosed
from stream_gateway.recording.spool import ReadyFile, Spool, SpoolTaken
from stream_gateway.recording.uploads import DISK_CRITICAL, DISK_WARNING, Uploads
from stream_gateway.testing.films import frames_of

pytestmark = pytest.mark.integration

TERMS = RecordingTerms("95598", 14, "AUT/1")
CAMERA = "PV-95598-0001-P1"


@pytest.fixture
def spool(tmp_path: Path) -> Spool:
    return Spool(tmp_path / "spool")


def ffmpeg_of(folder: Path) -> int:
    """Return the process id of the child that works in a folder."""
    children = psutil.Process().children()
    return next(child.pid for child in children if child.cwd() == str(folder))


async def killed_recording(simulator: SimulatorProcess, spool: Spool) -> Path:
    """Record for a while and kill ffmpeg in the middle of a file; return that file."""
    folder = spool.open_run(CAMERA, TERMS, datetime.now(UTC))
    pull = Pull(simulator.rtsp_url(1, with_credentials=True))
    async with FfmpegEngine().record(pull, folder=folder, segment_seconds=600) as run:
        while not any(path.stat().st_size > 400_000 for path in folder.glob("*.mp4")):
            event = await run.next_event()
            assert not isinstance(event, SegmentClosed)
        os.kill(ffmpeg_of(folder), signal.SIGKILL)
        with contextlib.suppress(PullEnded):
            while True:
                await run.next_event()
    [path] = folder.glob("*.mp4")
    return path


async def test_a_killed_recording_is_kept_up_to_its_last_whole_group(simulator: SimulatorProcess, spool: Spool) -> None:
    spool.claim()
    path = await killed_recording(simulator, spool)
    with path.open("ab") as file:
        file.write(b"\x00\x00\x20\x00moof-cut-in-the-middle")
    size = path.stat().st_size
    name = path.stem
    spool.recover()
    [ready] = list(spool.ready())
    assert ready.segment.terms == TERMS
    assert ready.segment.camera_id == CAMERA
    assert ready.segment.started_at == parse_stamp(name)
    assert ready.path.stat().st_size < size
    frames = frames_of(ready.path)
    shown = ready.segment.duration_ms / 1000
    assert abs(len(frames) / 12.5 - shown) < 0.5
    assert list(spool.root.glob("*/*/open/*")) == []
    spool.release()


async def test_the_spool_drains_when_the_store_comes_back(
    simulator: SimulatorProcess,
    spool: Spool,
    object_store: ObjectStore,
    make_database: Callable[[str | None], TestDatabase],
) -> None:
    spool.claim()
    await killed_recording(simulator, spool)
    spool.recover()
    [ready] = list(spool.ready())
    database = Database(make_database("stream_gateway").app_url)
    away = ObjectStore("127.0.0.1:1", "nobody", "nothing")

    def uploads(store: ObjectStore) -> Uploads:
        return Uploads(spool=spool, store=store, database=database, clock=SystemClock())

    with pytest.raises(ObjectStoreError):
        await uploads(away).upload(ready)
    assert ready.path.exists()

    back = uploads(object_store)
    back.offer(ready)
    running = asyncio.create_task(back.run())
    await eventually(lambda: _gone(ready))
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    assert await object_store.exists(ready.segment.bucket, ready.segment.object_key)
    await database.dispose()
    spool.release()


async def test_a_crash_between_put_and_commit_loses_and_doubles_nothing(
    simulator: SimulatorProcess,
    spool: Spool,
    object_store: ObjectStore,
    make_database: Callable[[str | None], TestDatabase],
    tmp_path: Path,
) -> None:
    spool.claim()
    await killed_recording(simulator, spool)
    spool.recover()
    [ready] = list(spool.ready())
    database = Database(make_database("stream_gateway").app_url)
    uploads = Uploads(spool=spool, store=object_store, database=database, clock=SystemClock())
    kept = tmp_path / "kept.mp4"
    shutil.copy(ready.path, kept)

    await object_store.ensure_bucket(ready.segment.bucket)
    await object_store.put_file_verified(ready.segment.bucket, ready.segment.object_key, ready.path)
    await uploads.upload(ready)  # first start after a kill between PUT and commit
    shutil.copy(kept, ready.path)
    await uploads.upload(ready)  # first start after a kill between commit and delete
    assert not ready.path.exists()

    async with database.transaction() as connection:
        count = await connection.exec_driver_sql("SELECT count(*) FROM outbox")
        assert count.scalar_one() == 1
    await database.dispose()
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
    folder = spool.open_run(CAMERA, TERMS, datetime.now(UTC))
    (folder / "20261122T022706.mp4").write_bytes(b"not a film at all, but somebody may want to look")
    (folder / "20261122T022806.mp4").touch()
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
