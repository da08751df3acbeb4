"""Footage whose every picture differs, put where a recorder would have put it: for tests and benches of playback."""

import subprocess
import tempfile
from datetime import datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

import imageio_ffmpeg

from stream_gateway.testing.rig import Gateway

RATE, GROUP_SECONDS = 10, 2


@cache
def films(count: int, seconds: int, size: str = "320x180", rate: int = RATE) -> tuple[bytes, ...]:
    """Return one film of ``count`` files of ``seconds`` each, cut on key frames, each from time 0."""
    with tempfile.TemporaryDirectory(prefix="vigie-films-") as folder:
        command = [
            imageio_ffmpeg.get_ffmpeg_exe(),
            *("-nostdin", "-loglevel", "error", "-f", "lavfi", "-i", f"testsrc2=size={size}:rate={rate}"),
            *("-t", str(count * seconds), "-pix_fmt", "yuv420p", "-c:v", "libx264", "-preset", "ultrafast"),
            *("-profile:v", "main", "-g", str(rate * GROUP_SECONDS), "-bf", "0", "-sc_threshold", "0"),
            *("-f", "segment", "-segment_time", str(seconds), "-reset_timestamps", "1", "-segment_format", "mp4"),
            *("-segment_format_options", "movflags=+frag_keyframe+empty_moov+default_base_moof", "%05d.mp4"),
        ]
        subprocess.run(command, check=True, capture_output=True, cwd=folder)
        return tuple(path.read_bytes() for path in sorted(Path(folder).glob("*.mp4")))


async def put_film(
    gateway: Gateway, camera_id: str, film: bytes, started_at: datetime, seconds: float, expires_at: datetime
) -> dict[str, Any]:
    """Store a film and let retention know it; returns what retention knows, to be changed in place."""
    bucket = f"vigie-95598-{started_at:%Y%m%d}"
    key = f"{camera_id}/{started_at:%H}/{started_at:%Y%m%dT%H%M%S%f}-{len(gateway.neighbours.segments)}.mp4"
    await gateway.store.ensure_bucket(bucket)
    await gateway.store.put_bytes(bucket, key, film, content_type="video/mp4")
    known = {
        "bucket": bucket,
        "object_key": key,
        "size": len(film),
        "started_at": started_at.isoformat(),
        "ended_at": (started_at + timedelta(seconds=seconds)).isoformat(),
        "expires_at": expires_at.isoformat(),
        "held": False,
    }
    gateway.neighbours.segments.append(known)
    return known
