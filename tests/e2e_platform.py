"""The whole platform as ``vigie up`` starts it, in a folder of its own on free ports, for the end-to-end tests."""

import asyncio
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, TypeVar

import httpx

from common.auth import ServiceKey
from common.object_store import ObjectStore
from embedded.seaweedfs import SeaweedServer
from embedded.server import dies_with_parent
from vigie_local import control
from vigie_local.layout import COMMAND_LINE, Layout
from vigie_local.supervisor import State

START_SECONDS = 540
"""A first start may have to share two cores with whatever else the machine does."""

_T = TypeVar("_T")


def eventually(probe: Callable[[], _T], *, until: Callable[[_T], bool] = bool, within: float = 180.0) -> _T:
    """Call ``probe`` until its answer satisfies ``until``; raises AssertionError with the last answer."""
    deadline = time.monotonic() + within
    while True:
        answer = probe()
        if until(answer):
            return answer
        if time.monotonic() > deadline:
            raise AssertionError(f"not so after {within:.0f} s; last answer: {answer!r}")
        time.sleep(0.3)


class RunningPlatform:
    """One ``vigie up``; ``start`` again after ``stop`` goes on with the same data."""

    def __init__(self, folder: Path, *, cameras: int) -> None:
        self.layout = Layout(folder / "data")
        self.url = f"http://127.0.0.1:{_free_port()}"
        self._cameras = cameras
        self._output = folder / "vigie-up.log"
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start and wait for readiness; raises AssertionError with the output when it ends instead."""
        port = self.url.rpartition(":")[2]
        command = ["up", "--data", str(self.layout.root), "--port", port, "--cameras", str(self._cameras)]
        with self._output.open("ab") as output:
            self._process = subprocess.Popen(
                [*dies_with_parent(signal.SIGINT), str(Path(sys.executable).parent / "vigie"), *command],
                stdout=output,
                stderr=subprocess.STDOUT,
                stdin=subprocess.DEVNULL,
                start_new_session=True,
            )
        eventually(self._is_ready, within=START_SECONDS)

    def _is_ready(self) -> bool:
        assert self._process is not None
        if self._process.poll() is not None:
            raise AssertionError(f"vigie up ended:\n{self._output.read_text()[-4000:]}")
        states = [state for state, _pid in self.components().values()]
        return bool(states) and all(state in {State.READY, State.DONE} for state in states)

    def components(self) -> dict[str, tuple[str, int | None]]:
        """Return state and process id of every component, as the supervisor last wrote them."""
        status = control.recorded(self.layout) or {"components": []}
        return {item["name"]: (item["state"], item["pid"]) for item in status["components"]}

    def stop(self) -> int:
        """Stop as Ctrl-C does; returns the exit status."""
        process = self._process
        assert process is not None
        process.send_signal(signal.SIGINT)
        status = process.wait(120)
        self._process = None
        return status

    def vigie(self, *arguments: str, expect: int | None = 0) -> dict[str, Any]:
        """Run the command line with ``--json`` and return its answer."""
        program = str(Path(sys.executable).parent / "vigie")
        done = subprocess.run(
            [program, *arguments, "--data", str(self.layout.root), "--json"],
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        assert expect is None or done.returncode == expect, done.stdout + done.stderr
        return json.loads(done.stdout)

    def kill(self, component: str) -> None:
        """SIGKILL a component, as a power cut would."""
        _state, pid = self.components()[component]
        assert pid is not None, f"{component} does not run"
        os.kill(pid, signal.SIGKILL)

    def machine(self, *scopes: str) -> httpx.Client:
        """Return a client that speaks as the command line with some scopes."""
        token = ServiceKey.load(self.layout.private_key(COMMAND_LINE)).token(frozenset(scopes))
        return httpx.Client(base_url=self.url, headers={"Authorization": f"Bearer {token}"}, timeout=30)

    def stored_object(self, bucket: str, key: str) -> bytes:
        """Return what the running object store holds, read with the platform's own identity."""
        ports = json.loads(self.layout.ports.read_text())
        keys = SeaweedServer(self.layout.folder("seaweedfs")).platform
        store = ObjectStore(f"127.0.0.1:{ports['seaweedfs-s3']}", keys.access_key, keys.secret_key)
        with ThreadPoolExecutor(1) as thread:  # the browser's driver keeps an event loop in this one
            return thread.submit(asyncio.run, store.get_range(bucket, key)).result()


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])
