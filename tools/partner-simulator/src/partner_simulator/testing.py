"""The simulator as a real process on a free port, for tests of whoever speaks to partners."""

import base64
import secrets
import subprocess
import sys
import time
from pathlib import Path
from types import TracebackType
from typing import Self

START_WITHIN = 20.0
STOP_WITHIN = 8.0


def new_secret_file(path: Path) -> Path:
    """Write a fresh ``whsec_`` secret, readable by its owner only."""
    path.touch(mode=0o600)
    path.write_text("whsec_" + base64.b64encode(secrets.token_bytes(32)).decode(), encoding="utf-8")
    return path


class SimulatorProcess:
    """``python -m partner_simulator`` in a folder of the caller; ``ack_after`` in seconds."""

    def __init__(self, folder: Path, *, callback_base: str, secret_file: Path, ack_after: float = 0.2) -> None:
        self._ready_file = folder / f"partner-simulator-{secrets.token_hex(4)}.ready"
        self._log = self._ready_file.with_suffix(".log")
        self._command = [
            *(sys.executable, "-m", "partner_simulator", "--port", "0"),
            *("--callback-base", callback_base),
            *("--webhook-secret-file", str(secret_file)),
            *("--ack-after", str(ack_after)),
            *("--ready-file", str(self._ready_file)),
        ]
        self._process: subprocess.Popen[bytes] | None = None
        self.base_url = ""

    def start(self) -> Self:
        """Start and wait until it answers.

        Raises:
            RuntimeError: it ended or did not answer in time; the message carries its output.
        """
        with self._log.open("wb") as output:
            self._process = subprocess.Popen(self._command, stdout=output, stderr=output)
        deadline = time.monotonic() + START_WITHIN
        while not self._ready_file.exists():
            if self._process.poll() is not None or time.monotonic() > deadline:
                self.stop()
                raise RuntimeError(f"the partner simulator did not start: {self._log.read_text()}")
            time.sleep(0.02)
        self.base_url = self._ready_file.read_text(encoding="utf-8").strip()
        return self

    def stop(self) -> int | None:
        """Ask it to end, then insist; nothing is left running. Returns its exit status, None if it did not run."""
        if self._process is None:
            return None
        self._process.terminate()
        try:
            self._process.wait(STOP_WITHIN)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        status = self._process.returncode
        self._process = None
        return status

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()
