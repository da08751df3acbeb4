"""Media nodes as processes beside an API, on one bus, database and object store, to be killed, frozen and drained."""

import asyncio
import os
import signal
from asyncio.subprocess import Process
from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import datetime
from pathlib import Path

import httpx

from camera_simulator.testing import SimulatorProcess
from common.bus import Bus
from common.database import Database
from common.object_store import ObjectStore
from common.service import keep_running
from common.testing.polling import eventually
from common.testing.running import running
from common.testing.serving import serving
from common.testing.tokens import TokenMint
from contracts.media_nodes import CameraPlacement
from contracts.stream import GapDeclared, SegmentRecorded
from stream_gateway.app import build
from stream_gateway.domain.intervals import Interval
from stream_gateway.domain.ledger import Account
from stream_gateway.repository.ledger import sheet
from stream_gateway.settings import Settings
from stream_gateway.testing.placement_fleet import holders
from stream_gateway.testing.process import free_port, gateway_process
from stream_gateway.testing.rig import Gateway, Neighbours, neighbours_app, put_agents

SETTLE_SECONDS = 1.0


class Cluster:
    """``gateway`` is the API with the relay, in this process; it records nothing itself."""

    def __init__(self, gateway: Gateway, settings: Settings, folder: Path, stack: AsyncExitStack) -> None:
        self.gateway = gateway
        self._settings = settings
        self._folder = folder
        self._stack = stack
        self._running: dict[str, tuple[Process, AsyncExitStack]] = {}

    @property
    def nodes(self) -> list[str]:
        """The nodes whose processes run (frozen ones among them)."""
        return sorted(self._running)

    def spool(self, name: str) -> Path:
        """Return a node's spool."""
        return self._folder / f"spool-{name}"

    async def waiting(self, name: str, *, before: datetime) -> list[str]:
        """Return the files of a node's spool, written to for the last time before an instant, that still wait."""
        files = [path for state in ("open", "ready") for path in self.spool(name).glob(f"*/*/{state}/*.mp4")]
        found: list[str] = []
        for path in files:
            try:
                written_at = path.stat().st_mtime
            except FileNotFoundError:  # uploaded meanwhile
                continue
            found += [path.name] if written_at < before.timestamp() else []
        return found

    async def start(self, *names: str) -> None:
        """Start nodes; one that ran before has its spool again."""
        async with asyncio.TaskGroup() as starting:
            for name in names:
                starting.create_task(self._start(name))

    async def _start(self, name: str) -> None:
        told = {"node_id": name, "spool_dir": self.spool(name), "api_port": free_port()}
        settings = self._settings.model_copy(update=told)
        own = await self._stack.enter_async_context(AsyncExitStack())
        process = await own.enter_async_context(gateway_process(settings, "node", self._folder / f"{name}.log"))
        self._running[name] = (process, own)

    def freeze(self, name: str) -> None:
        """SIGSTOP."""
        os.kill(self._running[name][0].pid, signal.SIGSTOP)

    def thaw(self, name: str) -> None:
        """SIGCONT."""
        os.kill(self._running[name][0].pid, signal.SIGCONT)

    async def kill(self, name: str) -> None:
        """SIGKILL."""
        process, own = self._running.pop(name)
        process.kill()
        await own.aclose()

    async def stop_all(self) -> None:
        """SIGTERM to all that run."""
        for name in self.nodes:
            process, own = self._running.pop(name)
            process.send_signal(signal.SIGCONT)
            await own.aclose()

    async def holders(self) -> dict[str, CameraPlacement]:
        """Return who holds which camera now."""
        return await holders(self.gateway.bus)

    async def segments(self, camera_id: str | None = None) -> list[SegmentRecorded]:
        """Return the announced segments, by their start."""
        facts = [SegmentRecorded.model_validate(one.data) for one in await self.gateway.events("segment_recorded")]
        found = [one for one in facts if camera_id in {None, one.camera_id}]
        return sorted(found, key=lambda one: one.started_at)

    async def gaps(self) -> list[GapDeclared]:
        """Return the declared gaps, in the order of declaring."""
        return [GapDeclared.model_validate(one.data) for one in await self.gateway.events("gap_declared")]

    async def recorded_by(self, name: str, camera_id: str, *, since: datetime | None = None) -> None:
        """Wait until a node has announced footage of a camera that begins after an instant."""

        async def found() -> bool:
            return any(
                one.node_id == name and (since is None or one.started_at >= since)
                for one in await self.segments(camera_id)
            )

        await eventually(found, within=120)

    async def accounts(self, camera_ids: list[str], window: Interval) -> dict[str, Account]:
        """Return what became of the expected time."""
        async with self.gateway.database.transaction() as connection:
            return await sheet(connection, camera_ids, window)


@asynccontextmanager
async def running_cluster(
    settings: Settings,
    *,
    bus: Bus,
    tokens: TokenMint,
    store: ObjectStore,
    simulator: SimulatorProcess,
    folder: Path,
) -> AsyncGenerator[Cluster, None]:
    """Run the API of a centre that knows the agents, no camera and no media node yet."""
    neighbours = Neighbours()
    await put_agents(bus)
    async with AsyncExitStack() as stack:
        neighbours_url = await stack.enter_async_context(serving(neighbours_app(neighbours, tokens)))
        told = settings.model_copy(
            update={
                "registry_url": neighbours_url,
                "retention_url": neighbours_url,
                "placement_settle_seconds": SETTLE_SECONDS,
            }
        )
        parts = build(told)
        url = await stack.enter_async_context(running(parts, loops=False))
        relay = asyncio.create_task(keep_running("relay", parts.relay))
        stack.push_async_callback(_ended, relay)
        http = await stack.enter_async_context(httpx.AsyncClient(base_url=url, timeout=30))
        database = Database(told.database_url.get_secret_value())
        stack.push_async_callback(database.dispose)
        gateway = Gateway(
            parts=parts,
            url=url,
            bus=bus,
            tokens=tokens,
            store=store,
            database=database,
            simulator=simulator,
            neighbours=neighbours,
            spool=told.spool_dir,
            http=http,
        )
        cluster = Cluster(gateway, told, folder, stack)
        try:
            yield cluster
        finally:
            await cluster.stop_all()


async def _ended(task: asyncio.Task[None]) -> None:
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
