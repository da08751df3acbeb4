"""Small real films: made once with ffmpeg from a generated picture, so that their boxes are ffmpeg's own."""

import subprocess
from collections.abc import Callable
from functools import cache

import pytest

from stream_gateway.ffmpeg.commands import ffmpeg_path

FRAMES, RATE, GROUP = 12, 4, 4


@cache
def _film(codec: str, movflags: str) -> bytes:
    command = [
        ffmpeg_path(),
        *("-nostdin", "-loglevel", "error", "-f", "lavfi", "-i", f"testsrc2=size=128x96:rate={RATE}"),
        *("-frames:v", str(FRAMES), "-pix_fmt", "yuv420p", "-c:v", codec, "-g", str(GROUP), "-bf", "0"),
        *("-sc_threshold", "0"),  # no key frame but the regular ones
        *("-f", "mp4", "-movflags", f"{movflags}+empty_moov+default_base_moof", "pipe:1"),
    ]
    return subprocess.run(command, check=True, capture_output=True).stdout


@pytest.fixture
def film() -> Callable[..., bytes]:
    """Return a function that gives 3 s of fragmented MP4: 12 frames, a key frame every second."""

    def make(*, codec: str = "libx264", per_frame: bool = False) -> bytes:
        return _film(codec, "frag_every_frame" if per_frame else "frag_keyframe")

    return make
