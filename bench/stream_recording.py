"""Recording with everything warm: our media node against bare ``ffmpeg -c copy`` per camera, and against ``motion``.

    python bench/stream_recording.py [--json] [--cameras 50] [--seconds 75] [--motion 6] [--mbit 2] [--profile]

All pull the same simulated cameras at the same time and are weighed over the same seconds. Ours pulls **main and sub**
of every camera, keeps their last groups of pictures, cuts segments, hashes them, uploads them to a real object store,
verifies, and commits rows and events; bare ffmpeg pulls the main stream alone and writes one file. ``motion``
(where installed) records in pass-through. Simulator, database, bus and object store are on no side.

Goals: ``cpu_ratio_to_ffmpeg`` ≤ 0.35, ``megabytes_per_camera`` ≤ 2, ``cameras_per_core`` ≥ 700 at 2 Mbit/s.
``--mbit`` has the simulator's main streams encoded anew at so many Mbit/s; 0 takes them as they are.
``--profile`` adds where the time of the media node goes (cProfile of the same work in this process, top 12).
"""

import argparse
import asyncio
import cProfile
import io
import json
import pstats
import shutil
import subprocess
import tempfile
import time
from contextlib import AsyncExitStack
from pathlib import Path

import psutil

from camera_simulator.simulator import media_folder
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
from stream_gateway.media import Pull
from stream_gateway.native.engine import NativeEngine
from stream_gateway.testing.process import free_port, gateway_process
from stream_gateway.testing.rig import Neighbours, gateway_settings, neighbours_app
from stream_gateway.testing.taking import Kept

GOALS = {"cpu_ratio_to_ffmpeg": 0.35, "megabytes_per_camera": 2.0, "cameras_per_core": 700}
SEGMENT_SECONDS = 60


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--cameras", type=int, default=50)
    parser.add_argument("--seconds", type=float, default=75.0)
    parser.add_argument("--motion", type=int, default=6)
    parser.add_argument("--mbit", type=float, default=2.0)
    parser.add_argument("--profile", action="store_true")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="vigie-bench-") as folder:
        media = clips_of(Path(folder) / "clips", options.mbit) if options.mbit else None
        figures = asyncio.run(measure(Path(folder), options.cameras, options.seconds, options.motion, media))
    print(json.dumps(figures) if options.json else "\n".join(f"{name:48} {figures[name]}" for name in figures))
    if options.profile:
        print(asyncio.run(profiled(options.cameras, min(options.seconds, 20.0))))


def clips_of(folder: Path, mbit: float) -> Path:
    """Return a folder with the simulator's clips, their main streams at about this rate; shape and groups stay."""
    folder.mkdir()
    rate = f"{mbit}M"
    for clip in media_folder().glob("*.mp4"):
        if "_main_" not in clip.name or "hevc" in clip.name:
            shutil.copy(clip, folder)
            continue
        group = "50" if "25fps" in clip.name else "25"
        subprocess.run(
            [
                *(ffmpeg_path(), "-nostdin", "-loglevel", "error", "-i", str(clip), "-an", "-c:v", "libx264"),
                *("-profile:v", "main", "-preset", "veryfast", "-crf", "10", "-maxrate", rate, "-bufsize", rate),
                *("-bf", "0", "-g", group, "-keyint_min", group),
                *("-sc_threshold", "0", "-flags", "+cgop", "-movflags", "+faststart", str(folder / clip.name)),
            ],
            check=True,
        )
    return folder


async def measure(
    folder: Path, cameras: int, seconds: float, motions: int, media: Path | None
) -> dict[str, float | str]:
    """Run all sides at once and return the figures."""
    async with AsyncExitStack() as stack:
        simulator = stack.enter_context(SimulatorProcess(count=cameras, media=media))
        servers = Servers(folder)
        stack.callback(servers.stop)
        tokens = TokenMint(folder / "keys")
        neighbours = Neighbours()
        url = await stack.enter_async_context(serving(neighbours_app(neighbours, tokens)))
        settings = gateway_settings(servers, servers.make_database("stream_gateway"), tokens, folder).model_copy(
            update={
                "registry_url": url,
                "retention_url": url,
                "segment_seconds": SEGMENT_SECONDS,
                "api_port": free_port(),
                "drive_rondes": False,
            }
        )
        database = Database(settings.database_url.get_secret_value())
        stack.push_async_callback(database.dispose)
        bus = await Bus.connect(servers.nats.url, name="bench")
        stack.push_async_callback(bus.close)
        await bus.ensure_streams(STREAMS)
        await bus.ensure_buckets(BUCKETS)
        node = await stack.enter_async_context(gateway_process(settings, "node", folder / "gateway.log"))
        ours = psutil.Process(node.pid)
        before_cameras = ours.memory_full_info().uss
        for number in range(1, cameras + 1):
            camera = a_camera(f"PV-95598-{number:04d}-P1")
            neighbours.know(camera.camera_id, simulator, number)
            await put_camera(bus, camera)
        bare = await bare_ffmpegs(stack, simulator, cameras, folder)
        motion = await motion_process(stack, simulator, min(motions, cameras), folder)

        async def uploaded() -> int:
            async with database.transaction() as connection:
                return (await connection.exec_driver_sql("SELECT count(DISTINCT camera_id) FROM uploads")).scalar_one()

        await eventually(uploaded, until=lambda count: count >= cameras)  # everything has run once
        first, received = await counted(database), bytes_of(folder, cameras)
        begun = time.monotonic()
        before = cpu(ours), cpu(*bare), cpu(motion) if motion else 0.0
        await asyncio.sleep(seconds)
        after = cpu(ours), cpu(*bare), cpu(motion) if motion else 0.0
        minutes = (time.monotonic() - begun) / 60
        assert not ours.children(), "the native engine starts no process"
        memory = ours.memory_full_info().uss - before_cameras
        bare_memory = sum(one.memory_full_info().uss for one in bare)
        segments = await counted(database) - first
        rate = (bytes_of(folder, cameras) - received) * 8 / 1e6 / (minutes * 60) / cameras
    cost = (after[0] - before[0]) / minutes / cameras
    bare_cost = (after[1] - before[1]) / minutes / cameras
    figures: dict[str, float | str] = {
        "cpu_ratio_to_ffmpeg": round(cost / bare_cost, 3),
        "cpu_seconds_per_camera_minute": round(cost, 4),
        "cpu_seconds_per_camera_minute_bare_ffmpeg": round(bare_cost, 4),
        "cameras_per_core": round(60 / cost),
        "main_mbit_per_camera": round(rate, 2),
        "megabytes_per_camera": round(memory / cameras / 1e6, 2),
        "megabytes_per_camera_bare_ffmpeg": round(bare_memory / cameras / 1e6, 1),
        "megabytes_of_an_empty_node": round(before_cameras / 1e6, 1),
        "segments_uploaded_and_verified": segments,
        "cameras": cameras,
        "seconds": seconds,
    }
    if motion:
        motion_cost = (after[2] - before[2]) / minutes / min(motions, cameras)
        figures |= {
            "cpu_ratio_to_motion": round(cost / motion_cost, 3),
            "cpu_seconds_per_camera_minute_motion": round(motion_cost, 4),
        }
    else:
        figures["cpu_ratio_to_motion"] = "motion is not installed (apt-get install motion)"
    return figures | {f"goal_{name}": goal for name, goal in GOALS.items()}


async def counted(database: Database) -> int:
    """Return how many segments were announced so far."""
    async with database.transaction() as connection:
        return (await connection.exec_driver_sql("SELECT count(*) FROM uploads")).scalar_one()


def bytes_of(folder: Path, cameras: int) -> int:
    """Return what bare ffmpeg has written so far: the main streams' bytes."""
    return sum((folder / f"bare-{number}.mp4").stat().st_size for number in range(1, cameras + 1))


async def bare_ffmpegs(
    stack: AsyncExitStack, simulator: SimulatorProcess, cameras: int, folder: Path
) -> list[psutil.Process]:
    """Start one plain copy per camera; each is ended with the stack."""
    found: list[psutil.Process] = []
    for number in range(1, cameras + 1):
        process = await asyncio.create_subprocess_exec(
            *(ffmpeg_path(), "-nostdin", "-loglevel", "error", "-rtsp_transport", "tcp"),
            *("-i", simulator.rtsp_url(number), "-map", "0:v", "-c", "copy", "-flush_packets", "1"),
            *("-f", "mp4", "-movflags", "+frag_keyframe+empty_moov+default_base_moof"),
            str(folder / f"bare-{number}.mp4"),
        )
        stack.push_async_callback(process.wait)
        stack.callback(process.terminate)
        found.append(psutil.Process(process.pid))
    return found


async def motion_process(
    stack: AsyncExitStack, simulator: SimulatorProcess, cameras: int, folder: Path
) -> psutil.Process | None:
    """Start Debian's motion for some cameras: recording always, in pass-through, with its detection paused."""
    program = shutil.which("motion")
    if program is None or cameras == 0:
        return None
    target = folder / "motion"
    target.mkdir()
    common = [
        "daemon off",
        "setup_mode off",
        "log_level 3",
        "webcontrol_port 0",
        "stream_port 0",
        f"target_dir {target}",
    ]
    for number in range(1, cameras + 1):
        lines = [
            f"camera_id {number}",
            f"netcam_url {simulator.rtsp_url(number)}",
            *("netcam_high_url " + simulator.rtsp_url(number), "movie_passthrough on", "movie_output on"),
            *("emulate_motion on", "pause on", "picture_output off", "movie_max_time 20", "width 1280", "height 720"),
        ]
        (target / f"camera-{number}.conf").write_text("\n".join(lines) + "\n")
        common.append(f"camera {target / f'camera-{number}.conf'}")
    (target / "motion.conf").write_text("\n".join(common) + "\n")
    log = (target / "log").open("wb")
    stack.callback(log.close)
    process = await asyncio.create_subprocess_exec(
        program, "-n", "-c", str(target / "motion.conf"), stdout=log, stderr=log
    )
    stack.push_async_callback(process.wait)
    stack.callback(process.terminate)

    async def writes() -> bool:
        return any(path.stat().st_size > 0 for path in target.glob("*.m[kp][v4]"))

    await eventually(writes)
    return psutil.Process(process.pid)


def cpu(*processes: psutil.Process) -> float:
    """Return CPU seconds so far, of processes that have no children."""
    return sum(sum(process.cpu_times()[:2]) for process in processes)


async def profiled(cameras: int, seconds: float) -> str:
    """Return where the native engine's time goes: pulls of main and sub into sinks that keep nothing."""
    with SimulatorProcess(count=cameras) as simulator:
        engine = NativeEngine()
        kept = [Kept() for _ in range(2 * cameras)]
        urls = [simulator.rtsp_url(n, quality) for n in range(1, cameras + 1) for quality in ("main", "sub")]
        pulls = [engine.open(Pull(url), one) for url, one in zip(urls, kept, strict=True)]
        await eventually(lambda: begun(kept))
        profile = cProfile.Profile()
        profile.enable()
        await asyncio.sleep(seconds)
        profile.disable()
        await asyncio.gather(*(pull.close() for pull in pulls))
    text = io.StringIO()
    pstats.Stats(profile, stream=text).sort_stats("tottime").print_stats(12)
    return text.getvalue()


async def begun(kept: list[Kept]) -> bool:
    """Tell whether every pull delivers."""
    return all(one.units for one in kept)


if __name__ == "__main__":
    main()
