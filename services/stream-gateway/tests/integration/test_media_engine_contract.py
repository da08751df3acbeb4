"""What every media engine must do: the same cases run on each implementation of the port."""

import asyncio
import contextlib
import socket
import subprocess
from collections.abc import AsyncIterator
from itertools import pairwise
from pathlib import Path

import psutil
import pytest
import pytest_asyncio

from camera_simulator.testing import SimulatorProcess
from common.testing.polling import eventually
from stream_gateway.domain.access_units import CLOCK_HZ, Codec
from stream_gateway.ffmpeg.commands import ffmpeg_path
from stream_gateway.ffmpeg.engine import FfmpegEngine
from stream_gateway.media import EndKind, MediaEngine, Pull
from stream_gateway.native.engine import NativeEngine
from stream_gateway.stills import still
from stream_gateway.testing.films import digests, frames_of, kinds_of
from stream_gateway.testing.taking import Kept, film_of, pulling

pytestmark = pytest.mark.integration

_SETTLED = 3
"""ffmpeg guesses the times of its first two pictures."""

ENGINES = [pytest.param(FfmpegEngine, id="ffmpeg"), pytest.param(NativeEngine, id="native")]


@pytest.fixture(params=ENGINES)
def engine(request: pytest.FixtureRequest) -> MediaEngine:
    return request.param()


@pytest.fixture
def camera(simulator: SimulatorProcess) -> Pull:
    simulator.set_faults(1)
    return Pull(simulator.rtsp_url(1, with_credentials=True))


def pictures(count: int) -> "Reached":
    return Reached(count)


class Reached:
    """Holds once so many pictures came."""

    def __init__(self, count: int) -> None:
        self._count = count

    def __call__(self, kept: Kept) -> bool:
        return len(kept.units) >= self._count


async def test_pictures_come_from_a_key_frame_on_and_decode(engine: MediaEngine, camera: Pull) -> None:
    async with pulling(engine, camera) as kept:
        await kept.until(pictures(40))
    assert [one.codec for one in kept.parameters] == [Codec.H264]
    assert (kept.parameters[0].width, kept.parameters[0].height) == (1280, 720)
    assert kept.units[0].keyframe
    assert all(later.time > earlier.time for earlier, later in pairwise(kept.units))
    steps = {later.time - earlier.time for earlier, later in pairwise(kept.units[_SETTLED:])}
    assert steps == {CLOCK_HZ * 2 // 25}, "the camera sends 12.5 pictures a second"
    assert len(frames_of(kept.film())) == len(kept.units)


async def test_both_engines_deliver_the_same_pictures(camera: Pull) -> None:
    async with pulling(NativeEngine(), camera) as native, pulling(FfmpegEngine(), camera) as compatible:
        await asyncio.gather(native.until(pictures(60)), compatible.until(pictures(60)))
    first = compatible.units[0].sample
    at = next(index for index, unit in enumerate(native.units) if unit.sample == first)
    count = min(len(native.units) - at, len(compatible.units))
    assert count >= 25
    ours, theirs = native.units[at : at + count], compatible.units[:count]
    assert native.parameters[0] == compatible.parameters[0]
    assert [unit.sample for unit in ours] == [unit.sample for unit in theirs]
    shown = [digests(film_of(native.parameters[0], units)) for units in (ours, theirs)]
    assert shown[0] == shown[1]


async def test_a_still_is_the_last_picture_of_the_group(engine: MediaEngine, camera: Pull) -> None:
    async with pulling(engine, camera) as kept:
        await kept.until(pictures(8))
        units = list(kept.units)
    jpeg = still(kept.parameters[0], units)
    last = frames_of(film_of(kept.parameters[0], units))[-1].to_ndarray(format="gray").astype("int16")
    shown = frames_of(jpeg)[0].to_ndarray(format="gray").astype("int16")
    assert shown.shape == last.shape
    assert abs(shown - last).mean() < 12  # the difference between video and JPEG range and compression


async def test_batches_lose_nothing(engine: MediaEngine, camera: Pull) -> None:
    kept = Kept()
    unhurried = engine.open(camera, kept)
    await kept.until(pictures(30))
    unhurried.hurry(wanted=True)
    await kept.until(pictures(60))
    unhurried.hurry(wanted=False)
    await kept.until(pictures(90))
    await unhurried.close()
    steps = {later.time - earlier.time for earlier, later in pairwise(kept.units[_SETTLED:])}
    assert steps == {CLOCK_HZ * 2 // 25}
    assert kept.events == [event for event in kept.events if type(event).__name__ != "PicturesLost"]


async def test_after_a_rest_the_newest_group_decodes_and_pictures_go_on(engine: MediaEngine, camera: Pull) -> None:
    """An engine may rest or not; woken, it has told a group that decodes, up to now, and loses nothing from there."""
    kept = Kept()
    pull = engine.open(camera, kept)
    pull.rest(wanted=True)
    await kept.until(lambda kept: True in kept.heard_of or len(kept.units) > 150)
    before = len(kept.units)
    pull.rest(wanted=False)
    woken = kept.units[before:]
    if True in kept.heard_of:
        assert woken, "what came while it rested"
        assert woken[0].keyframe
        assert len(frames_of(film_of(kept.parameters[0], woken))) == len(woken)
    await kept.until(pictures(before + len(woken) + 40))
    await pull.close()
    assert {later.time - earlier.time for earlier, later in pairwise(kept.units[before:])} == {CLOCK_HZ * 2 // 25}
    assert kept.events == [event for event in kept.events if type(event).__name__ != "PicturesLost"]


async def test_a_camera_that_refuses_or_is_away_is_said_so_without_its_address(
    engine: MediaEngine, simulator: SimulatorProcess
) -> None:
    wrong = simulator.rtsp_url(1).replace("rtsp://", "rtsp://vigie:wrong-secret@")
    unknown = simulator.rtsp_url(1, with_credentials=True).replace("/main", "/nothing")
    for url, word, kind in (
        (wrong, "identifiants", EndKind.REFUSED),
        (unknown, "ne connaît pas", EndKind.UNKNOWN_STREAM),
        ("rtsp://vigie:wrong-secret@127.0.0.1:1/main", "connexion", EndKind.UNREACHABLE),
    ):
        async with pulling(engine, Pull(url)) as kept:
            await kept.until(lambda _: False)
        assert kept.ended is not None
        assert word in kept.ended.reason
        assert kept.ended.kind is kind
        assert "127.0.0.1" not in kept.ended.reason
        assert "wrong-secret" not in kept.ended.reason


async def test_a_camera_that_hangs_up_ends_the_pull(
    engine: MediaEngine, camera: Pull, simulator: SimulatorProcess
) -> None:
    async with pulling(engine, camera) as kept:
        await kept.until(pictures(5))
        simulator.set_faults(1, offline=True)
        await kept.until(lambda _: False)
    simulator.set_faults(1)
    assert kept.ended is not None
    assert kept.ended.kind in {EndKind.CLOSED, EndKind.SILENT}


async def test_after_close_nothing_is_delivered(engine: MediaEngine, camera: Pull) -> None:
    kept = Kept()
    open_pull = engine.open(camera, kept)
    await kept.until(pictures(3))
    await open_pull.close()
    await open_pull.close()
    count = len(kept.units)
    await asyncio.sleep(0.5)
    assert len(kept.units) == count
    assert kept.ended is None


async def test_no_process_shows_the_password_and_none_is_left(engine: MediaEngine, camera: Pull) -> None:
    def of_ours() -> list[psutil.Process]:
        return [child for child in psutil.Process().children(recursive=True) if "ffmpeg" in child.name()]

    before = len(of_ours())
    async with pulling(engine, camera) as kept:
        await kept.until(pictures(1))
        for child in of_ours():
            seen = " ".join([*child.cmdline(), *child.environ().values()])
            assert "rtsp://" not in seen
            assert "w:rd" not in seen
    assert len(of_ours()) == before
    assert "w:rd" not in repr(camera)


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


async def test_sound_is_dropped(camera_with_sound: Pull) -> None:
    """The native engine sets up the video of a camera only: ``test_sdp`` shows that no sound is ever asked for."""
    async with pulling(FfmpegEngine(), camera_with_sound) as kept:
        await kept.until(pictures(5))
    assert kinds_of(kept.film()) == ["video"]


async def test_the_native_engine_says_what_it_cannot_read(camera_with_sound: Pull) -> None:
    async with pulling(NativeEngine(), camera_with_sound) as kept:
        await kept.until(lambda _: False)
    assert kept.ended is not None
    assert kept.ended.kind is EndKind.UNSUPPORTED
