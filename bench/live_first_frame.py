"""Time from the wish to watch a camera to its first decoded frame, against a plain pull of the same camera.

    python bench/live_first_frame.py [--json] [--rounds 6]

Ours is what a console does: session (decision and register row committed), WebSocket, first message, init segment,
first fragment decoded. Cold: nobody watches the camera yet, so it is bounded by the camera's group of pictures
(2 s here). Warm: somebody does. Plain pull: PyAV opens the camera's RTSP address and decodes one frame, once with
its defaults and once in a hurry (no probing), with no access control at all.
"""

import argparse
import asyncio
import json
import random
import statistics
import tempfile
import time
from contextlib import AsyncExitStack
from pathlib import Path

import av
import httpx
import websockets

from camera_simulator.testing import SimulatorProcess
from common.bus import Bus
from common.testing.servers import Servers
from common.testing.serving import serving
from common.testing.states import a_camera, put_camera
from common.testing.tokens import TokenMint
from contracts.streams import BUCKETS, STREAMS
from stream_gateway.testing.films import frames_of
from stream_gateway.testing.process import free_port, gateway_process
from stream_gateway.testing.rig import Neighbours, gateway_settings, neighbours_app, put_agents

AGENT = "op.durand"
WARM_CAMERA = 1
WARM_ROUNDS = 30
HURRIED = {"fflags": "nobuffer", "analyzeduration": "0", "probesize": "32", "fpsprobesize": "0"}


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--rounds", type=int, default=6)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="vigie-bench-") as folder:
        figures = asyncio.run(measure(Path(folder), options.rounds))
    if options.json:
        print(json.dumps(figures))
        return
    for name, value in figures.items():
        print(f"{name:40} {value}")


async def measure(folder: Path, rounds: int) -> dict[str, float]:
    """Open cameras one after the other, each way, and return the figures."""
    async with AsyncExitStack() as stack:
        simulator = stack.enter_context(SimulatorProcess(count=rounds + 1))
        servers = Servers(folder)
        stack.callback(servers.stop)
        tokens = TokenMint(folder / "keys")
        neighbours = Neighbours()
        url = await stack.enter_async_context(serving(neighbours_app(neighbours, tokens)))
        settings = gateway_settings(servers, servers.make_database("stream_gateway"), tokens, folder).model_copy(
            update={"registry_url": url, "retention_url": url, "api_port": free_port(), "live_warm_seconds": 0.0}
        )
        bus = await Bus.connect(servers.nats.url, name="bench")
        stack.push_async_callback(bus.close)
        await bus.ensure_streams(STREAMS)
        await bus.ensure_buckets(BUCKETS)
        await put_agents(bus)
        for number in range(1, rounds + 2):
            neighbours.know(camera_id(number), simulator, number)
            await put_camera(bus, a_camera(camera_id(number)))
        await stack.enter_async_context(gateway_process(settings, "api", folder / "gateway.log"))
        headers = tokens.agent_headers(AGENT)
        base = f"http://127.0.0.1:{settings.api_port}"
        http = await stack.enter_async_context(httpx.AsyncClient(base_url=base, headers=headers, timeout=30))
        desk = Desk(http, base.replace("http", "ws", 1), headers)

        cold, plain, hurried = [], [], []
        for number in range(2, rounds + 2):
            for times, opening in (
                (cold, desk.first_frame(camera_id(number))),
                (plain, asyncio.to_thread(plain_pull, simulator.rtsp_url(number), {})),
                (hurried, asyncio.to_thread(plain_pull, simulator.rtsp_url(number), HURRIED)),
            ):
                await asyncio.sleep(random.uniform(0, 0.5))  # noqa: S311 - anywhere in the group of pictures
                times.append(await opening)
        async with desk.watching(camera_id(WARM_CAMERA)) as first_viewer, asyncio.TaskGroup() as group:
            reading = group.create_task(read_away(first_viewer))
            await desk.first_frame(camera_id(WARM_CAMERA))  # the picture is there now: from here on it is warm
            warm = [await desk.first_frame(camera_id(WARM_CAMERA)) for _ in range(WARM_ROUNDS)]
            reading.cancel()
    return {
        "warm_first_frame_p95_ms": p95(warm),
        "warm_first_frame_median_ms": round(statistics.median(warm), 1),
        "cold_first_frame_p95_ms": p95(cold),
        "cold_first_frame_median_ms": round(statistics.median(cold), 1),
        "plain_pull_p95_ms": p95(plain),
        "plain_pull_median_ms": round(statistics.median(plain), 1),
        "hurried_pull_median_ms": round(statistics.median(hurried), 1),
        "cold_ratio_to_plain_pull": round(statistics.median(cold) / statistics.median(plain), 3),
        "cold_ratio_to_hurried_pull": round(statistics.median(cold) / statistics.median(hurried), 3),
        "goal_warm_p95_ms": 1000,
        "goal_cold_p95_ms": 2500,
        "rounds": rounds,
    }


class Desk:
    """An operator's place: opens cameras as the console does."""

    def __init__(self, http: httpx.AsyncClient, ws_base: str, headers: dict[str, str]) -> None:
        self._http = http
        self._ws_base = ws_base
        self._headers = headers

    def watching(self, camera: str) -> "Watching":
        """Keep a camera on screen for the time of a context."""
        return Watching(self._http, self._ws_base, self._headers, camera)

    async def first_frame(self, camera: str) -> float:
        """Return the milliseconds from the wish to the first decoded frame."""
        begun = time.perf_counter()
        async with self.watching(camera) as socket:
            parts: list[bytes] = []
            while True:
                message = await socket.recv()
                if isinstance(message, bytes):
                    parts.append(message)
                if len(parts) >= 2 and frames_of(parts):
                    return (time.perf_counter() - begun) * 1000


class Watching:
    """A session and its WebSocket; both end with the context."""

    def __init__(self, http: httpx.AsyncClient, ws_base: str, headers: dict[str, str], camera: str) -> None:
        self._http = http
        self._ws_base = ws_base
        self._headers = headers
        self._camera = camera
        self._stack = AsyncExitStack()

    async def __aenter__(self) -> websockets.ClientConnection:
        answer = await self._http.post("/api/stream/sessions", json={"camera_id": self._camera})
        answer.raise_for_status()
        session = answer.json()
        socket = await self._stack.enter_async_context(
            websockets.connect(
                self._ws_base + session["websocket_path"],
                additional_headers=self._headers,
                compression=None,
                max_size=None,
                max_queue=None,  # a client that stops reading could not close either
            )
        )
        await socket.send(json.dumps({"token": session["token"]}))
        return socket

    async def __aexit__(self, *_: object) -> None:
        await self._stack.aclose()


async def read_away(socket: websockets.ClientConnection) -> None:
    """Watch without looking, as the first viewer of a camera."""
    while True:
        await socket.recv()


def plain_pull(url: str, options: dict[str, str]) -> float:
    """Return the milliseconds that PyAV alone needs for the first decoded frame."""
    begun = time.perf_counter()
    with av.open(url, "r", options={"rtsp_transport": "tcp", **options}) as container:
        next(container.decode(video=0))
        return (time.perf_counter() - begun) * 1000


def camera_id(number: int) -> str:
    """Return the id of simulated camera ``number``."""
    return f"PV-95598-{number:04d}-P1"


def p95(values: list[float]) -> float:
    """Return the 95th percentile, rounded to 0.1."""
    return round(statistics.quantiles(values, n=20, method="inclusive")[-1], 1)


if __name__ == "__main__":
    main()
