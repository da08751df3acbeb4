"""One supervisor per data folder, and how other commands find it: a lock and a state file."""

import contextlib
import fcntl
import json
import os
import signal
import time
from collections.abc import Generator, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from vigie_local.layout import Layout
from vigie_local.supervisor import Status

_POLL_SECONDS = 0.1


class AlreadyRunning(RuntimeError):
    """Another supervisor runs on this folder."""

    def __init__(self, data: Path, pid: int | None) -> None:
        super().__init__(f"Vigie fonctionne déjà sur {data} (pid {pid}). État : vigie status ; arrêt : vigie down")


class StillRunning(TimeoutError):
    """The supervisor did not end in time."""


@contextlib.contextmanager
def sole_supervisor(layout: Layout) -> Generator[None]:
    """Hold the folder's lock; raises AlreadyRunning. The kernel frees it when the process ends, however it ends."""
    with layout.lock.open("a") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise AlreadyRunning(layout.root, _recorded_pid(layout)) from None
        try:
            yield
        finally:
            layout.state.unlink(missing_ok=True)


def is_running(layout: Layout) -> bool:
    """Tell whether a supervisor holds the folder."""
    if not layout.lock.exists():
        return False
    with layout.lock.open("a") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            return True
    return False


def record(layout: Layout, origin: str, statuses: Mapping[str, Status]) -> None:
    """Write what the supervisor knows, whole or not at all."""
    now = time.monotonic()
    components = [
        {**asdict(status), "state": status.state.value, "since": round(time.time() - (now - status.since), 1)}
        for status in statuses.values()
    ]
    partial = layout.state.with_suffix(".partial")
    partial.write_text(json.dumps({"pid": os.getpid(), "url": origin, "components": components}))
    partial.replace(layout.state)


def recorded(layout: Layout) -> dict[str, Any] | None:
    """Return the last recorded state while a supervisor runs, else None."""
    if not is_running(layout):
        return None
    with contextlib.suppress(FileNotFoundError, ValueError):
        return json.loads(layout.state.read_text())
    return None


def stop_running(layout: Layout, *, within_seconds: float = 60.0) -> bool:
    """Ask the folder's supervisor to stop and wait for it; False when none runs.

    Raises:
        StillRunning: it did not end in time.
    """
    state = recorded(layout)
    if state is None:
        return False
    os.kill(int(state["pid"]), signal.SIGTERM)
    deadline = time.monotonic() + within_seconds
    while is_running(layout):
        if time.monotonic() > deadline:
            raise StillRunning(f"le superviseur (pid {state['pid']}) ne s'arrête pas ; voir {layout.logs}")
        time.sleep(_POLL_SECONDS)
    return True


def _recorded_pid(layout: Layout) -> int | None:
    with contextlib.suppress(FileNotFoundError, ValueError, KeyError):
        return int(json.loads(layout.state.read_text())["pid"])
    return None
