"""A still from the kept group of pictures, against bare ffmpeg that makes the same JPEG from the same group.

    python bench/stream_stills.py [--json] [--rounds 15] [--looks 20]

Groups of 12 to 100 pictures of 720p (2 Mbit/s) and 1080p (4 Mbit/s), H.264 and H.265, 25 pictures a second, made from a
clip of the simulated cameras. ``still`` is a first look: the whole group must be decoded, in as many threads as there
are cores (four at most). The peer is one ``ffmpeg`` process that decodes a file with the same group and writes the last
picture, with as many threads as it likes; both in turns. ``followed``: a camera that is looked at about every 0.7 s
while its pictures come, in groups of 100; ``follow_cpu``: what its decoder takes of a core meanwhile.
"""

import argparse
import asyncio
import io
import json
import os
import random
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

import av
import numpy as np

from stream_gateway.domain.access_units import CLOCK_HZ, AccessUnit, Group, ParameterSets
from stream_gateway.ffmpeg.commands import ffmpeg_path
from stream_gateway.followed_stills import Stills
from stream_gateway.stills import still
from stream_gateway.testing.filmed import MEDIA, filmed_groups
from stream_gateway.testing.taking import film_of

SCENE = MEDIA / "bikes_main_1280x536_25fps.mp4"
SIZES = {"720p": ("1280x720", "2M"), "1080p": ("1920x1080", "4M")}
CODECS = {"h264": ("libx264", "-profile:v", "main"), "h265": ("libx265", "-x265-params", "log-level=error:scenecut=0")}
LENGTHS = (12, 25, 50, 100)
RATE = 25
BETWEEN_LOOKS = (0.4, 1.0)
_ALIKE = 1.5
"""Mean difference of luma from which on two JPEGs would not be of the same picture."""

Film = tuple[ParameterSets, list[AccessUnit]]


@dataclass(frozen=True, slots=True)
class Figure:
    """One group: milliseconds of time and of CPU (median); ``ratio`` of the medians of time."""

    size: str
    codec: str
    pictures: int
    p50: float
    p95: float
    ffmpeg_p50: float
    ffmpeg_p95: float
    ratio: float
    cpu: float
    ffmpeg_cpu: float


@dataclass(frozen=True, slots=True)
class Followed:
    """A camera that is looked at repeatedly: milliseconds, and cores that following it takes."""

    size: str
    codec: str
    p50: float
    p95: float
    follow_cpu: float


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--looks", type=int, default=20)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="vigie-bench-") as folder:
        figures = list(measured(Path(folder), asked.rounds, asked.looks))
    if asked.json:
        sys.stdout.write(json.dumps([asdict(one) for one in figures], indent=2) + "\n")
        return
    for one in figures:
        name = f"{one.size} {one.codec}"
        if isinstance(one, Figure):
            print(
                f"{name} {one.pictures:3} pictures: still {one.p50:.0f} ms (p95 {one.p95:.0f}), "
                f"ffmpeg {one.ffmpeg_p50:.0f} ms (p95 {one.ffmpeg_p95:.0f}), ratio {one.ratio:.2f}; "
                f"CPU {one.cpu:.0f} and {one.ffmpeg_cpu:.0f} ms"
            )
        else:
            print(f"{name} followed: {one.p50:.0f} ms (p95 {one.p95:.0f}), {one.follow_cpu:.2f} of a core meanwhile")


def measured(folder: Path, rounds: int, looks: int) -> Iterator[Figure | Followed]:
    """Measure every size and codec."""
    for size in SIZES:
        for codec in CODECS:
            film = filmed(folder / f"{size}-{codec}.mp4", size, codec)
            for length in LENGTHS:
                yield first_look(folder, film, size, codec, length, rounds)
            yield asyncio.run(repeated_looks(film, size, codec, looks))


def filmed(path: Path, size: str, codec: str) -> Film:
    """Return one group of pictures of a scene."""
    pixels, rate = SIZES[size]
    scaled = f"scale={pixels.replace('x', ':')},setsar=1"
    encoder, *more = CODECS[codec]
    command = [
        *(ffmpeg_path(), "-nostdin", "-loglevel", "error", "-i", str(SCENE), "-frames:v", str(max(LENGTHS))),
        *("-vf", scaled, "-an", "-pix_fmt", "yuv420p", "-c:v", encoder, "-preset", "veryfast", *more),
        *("-b:v", rate, "-maxrate", rate, "-bufsize", rate, "-bf", "0", "-g", str(max(LENGTHS)), "-sc_threshold", "0"),
    ]
    subprocess.run([*command, str(path)], check=True)
    film = filmed_groups(path, groups=1)
    assert len(film[1]) == max(LENGTHS)
    return film


def first_look(folder: Path, film: Film, size: str, codec: str, length: int, rounds: int) -> Figure:
    """Time both in turns on the first pictures of a group."""
    parameters, units = film[0], film[1][:length]
    whole = folder / "group.mp4"
    whole.write_bytes(b"".join(film_of(parameters, units)))
    ours, theirs = Taken(), Taken()
    for _ in range(rounds):
        made = ours.of(lambda: still(parameters, units))
        peer = theirs.of(lambda: by_ffmpeg(whole, length))
        assert np.abs(luma_of(made) - luma_of(peer)).mean() < _ALIKE, "not the same picture"
    p50, peer_p50 = statistics.median(ours.time), statistics.median(theirs.time)
    return Figure(
        *(size, codec, length, p50, nearly_worst(ours.time), peer_p50, nearly_worst(theirs.time), p50 / peer_p50),
        *(statistics.median(ours.cpu), statistics.median(theirs.cpu)),
    )


class Taken:
    """What something took each time, in milliseconds; ``cpu``: of this process and its children together."""

    def __init__(self) -> None:
        self.time: list[float] = []
        self.cpu: list[float] = []

    def of(self, make: Callable[[], bytes]) -> bytes:
        """Make something and note what it took."""
        begun, before = time.perf_counter(), os.times()
        made = make()
        self.time.append(1000 * (time.perf_counter() - begun))
        self.cpu.append(1000 * (sum(os.times()[:4]) - sum(before[:4])))
        return made


def by_ffmpeg(film: Path, length: int) -> bytes:
    """Let ffmpeg decode a film and write its last picture as JPEG."""
    command = [
        *(ffmpeg_path(), "-nostdin", "-loglevel", "error", "-i", str(film), "-vf", f"select=eq(n\\,{length - 1})"),
        *("-frames:v", "1", "-fps_mode", "passthrough", "-c:v", "mjpeg", "-q:v", "3", "-pix_fmt", "yuvj420p"),
        *("-f", "mjpeg", "pipe:1"),
    ]
    return subprocess.run(command, check=True, capture_output=True).stdout


async def repeated_looks(film: Film, size: str, codec: str, looks: int) -> Followed:
    """Look at a camera again and again while its pictures come; the looks before it is followed do not count."""
    camera = Camera(film)
    chance = random.Random(7)  # noqa: S311 - instants to look at
    stills = Stills(lambda _: camera.present())
    taken = list[float]()
    for _ in range(2):
        await stills.take("one", *camera.present())
    await asyncio.sleep(max(LENGTHS) / RATE)
    begun, used, looked = time.perf_counter(), time.process_time(), 0.0
    for _ in range(looks):
        await asyncio.sleep(chance.uniform(*BETWEEN_LOOKS))
        at, before = time.perf_counter(), time.process_time()
        await stills.take("one", *camera.present())
        taken.append(1000 * (time.perf_counter() - at))
        looked += time.process_time() - before
    share = (time.process_time() - used - looked) / (time.perf_counter() - begun)
    await stills.close()
    return Followed(size, codec, statistics.median(taken), nearly_worst(taken), share)


class Camera:
    """A camera that shows a group of pictures over and over, at its pace."""

    def __init__(self, film: Film) -> None:
        self._parameters, self._units = film
        self._begun = time.perf_counter()

    def present(self) -> tuple[ParameterSets, Group]:
        """Return the group up to now."""
        rounds, number = divmod(int((time.perf_counter() - self._begun) * RATE), len(self._units))
        later = rounds * len(self._units) * CLOCK_HZ // RATE
        key, *others = self._units[: number + 1]
        return self._parameters, (key._replace(time=key.time + later), *others)


def luma_of(jpeg: bytes) -> np.ndarray[tuple[int, ...], np.dtype[np.int16]]:
    """Return the luma of a JPEG."""
    with av.open(io.BytesIO(jpeg), "r") as container:
        picture = next(container.decode(video=0))
        return picture.to_ndarray(format="gray").astype(np.int16)


def nearly_worst(taken: list[float]) -> float:
    """Return the 95th percentile."""
    return sorted(taken)[int(0.95 * (len(taken) - 1) + 0.5)]


if __name__ == "__main__":
    main()
