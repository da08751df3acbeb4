"""Time from the death of a media node to all of its cameras held elsewhere, against the limit of detection.

    python bench/stream_placement.py [--json] [--cameras 200] [--rounds 6]

Real processes on a real bus. In each round one of three nodes is killed (SIGKILL) or frozen (SIGSTOP) at a random
moment of its heartbeat; measured is when the bus holds each of its cameras for another node. The limit is the time
after which a silent node is called dead: ``DEAD_AFTER_SECONDS`` since its last heartbeat, so 3 to 4 s since the fault.
``goal`` is 10 s. A frozen node is thawed afterwards and must write nothing (``zombie_writes`` 0).
"""

import argparse
import asyncio
import json
import random
import statistics
import tempfile
import time
from pathlib import Path

from common.bus import Bus
from common.testing.polling import eventually
from common.testing.servers import Servers
from contracts.streams import BUCKET_MEDIA_NODES, BUCKET_PLACEMENTS
from stream_gateway.domain.media_nodes import DEAD_AFTER_SECONDS
from stream_gateway.placement.bucket import Bucket, Entry
from stream_gateway.placement.clocks import boot_clock
from stream_gateway.testing.placement_fleet import Fleet, holders

GOAL_SECONDS = 10.0
NAMES = ("n1", "n2", "n3")


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--cameras", type=int, default=200)
    parser.add_argument("--rounds", type=int, default=6)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="vigie-bench-") as folder:
        figures = asyncio.run(measure(Path(folder), options.cameras, options.rounds))
    if options.json:
        print(json.dumps(figures))
        return
    for name, value in figures.items():
        print(f"{name:44} {value}")


async def measure(folder: Path, cameras: int, rounds: int) -> dict[str, float]:
    """Run the rounds and return the figures."""
    servers = Servers(folder)
    try:
        bus = await Bus.connect(servers.nats.url, name="bench")
        await bus.ensure_buckets([BUCKET_MEDIA_NODES, BUCKET_PLACEMENTS])
        found: dict[str, list[float]] = {"kill": [], "freeze": []}
        zombie_writes = 0
        async with Fleet(servers.nats.url, folder, cameras=cameras, settle=1.0) as fleet:
            for name in NAMES:
                await fleet.start(name)
            for number in range(rounds):
                victim = NAMES[number % len(NAMES)]
                fault = "kill" if number % 2 == 0 else "freeze"
                await _spread(bus, cameras)
                await asyncio.sleep(random.random())  # noqa: S311 - any moment of the heartbeat
                found[fault] += await _fault(bus, fleet, victim, fault)
                if fault == "freeze":
                    zombie_writes += await _wake(fleet, victim)
                else:
                    await fleet.start(victim)
        await bus.close()
    finally:
        servers.stop()
    every = sorted(found["kill"] + found["freeze"])
    assert every, "no camera was taken over"
    return {
        "p50_seconds_to_held_elsewhere": round(statistics.median(every), 2),
        "p95_seconds_to_held_elsewhere": round(every[int(0.95 * (len(every) - 1))], 2),
        "max_seconds_to_held_elsewhere": round(every[-1], 2),
        "max_after_kill": round(max(found["kill"], default=0.0), 2),
        "max_after_freeze": round(max(found["freeze"], default=0.0), 2),
        "limit_detection_seconds": DEAD_AFTER_SECONDS,
        "ratio_of_max_to_limit": round(every[-1] / DEAD_AFTER_SECONDS, 2),
        "goal_seconds": GOAL_SECONDS,
        "zombie_writes": zombie_writes,
        "cameras_taken_over": len(every),
        "rounds": rounds,
    }


async def _spread(bus: Bus, cameras: int) -> None:
    """Wait until all cameras are held and every node has some, with no hand-over under way."""

    async def settled() -> bool:
        found = await holders(bus)
        nodes = {value.node_id for value in found.values()}
        return len(found) == cameras and nodes == set(NAMES) and all(v.successor is None for v in found.values())

    await eventually(settled, within=120.0)


async def _fault(bus: Bus, fleet: Fleet, victim: str, fault: str) -> list[float]:
    """Break a node; return after how many seconds each of its cameras was held by another."""
    lost = {camera for camera, value in (await holders(bus)).items() if value.node_id == victim}
    taken: list[float] = []
    following = asyncio.Event()
    began = 0.0

    def on_entry(entry: Entry) -> None:
        if not following.is_set() or entry.key not in lost or entry.body is None:
            return
        if json.loads(entry.body)["node_id"] != victim:
            lost.discard(entry.key)
            taken.append(time.monotonic() - began)

    watching = asyncio.create_task(Bucket(bus, BUCKET_PLACEMENTS).follow(on_entry, lambda _keys, _new: following.set()))
    await following.wait()
    began = time.monotonic()
    if fault == "kill":
        await fleet.kill(victim)
    else:
        fleet.freeze(victim)

    async def all_taken() -> bool:
        return not lost

    await eventually(all_taken, within=120.0)
    watching.cancel()
    await asyncio.gather(watching, return_exceptions=True)
    return taken


async def _wake(fleet: Fleet, victim: str) -> int:
    """Thaw a zombie and return how often it wrote under an epoch that it had before."""
    old = {(camera, epoch) for written in fleet.written(victim) for camera, epoch in written.epochs.items()}
    woken_at = boot_clock()
    fleet.thaw(victim)

    async def awake() -> int:
        return sum(1 for written in fleet.written(victim) if written.at > woken_at)

    await eventually(awake, until=lambda lines: lines > 20)
    after = [written for written in fleet.written(victim) if written.at >= woken_at]
    return sum((camera, epoch) in old for written in after for camera, epoch in written.epochs.items())


if __name__ == "__main__":
    main()
