"""Films that count their pictures, so that a decoded one tells which it is; for tests."""

import subprocess
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

from camera_simulator.counter import draw_counter
from stream_gateway.domain.access_units import AccessUnit, ParameterSets
from stream_gateway.ffmpeg.commands import ffmpeg_path
from stream_gateway.testing.filmed import filmed_groups

WIDTH, HEIGHT, RATE = 320, 192, 25


@cache
def counted(*coding: str, pictures: int, group: int) -> tuple[ParameterSets, list[AccessUnit], bytes]:
    """Return the parameter sets and units of a film whose pictures carry 0, 1, 2, … in order, and the film itself.

    ``coding``: what ffmpeg is told of the encoder; ``group``: pictures from one key frame to the next.
    """
    drawn = b"".join(draw_counter(number, width=WIDTH, height=HEIGHT).tobytes() for number in range(pictures))
    with TemporaryDirectory(prefix="vigie-counted-") as folder:
        film = Path(folder) / "film.mp4"
        command = [
            ffmpeg_path(),
            *("-nostdin", "-loglevel", "error", "-f", "rawvideo", "-pix_fmt", "gray", "-s", f"{WIDTH}x{HEIGHT}"),
            *("-r", str(RATE), "-i", "pipe:0", *coding, "-g", str(group), "-sc_threshold", "0", str(film)),
        ]
        subprocess.run(command, input=drawn, check=True, capture_output=True)
        parameters, units = filmed_groups(film, groups=pictures // group)
        return parameters, units, film.read_bytes()
