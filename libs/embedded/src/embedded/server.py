"""One server process: prepared, started, checked, stopped.

The supervisor of ``deploy/local`` runs the same servers with its own eyes (back-off, log rotation), so what a
server *is* (``prepare``, ``command``, ``environment``, ``is_ready``) stands apart from running it here.
"""

import contextlib
import os
import shutil
import signal
import subprocess
import time
from abc import ABC, abstractmethod
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Self

_POLL_SECONDS = 0.02
_LOG_TAIL_LINES = 20

# The kernel sends a child its parent-death signal when the *thread* that started it ends, not the process.
# One thread that lives as long as the interpreter starts them all, so that a caller may use any thread.
_spawner = ThreadPoolExecutor(max_workers=1, thread_name_prefix="embedded-spawner")


class ServerFailed(RuntimeError):
    """A server did not start, or died while starting; the message ends with the last lines of its log."""

    def __init__(self, name: str, reason: str, log_file: Path) -> None:
        self.name = name
        self.reason = reason
        self.log_tail = tail(log_file, _LOG_TAIL_LINES)
        super().__init__(f"{name}: {reason}\n--- last lines of {log_file} ---\n{self.log_tail}")


def tail(file: Path, lines: int) -> str:
    """Return the last lines of a text file, or an empty string when there is none."""
    with contextlib.suppress(FileNotFoundError):
        return "\n".join(file.read_text(errors="replace").splitlines()[-lines:])
    return ""


def dies_with_parent(stop_signal: signal.Signals) -> list[str]:
    """Return the command prefix that has the kernel signal the process when its starter dies (Linux)."""
    setpriv = shutil.which("setpriv")
    return [setpriv, "--pdeathsig", stop_signal.name.removeprefix("SIG")] if setpriv else []


class Server(ABC):
    """A server in a folder. Subclasses say how to prepare it, how to start it and when it is ready.

    ``start`` and ``stop`` may be called from any thread but not concurrently on one server.
    """

    name: str
    stop_signal: signal.Signals = signal.SIGTERM
    start_timeout_seconds: float = 30.0
    stop_timeout_seconds: float = 20.0

    def __init__(self, folder: Path) -> None:
        self.folder = folder.resolve()
        self.log_file = self.folder / f"{self.name}.log"
        self._process: subprocess.Popen[bytes] | None = None

    @abstractmethod
    def prepare(self) -> None:
        """Create folder, configuration and credentials where they are missing; safe to repeat."""

    @abstractmethod
    def command(self) -> Sequence[str]:
        """Return the command line that runs the server in the foreground."""

    @abstractmethod
    def is_ready(self) -> bool:
        """Ask the server itself whether it serves."""

    def working_directory(self) -> Path:
        """Return the directory that the server is started in."""
        return self.folder

    def environment(self) -> dict[str, str]:
        """Return the server's whole environment: nothing of the caller's leaks into it but the search path."""
        return {"PATH": os.environ.get("PATH", os.defpath), "HOME": str(self.working_directory()), "LC_ALL": "C.UTF-8"}

    @property
    def pid(self) -> int | None:
        """Process id while the server runs."""
        return self._process.pid if self.running and self._process else None

    @property
    def running(self) -> bool:
        """Tell whether the process is alive."""
        return self._process is not None and self._process.poll() is None

    def start(self) -> None:
        """Prepare, start and wait until the server is ready.

        Raises:
            ServerFailed: it died or was not ready in ``start_timeout_seconds``.
        """
        if self.running:
            return
        self.folder.mkdir(parents=True, exist_ok=True)
        self.prepare()
        self._process = _spawner.submit(self._spawn).result()
        deadline = time.monotonic() + self.start_timeout_seconds
        while not self.is_ready():
            if not self.running:
                raise ServerFailed(self.name, f"ended with status {self._process.returncode}", self.log_file)
            if time.monotonic() > deadline:
                self.kill()
                raise ServerFailed(self.name, f"not ready after {self.start_timeout_seconds:.0f} s", self.log_file)
            time.sleep(_POLL_SECONDS)

    def stop(self) -> None:
        """Stop cleanly; kill what does not end in ``stop_timeout_seconds``. Safe when it is not running."""
        process = self._process
        if process is None or process.poll() is not None:
            return
        process.send_signal(self.stop_signal)
        try:
            process.wait(self.stop_timeout_seconds)
        except subprocess.TimeoutExpired:
            self.kill()

    def kill(self) -> None:
        """SIGKILL the process and all its children, as a power cut would: for chaos tests."""
        process = self._process
        if process is None or process.poll() is not None:
            return
        family = [*_children(process.pid), process.pid]
        for pid in family:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        process.wait()
        while any(_alive(pid) for pid in family):
            time.sleep(_POLL_SECONDS)

    def restart(self) -> None:
        """Stop and start on the same port with the same data."""
        self.stop()
        self.start()

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def _spawn(self) -> subprocess.Popen[bytes]:
        with self.log_file.open("ab") as log:
            return subprocess.Popen(
                [*dies_with_parent(self.stop_signal), *self.command()],
                cwd=self.working_directory(),
                env=self.environment(),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,  # Ctrl-C in a terminal reaches the supervisor only
            )


def _children(pid: int) -> list[int]:
    """Return the direct and indirect children of a process, as /proc tells."""
    found: list[int] = []
    for task in Path(f"/proc/{pid}/task").glob("*/children"):
        with contextlib.suppress(OSError):
            for child in task.read_text().split():
                found += [int(child), *_children(int(child))]
    return found


def _alive(pid: int) -> bool:
    """Tell whether a process exists and is no zombie (somebody else reaps the grandchildren)."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False
