"""CPU of recording: our recorder (python and its ffmpeg children) against bare ``ffmpeg -c copy`` per camera.

    python bench/recording.py [--json] [--cameras 16] [--seconds 40]

Both pull the same simulated cameras at the same time and are weighed over the same seconds. Ours cuts segments of
20 s (three times as often as in production, so that several are weighed), hashes them, uploads them to a real object
store, verifies, and commits row and event; bare ffmpeg writes one file per camera.
``cpu_ratio_to_ffmpeg`` ≤ 1.1 is the goal; simulator, database, bus and object store are on neither side.
"""

import argparse
import asyncio
import json
import tempfile
import time
from contextlib import AsyncExitStack
from pathlib import Path

import psutil

from camera_simulator.testing import SimulatorProcess
from common.bus import Bus
from common.database import Database
from common.testing.polling import eventually
from common.testing.servers import Servers
from common.testing.serving import serving
from common.testing.states import a_camera, put_camera
from common.testing.tokens import TokenMint
from contracts.streams import BUCKETS, STREAMS
from stream_gateway.ffmpeg.commands import ffmpeg_path
from stream_gateway.testing.process import gateway_process
from stream_gateway.testing.rig import Neighbours, gateway_settings, neighbours_app

GOAL_RATIO = 1.1
SEGMENT_SECONDS = 20


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--cameras", type=int, default=16)
    parser.add_argument("--seconds", type=float, default=40.0)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="vigie-bench-") as folder:
        figures = asyncio.run(measure(Path(folder), options.cameras, options.seconds))
    if options.json:
        print(json.dumps(figures))
        return
    for name, value in figures.items():
        print(f"{name:44} {value}")


async def measure(folder: Path, cameras: int, seconds: float) -> dict[str, float]:
    """Run both sides at once and return the figures."""
    async with AsyncExitStack() as stack:
        simulator = stack.enter_context(SimulatorProcess(count=cameras))
        servers = Servers(folder)
        stack.callback(servers.stop)
        tokens = TokenMint(folder / "keys")
        neighbours = Neighbours()
        url = await stack.enter_async_context(serving(neighbours_app(neighbours, tokens)))
        settings = gateway_settings(servers, servers.make_database("stream_gateway"), tokens, folder).model_copy(
            update={"registry_url": url, "retention_url": url, "segment_seconds": SEGMENT_SECONDS}
        )
        database = Database(settings.database_url.get_secret_value())
        stack.push_async_callback(database.dispose)
        bus = await Bus.connect(servers.nats.url, name="bench")
        stack.push_async_callback(bus.close)
        await bus.ensure_streams(STREAMS)
        await bus.ensure_buckets(BUCKETS)
        for number in range(1, cameras + 1):
            camera = a_camera(f"PV-95598-{number:04d}-P1")
            neighbours.know(camera.camera_id, simulator, number)
            await put_camera(bus, camera)

        bare = await bare_ffmpegs(stack, simulator, cameras, folder)
        worker = await stack.enter_async_context(gateway_process(settings, "worker", folder / "gateway.log"))
        ours = psutil.Process(worker.pid)

        async def uploaded() -> int:
            async with database.transaction() as connection:
                return (await connection.exec_driver_sql("SELECT count(*) FROM uploads")).scalar_one()

        await eventually(uploaded, until=lambda count: count >= cameras)  # everything has run once
        first = await uploaded()

        begun = time.monotonic()
        before = weigh(ours), weigh(*bare)
        await asyncio.sleep(seconds)
        after = weigh(ours), weigh(*bare)
        minutes = (time.monotonic() - begun) / 60
        children = [child for child in ours.children(recursive=True) if "ffmpeg" in child.name()]
        assert len(children) == cameras, f"{len(children)} recorders of {cameras} alive"
        memory = sum(child.memory_full_info().uss for child in children)
        segments = await uploaded() - first
    ours_cost, bare_cost = ((last[0] - first[0]) / minutes / cameras for first, last in zip(before, after, strict=True))
    python_cost = (after[0][1] - before[0][1]) / minutes / cameras
    return {
        "cpu_ratio_to_ffmpeg": round(ours_cost / bare_cost, 3),
        "goal_ratio": GOAL_RATIO,
        "cpu_seconds_per_camera_minute": round(ours_cost, 4),
        "cpu_seconds_per_camera_minute_bare_ffmpeg": round(bare_cost, 4),
        "cpu_seconds_per_camera_minute_python_part": round(python_cost, 4),
        "cameras_per_core": round(60 / ours_cost),
        "memory_megabytes_per_camera": round(memory / cameras / 1e6, 1),
        "segments_uploaded_and_verified": segments,
        "cameras": cameras,
        "seconds": seconds,
    }


async def bare_ffmpegs(
    stack: AsyncExitStack, simulator: SimulatorProcess, cameras: int, folder: Path
) -> list[psutil.Process]:
    """Start one plain copy per camera; each is ended with the stack."""
    found: list[psutil.Process] = []
    for number in range(1, cameras + 1):
        process = await asyncio.create_subprocess_exec(
            *(ffmpeg_path(), "-nostdin", "-loglevel", "error", "-rtsp_transport", "tcp"),
            *("-i", simulator.rtsp_url(number), "-map", "0:v", "-c", "copy"),
            *("-f", "mp4", "-movflags", "+frag_keyframe+empty_moov+default_base_moof"),
            str(folder / f"bare-{number}.mp4"),
        )
        stack.push_async_callback(process.wait)
        stack.callback(process.terminate)
        found.append(psutil.Process(process.pid))
    return found


def weigh(*roots: psutil.Process) -> tuple[float, float]:
    """Return CPU seconds so far (of the trees, of the roots alone), children that ended included."""
    own = [root.cpu_times() for root in roots]
    alone = sum(times.user + times.system for times in own)
    ended = sum(times.children_user + times.children_system for times in own)
    living = [child.cpu_times() for root in roots for child in root.children(recursive=True)]
    return alone + ended + sum(times.user + times.system for times in living), alone


if __name__ == "__main__":
    main()
