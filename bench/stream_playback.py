"""Playback: first picture of a replay, seek, small pictures, against ffmpeg's libraries reading the same file.

    python bench/stream_playback.py [--json] [--minutes 10] [--rounds 20]

Films of one minute, 720p, a key frame every two seconds, in a real object store. Ours is what a player does: replay
(decision and register row committed), playlist, init segment, first group decoded; a seek is one group fetched and
decoded. The peer is PyAV on a local file of the same film, opened and decoded (first picture) or sought: no store, no
network, no access control. ``walked``: the same films without the random access index at their end.
"""

import argparse
import asyncio
import io
import json
import random
import statistics
import tempfile
import time
from collections.abc import Callable
from contextlib import AsyncExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import av

from camera_simulator.testing import SimulatorProcess
from common.bus import Bus
from common.object_store import ObjectStore
from common.testing.servers import Servers
from common.testing.tokens import TokenMint
from contracts.streams import BUCKETS, STREAMS
from stream_gateway.domain.films import mfra_length
from stream_gateway.testing.films import frames_of
from stream_gateway.testing.recorded import films, put_film
from stream_gateway.testing.rig import Gateway, gateway_settings, running_gateway

AGENT = "chef.martin"
FILM_SECONDS, GROUP_SECONDS = 60, 2
MOTIVE = {"motive_code": "levee_de_doute", "motive_text": "Mesure de la relecture"}


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--minutes", type=int, default=10)
    parser.add_argument("--rounds", type=int, default=20)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="vigie-bench-") as folder:
        figures = asyncio.run(measure(Path(folder), options.minutes, options.rounds))
    if options.json:
        print(json.dumps(figures))
        return
    for name, value in figures.items():
        print(f"{name:40} {value}")


async def measure(folder: Path, minutes: int, rounds: int) -> dict[str, float]:
    """Record, replay each way, and return the figures (milliseconds, medians unless said)."""
    async with AsyncExitStack() as stack:
        simulator = stack.enter_context(SimulatorProcess(count=1))
        servers = Servers(folder)
        stack.callback(servers.stop)
        seaweed = servers.seaweed
        bus = await Bus.connect(servers.nats.url, name="bench")
        stack.push_async_callback(bus.close)
        await bus.ensure_streams(STREAMS)
        await bus.ensure_buckets(BUCKETS)
        tokens = TokenMint(folder / "keys")
        store = ObjectStore(seaweed.endpoint, seaweed.access_key, seaweed.secret_key)
        settings = gateway_settings(servers, servers.make_database("stream_gateway"), tokens, folder)
        running = running_gateway(settings, bus=bus, tokens=tokens, store=store, simulator=simulator)
        gateway = await stack.enter_async_context(running)
        camera = await gateway.add_camera(1)
        return await figures_of(gateway, camera.camera_id, folder, minutes, rounds)


async def figures_of(gateway: Gateway, camera_id: str, folder: Path, minutes: int, rounds: int) -> dict[str, float]:
    """Run every measure."""
    [film] = films(1, FILM_SECONDS, "1280x720", 12)
    local = folder / "film.mp4"
    local.write_bytes(film)
    figures: dict[str, float] = {"film_mb": round(len(film) / 1e6, 1), "minutes": minutes}
    walked = film[: -(mfra_length(film) or 0)]
    for name, content, hours in (("indexed", film, 3), ("walked", walked, 6)):
        start = datetime.now(UTC).replace(microsecond=0) - timedelta(hours=hours)
        gateway.neighbours.segments.clear()
        for number in range(minutes):
            began = start + timedelta(seconds=number * FILM_SECONDS)
            await put_film(gateway, camera_id, content, began, FILM_SECONDS, datetime.now(UTC) + timedelta(days=14))
        begun = time.perf_counter()
        player = Player(gateway, await opened(gateway, camera_id, start, minutes))
        await player.read_playlist()
        await player.group(0)
        figures[f"first_picture_{name}_ms"] = since(begun)
        begun = time.perf_counter()
        player = Player(gateway, await opened(gateway, camera_id, start, minutes))
        await player.read_playlist()
        await player.group(0)
        figures[f"first_picture_{name}_again_ms"] = since(begun)
    chance = random.Random(4)  # noqa: S311 - places to look at
    places = [chance.randrange(minutes * FILM_SECONDS // GROUP_SECONDS) for _ in range(rounds)]
    figures["seek_ms"] = await median([lambda place=place: player.group(place) for place in places])
    figures["key_picture_ms"] = await median([lambda place=place: player.key_picture(place) for place in places])
    figures["thumbnails_per_s"] = await player.thumbnails_per_second(minutes)
    figures["peer_first_picture_ms"] = statistics.median(direct(local, 0) for _ in range(rounds))
    figures["peer_seek_ms"] = statistics.median(direct(local, chance.random() * FILM_SECONDS) for _ in range(rounds))
    figures["seek_ratio"] = round(figures["seek_ms"] / figures["peer_seek_ms"], 2)
    return figures


async def opened(gateway: Gateway, camera_id: str, start: datetime, minutes: int) -> dict[str, Any]:
    """Open a replay."""
    window = {"from": start.isoformat(), "to": (start + timedelta(minutes=minutes)).isoformat()}
    body = {"camera_id": camera_id, **window, **MOTIVE}
    answer = await gateway.http.post("/api/stream/replays", json=body, headers=gateway.headers(AGENT))
    answer.raise_for_status()
    replay: dict[str, Any] = answer.json()
    return replay


class Player:
    """Fetches and decodes as a player does."""

    def __init__(self, gateway: Gateway, replay: dict[str, Any]) -> None:
        self._gateway = gateway
        self._replay = replay
        self._parts: list[tuple[str, str, str]] = []

    async def _get(self, path: str, byte_range: str = "", **params: Any) -> bytes:
        headers = self._gateway.headers(AGENT)
        if byte_range:
            length, offset = (int(number) for number in byte_range.split("@"))
            headers = {**headers, "Range": f"bytes={offset}-{offset + length - 1}"}
        answer = await self._gateway.http.get(path, headers=headers, params=params or None)
        answer.raise_for_status()
        return answer.content

    def _path(self, rest: str) -> str:
        return f"/api/stream/replays/{self._replay['replay_id']}/{rest}"

    async def read_playlist(self) -> None:
        init = byte_range = ""
        for line in (await self._get(self._replay["playlist_path"])).decode().splitlines():
            if line.startswith("#EXT-X-MAP:"):
                init = line.split('"')[3]
            elif line.startswith("#EXT-X-BYTERANGE:"):
                byte_range = line.partition(":")[2]
            elif line and not line.startswith("#"):
                self._parts.append((line, init, byte_range))

    async def group(self, place: int) -> None:
        uri, init, byte_range = self._parts[place]
        film = [await self._get(self._path(uri), init), await self._get(self._path(uri), byte_range)]
        with av.open(io.BytesIO(b"".join(film)), "r") as container:
            next(container.decode(video=0))

    async def key_picture(self, place: int) -> None:
        uri, init, _ = self._parts[place]
        number = place % (FILM_SECONDS // GROUP_SECONDS)
        film = [await self._get(self._path(uri), init), await self._get(self._path(f"{uri}/keyframes/{number}"))]
        assert len(frames_of(film)) == 1

    async def thumbnails_per_second(self, minutes: int) -> float:
        start = datetime.fromisoformat(self._replay["starts_at"])
        asked = [(start + timedelta(seconds=minutes * number + 1)).isoformat() for number in range(60)]
        begun = time.perf_counter()
        answer = json.loads(await self._get(self._path("thumbnails"), at=asked))
        assert len(answer["items"]) == len(asked)
        return round(len(asked) / (time.perf_counter() - begun), 1)


def direct(path: Path, second: float) -> float:
    """Return the milliseconds that PyAV takes to open a local file and decode the key frame before a second."""
    begun = time.perf_counter()
    with av.open(str(path), "r") as container:
        if second:
            container.seek(int(second * 1_000_000))
        next(container.decode(video=0))
    return since(begun)


async def median(runs: list[Callable[[], Any]]) -> float:
    """Return the median milliseconds of some runs."""
    taken: list[float] = []
    for run in runs:
        begun = time.perf_counter()
        await run()
        taken.append(since(begun))
    return statistics.median(taken)


def since(begun: float) -> float:
    """Return the milliseconds since an instant, to a tenth."""
    return round((time.perf_counter() - begun) * 1000, 1)


if __name__ == "__main__":
    main()
