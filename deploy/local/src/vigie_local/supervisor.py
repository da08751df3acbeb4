"""Keeps components running: starts them in order, restarts those that die, stops them in reverse order."""

import asyncio
import contextlib
import os
import signal
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from embedded.server import dies_with_parent, tail
from vigie_local.components import Component, Process, Step, in_order

_POLL_SECONDS = 0.1
_STEADY_SECONDS = 60.0  # a process that lived this long starts its next back-off from the beginning
_LOG_TAIL_LINES = 12
_KEPT_LOGS = 5


class State(StrEnum):
    """Where a component stands; the values are what the terminal shows."""

    WAITING = "en attente"
    PREPARING = "préparation"
    STARTING = "démarrage"
    READY = "prêt"
    DONE = "fait"
    BACKING_OFF = "relance"
    STOPPING = "arrêt"
    STOPPED = "arrêté"
    FAILED = "échec"


@dataclass(slots=True)
class Status:
    """What is known of one component. ``since`` is monotonic seconds."""

    name: str
    title: str
    state: State = State.WAITING
    pid: int | None = None
    restarts: int = 0
    since: float = 0.0
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Backoff:
    """Delay before the n-th restart in a row: first, first·2, first·4 … at most ``longest``, in seconds."""

    first: float = 0.5
    longest: float = 30.0
    failures_before_ready: int = 4

    def delay(self, failures: int) -> float:
        """Return the delay after ``failures`` (≥ 1) failures in a row."""
        return min(self.longest, self.first * 2 ** (failures - 1))


class ComponentFailed(RuntimeError):
    """A component did not come up; the message says which and ends with the last lines of its log."""

    def __init__(self, status: Status, reason: str, log_file: Path) -> None:
        self.name = status.name
        last_lines = tail(log_file, _LOG_TAIL_LINES)
        shown = f"\nDernières lignes de {log_file} :\n{last_lines}" if last_lines else ""
        super().__init__(f"« {status.title} » {reason}.{shown}")


class Supervisor:
    """Runs components until told to stop.

    Args:
        components: in any order; their ``after`` gives the order.
        log_folder: one ``<name>.log`` per component; the last five runs are kept.
        on_change: called whenever a status changes.
        backoff: restart delays.
    """

    def __init__(
        self,
        components: Sequence[Component],
        *,
        log_folder: Path,
        on_change: Callable[[Status], None],
        backoff: Backoff | None = None,
    ) -> None:
        self._components = in_order(components)
        self._logs = log_folder
        self._on_change = on_change
        self._backoff = backoff or Backoff()
        self.statuses = {c.name: Status(c.name, c.title, since=time.monotonic()) for c in self._components}
        self._came_up = {c.name: asyncio.Event() for c in self._components}
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._children: dict[str, asyncio.subprocess.Process] = {}

    def log_file(self, name: str) -> Path:
        """Return where a component's output goes."""
        return self._logs / f"{name}.log"

    async def start(self) -> None:
        """Start everything; returns when all are ready.

        Raises:
            ComponentFailed: a component died again and again before it was ever ready, or a step failed.
                Everything already started is stopped first.
        """
        self._logs.mkdir(parents=True, exist_ok=True)
        for component in self._components:
            _rotate(self.log_file(component.name))
            self._tasks[component.name] = asyncio.create_task(self._keep(component), name=component.name)
        try:
            await self._all_up()
        except BaseException:
            await self.stop()
            raise

    async def _all_up(self) -> None:
        arrivals = asyncio.ensure_future(asyncio.gather(*(event.wait() for event in self._came_up.values())))
        keeping = set(self._tasks.values())
        try:
            while not arrivals.done():
                finished, _ = await asyncio.wait({arrivals, *keeping}, return_when=asyncio.FIRST_COMPLETED)
                for task in finished & keeping:
                    task.result()  # a step that is done returns, a component that failed raises
                keeping -= finished
        finally:
            arrivals.cancel()
            await asyncio.gather(arrivals, return_exceptions=True)

    async def stop(self) -> None:
        """Stop all, each after whatever needs it; a process that does not end in time is killed."""
        ending: dict[str, asyncio.Task[None]] = {}

        async def end_after_dependents(component: Component) -> None:
            dependents = [other.name for other in self._components if component.name in other.after]
            await asyncio.gather(*(ending[name] for name in dependents))
            await self._end(component)

        for component in reversed(self._components):
            ending[component.name] = asyncio.create_task(end_after_dependents(component))
        await asyncio.gather(*ending.values())

    async def _keep(self, component: Component) -> None:
        await asyncio.gather(*(self._came_up[needed].wait() for needed in component.after))
        try:
            if isinstance(component, Step):
                await self._run_step(component)
            else:
                await self._keep_running(component)
        except (asyncio.CancelledError, ComponentFailed):
            raise
        except Exception as error:
            self._tell(component.name, State.FAILED, str(error))
            raise ComponentFailed(
                self.statuses[component.name], f"a échoué : {error}", self.log_file(component.name)
            ) from error

    async def _run_step(self, step: Step) -> None:
        self._tell(step.name, State.PREPARING)
        await step.run()
        self._tell(step.name, State.DONE)
        self._came_up[step.name].set()

    async def _keep_running(self, process: Process) -> None:
        self._tell(process.name, State.PREPARING)
        await process.prepare()
        failures = 0
        while True:
            started = time.monotonic()
            child = await self._spawn(process)
            ready = await self._await_ready(process, child)
            if ready:
                self._tell(process.name, State.READY)
                self._came_up[process.name].set()
                await child.wait()
            self._children.pop(process.name, None)
            if ready and time.monotonic() - started > _STEADY_SECONDS:
                failures = 0
            failures += 1
            await self._back_off(process, child, failures, started)

    async def _spawn(self, process: Process) -> asyncio.subprocess.Process:
        with self.log_file(process.name).open("ab") as log:
            child = await asyncio.create_subprocess_exec(
                *dies_with_parent(process.stop_signal),
                *process.command(),
                cwd=process.folder(),
                env=dict(process.environment()),
                stdin=asyncio.subprocess.DEVNULL,
                stdout=log,
                stderr=asyncio.subprocess.STDOUT,
                start_new_session=True,  # Ctrl-C in the terminal is for the supervisor alone
            )
        self._children[process.name] = child
        status = self.statuses[process.name]
        status.pid = child.pid
        self._tell(process.name, State.STARTING)
        return child

    async def _await_ready(self, process: Process, child: asyncio.subprocess.Process) -> bool:
        """Return True once it serves, False when it died; one that never serves is killed."""
        deadline = time.monotonic() + process.ready_within
        while child.returncode is None:
            if await process.ready():
                return True
            if time.monotonic() > deadline:
                self._tell(process.name, State.STARTING, f"pas prêt après {process.ready_within:.0f} s")
                child.kill()
                await child.wait()
                return False
            await asyncio.sleep(_POLL_SECONDS)
        return False

    async def _back_off(
        self, process: Process, child: asyncio.subprocess.Process, failures: int, started: float
    ) -> None:
        status, lived = self.statuses[process.name], time.monotonic() - started
        reason = f"s'est arrêté ({_ending(child.returncode)}) après {lived:.1f} s"
        status.pid = None
        if failures > self._backoff.failures_before_ready and not self._came_up[process.name].is_set():
            self._tell(process.name, State.FAILED, reason)
            raise ComponentFailed(status, f"{reason}, {failures} fois de suite", self.log_file(process.name))
        delay = self._backoff.delay(failures)
        status.restarts += 1
        last_line = tail(self.log_file(process.name), 1)
        self._tell(process.name, State.BACKING_OFF, f"{reason} ; relance dans {delay:g} s. {last_line}")
        await asyncio.sleep(delay)

    async def _end(self, component: Component) -> None:
        task = self._tasks.pop(component.name, None)
        if task is None:
            return
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError, Exception):
            await task
        if isinstance(component, Process):
            await self._end_process(component)

    async def _end_process(self, process: Process) -> None:
        child = self._children.pop(process.name, None)
        if child is not None and child.returncode is None:
            self._tell(process.name, State.STOPPING)
            child.send_signal(process.stop_signal)
            try:
                async with asyncio.timeout(process.stop_within):
                    await child.wait()
            except TimeoutError:
                _kill_group(child.pid)
                await child.wait()
        if child is not None:
            _kill_group(child.pid)  # what it left behind of its own session
        self.statuses[process.name].pid = None
        self._tell(process.name, State.STOPPED)

    def _tell(self, name: str, state: State, detail: str = "") -> None:
        status = self.statuses[name]
        status.state, status.detail, status.since = state, detail, time.monotonic()
        self._on_change(status)


def _ending(returncode: int | None) -> str:
    """Say in words how a process ended."""
    if returncode is not None and returncode < 0:
        return f"signal {signal.Signals(-returncode).name}"
    return f"code {returncode}"


def _kill_group(leader: int) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(leader, signal.SIGKILL)


def _rotate(log_file: Path) -> None:
    """Keep the logs of the last runs as ``<name>.log.1`` (newest) to ``.5``."""
    for number in range(_KEPT_LOGS - 1, 0, -1):
        older = log_file.with_name(f"{log_file.name}.{number}")
        if older.exists():
            older.replace(log_file.with_name(f"{log_file.name}.{number + 1}"))
    if log_file.exists():
        log_file.replace(log_file.with_name(f"{log_file.name}.1"))
