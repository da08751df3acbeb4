"""What the supervisor runs: long-lived processes and one-time steps, each after the ones it depends on."""

import asyncio
import signal
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from embedded.server import Server

Ready = Callable[[], Awaitable[bool]]
"""Asks the component itself whether it serves."""

Preparation = Callable[[], Awaitable[None]]
"""Runs before each first start of a component: configuration, migrations."""


class StepFailed(RuntimeError):
    """A one-time step did not succeed; the message is a sentence for the person at the terminal."""


async def _nothing() -> None:
    """Prepare nothing."""


@dataclass(frozen=True, slots=True)
class Process:
    """A process that is kept running.

    ``command`` is asked at each start, after ``prepare``. ``after`` names components that must be ready (or
    finished) before. ``ready_within`` seconds bound the first start.
    """

    name: str
    title: str
    command: Callable[[], Sequence[str]]
    ready: Ready
    environment: Callable[[], Mapping[str, str]]
    folder: Callable[[], Path]
    after: tuple[str, ...] = ()
    prepare: Preparation = _nothing
    stop_signal: signal.Signals = signal.SIGTERM
    stop_within: float = 15.0
    ready_within: float = 90.0


@dataclass(frozen=True, slots=True)
class Step:
    """Something done once between processes: creating databases, seeding."""

    name: str
    title: str
    run: Preparation
    after: tuple[str, ...] = ()


Component = Process | Step


class DependencyMissing(ValueError):
    """A component names one that does not exist, or components wait for each other in a circle."""


def in_order(components: Sequence[Component]) -> list[Component]:
    """Return the components so that each stands after those it needs; stopping goes the other way round.

    Raises:
        DependencyMissing: an unknown name or a circle.
    """
    by_name = {component.name: component for component in components}
    ordered: dict[str, Component] = {}

    def visit(name: str, path: tuple[str, ...]) -> None:
        if name in ordered:
            return
        if name in path or name not in by_name:
            raise DependencyMissing(" → ".join((*path, name)))
        for needed in by_name[name].after:
            visit(needed, (*path, name))
        ordered[name] = by_name[name]

    for component in components:
        visit(component.name, ())
    return list(ordered.values())


def supervised(server: Server, title: str, after: tuple[str, ...] = ()) -> Process:
    """Turn one of the embedded servers into a process of ours; its readiness is the server's own."""
    return Process(
        name=server.name,
        title=title,
        command=server.command,
        ready=lambda: asyncio.to_thread(server.is_ready),
        environment=server.environment,
        folder=server.working_directory,
        after=after,
        prepare=lambda: asyncio.to_thread(server.prepare),
        stop_signal=server.stop_signal,
        ready_within=server.start_timeout_seconds,
    )
