"""CPU of burning masks in, per stream: our painting child against a bare ffmpeg that transcodes without painting.

Both read the same clips as fast as they can, one thread each, the same x264 preset, in turns; the ratio is of the CPU
seconds that the processes used. Run: ``python bench/stream_masks.py [--json] [--preset superfast] [--rounds 3]``.
"""

import argparse
import io
import json
import os
import resource
import subprocess
import sys
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import median

import av

from stream_gateway.domain.access_units import CLOCK_HZ, AccessUnit, Codec
from stream_gateway.ffmpeg.commands import ffmpeg_path
from stream_gateway.masking.wire import Coding, Kind, areas_message, coding_message, joined, message, unit_message

MEDIA = Path(__file__).parents[1] / "tools/camera-simulator/media"
CLIPS = {
    "720p12": MEDIA / "vtest_main_1280x720_12fps.mp4",
    "536p25": MEDIA / "bikes_main_1280x536_25fps.mp4",
    "360p10": MEDIA / "vtest_sub_640x360_10fps.mp4",
}
AREAS = [
    ((0.05, 0.05), (0.35, 0.1), (0.3, 0.5), (0.08, 0.4)),
    ((0.6, 0.2), (0.8, 0.2), (0.8, 0.4), (0.6, 0.4)),
]
BUSY = 0.6
"""Share of a core that masking may take in the long run; the rest is for pulls, files and peaks."""


@dataclass(frozen=True, slots=True)
class Figure:
    """One clip: milliseconds of CPU a picture, and streams of that kind on one core at ``BUSY``."""

    clip: str
    pictures: int
    masked_ms: float
    ffmpeg_ms: float
    ratio: float
    streams_per_core: float
    resident_mb: float


def main() -> None:
    """Print a figure for each clip."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--preset", default=Coding().preset)
    parser.add_argument("--rounds", type=int, default=3)
    asked = parser.parse_args()
    figures = [measured(name, clip, asked.preset, asked.rounds) for name, clip in CLIPS.items()]
    if asked.json:
        sys.stdout.write(json.dumps([asdict(one) for one in figures], indent=2) + "\n")
        return
    for one in figures:
        sys.stdout.write(
            f"{one.clip}: {one.masked_ms:.2f} ms a picture masked, {one.ffmpeg_ms:.2f} ms bare ffmpeg, "
            f"ratio {one.ratio:.2f}, {one.streams_per_core:.1f} a core at {BUSY:.0%}, {one.resident_mb:.0f} MB\n"
        )


def measured(name: str, clip: Path, preset: str, rounds: int) -> Figure:
    """Weigh both in turns on one clip; medians count."""
    film, pictures, rate = messages_of(clip, preset)
    start = cpu_of(worker(), messages_of_nothing(preset))  # interpreter and libraries, once a stream
    masked, bare = [], []
    for _ in range(rounds):
        masked.append(cpu_of(worker(), film) - start)
        bare.append(cpu_of(transcode(clip, preset), b""))
    ours, theirs = median(masked), median(bare)
    per_second = ours / pictures * rate
    return Figure(
        clip=name,
        pictures=pictures,
        masked_ms=1000 * ours / pictures,
        ffmpeg_ms=1000 * theirs / pictures,
        ratio=ours / theirs,
        streams_per_core=BUSY / per_second,
        resident_mb=resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024,
    )


def worker() -> list[str]:
    """Return the command of the painting child."""
    return [sys.executable, "-m", "stream_gateway.masking.worker"]


def transcode(clip: Path, preset: str) -> list[str]:
    """Return the bare ffmpeg that does the same but for the painting."""
    return [
        ffmpeg_path(),
        *("-nostdin", "-loglevel", "error", "-threads", "1", "-filter_threads", "1", "-i", str(clip)),
        *("-an", "-c:v", "libx264", "-preset", preset, "-tune", "zerolatency", "-crf", f"{Coding().rate_factor:g}"),
        *("-profile:v", "main", "-threads", "1", "-g", "50", "-sc_threshold", "0", "-f", "mp4"),
        *("-movflags", "+frag_every_frame+empty_moov+default_base_moof", "pipe:1"),
    ]


def cpu_of(command: list[str], given: bytes) -> float:
    """Run a command to its end; return the CPU seconds it used."""
    before = os.times()
    subprocess.run(command, input=given, stdout=subprocess.DEVNULL, check=True)
    after = os.times()
    return after.children_user + after.children_system - before.children_user - before.children_system


def messages_of_nothing(preset: str) -> bytes:
    """Return what starts a child and lets it end."""
    return coding_message(Coding(preset=preset)) + areas_message(AREAS)


def messages_of(clip: Path, preset: str) -> tuple[bytes, int, float]:
    """Return a clip as messages to the child, its number of pictures, and pictures a second."""
    written = io.BytesIO()
    written.write(messages_of_nothing(preset))
    with av.open(str(clip)) as film:
        track = film.streams.video[0]
        written.write(message(Kind.CODEC, Codec.H264.value.encode() + b"\x00" + joined(sets_of(track.codec_context))))
        rate = float(track.average_rate or 25)
        count = 0
        for packet in film.demux(track):
            if packet.size:
                unit = AccessUnit(bytes(packet), packet.is_keyframe, round(count * CLOCK_HZ / rate))
                written.write(unit_message(unit))
                count += 1
    return written.getvalue(), count, rate


def sets_of(context: av.VideoCodecContext) -> list[bytes]:
    """Read the parameter sets of an ``avcC`` box (ISO/IEC 14496-15 §5.3.3)."""
    box = bytes(context.extradata or b"")
    found: list[bytes] = []
    at = 5
    for mask in (0x1F, 0xFF):
        count, at = box[at] & mask, at + 1
        for _ in range(count):
            length = int.from_bytes(box[at : at + 2], "big")
            found.append(box[at + 2 : at + 2 + length])
            at += 2 + length
    return found


if __name__ == "__main__":
    main()
