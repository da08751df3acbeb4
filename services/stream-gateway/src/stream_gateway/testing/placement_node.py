"""A media node in a process of its own that pretends to record: for tests and benches that kill and freeze it.

    python -m stream_gateway.testing.placement_node --nats URL --node n1 --cameras 40 --journal FILE

Every 50 ms it asks the gate of each of its cameras, as a recorder does before a write, and notes in the journal which
were open under which epoch (``boot clock<TAB>camera=epoch,…``; ``=`` when nothing changed since the line before).
SIGTERM drains and ends.
"""

import argparse
import asyncio
import signal
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from common.bus import Bus
from common.clock import SystemClock
from stream_gateway.domain.holdings import Holding
from stream_gateway.placement.bucket import Bucket
from stream_gateway.placement.clocks import boot_clock
from stream_gateway.placement.service import Placement
from stream_gateway.placement.settings import NodeIdentity, Pace

INSEE = "95598"
WRITE_SECONDS = 0.05
_DRAIN_SECONDS = 20.0


def camera_ids(count: int) -> list[str]:
    """Return the ids of the cameras that such nodes record."""
    return [f"PV-{INSEE}-{number:04d}-P1" for number in range(1, count + 1)]


@dataclass(frozen=True, slots=True)
class Written:
    """A moment (boot clock) at which these cameras were written, each under an epoch."""

    at: float
    epochs: dict[str, int] = field(default_factory=dict[str, int])


def read_journal(path: Path) -> list[Written]:
    """Return what a node wrote; a last line cut off by a kill is left out."""
    found: list[Written] = []
    for line in path.read_text().splitlines(keepends=True):
        at, _, rest = line.rstrip("\n").partition("\t")
        if not line.endswith("\n"):
            break
        if rest == "=":
            found.append(Written(float(at), found[-1].epochs))
        else:
            pairs = (pair.rpartition("=") for pair in rest.split(",") if pair)
            found.append(Written(float(at), {camera: int(epoch) for camera, _, epoch in pairs}))
    return found


async def record(options: argparse.Namespace) -> None:
    """Take part until SIGTERM, then drain."""
    cameras = dict.fromkeys(camera_ids(options.cameras), INSEE)
    finishing: set[str] = set()
    loop = asyncio.get_running_loop()

    def on_gain(holding: Holding) -> None:
        if holding.handing_over:
            loop.call_later(6 * WRITE_SECONDS, placement.confirm, holding.camera_id)

    bus = await Bus.connect(options.nats, name=f"media node {options.node}")
    placement = Placement(
        partial(Bucket, bus),
        NodeIdentity(options.node, options.capacity, spare=options.spare),
        clock=SystemClock(),
        cameras=lambda: cameras,
        on_gain=on_gain,
        on_loss=lambda loss: finishing.add(loss.camera_id),
        pace=Pace(settle_seconds=options.settle),
    )
    terminated = asyncio.Event()
    loop.add_signal_handler(signal.SIGTERM, terminated.set)
    running = asyncio.create_task(placement.run())
    writing = asyncio.create_task(_write_for_ever(placement, finishing, options.journal))
    asking = asyncio.create_task(terminated.wait())
    await asyncio.wait([running, writing, asking], return_when=asyncio.FIRST_COMPLETED)
    if terminated.is_set():
        await placement.drain(_DRAIN_SECONDS)
    for task in (writing, running, asking):
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
    await bus.close()


async def _write_for_ever(placement: Placement, finishing: set[str], journal: Path) -> None:
    before: dict[str, int] | None = None
    with journal.open("a", buffering=1) as lines:
        while True:
            candidates = sorted(placement.mine.keys() | finishing)
            gates = {camera: placement.gate(camera) for camera in candidates}
            open_now = {camera: epoch for camera, epoch in gates.items() if epoch is not None}
            text = "=" if open_now == before else ",".join(f"{camera}={epoch}" for camera, epoch in open_now.items())
            lines.write(f"{boot_clock():.3f}\t{text}\n")
            before = open_now
            finishing &= open_now.keys()
            await asyncio.sleep(WRITE_SECONDS)


def main() -> None:
    """Parse the command line and take part."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--nats", required=True)
    parser.add_argument("--node", required=True)
    parser.add_argument("--cameras", type=int, required=True)
    parser.add_argument("--journal", type=Path, required=True)
    parser.add_argument("--capacity", type=int, default=1000)
    parser.add_argument("--settle", type=float, default=30.0)
    parser.add_argument("--spare", action="store_true")
    asyncio.run(record(parser.parse_args()))


if __name__ == "__main__":
    main()
