"""Command line: `python -m camera_simulator --count 24 --rtsp-port 8554 --onvif-port 8580`."""

import argparse
import asyncio
import logging
import signal
import sys
from collections.abc import Sequence
from pathlib import Path

from camera_simulator.clips import UnusableClipError
from camera_simulator.digest import Credentials
from camera_simulator.simulator import running_simulator

MAX_CAMERAS = 9999


def main(arguments: Sequence[str] | None = None) -> int:
    """Serve until SIGINT or SIGTERM; returns the exit status."""
    parser = _parser()
    options = parser.parse_args(arguments)
    if not 1 <= options.count <= MAX_CAMERAS:
        parser.error(f"--count: from 1 to {MAX_CAMERAS}")
    if min(options.hevc_count, options.flash_count) < 0:
        parser.error("--hevc-count, --flash-count: from 0")
    if (options.username is None) != (options.password_file is None):
        parser.error("--username and --password-file go together")
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s %(message)s")
    try:
        asyncio.run(_serve(options))
    except (OSError, UnusableClipError, ValueError) as error:
        sys.stderr.write(f"camera simulator: {error}\n")
        return 1
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="camera_simulator", description="Simulated RTSP and ONVIF cameras.")
    parser.add_argument("--count", type=int, default=24, help="number of cameras (default: 24)")
    parser.add_argument("--ptz-count", type=int, default=0, help="how many of them, from the first on, move")
    parser.add_argument("--hevc-count", type=int, default=0, help="how many of them, the last ones, send H.265")
    parser.add_argument(
        "--flash-count", type=int, default=0, help="how many, before the H.265 ones, send a counter for latency"
    )
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on (default: 127.0.0.1)")
    parser.add_argument("--rtsp-port", type=int, required=True, help="RTSP port; 0 takes a free one")
    parser.add_argument("--onvif-port", type=int, required=True, help="HTTP port; 0 takes a free one")
    parser.add_argument("--username", help="account of every camera; none means open cameras")
    parser.add_argument("--password-file", type=Path, help="file that holds the account's password")
    parser.add_argument("--media", type=Path, help="folder with other clips of the same names")
    parser.add_argument("--ready-file", type=Path, help="written as JSON once the ports listen")
    parser.add_argument("--stop-at-stdin-end", action="store_true", help="stop when standard input closes")
    return parser


async def _serve(options: argparse.Namespace) -> None:
    stopped = asyncio.Event()
    loop = asyncio.get_running_loop()
    for signal_number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(signal_number, stopped.set)
    if options.stop_at_stdin_end:
        await loop.connect_read_pipe(lambda: _StopAtEnd(stopped), sys.stdin)
    async with running_simulator(
        count=options.count,
        ptz_count=options.ptz_count,
        hevc_count=options.hevc_count,
        flash_count=options.flash_count,
        host=options.host,
        rtsp_port=options.rtsp_port,
        onvif_port=options.onvif_port,
        credentials=_credentials(options),
        media=options.media,
    ) as addresses:
        logging.getLogger("camera_simulator").info(
            "%d simulated cameras (%d PTZ): rtsp port %d, onvif port %d",
            addresses.count,
            addresses.ptz_count,
            addresses.rtsp_port,
            addresses.onvif_port,
        )
        if options.ready_file is not None:
            addresses.write(options.ready_file)
        await stopped.wait()


def _credentials(options: argparse.Namespace) -> Credentials | None:
    if options.username is None:
        return None
    return Credentials(options.username, options.password_file.read_text(encoding="utf-8").strip())


class _StopAtEnd(asyncio.Protocol):
    """Lets a parent that dies take the simulator with it."""

    def __init__(self, stopped: asyncio.Event) -> None:
        self._stopped = stopped

    def connection_lost(self, exc: Exception | None) -> None:
        del exc
        self._stopped.set()


if __name__ == "__main__":
    sys.exit(main())
