"""Live by WebSocket: first frame of any camera of a warm fleet, latency from glass to glass, CPU per viewer.

    python bench/stream_live.py [--json] [--cameras 20] [--rounds 60] [--viewers 1,10,100,500] [--seconds 20]

*Cold*: a camera that the node has never pulled is announced and looked at in the same moment: placement, RTSP dialogue
and the wait for its next key frame are in it; goal: the camera's group of pictures and 700 ms.
*First frame*: what a console does, for a camera drawn at random of which nobody watches any: session (decision and
register row committed), WebSocket, first message, init segment, first picture decoded by PyAV; against PyAV that opens
the camera itself, with its defaults and in a hurry. *Latency*: a camera shows the wall clock as a counter; how old is
it when a viewer has decoded it, against a hurried PyAV pull of the same camera at the same time. *CPU*: what the
gateway's process spends for viewers of sub-streams, those of no viewer taken off; against what one ``ffmpeg -c copy``
spends, the mean of twenty. ``--viewers`` is the growth curve. Goals: first frame p95 150 ms, latency 250 ms.
"""

import argparse
import asyncio
import io
import json
import random
import statistics
import tempfile
import time
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

import av
import httpx
import psutil
import websockets
from av.video.codeccontext import VideoCodecContext

from camera_simulator.testing import SimulatorProcess, UnreadableCounterError, age_of, read_counter
from common.bus import Bus
from common.testing.polling import eventually
from common.testing.servers import Servers
from common.testing.serving import serving
from common.testing.states import a_camera, put_camera
from common.testing.tokens import TokenMint
from contracts.streams import BUCKETS, STREAMS
from stream_gateway.domain.boxes import boxes
from stream_gateway.ffmpeg.commands import ffmpeg_path
from stream_gateway.testing.films import frames_of
from stream_gateway.testing.process import free_port, gateway_process
from stream_gateway.testing.rig import Neighbours, gateway_settings, neighbours_app, put_agents

AGENT = "op.durand"
NOT_FOUND = 404
Announce = Callable[[int], Awaitable[None]]
HURRIED = {"fflags": "nobuffer", "analyzeduration": "0", "probesize": "32", "fpsprobesize": "0"}
LOOKS = 100
RENEW_SECONDS = 10.0
BARE_PULLS = 20
COLD = 20
"""Cameras that are looked at cold, once each."""
COLD_SECONDS = 60.0


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--cameras", type=int, default=20)
    parser.add_argument("--rounds", type=int, default=60)
    parser.add_argument("--viewers", default="1,10,100,500")
    parser.add_argument("--seconds", type=float, default=20.0)
    options = parser.parse_args()
    counts = [int(one) for one in options.viewers.split(",")]
    with tempfile.TemporaryDirectory(prefix="vigie-bench-") as folder:
        figures = asyncio.run(measure(Path(folder), options.cameras, options.rounds, counts, options.seconds))
    print(json.dumps(figures) if options.json else "\n".join(f"{name:48} {figures[name]}" for name in figures))


async def measure(
    folder: Path, cameras: int, rounds: int, counts: list[int], seconds: float
) -> dict[str, float | None]:
    """Start a gateway with a warm fleet and take all figures."""
    async with AsyncExitStack() as stack:
        counting = cameras + COLD + 1  # the simulator's last one
        simulator = stack.enter_context(SimulatorProcess(count=counting, flash_count=1))
        desk, gateway, announce = await started(stack, folder, simulator, [*range(1, cameras + 1), counting])
        first = [await desk.first_frame(camera_id(random.randint(1, cameras))) for _ in range(rounds)]  # noqa: S311
        plain, hurried = [], []
        for number in random.sample(range(1, cameras + 1), min(6, cameras)):
            plain.append(await asyncio.to_thread(plain_pull, simulator.rtsp_url(number), {}))
            hurried.append(await asyncio.to_thread(plain_pull, simulator.rtsp_url(number), HURRIED))
        ours, bare = await asyncio.gather(
            desk.ages(camera_id(counting)), asyncio.to_thread(bare_ages, simulator.rtsp_url(counting))
        )
        figures: dict[str, float | None] = {
            "first_frame_of_any_camera_p95_ms": p95(first),
            "first_frame_of_any_camera_median_ms": round(statistics.median(first), 1),
            "plain_pull_median_ms": round(statistics.median(plain), 1),
            "hurried_pull_median_ms": round(statistics.median(hurried), 1),
            "first_frame_ratio_to_hurried_pull": round(statistics.median(first) / statistics.median(hurried), 3),
            "latency_median_ms": round(statistics.median(ours) * 1000, 1),
            "latency_p95_ms": p95([age * 1000 for age in ours]),
            "bare_latency_median_ms": round(statistics.median(bare) * 1000, 1),
            "latency_ratio_to_bare": round(statistics.median(ours) / statistics.median(bare), 3),
            "goal_first_frame_p95_ms": 150,
            "goal_latency_ms": 250,
            "goal_cold_beyond_group_ms": 700,
        }
        bare_pull = await bare_cpu(simulator, cameras, seconds, folder)
        idle = await cpu_over(gateway, seconds)
        for count in counts:
            figures |= await viewers(desk, gateway, count, cameras, seconds, idle, bare_pull)
        figures |= await cold_looks(desk, simulator, announce, range(cameras + 1, counting))
    return figures


async def started(
    stack: AsyncExitStack, folder: Path, simulator: SimulatorProcess, numbers: list[int]
) -> tuple["Desk", psutil.Process, Announce]:
    """Start servers and a gateway; return once every camera has been recorded for a group of pictures.

    The last of the three announces one more camera.
    """
    servers = Servers(folder)
    stack.callback(servers.stop)
    tokens = TokenMint(folder / "keys")
    neighbours = Neighbours()
    url = await stack.enter_async_context(serving(neighbours_app(neighbours, tokens)))
    settings = gateway_settings(servers, servers.make_database("stream_gateway"), tokens, folder).model_copy(
        update={"registry_url": url, "retention_url": url, "api_port": free_port(), "segment_seconds": 60}
    )
    bus = await Bus.connect(servers.nats.url, name="bench")
    stack.push_async_callback(bus.close)
    await bus.ensure_streams(STREAMS)
    await bus.ensure_buckets(BUCKETS)
    await put_agents(bus)

    async def announce(number: int) -> None:
        neighbours.know(camera_id(number), simulator, number)
        await put_camera(bus, a_camera(camera_id(number)))

    for number in numbers:
        await announce(number)
    process = await stack.enter_async_context(gateway_process(settings, "all", folder / "gateway.log"))
    base = f"http://127.0.0.1:{settings.api_port}"
    headers = tokens.agent_headers(AGENT)
    http = await stack.enter_async_context(httpx.AsyncClient(base_url=base, headers=headers, timeout=60))
    leader = tokens.agent_headers("chef.martin")

    async def warm() -> bool:
        items = (await http.get("/api/stream/recorders", headers=leader)).json()["items"]
        return len(items) == len(numbers) and all(item["state"] == "recording" for item in items)

    await eventually(warm)
    return Desk(http, base.replace("http", "ws", 1), headers), psutil.Process(process.pid), announce


class Desk:
    """An operator's place: opens cameras as the console does."""

    def __init__(self, http: httpx.AsyncClient, ws_base: str, headers: dict[str, str]) -> None:
        self._http = http
        self._ws_base = ws_base
        self._headers = headers

    @asynccontextmanager
    async def watching(self, camera: str, quality: str = "main") -> AsyncGenerator[websockets.ClientConnection]:
        """Keep a camera on screen for the time of a context."""
        asked = {"camera_id": camera, "quality": quality}
        answer = await self._http.post("/api/stream/sessions", json=asked)
        while answer.status_code == NOT_FOUND:  # announced in this moment, not heard of yet
            await asyncio.sleep(0.01)
            answer = await self._http.post("/api/stream/sessions", json=asked)
        session = answer.raise_for_status().json()
        async with websockets.connect(
            self._ws_base + session["websocket_path"],
            additional_headers=self._headers,
            compression=None,
            max_size=None,
            max_queue=None,  # a client that stops reading could not close either
            open_timeout=60,
        ) as socket:
            await socket.send(json.dumps({"token": session["token"]}))
            renewing = asyncio.create_task(self._renew(session["session_id"]))
            try:
                yield socket
            finally:
                renewing.cancel()

    async def _renew(self, session_id: str) -> None:
        """Keep a lease, as the console does."""
        while True:
            await asyncio.sleep(RENEW_SECONDS)
            (await self._http.post(f"/api/stream/sessions/{session_id}/lease")).raise_for_status()

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

    async def ages(self, camera: str) -> list[float]:
        """Return how old the pictures of a counting camera are when they are decoded, in seconds."""
        found: list[float] = []
        decoder: VideoCodecContext | None = None
        async with self.watching(camera) as socket:
            while len(found) < LOOKS:
                message = await socket.recv()
                if isinstance(message, str):
                    continue
                if decoder is None:
                    decoder = decoder_of(message)
                    continue
                for sample in samples_of(message):
                    for frame in decoder.decode(av.Packet(sample)):
                        found += age_now(frame.to_ndarray(format="gray"))
        return found[LOOKS // 5 :]  # the kept group of pictures is past, and shown at once


def decoder_of(init: bytes) -> VideoCodecContext:
    """Return a decoder for what an init segment announces."""
    with av.open(io.BytesIO(init), "r") as container:
        extradata = container.streams.video[0].codec_context.extradata
    decoder = av.CodecContext.create("h264", "r")
    decoder.extradata = extradata
    decoder.flags |= 0x0008_0000  # low delay
    return decoder


def samples_of(message: bytes) -> list[bytes]:
    """Return the pictures of one message."""
    return [message[box.body : box.end] for box in boxes(message) if box.kind == b"mdat"]


def age_now(picture: object) -> list[float]:
    """Return the age of a counting camera's picture, nothing when its counter cannot be read."""
    try:
        return [age_of(read_counter(picture), time.time())]  # pyright: ignore[reportArgumentType]
    except UnreadableCounterError:
        return []


def bare_ages(url: str) -> list[float]:
    """Return the ages that a hurried pull of the camera itself sees."""
    found: list[float] = []
    with av.open(url, "r", options={"rtsp_transport": "tcp", **HURRIED}) as container:
        container.streams.video[0].codec_context.flags |= 0x0008_0000
        for frame in container.decode(video=0):
            found += age_now(frame.to_ndarray(format="gray"))
            if len(found) >= LOOKS:
                return found[LOOKS // 5 :]
    return found


def plain_pull(url: str, options: dict[str, str]) -> float:
    """Return the milliseconds that PyAV alone needs for the first decoded frame."""
    begun = time.perf_counter()
    with av.open(url, "r", options={"rtsp_transport": "tcp", **options}) as container:
        next(container.decode(video=0))
        return (time.perf_counter() - begun) * 1000


async def cold_looks(
    desk: Desk, simulator: SimulatorProcess, announce: Announce, numbers: Sequence[int]
) -> dict[str, float | None]:
    """Look at cameras that nobody pulls yet, one after the other, each from the moment of its announcement."""
    looked: list[float] = []
    for number in numbers:
        begun = time.perf_counter()
        await announce(number)
        async with asyncio.timeout(COLD_SECONDS):
            await desk.first_frame(camera_id(number))
        looked.append((time.perf_counter() - begun) * 1000)
    group = await asyncio.to_thread(group_ms, simulator.rtsp_url(numbers[0]))  # of the simulator's clips all the same
    return {
        "cold_first_frame_median_ms": round(statistics.median(looked), 1),
        "cold_first_frame_p95_ms": p95(looked),
        "cold_beyond_group_p95_ms": round(p95(looked) - group, 1),
        "group_of_pictures_ms": group,
    }


def group_ms(url: str) -> float:
    """Return the time from key frame to key frame of a camera."""
    keys: list[float] = []
    with av.open(url, "r", options={"rtsp_transport": "tcp"}, timeout=30) as container:
        stream = container.streams.video[0]
        for packet in container.demux(stream):
            if packet.is_keyframe and packet.pts is not None and stream.time_base is not None:
                keys.append(float(packet.pts * stream.time_base) * 1000)
            if len(keys) > 1:
                return keys[1] - keys[0]
    raise RuntimeError("the camera ended its stream")


async def viewers(
    desk: Desk,
    gateway: psutil.Process,
    count: int,
    cameras: int,
    seconds: float,
    idle: float,
    bare_pull: float,
) -> dict[str, float | None]:
    """Return what ``count`` viewers of sub-streams cost the gateway, and how that compares to bare pulls."""
    received = [0]

    async def watch(number: int) -> None:
        async with desk.watching(camera_id(1 + number % cameras), "sub") as socket:
            while True:
                message = await socket.recv()  # not within the addition: others count meanwhile
                received[0] += isinstance(message, bytes)

    async with asyncio.TaskGroup() as group:
        watching = [group.create_task(watch(number)) for number in range(count)]
        await eventually(lambda: enough(received, 12 * count), within=240)  # hundreds come one after the other
        before = received[0]
        spent = await cpu_over(gateway, seconds) - idle
        messages = (received[0] - before) / seconds / count
        for task in watching:
            task.cancel()
    seen = spent > 0  # a few viewers cost less than the idle time varies
    return {
        f"cpu_percent_per_viewer_{count}": round(100 * spent / count, 3) if seen else None,
        f"viewers_per_core_{count}": round(count / spent) if seen else None,
        f"messages_per_viewer_second_{count}": round(messages, 1),
        f"cpu_ratio_to_bare_pulls_{count}": round(spent / count / bare_pull, 3) if seen else None,
    }


async def enough(received: list[int], wanted: int) -> bool:
    """Tell whether so many messages have come."""
    return received[0] >= wanted


async def bare_cpu(simulator: SimulatorProcess, cameras: int, seconds: float, folder: Path) -> float:
    """Return the share of a core that one ``ffmpeg -c copy`` takes, the mean of many: one alone takes next to none."""
    async with AsyncExitStack() as stack:
        pulls: list[psutil.Process] = []
        for number in range(BARE_PULLS):
            process = await asyncio.create_subprocess_exec(
                *(ffmpeg_path(), "-nostdin", "-loglevel", "error", "-rtsp_transport", "tcp"),
                *("-i", simulator.rtsp_url(1 + number % cameras, "sub"), "-map", "0:v", "-c", "copy"),
                *("-f", "mp4", "-movflags", "+frag_every_frame+empty_moov", "-y", str(folder / f"view-{number}.mp4")),
            )
            stack.push_async_callback(process.wait)
            stack.callback(process.terminate)
            pulls.append(psutil.Process(process.pid))
        await asyncio.sleep(4)
        return sum(await asyncio.gather(*(cpu_over(pull, seconds) for pull in pulls))) / BARE_PULLS


async def cpu_over(process: psutil.Process, seconds: float) -> float:
    """Return the share of a core that a process takes for some seconds."""
    begun, before = time.monotonic(), sum(process.cpu_times()[:2])
    await asyncio.sleep(seconds)
    return (sum(process.cpu_times()[:2]) - before) / (time.monotonic() - begun)


def camera_id(number: int) -> str:
    """Return the id of simulated camera ``number``."""
    return f"PV-95598-{number:04d}-P1"


def p95(values: list[float]) -> float:
    """Return the 95th percentile, rounded to 0.1."""
    return round(statistics.quantiles(values, n=20, method="inclusive")[-1], 1)


if __name__ == "__main__":
    main()
