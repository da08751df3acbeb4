"""From a command to the camera: ours through the whole gateway against a bare ONVIF client of the same simulated head.

    python bench/stream_ptz.py [--json] [--commands 300]

The bare client is onvif-zeep-async, with its connection open, as a script of an afternoon would use it; then our own
ONVIF client alone, and the gateway (HTTP, decision, lock and fence in PostgreSQL, queue, our client). Each command is
timed from just before it is given to the instant at which the simulator had read it, on the one monotonic clock of this
machine; the three sides take turns in blocks of 20 so that all meet the same load. Commands are 110 ms apart, so that
the queue's pace (ten moves a second) holds none of them up.

``added_p95_ms`` (the gateway's p95 less the bare client's) ≤ 100 is the goal. ``joystick_…``: 60 updates a second for
five seconds over a browser's six connections: what the camera got, and how old the last one was when it got it.
"""

import argparse
import asyncio
import json
import logging
import tempfile
import time
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from datetime import timedelta
from pathlib import Path
from statistics import median, quantiles
from urllib.parse import urlsplit

from onvif import ONVIFCamera

from camera_simulator.testing import SimulatorProcess
from common.bus import Bus
from common.testing.servers import Servers
from common.testing.tokens import TokenMint
from contracts.streams import BUCKETS, STREAMS
from stream_gateway.domain.ptz.orders import ContinuousMove, Velocity
from stream_gateway.media import Pull
from stream_gateway.onvif.motor import OnvifMotor
from stream_gateway.ports import CameraSource
from stream_gateway.testing.ptz_rig import PtzGateway, ptz_settings, running_ptz

GOAL_ADDED_MS = 100.0
BLOCK = 20
SPACING_SECONDS = 0.11
JOYSTICK_HZ, JOYSTICK_SECONDS = 60, 5
IN_FLIGHT = 6
"""A browser has six connections to a host."""

Move = Callable[[float], Awaitable[object]]


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--commands", type=int, default=300)
    options = parser.parse_args()
    logging.disable(logging.INFO)  # a line per request would be timed as well
    with tempfile.TemporaryDirectory(prefix="vigie-bench-") as folder:
        figures = asyncio.run(measure(Path(folder), options.commands))
    if options.json:
        print(json.dumps(figures))
        return
    for name, value in figures.items():
        print(f"{name:32} {value}")


async def measure(folder: Path, commands: int) -> dict[str, float]:
    """Run the three sides in turns, then the joystick."""
    async with AsyncExitStack() as stack:
        simulator = stack.enter_context(SimulatorProcess(count=1, ptz_count=1, username="vigie", password="bench"))  # noqa: S106
        servers = Servers(folder)
        stack.callback(servers.stop)
        tokens = TokenMint(folder / "keys")
        bus = await Bus.connect(servers.nats.url, name="bench")
        stack.push_async_callback(bus.close)
        await bus.ensure_streams(STREAMS)
        await bus.ensure_buckets(BUCKETS)
        settings = ptz_settings(servers, servers.make_database("stream_gateway"), tokens, folder)
        gateway = await stack.enter_async_context(running_ptz(settings, bus=bus, tokens=tokens, simulator=simulator))
        camera_id = (await gateway.add_camera()).camera_id
        motor = OnvifMotor(source_of(simulator), within=5)
        stack.push_async_callback(motor.close)

        async def through_client(pan: float) -> None:
            await motor.obey(ContinuousMove(Velocity(pan=pan), 2.0))

        async def through_gateway(pan: float) -> None:
            (await gateway.post(camera_id, pan=pan, duration_ms=2000)).raise_for_status()

        sides: dict[str, Move] = {
            "bare_zeep": await bare_zeep(simulator, stack),
            "our_client": through_client,
            "gateway": through_gateway,
        }
        delays = await in_turns(simulator, sides, commands)
        figures = {name: value for side, found in delays.items() for name, value in summary(side, found).items()}
        figures["added_p95_ms"] = round(figures["gateway_p95_ms"] - figures["bare_zeep_p95_ms"], 1)
        figures["goal_added_p95_ms"] = GOAL_ADDED_MS
        return figures | await joystick(gateway, camera_id)


def source_of(simulator: SimulatorProcess) -> CameraSource:
    """Return the simulated camera's endpoints."""
    stream = Pull(simulator.rtsp_url(1))
    return CameraSource(stream, stream, simulator.onvif_url(1), simulator.username, simulator.password)


async def bare_zeep(simulator: SimulatorProcess, stack: AsyncExitStack) -> Move:
    """Return a move by onvif-zeep-async, its service opened."""
    parts = urlsplit(simulator.onvif_url(1))

    class Device(ONVIFCamera):
        def get_definition(self, name: str, port_type: str | None = None) -> tuple[str, str, str]:
            xaddr, wsdl, binding = super().get_definition(name, port_type)
            return (simulator.onvif_url(1) if name == "devicemgmt" else xaddr), wsdl, binding

    device = Device(parts.hostname or "", parts.port or 80, simulator.username, simulator.password)
    stack.push_async_callback(device.close)
    await device.update_xaddrs()
    profiles = await (await device.create_media_service()).GetProfiles()
    service = await device.create_ptz_service()

    async def move(pan: float) -> None:
        velocity = {"PanTilt": {"x": pan, "y": 0.0}, "Zoom": {"x": 0.0}}
        await service.ContinuousMove(
            {"ProfileToken": profiles[0].token, "Velocity": velocity, "Timeout": timedelta(seconds=2)}
        )

    return move


async def in_turns(simulator: SimulatorProcess, sides: dict[str, Move], commands: int) -> dict[str, list[float]]:
    """Give each side blocks of commands; return seconds from giving to the camera's having read, by side."""
    for move in sides.values():
        await move(0.01)  # opens connections: a joystick pays for that once
    delays: dict[str, list[float]] = {side: [] for side in sides}
    while any(len(found) < commands for found in delays.values()):
        for side, move in sides.items():
            simulator.clear_ptz_log(1)
            given: list[float] = []
            for number in range(BLOCK):
                await asyncio.sleep(SPACING_SECONDS)
                given.append(time.monotonic())
                await move(0.1 if number % 2 else -0.1)
            log = await asyncio.to_thread(simulator.ptz_log, 1)
            read = [command.received_at for command in log if command.operation == "ContinuousMove"]
            assert len(read) == len(given), (side, len(read))
            delays[side] += [there - here for here, there in zip(given, read, strict=True)]
    return delays


async def joystick(gateway: PtzGateway, camera_id: str) -> dict[str, float]:
    """Push a stick for a while, as a console without any restraint would, and let it go."""
    await gateway.post(camera_id, "/stop")
    await gateway.until_stopped(camera_id)
    gateway.simulator.clear_ptz_log(1)
    waiting: list[asyncio.Task[object]] = []
    updates = JOYSTICK_HZ * JOYSTICK_SECONDS
    for number in range(1, updates + 1):
        pan = round(number / updates, 4)
        if sum(not task.done() for task in waiting) < IN_FLIGHT:
            ask = gateway.post(camera_id, pan=pan, duration_ms=2000, gesture="stick", order=number)
            waiting.append(asyncio.create_task(ask))
        await asyncio.sleep(1 / JOYSTICK_HZ)
    let_go = time.monotonic()
    await gateway.post(camera_id, "/stop", gesture="stick", order=updates + 1)
    await asyncio.gather(*waiting)
    log = gateway.commands()
    moves = [command.received_at for command in log if command.operation == "ContinuousMove"]
    stop = next(command.received_at for command in log if command.operation == "Stop" and command.received_at >= let_go)
    return {
        "joystick_updates": float(len(waiting)),
        "joystick_commands_per_second": round((len(moves) - 1) / (moves[-1] - moves[0]), 2),
        "joystick_moves_after_stop": float(sum(at > stop for at in moves)),
        "joystick_stop_ms": round((stop - let_go) * 1000, 1),
    }


def summary(side: str, delays: list[float]) -> dict[str, float]:
    """Return the middle and the slow end in milliseconds."""
    return {
        f"{side}_p50_ms": round(median(delays) * 1000, 1),
        f"{side}_p95_ms": round(quantiles(delays, n=20)[-1] * 1000, 1),
    }


if __name__ == "__main__":
    main()
