"""Cameras' own events: what listening costs in one process, and what a question costs against the WSDL client.

    python bench/registry_events.py [--json] [--cameras 200] [--seconds 25]

``listening_core_share`` is CPU time of this process over wall time while nothing happens. ``told_ms_…`` is from the
request that makes a simulated camera report to the signal read here. ``asked_cpu_ratio`` is the CPU that
onvif-zeep-async needs to connect to a device and read who it is, over what ours needs for the same.
"""

import argparse
import asyncio
import json
import statistics
import time
from collections.abc import Awaitable, Callable
from contextlib import aclosing
from datetime import UTC, datetime
from urllib.parse import urlsplit

from onvif import ONVIFCamera

from camera_registry.onvif.client import OnvifDevice
from camera_registry.onvif.notifications import signals_in
from camera_registry.onvif.pull_point import Pace, messages
from camera_registry.onvif.soap import DEVICE, Operation
from camera_simulator.testing import SimulatorProcess
from contracts.registry import AlarmKind

QUESTIONS = 10
REPORTS = 40


class _Listener:
    """Listens to one camera and remembers when it heard of tampering."""

    def __init__(self, url: str) -> None:
        self.subscribed = asyncio.Event()
        self.heard = asyncio.Event()
        self.heard_at = 0.0
        self._url = url

    async def run(self) -> None:
        async with aclosing(messages(self._url, None, Pace(within=30, hold=20))) as answers:
            async for answer in answers:
                self.subscribed.set()
                if any(signal.kind is AlarmKind.SABOTAGE for signal in signals_in(answer, datetime.now(UTC))):
                    self.heard_at = time.perf_counter()
                    self.heard.set()


async def _listening(simulator: SimulatorProcess, cameras: int, seconds: float) -> dict[str, float]:
    numbers = range(1, cameras + 1)
    for number in numbers:
        await asyncio.to_thread(simulator.set_quirks, number, "still")
    listeners = [_Listener(simulator.onvif_url(number)) for number in numbers]
    tasks = [asyncio.create_task(listener.run()) for listener in listeners]
    started = time.perf_counter()
    await asyncio.gather(*(listener.subscribed.wait() for listener in listeners))
    subscribed = time.perf_counter() - started
    await asyncio.sleep(2)
    cpu, wall = time.process_time(), time.perf_counter()
    await asyncio.sleep(seconds)
    share = (time.process_time() - cpu) / (time.perf_counter() - wall)
    told: list[float] = []
    for number in numbers[:REPORTS]:
        asked = time.perf_counter()
        await asyncio.to_thread(simulator.report, number, "tamper")
        await listeners[number - 1].heard.wait()
        told.append((listeners[number - 1].heard_at - asked) * 1000)
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    assert len(told) == min(REPORTS, cameras)
    return {
        "cameras": cameras,
        "subscribed_s": round(subscribed, 2),
        "listening_core_share": round(share, 4),
        "told_ms_median": round(statistics.median(told), 1),
        "told_ms_worst": round(max(told), 1),
    }


async def _ours(url: str) -> None:
    async with OnvifDevice(url, None, within=30) as device:
        await device.read_clock()
        answer = await device.call(Operation(DEVICE, "GetDeviceInformation"))
        assert answer.value("Manufacturer") == "Vigie"


async def _by_wsdl(url: str) -> None:
    parts = urlsplit(url)
    camera = ONVIFCamera(parts.hostname or "", parts.port or 80, "", "", adjust_time=True)
    try:
        await camera.update_xaddrs()
        management = await camera.create_devicemgmt_service()
        assert (await management.GetDeviceInformation()).Manufacturer == "Vigie"
    finally:
        await camera.close()


async def _cpu_ms(ask: Callable[[str], Awaitable[None]], url: str) -> float:
    await ask(url)  # modules and files are read once
    cpu = time.process_time()
    for _ in range(QUESTIONS):
        await ask(url)
    return (time.process_time() - cpu) * 1000 / QUESTIONS


async def _measure(cameras: int, seconds: float) -> dict[str, float]:
    with SimulatorProcess(count=cameras) as simulator:
        figures = await _listening(simulator, cameras, seconds)
        url = simulator.onvif_url(1)
        ours, by_wsdl = await _cpu_ms(_ours, url), await _cpu_ms(_by_wsdl, url)
    return figures | {
        "asked_cpu_ms": round(ours, 2),
        "asked_cpu_ms_onvif_zeep_async": round(by_wsdl, 2),
        "asked_cpu_ratio": round(by_wsdl / ours, 1),
    }


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--cameras", type=int, default=200)
    parser.add_argument("--seconds", type=float, default=25.0)
    options = parser.parse_args()
    figures = asyncio.run(_measure(options.cameras, options.seconds))
    if options.json:
        print(json.dumps(figures))
        return
    for name, value in figures.items():
        print(f"{name:34} {value}")


if __name__ == "__main__":
    main()
