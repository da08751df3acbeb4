"""What watching 2 000 cameras costs: looks at their pictures, questions for a sign of life, time until a loss shows.

    python bench/registry_health.py [--json] [--cameras 200] [--seconds 60] [--losses 20]

``--cameras`` simulated cameras are watched ten times as often as in production, so that 200 are as much work as
2 000. Weighed is the process that watches (database, bus and simulator are other processes), against one
``ffmpeg -frames:v 1`` per look of the same streams. ``cores_*`` below 1 is the goal. Then cameras lose their power
one by one, at the pace of production, until each loss has arrived on the bus as a browser's push gets it.
"""

import argparse
import asyncio
import json
import resource
import statistics
import tempfile
import time
from collections import Counter
from contextlib import AsyncExitStack, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import TypedDict

import psutil
from nats.aio.msg import Msg
from prometheus_client import Counter as Metric
from sqlalchemy import update

from camera_registry.credential_vault import AesGcmVault
from camera_registry.health_rules_file import health_rules
from camera_registry.repository.checks import BY_MEDIA, BY_PROBE
from camera_registry.seed_command import seed_town
from camera_registry.seeds.generator import Streams, generate
from camera_registry.seeds.town import load_town
from camera_registry.tables import camera_checks, cameras
from camera_registry.use_cases.health import record_reachability
from camera_registry.watch.fleet import ASKED, LOOKS, STARTED, FleetWatch, Pace
from camera_simulator.testing import SimulatorProcess
from common.bus import Bus
from common.clock import SystemClock
from common.database import Database
from common.relay import Relay
from common.testing.servers import Servers
from contracts.envelope import Envelope
from contracts.streams import BUCKETS, STREAMS
from stream_gateway.ffmpeg.commands import ffmpeg_path

FLEET = 2000
LOOK_EVERY, ASK_EVERY = 120.0, 3.5
LOOKS_AT_ONCE = 200
FFMPEG_LOOKS = 20
GOAL_LOST_SECONDS = 10.0


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--cameras", type=int, default=200)
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--losses", type=int, default=20)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="vigie-bench-") as folder:
        figures = asyncio.run(measure(Path(folder), options.cameras, options.seconds, options.losses))
    if options.json:
        print(json.dumps(figures))
        return
    for name, value in figures.items():
        print(f"{name:44} {value}")


class Weight(TypedDict):
    """What a phase cost; ``most`` and ``histogram`` count the looks that began in one second."""

    cores: float
    cpu_ms: float
    rate: float
    most: int
    histogram: dict[int, int]
    failed: int
    left_out: int
    megabytes: float


async def measure(folder: Path, count: int, seconds: float, losses: int) -> dict[str, object]:
    """Run everything in order and return the figures."""
    speed = FLEET / count
    async with AsyncExitStack() as stack:
        simulator = stack.enter_context(SimulatorProcess(count=count))
        servers = Servers(folder)
        stack.callback(servers.stop)
        database = Database(servers.make_database("camera_registry").app_url)
        stack.push_async_callback(database.dispose)
        bus = await Bus.connect(servers.nats.url, name="bench")
        stack.push_async_callback(bus.close)
        await bus.ensure_streams(STREAMS)
        await bus.ensure_buckets(BUCKETS)
        ids = await fleet(database, folder, simulator, count)
        looks = await weighed(
            database, folder, Pace(0, LOOK_EVERY / speed, 3600, LOOKS_AT_ONCE), seconds, LOOKS, BY_MEDIA
        )
        asks = await weighed(
            database, folder, Pace(ASK_EVERY / speed, 0, 3600, LOOKS_AT_ONCE), seconds / 2, ASKED, BY_PROBE
        )
        bare = await ffmpeg_looks(simulator, count)
        shown = await until_shown(database, folder, bus, simulator, ids, losses)
    return {
        "cores_for_2000_cameras_recorded": round(looks["cores"], 3),
        "cores_for_2000_cameras_not_recorded": round(looks["cores"] + asks["cores"], 3),
        "goal_cores": 1.0,
        "cpu_ms_per_look": round(looks["cpu_ms"], 2),
        "cpu_ms_per_look_ffmpeg": round(bare, 2),
        "cpu_ratio_to_ffmpeg": round(looks["cpu_ms"] / bare, 3),
        "cpu_ms_per_question": round(asks["cpu_ms"], 3),
        "looks_per_second": round(looks["rate"], 1),
        "looks_begun_in_a_second_most": looks["most"],
        "looks_begun_by_second": looks["histogram"],
        "looks_without_picture": looks["failed"],
        "looks_left_out": looks["left_out"],
        "questions_per_second": round(asks["rate"], 1),
        "resident_megabytes": round(looks["megabytes"]),
        "lost_until_shown_s_median": round(statistics.median(shown), 2),
        "lost_until_shown_s_most": round(max(shown), 2),
        "lost_goal_s": GOAL_LOST_SECONDS,
        "losses": len(shown),
        "cameras": count,
    }


async def fleet(database: Database, folder: Path, simulator: SimulatorProcess, count: int) -> list[str]:
    """Register the town with ``count`` cameras that answer; return their ids in the order of the simulator's."""
    AesGcmVault.write_new_key(folder / "key")
    addresses = simulator.addresses
    streams = Streams(
        count=count,
        ptz_count=0,
        rtsp_base=f"rtsp://{addresses.host}:{addresses.rtsp_port}/cam",
        onvif_base=f"http://{addresses.host}:{addresses.onvif_port}/onvif",
        credentials=None,
    )
    at = datetime.now(UTC)
    seed = generate(load_town("plaine-vallee"), at, streams)
    await seed_town(database=database, vault=AesGcmVault.from_file(folder / "key"), seed=seed, at=at)
    async with database.transaction() as conn:
        await conn.execute(update(cameras).values(masks_signed=True))
    known = {one.endpoints.main_url: one.camera_id for one in seed.cameras if one.endpoints.main_url}
    return [known[simulator.rtsp_url(number)] for number in range(1, count + 1)]


def watch(database: Database, folder: Path, pace: Pace) -> FleetWatch:
    """Return a watch of the whole fleet."""
    vault = AesGcmVault.from_file(folder / "key")
    return FleetWatch(database, vault, SystemClock(), health_rules(), pace)


async def weighed(
    database: Database, folder: Path, pace: Pace, seconds: float, counter: Metric, watched_by: str
) -> Weight:
    """Watch for a while, the first turn apart, and weigh this process."""
    async with database.transaction() as conn:
        query = cameras.select().where(cameras.c.main_url.is_not(None))
        for row in (await conn.execute(query)).all():
            await record_reachability(
                conn=conn,
                camera_id=row.camera_id,
                online=True,
                since=datetime.now(UTC),
                reason="",
                at=datetime.now(UTC),
                watched_by=watched_by,
                rules=health_rules(),
            )
        await conn.execute(update(camera_checks).values(watched_by=watched_by))
    running = asyncio.create_task(watch(database, folder, pace).run())
    await asyncio.sleep(max(pace.look_every, pace.ask_every) * 1.5 + 5)
    before, begun, cpu = outcomes(counter), time.monotonic(), time.process_time()
    by_second: list[int] = []
    last = starts()
    while time.monotonic() - begun < seconds:
        await asyncio.sleep(1)
        done = starts()
        by_second.append(int(done - last))
        last = done
    cpu, elapsed = time.process_time() - cpu, time.monotonic() - begun
    after = outcomes(counter)
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    number = sum(after[name] - before.get(name, 0) for name in after if name != "left out")
    return {
        "cores": cpu / elapsed,
        "cpu_ms": cpu / number * 1000,
        "rate": number / elapsed,
        "most": max(by_second),
        "histogram": dict(sorted(Counter(by_second).items())),
        "failed": int(after.get("nothing", 0) - before.get("nothing", 0)),
        "left_out": int(after.get("left out", 0) - before.get("left out", 0)),
        "megabytes": psutil.Process().memory_full_info().uss / 1e6,
    }


def starts() -> float:
    """Return how many looks have begun."""
    return next(sample.value for family in STARTED.collect() for sample in family.samples)


def outcomes(counter: Metric) -> dict[str, float]:
    """Return a counter's values by outcome."""
    samples = [sample for family in counter.collect() for sample in family.samples]
    return {sample.labels["outcome"]: sample.value for sample in samples if sample.name.endswith("_total")}


async def ffmpeg_looks(simulator: SimulatorProcess, count: int) -> float:
    """Return the CPU milliseconds of one ``ffmpeg`` that decodes one picture of a sub-stream."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    for number in range(1, FFMPEG_LOOKS + 1):
        process = await asyncio.create_subprocess_exec(
            *(ffmpeg_path(), "-nostdin", "-loglevel", "error", "-threads", "1", "-rtsp_transport", "tcp"),
            *("-i", simulator.rtsp_url(1 + number % count, "sub"), "-frames:v", "1"),
            *("-vf", "scale=320:180,format=gray", "-f", "rawvideo", "-y", "/dev/null"),
        )
        assert await process.wait() == 0
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    spent = after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime
    return spent / FFMPEG_LOOKS * 1000


async def until_shown(
    database: Database, folder: Path, bus: Bus, simulator: SimulatorProcess, ids: list[str], losses: int
) -> list[float]:
    """Take cameras off one by one; return the seconds until each loss is on the bus."""
    lost: dict[str, float] = {}
    found: dict[str, float] = {}
    all_shown = asyncio.Event()

    async def heard(message: Msg) -> None:
        envelope = Envelope.model_validate_json(message.data)
        camera_id = envelope.data["camera_id"]
        if not envelope.data["online"] and camera_id in lost and camera_id not in found:
            found[camera_id] = time.monotonic() - lost[camera_id]
            if len(found) == losses:
                all_shown.set()

    subscription = await bus.nc.subscribe("vigie.*.registry.camera_health_changed.v1", cb=heard)
    parts = [
        watch(database, folder, Pace(ASK_EVERY, LOOK_EVERY, 3600, LOOKS_AT_ONCE)).run(),
        Relay(database, bus).run(),
    ]
    running = [asyncio.create_task(part) for part in parts]
    await asyncio.sleep(10)
    for number, camera_id in enumerate(ids[:losses], start=1):
        lost[camera_id] = time.monotonic()
        await asyncio.to_thread(simulator.set_faults, number, offline=True)
        await asyncio.sleep(0.7)
    with suppress(TimeoutError):
        await asyncio.wait_for(all_shown.wait(), 60)
    await subscription.unsubscribe()
    for task in running:
        task.cancel()
    await asyncio.gather(*running, return_exceptions=True)
    assert len(found) == losses, f"{len(found)} of {losses} losses shown"
    return list(found.values())


if __name__ == "__main__":
    main()
