"""Media nodes as processes, to be killed, frozen and drained, and a look at who holds what."""

import asyncio
import os
import signal
import sys
from asyncio.subprocess import Process
from pathlib import Path
from types import TracebackType
from typing import Self

from common.bus import Bus
from contracts.media_nodes import CameraPlacement, PlacementState
from contracts.streams import BUCKET_PLACEMENTS
from stream_gateway.placement.bucket import Bucket, Entry
from stream_gateway.testing.placement_node import Written, read_journal

NODE_WAITS_SECONDS = 60.0


class Fleet:
    """Nodes by name; a context that leaves no process behind."""

    def __init__(self, nats_url: str, folder: Path, *, cameras: int, settle: float = 30.0) -> None:
        self._nats_url, self._folder = nats_url, folder
        self._cameras, self._settle = cameras, settle
        self._processes: dict[str, Process] = {}

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for name in list(self._processes):
            await self.kill(name)

    @property
    def running(self) -> set[str]:
        """Names of the nodes whose processes run (frozen ones among them)."""
        return set(self._processes)

    async def start(self, name: str) -> None:
        """Start a node; the second start of a name goes on in the same journal."""
        with (self._folder / f"{name}.log").open("ab") as log:
            self._processes[name] = await asyncio.create_subprocess_exec(
                *(sys.executable, "-m", "stream_gateway.testing.placement_node"),
                *("--nats", self._nats_url, "--node", name, "--cameras", str(self._cameras)),
                *("--settle", str(self._settle), "--journal", str(self._journal(name))),
                stdout=log,
                stderr=log,
                stdin=asyncio.subprocess.DEVNULL,
            )

    def freeze(self, name: str) -> None:
        """SIGSTOP."""
        os.kill(self._processes[name].pid, signal.SIGSTOP)

    def thaw(self, name: str) -> None:
        """SIGCONT."""
        os.kill(self._processes[name].pid, signal.SIGCONT)

    async def kill(self, name: str) -> None:
        """SIGKILL, which also ends a frozen process."""
        process = self._processes.pop(name)
        if process.returncode is None:
            process.kill()
        await process.wait()

    async def terminate(self, name: str) -> int:
        """SIGTERM: the node drains and ends; returns its exit status."""
        process = self._processes.pop(name)
        process.terminate()
        async with asyncio.timeout(NODE_WAITS_SECONDS):
            return await process.wait()

    def written(self, name: str) -> list[Written]:
        """Return what a node wrote so far."""
        journal = self._journal(name)
        return read_journal(journal) if journal.exists() else []

    def _journal(self, name: str) -> Path:
        return self._folder / f"{name}.journal"


async def holders(bus: Bus) -> dict[str, CameraPlacement]:
    """Return the placements that are held or being handed over, as the bus has them now."""
    found: dict[str, CameraPlacement] = {}

    def take(entry: Entry) -> None:
        if entry.body is not None:
            value = CameraPlacement.model_validate_json(entry.body)
            if value.state is not PlacementState.RELEASED:
                found[entry.key] = value

    await Bucket(bus, BUCKET_PLACEMENTS).read(take)
    return found
