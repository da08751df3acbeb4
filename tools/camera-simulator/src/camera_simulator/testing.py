"""A simulator in its own process, for tests and benches."""

import json
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path
from types import TracebackType
from typing import Any, Self
from urllib.parse import quote

from camera_simulator.counter import UnreadableCounterError, age_of, counter_at, read_counter
from camera_simulator.onvif.ptz_log import PtzCommand
from camera_simulator.simulator import Addresses

__all__ = [
    "PtzCommand",
    "SimulatorError",
    "SimulatorProcess",
    "UnreadableCounterError",
    "age_of",
    "counter_at",
    "read_counter",
]

START_SECONDS = 30.0
STOP_SECONDS = 10.0
POLL_SECONDS = 0.05


class SimulatorError(Exception):
    """The simulator did not start."""


class SimulatorProcess:
    """Runs the simulator on free loopback ports; a context manager, or `start()` and `stop()`.

    The process also ends when this one dies.
    """

    def __init__(
        self,
        *,
        count: int = 4,
        ptz_count: int = 0,
        username: str | None = None,
        password: str | None = None,
        rtsp_port: int = 0,
        onvif_port: int = 0,
        hevc_count: int = 0,
        flash_count: int = 0,
        media: Path | None = None,
    ) -> None:
        """Describe a simulator; nothing runs yet.

        Args:
            count: number of cameras, numbered from 1.
            ptz_count: how many of them, from the first on, have a PTZ head.
            username: account of every camera, or None for open cameras.
            password: its password.
            rtsp_port: RTSP port; 0 takes a free one.
            onvif_port: HTTP port; 0 takes a free one.
            hevc_count: how many of them, the last ones, send H.265.
            flash_count: how many, just before these, send the counter that `read_counter` reads.
            media: a folder with other clips of the same names.
        """
        self.media = media
        self.count = count
        self.hevc_count = hevc_count
        self.flash_count = flash_count
        self.ptz_count = ptz_count
        self.username = username
        self.password = password
        self._ports = (rtsp_port, onvif_port)
        self._folder: tempfile.TemporaryDirectory[str] | None = None
        self._process: subprocess.Popen[bytes] | None = None
        self._addresses: Addresses | None = None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self,
        exception_type: type[BaseException] | None,
        exception: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.stop()

    @property
    def addresses(self) -> Addresses:
        """Ports of the running simulator."""
        if self._addresses is None:
            raise SimulatorError("the simulator is not running")
        return self._addresses

    @property
    def pid(self) -> int:
        """Process id of the running simulator."""
        if self._process is None:
            raise SimulatorError("the simulator is not running")
        return self._process.pid

    def start(self) -> None:
        """Start, and return once the ports listen.

        Raises:
            SimulatorError: it ended or was not ready within 30 s; the message holds its log.
        """
        self._folder = tempfile.TemporaryDirectory(prefix="camera-simulator-")
        folder = Path(self._folder.name)
        ready_file, log_file = folder / "ready.json", folder / "log"
        with log_file.open("wb") as log:
            self._process = subprocess.Popen(
                self._command(folder, ready_file), stdin=subprocess.PIPE, stdout=log, stderr=log
            )
        deadline = time.monotonic() + START_SECONDS
        while not ready_file.exists():
            if self._process.poll() is not None or time.monotonic() > deadline:
                text = log_file.read_text(encoding="utf-8", errors="replace")
                self.stop()
                raise SimulatorError(f"the camera simulator did not start:\n{text}")
            time.sleep(POLL_SECONDS)
        self._addresses = Addresses(**json.loads(ready_file.read_text(encoding="utf-8")))

    def stop(self) -> None:
        """Stop, and return once the process has ended; does nothing when it does not run."""
        process, self._process = self._process, None
        self._addresses = None
        if process is not None:
            process.terminate()
            try:
                process.wait(STOP_SECONDS)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
            if process.stdin is not None:
                process.stdin.close()
        if self._folder is not None:
            self._folder.cleanup()
            self._folder = None

    def rtsp_url(self, number: int, quality: str = "main", *, with_credentials: bool = False) -> str:
        """RTSP URL of a camera's `main` or `sub` stream; ask for credentials only where a client needs them so."""
        account = ""
        if with_credentials and self.username is not None:
            account = f"{quote(self.username, safe='')}:{quote(self.password or '', safe='')}@"
        return f"rtsp://{account}{self.addresses.host}:{self.addresses.rtsp_port}/cam/{number:04d}/{quality}"

    def onvif_url(self, number: int) -> str:
        """Address of a camera's ONVIF device service."""
        return f"{self._http}/onvif/{number:04d}/device_service"

    def set_faults(
        self,
        number: int,
        *,
        freeze: bool = False,
        offline: bool = False,
        picture: str | None = None,
        clock_error_s: float = 0.0,
    ) -> None:
        """Give a camera these faults and no other; without any it is healthy again.

        Args:
            number: of the camera.
            freeze: keep connections and send nothing.
            offline: cut every connection and answer none.
            picture: ``still``, ``black``, ``blurred`` or ``shifted`` pictures.
            clock_error_s: seconds by which the camera's clock is ahead.
        """
        faults = {"freeze": freeze, "offline": offline, "picture": picture, "clock_error_s": clock_error_s}
        self._tell("POST", f"{number:04d}/faults", faults)

    def insert_card(self, number: int, *, capacity_s: float = 3600.0) -> None:
        """Put a card into a camera: from now on it keeps its film, so many seconds of it; 0: its slot is empty."""
        self._tell("PUT", f"{number:04d}/card", {"capacity_s": capacity_s})

    def remove_card_slot(self, number: int) -> None:
        """Make a camera one that keeps nothing by itself and offers neither search nor replay."""
        self._tell("DELETE", f"{number:04d}/card")

    def card_calls(self, number: int) -> dict[str, int]:
        """How often each operation of a camera's search and replay was called, and PLAY of its card."""
        return self._tell("GET", f"{number:04d}/card")["calls"]

    def card_url(self, number: int, *, with_credentials: bool = False) -> str:
        """Where a camera replays its card."""
        return self.rtsp_url(number, "main", with_credentials=with_credentials).replace("/cam/", "/card/")

    def set_quirks(self, number: int, *quirks: str) -> None:
        """Give a camera these habits of real devices and no other (`camera_simulator.onvif.quirks.Quirk`)."""
        self._tell("PUT", f"{number:04d}/quirks", list(quirks))

    def report(self, number: int, kind: str, *, active: bool = True) -> None:
        """Let a camera report a ``tamper``, ``contact`` or crossed ``line`` to who is subscribed."""
        self._tell("POST", f"{number:04d}/reports", {"kind": kind, "active": active})

    def reboot(self, number: int) -> None:
        """Let a camera forget every subscription."""
        self._tell("POST", f"{number:04d}/reboot", {})

    def set_stream_quirks(self, number: int, *quirks: str, **parameters: float) -> None:
        """Give a camera these habits on the RTSP side and no other; without any it is ordinary again.

        Args:
            number: of the camera.
            quirks: of `camera_simulator.stream_quirks.kinds.StreamQuirk`.
            parameters: of `StreamHabits`, e.g. ``late_answer_s=1.0`` or ``every=20``.
        """
        self._tell("PUT", f"{number:04d}/stream-quirks", {"quirks": list(quirks), **parameters})

    def stream_event(self, number: int, event: str, *, seconds: float | None = None) -> None:
        """Let something happen to a camera's streams now.

        Args:
            number: of the camera.
            event: ``clock_step``, ``clock_backward``, ``ssrc_change`` or ``resolution_switch`` (the next one switches
                back).
            seconds: by which a clock jumps: 3 600 ahead, or 5 back, unless told.
        """
        self._tell(
            "POST", f"{number:04d}/stream-events", {"event": event} | ({} if seconds is None else {"seconds": seconds})
        )

    def ptz_log(self, number: int) -> list[PtzCommand]:
        """The PTZ commands that a camera has received, oldest first (the last 10 000)."""
        return [PtzCommand(**item) for item in self._tell("GET", f"{number:04d}/ptz-log")["items"]]

    def ptz_calls(self, number: int) -> dict[str, int]:
        """How often each operation of a camera's PTZ service was called, status requests included."""
        return self._tell("GET", f"{number:04d}/ptz-log")["calls"]

    def clear_ptz_log(self, number: int) -> None:
        """Forget the PTZ commands and counts of a camera."""
        self._tell("DELETE", f"{number:04d}/ptz-log")

    def _tell(self, method: str, path: str, wanted: object = None) -> Any:
        request = urllib.request.Request(  # noqa: S310 our own loopback URL
            f"{self._http}/simulator/cameras/{path}",
            data=None if wanted is None else json.dumps(wanted).encode(),
            headers={"Content-Type": "application/json"},
            method=method,
        )
        with urllib.request.urlopen(request, timeout=60) as response:  # noqa: S310 same
            return json.load(response)

    @property
    def _http(self) -> str:
        return f"http://{self.addresses.host}:{self.addresses.onvif_port}"

    def _command(self, folder: Path, ready_file: Path) -> list[str]:
        command = [
            *(sys.executable, "-m", "camera_simulator", "--stop-at-stdin-end"),
            *("--count", str(self.count), "--ptz-count", str(self.ptz_count)),
            *("--hevc-count", str(self.hevc_count), "--flash-count", str(self.flash_count)),
            *("--rtsp-port", str(self._ports[0]), "--onvif-port", str(self._ports[1])),
            *("--ready-file", str(ready_file)),
        ]
        if self.media is not None:
            command += ["--media", str(self.media)]
        if self.username is not None:
            password_file = folder / "password"
            password_file.touch(mode=0o600)
            password_file.write_text(self.password or "", encoding="utf-8")
            command += ["--username", self.username, "--password-file", str(password_file)]
        return command
