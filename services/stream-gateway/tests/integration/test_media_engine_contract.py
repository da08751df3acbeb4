"""What every media engine must do: the same cases run on each implementation of the port."""

import asyncio
import contextlib
import socket
import subprocess
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path

import psutil
import pytest
import pytest_asyncio

from camera_simulator.testing import SimulatorProcess
from common.testing.polling import eventually
from stream_gateway.domain.footage import read_footage
from stream_gateway.domain.fragments import Fragment, InitSegment
from stream_gateway.domain.segments import parse_stamp
from stream_gateway.ffmpeg.commands import ffmpeg_path
from stream_gateway.ffmpeg.engine import FfmpegEngine
from stream_gateway.ports import LiveRun, MediaAdvanced, MediaEngine, Pull, PullEnded, RecordingRun, SegmentClosed
from stream_gateway.testing.films import frames_of, kinds_of

pytestmark = pytest.mark.integration

ENGINES = [pytest.param(FfmpegEngine, id="ffmpeg")]


@pytest.fixture(params=ENGINES)
def engine(request: pytest.FixtureRequest) -> MediaEngine:
    return request.param()


@pytest.fixture
def camera(simulator: SimulatorProcess) -> Pull:
    simulator.set_faults(1)
    return Pull(simulator.rtsp_url(1, with_credentials=True))


@pytest_asyncio.fixture
async def camera_with_sound(tmp_path: Path) -> AsyncIterator[Pull]:
    """A source with a sound track, as cameras with a microphone have it."""
    film = tmp_path / "with-sound.ts"
    make = [
        ffmpeg_path(),
        *("-nostdin", "-loglevel", "error", "-f", "lavfi", "-i", "testsrc2=size=320x240:rate=10"),
        *("-f", "lavfi", "-i", "sine", "-t", "40", "-c:v", "libx264", "-preset", "ultrafast", "-g", "10"),
        *("-bf", "0", "-c:a", "aac", "-f", "mpegts", str(film)),
    ]
    await asyncio.to_thread(subprocess.run, make, check=True)
    assert set(kinds_of(film)) == {"video", "audio"}
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    serve = [
        ffmpeg_path(),
        *("-nostdin", "-loglevel", "quiet", "-re", "-i", str(film), "-c", "copy", "-f", "mpegts"),
        f"tcp://127.0.0.1:{port}?listen=1",
    ]
    server = await asyncio.create_subprocess_exec(*serve)

    async def listens() -> bool:
        return any(item.status == psutil.CONN_LISTEN for item in psutil.Process(server.pid).net_connections("tcp"))

    await eventually(listens)
    yield Pull(f"tcp://127.0.0.1:{port}")
    with contextlib.suppress(ProcessLookupError):
        server.kill()
    await server.wait()


async def parts_of(run: LiveRun, fragments: int) -> tuple[InitSegment, list[Fragment]]:
    init = await run.next_part()
    assert isinstance(init, InitSegment)
    found: list[Fragment] = []
    while len(found) < fragments:
        part = await run.next_part()
        assert isinstance(part, Fragment)
        found.append(part)
    return init, found


async def closed_files(run: RecordingRun, count: int) -> list[Path]:
    files: list[Path] = []
    while len(files) < count:
        event = await run.next_event()
        if isinstance(event, SegmentClosed):
            files.append(event.path)
    return files


async def test_live_is_one_fragment_per_frame_from_a_key_frame_on(engine: MediaEngine, camera: Pull) -> None:
    async with engine.live(camera) as run:
        init, fragments = await parts_of(run, 30)
    assert fragments[0].keyframe
    assert fragments[0].decode_time == 0
    assert 1 <= sum(part.keyframe for part in fragments) <= 3
    assert len(frames_of([init.content, *(part.content for part in fragments)])) == 30


async def test_a_picture_is_the_last_frame_of_the_group(engine: MediaEngine, camera: Pull) -> None:
    async with engine.live(camera) as run:
        init, fragments = await parts_of(run, 8)
    jpeg = await engine.picture(init, fragments)
    film = [init.content, *(part.content for part in fragments)]
    last = frames_of(film)[-1].to_ndarray(format="gray").astype("int16")
    shown = frames_of(jpeg)[0].to_ndarray(format="gray").astype("int16")
    assert shown.shape == last.shape
    assert abs(shown - last).mean() < 12  # the difference between video and JPEG range and compression


async def test_recording_cuts_on_the_wall_clock_and_on_key_frames(
    engine: MediaEngine, camera: Pull, tmp_path: Path
) -> None:
    folder = tmp_path / "100%Full"  # a name that a date format would read as a date
    folder.mkdir()
    async with engine.record(camera, folder=folder, segment_seconds=4) as run:
        first, second = await closed_files(run, 2)
        run.finish()
        with pytest.raises(PullEnded):
            await closed_files(run, 99)
    assert parse_stamp(second.stem[:15]) > parse_stamp(first.stem[:15])
    assert abs(datetime.now(UTC) - parse_stamp(second.stem[:15])).total_seconds() < 60
    with second.open("rb") as file:
        footage = read_footage(file, second.stat().st_size)
    assert 2000 <= footage.duration_ms <= 6100  # a group of pictures more or less
    assert not footage.truncated
    frames = frames_of(second)
    assert frames[0].key_frame
    assert len(frames) == round(footage.duration_ms / 80)


async def test_recording_says_that_media_comes(engine: MediaEngine, camera: Pull, tmp_path: Path) -> None:
    async with engine.record(camera, folder=tmp_path, segment_seconds=600) as run:
        assert isinstance(await run.next_event(), MediaAdvanced)
        assert isinstance(await run.next_event(), MediaAdvanced)


async def test_sound_is_dropped_from_live(engine: MediaEngine, camera_with_sound: Pull) -> None:
    async with engine.live(camera_with_sound) as run:
        init, fragments = await parts_of(run, 5)
    assert kinds_of([init.content, *(part.content for part in fragments)]) == ["video"]


async def test_sound_is_dropped_from_recordings(engine: MediaEngine, camera_with_sound: Pull, tmp_path: Path) -> None:
    async with engine.record(camera_with_sound, folder=tmp_path, segment_seconds=2) as run:
        [file] = await closed_files(run, 1)
    assert kinds_of(file) == ["video"]
    assert len(frames_of(file)) >= 5


async def test_a_camera_that_refuses_or_is_away_is_said_so_without_its_address(
    engine: MediaEngine, simulator: SimulatorProcess, tmp_path: Path
) -> None:
    wrong = simulator.rtsp_url(1).replace("rtsp://", "rtsp://vigie:wrong-secret@")
    for url, word in ((wrong, "identifiants"), ("rtsp://vigie:wrong-secret@127.0.0.1:1/main", "connexion")):
        async with engine.live(Pull(url)) as live:
            with pytest.raises(PullEnded, match=word) as ended:
                await live.next_part()
        assert "127.0.0.1" not in ended.value.reason
        assert "wrong-secret" not in ended.value.reason
        async with engine.record(Pull(url), folder=tmp_path, segment_seconds=4) as recording:
            with pytest.raises(PullEnded, match=word):
                await recording.next_event()


async def test_no_process_shows_the_password_and_none_is_left(
    engine: MediaEngine, camera: Pull, tmp_path: Path
) -> None:
    def of_ours() -> list[psutil.Process]:
        return [child for child in psutil.Process().children(recursive=True) if "ffmpeg" in child.name()]

    before = len(of_ours())
    async with engine.live(camera) as live, engine.record(camera, folder=tmp_path, segment_seconds=4):
        await live.next_part()
        for child in of_ours():
            seen = " ".join([*child.cmdline(), *child.environ().values()])
            assert "rtsp://" not in seen
            assert "w:rd" not in seen
    assert len(of_ours()) == before
