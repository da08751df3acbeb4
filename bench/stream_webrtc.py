"""WebRTC viewers: first frame, and CPU per viewer at 1, 10 and 30, against WebSocket viewers and bare pulls.

    python bench/stream_webrtc.py [--json] [--rounds 30] [--seconds 10]

First frame (warm: somebody else watches the camera): session granted and written down, WHEP exchange, ICE, DTLS, first
picture decoded by aiortc, an independent WebRTC peer; against PyAV that opens the same camera with no access control,
once with its defaults and once in a hurry.

CPU: seconds that the gateway's process spends for each viewer and second of video, WebRTC and WebSocket, one camera's
main stream for all; against ``ffmpeg -c copy`` that pulls the same camera once for each viewer. Viewers run outside of
what is measured and count complete pictures, so that a viewer who got less is noticed.
"""

import argparse
import asyncio
import json
import statistics
import tempfile
import time
from collections.abc import AsyncGenerator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

import av
import httpx
import psutil
import websockets
from aiortc import RTCSessionDescription

from camera_simulator.testing import SimulatorProcess
from common.bus import Bus
from common.testing.polling import eventually
from common.testing.servers import Servers
from common.testing.serving import serving
from common.testing.states import a_camera, put_camera
from common.testing.tokens import TokenMint
from contracts.streams import BUCKETS, STREAMS
from stream_gateway.ffmpeg.commands import ffmpeg_path
from stream_gateway.testing.process import free_port, gateway_process
from stream_gateway.testing.rig import Neighbours, gateway_settings, neighbours_app, put_agents
from stream_gateway.testing.whep_client import new_offer, post_offer, watching

AGENT = "op.durand"
CAMERA = "PV-95598-0001-P1"
RATE = 12.5
"""Pictures a second of the simulated camera."""
COUNTS = (1, 10, 30)
HURRIED = {"fflags": "nobuffer", "analyzeduration": "0", "probesize": "32", "fpsprobesize": "0"}


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--rounds", type=int, default=30)
    parser.add_argument("--seconds", type=float, default=10.0)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="vigie-bench-") as folder:
        figures = asyncio.run(measure(Path(folder), options.rounds, options.seconds))
    if options.json:
        print(json.dumps(figures))
        return
    for name, value in figures.items():
        print(f"{name:44} {value}")


async def measure(folder: Path, rounds: int, seconds: float) -> dict[str, float]:
    """Run all of it on one camera and return the figures."""
    async with AsyncExitStack() as stack:
        simulator = stack.enter_context(SimulatorProcess(count=1))
        servers = Servers(folder)
        stack.callback(servers.stop)
        tokens = TokenMint(folder / "keys")
        neighbours = Neighbours()
        url = await stack.enter_async_context(serving(neighbours_app(neighbours, tokens)))
        settings = gateway_settings(servers, servers.make_database("stream_gateway"), tokens, folder).model_copy(
            update={"registry_url": url, "retention_url": url, "api_port": free_port(), "live_warm_seconds": 60.0}
        )
        bus = await Bus.connect(servers.nats.url, name="bench")
        stack.push_async_callback(bus.close)
        await bus.ensure_streams(STREAMS)
        await bus.ensure_buckets(BUCKETS)
        await put_agents(bus)
        neighbours.know(CAMERA, simulator, 1)
        await put_camera(bus, a_camera(CAMERA))
        process = await stack.enter_async_context(gateway_process(settings, "all", folder / "gateway.log"))
        headers = tokens.agent_headers(AGENT)
        base = f"http://127.0.0.1:{settings.api_port}"
        http = await stack.enter_async_context(httpx.AsyncClient(base_url=base, headers=headers, timeout=30))
        desk = Desk(http, base.replace("http", "ws", 1), headers)

        leader = tokens.agent_headers("chef.martin")

        async def warm() -> bool:
            items = (await http.get("/api/stream/recorders", headers=leader)).json()["items"]
            return [item["state"] for item in items] == ["recording"]

        await eventually(warm)
        async with desk.counting() as pictures:  # somebody watches: every picture is read as it comes
            await eventually(lambda: _value(pictures()), until=lambda count: count > 0)
            first = [await desk.first_frame() for _ in range(rounds)]
            plain = [await asyncio.to_thread(plain_pull, simulator.rtsp_url(1), {}) for _ in range(5)]
            hurried = [await asyncio.to_thread(plain_pull, simulator.rtsp_url(1), HURRIED) for _ in range(rounds)]
        figures = {
            "first_frame_p95_ms": p95(first),
            "first_frame_median_ms": round(statistics.median(first), 1),
            "plain_pull_median_ms": round(statistics.median(plain), 1),
            "hurried_pull_p95_ms": p95(hurried),
            "hurried_pull_median_ms": round(statistics.median(hurried), 1),
            "first_frame_p95_ratio_to_hurried_pull": round(p95(first) / p95(hurried), 3),
        }
        gateway = psutil.Process(process.pid)
        for count in COUNTS:
            webrtc = await cpu_of(gateway, desk.counting, count, seconds)
            websocket = await cpu_of(gateway, desk.reading, count, seconds)
            bare = await bare_cpu(simulator.rtsp_url(1), count, seconds)
            figures |= {
                f"webrtc_cpu_percent_per_viewer_at_{count}": webrtc,
                f"websocket_cpu_percent_per_viewer_at_{count}": websocket,
                f"ffmpeg_pull_cpu_percent_per_viewer_at_{count}": bare,
                f"webrtc_ratio_to_ffmpeg_pull_at_{count}": round(webrtc / bare, 3),
            }
    return figures


Pictures = Callable[[], int]
"""Tells how many complete pictures a viewer got so far."""


class Desk:
    """An operator's place: opens the camera by one transport or the other."""

    def __init__(self, http: httpx.AsyncClient, ws_base: str, headers: dict[str, str]) -> None:
        self._http = http
        self._ws_base = ws_base
        self._headers = headers

    async def _session(self) -> dict[str, Any]:
        answer = await self._http.post("/api/stream/sessions", json={"camera_id": CAMERA})
        answer.raise_for_status()
        session: dict[str, Any] = answer.json()
        return session

    async def first_frame(self) -> float:
        """Return the milliseconds from the wish to the first decoded frame over WebRTC."""
        begun = time.perf_counter()
        async with watching(self._http, await self._session(), self._headers) as viewer:
            await viewer.frame()
            return (time.perf_counter() - begun) * 1000

    @asynccontextmanager
    async def counting(self) -> AsyncGenerator[Pictures, None]:
        """Watch over WebRTC without decoding: the last packet of a picture is counted."""
        session = await self._session()
        peer, receiver, offer = await new_offer()
        pictures = 0

        async def count(packet: Any, arrival_time_ms: int) -> None:  # noqa: ARG001 - aiortc's signature
            nonlocal pictures
            pictures += packet.marker

        receiver._handle_rtp_packet = count  # noqa: SLF001
        try:
            answer = await post_offer(self._http, session, offer, self._headers)
            answer.raise_for_status()
            await peer.setRemoteDescription(RTCSessionDescription(answer.text, "answer"))
            yield lambda: pictures
        finally:
            await peer.close()
            await self._http.delete(f"/api/stream/sessions/{session['session_id']}")

    @asynccontextmanager
    async def reading(self) -> AsyncGenerator[Pictures, None]:
        """Watch over the WebSocket without decoding: a binary message is a picture."""
        session = await self._session()
        pictures = 0
        async with websockets.connect(
            self._ws_base + session["websocket_path"],
            additional_headers=self._headers,
            compression=None,
            max_size=None,
        ) as socket:
            await socket.send(json.dumps({"token": session["token"]}))

            async def read() -> None:
                nonlocal pictures
                async for message in socket:
                    pictures += isinstance(message, bytes)

            task = asyncio.create_task(read())
            try:
                yield lambda: pictures
            finally:
                task.cancel()
        await self._http.delete(f"/api/stream/sessions/{session['session_id']}")


async def cpu_of(gateway: psutil.Process, way: Callable[[], Any], count: int, seconds: float) -> float:
    """Return the percents of a core that the gateway spends for each of ``count`` viewers."""
    async with AsyncExitStack() as stack:
        viewers: list[Pictures] = [await stack.enter_async_context(way()) for _ in range(count)]
        await eventually(lambda: _value(min(viewer() for viewer in viewers)), until=lambda least: least > 25)
        seen, spent, begun = [viewer() for viewer in viewers], cpu_seconds(gateway), time.perf_counter()
        await asyncio.sleep(seconds)
        lasted = time.perf_counter() - begun
        spent = cpu_seconds(gateway) - spent
        rates = [(viewer() - before) / lasted for viewer, before in zip(viewers, seen, strict=True)]
    assert min(rates) > 0.8 * RATE, f"a viewer got {min(rates):.1f} pictures a second of {RATE}"
    return round(100 * spent / lasted / count, 3)


async def bare_cpu(url: str, count: int, seconds: float) -> float:
    """Return the percents of a core of one ``ffmpeg -c copy`` among ``count`` that pull the camera."""
    command = [ffmpeg_path(), "-nostdin", "-loglevel", "error", "-rtsp_transport", "tcp", "-i", url]
    command += ["-map", "0:v", "-c", "copy", "-f", "null", "-"]
    processes = [await asyncio.create_subprocess_exec(*command) for _ in range(count)]
    try:
        watched = [psutil.Process(process.pid) for process in processes]
        await asyncio.sleep(3)  # past its probing
        spent, begun = sum(map(cpu_seconds, watched)), time.perf_counter()
        await asyncio.sleep(seconds)
        lasted = time.perf_counter() - begun
        spent = sum(map(cpu_seconds, watched)) - spent
    finally:
        for process in processes:
            process.terminate()
        await asyncio.gather(*(process.wait() for process in processes))
    return round(100 * spent / lasted / count, 3)


def cpu_seconds(process: psutil.Process) -> float:
    """Return the CPU seconds of a process so far."""
    times = process.cpu_times()
    return float(times.user + times.system)


def plain_pull(url: str, options: dict[str, str]) -> float:
    """Return the milliseconds that PyAV alone needs for the first decoded frame."""
    begun = time.perf_counter()
    with av.open(url, "r", options={"rtsp_transport": "tcp", **options}) as container:
        next(container.decode(video=0))
        return (time.perf_counter() - begun) * 1000


async def _value(number: int) -> int:
    return number


def p95(values: list[float]) -> float:
    """Return the 95th percentile, rounded to 0.1."""
    return round(statistics.quantiles(values, n=20, method="inclusive")[-1], 1)


if __name__ == "__main__":
    main()
