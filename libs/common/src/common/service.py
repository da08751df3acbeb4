"""The entry point every service shares: ``python -m <service> api|worker|relay|node|migrate|all``.

One image, several processes: in a cluster each part scales alone, on one machine ``all`` is one process.
"""

import asyncio
import signal
import sys
from collections.abc import Callable, Coroutine, Generator, Iterable, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import count
from typing import Any

import structlog
import uvicorn
from fastapi import FastAPI

from common import telemetry
from common.health import Check, Health
from common.settings import ServiceSettings

Part = Callable[[], Coroutine[Any, Any, None]]
"""A loop that runs until cancelled."""

PARTS = ("api", "worker", "relay", "node", "all")
"""``node``: the HTTP server and only those loops that many processes share among them, such as a media node's."""

_FAILURES = count(1)
_RESTART_SECONDS = (0.5, 1.0, 2.0, 5.0, 10.0)


@dataclass(slots=True)
class ServiceParts:
    """What a composition root builds.

    ``open``/``close`` connect and release what the parts share (bus, replicas); ``workers`` are the consumers and
    sweeps by name, ``relay`` the outbox relay.
    ``node`` names those of the workers that the part ``node`` runs.
    ``checks`` tell by loop name how a loop does; asked only in the process that runs it.
    """

    app: FastAPI
    open: Part
    close: Part
    relay: Part
    workers: dict[str, Part] = field(default_factory=dict[str, Part])
    checks: dict[str, Check] = field(default_factory=dict[str, Check])
    node: frozenset[str] = frozenset()


def run_service(
    name: str, package: str, settings: ServiceSettings, build: Callable[[], ServiceParts], argv: Sequence[str]
) -> int:
    """Run one part of a service until SIGTERM or SIGINT; returns the exit status."""
    telemetry.configure(name, level=settings.log_level, otlp_endpoint=settings.otlp_endpoint)
    command = argv[0] if argv else "all"
    if command == "migrate":
        from common import migrations  # noqa: PLC0415 - alembic takes 0.2 s that no other part needs

        owner = settings.migration_database_url or settings.database_url
        migrations.upgrade(package, owner.get_secret_value())
        return 0
    if command not in PARTS:
        sys.stderr.write(f"usage: python -m {package} {'|'.join(PARTS)}|migrate\n")
        return 2
    asyncio.run(run_until_stopped(name, settings, build, command))
    return 0


async def run_until_stopped(
    name: str, settings: ServiceSettings, build: Callable[[], ServiceParts], command: str
) -> None:
    """Run one part of a service until this process gets SIGTERM or SIGINT."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    waiting = asyncio.create_task(stop.wait())
    parts = build()
    if not await _opened(parts, waiting):
        return
    failing: dict[str, str] = {}
    loops = _loops(parts, command)
    tasks = [asyncio.create_task(keep_running(title, part, failing)) for title, part in loops.items()]
    _watch(parts, loops, failing)
    server = _server(parts.app, settings) if command in {"api", "node", "all"} else None
    serving = asyncio.create_task(server.serve()) if server else None
    structlog.get_logger(name).info("started", part=command)
    await asyncio.wait([waiting, *([serving] if serving else [])], return_when=asyncio.FIRST_COMPLETED)
    if server and serving:
        server.should_exit = True
        await serving
    for task in tasks:
        task.cancel()
    await asyncio.gather(waiting, *tasks, return_exceptions=True) if stop.is_set() else waiting.cancel()
    await parts.close()


async def _opened(parts: ServiceParts, stopped: asyncio.Task[bool]) -> bool:
    """Open the parts unless told to stop meanwhile: what a service waits for at its start may never come."""
    opening = asyncio.create_task(parts.open())
    await asyncio.wait([opening, stopped], return_when=asyncio.FIRST_COMPLETED)
    if opening.done():
        await opening
        return True
    opening.cancel()
    await asyncio.gather(opening, return_exceptions=True)
    await parts.close()
    return False


def _loops(parts: ServiceParts, command: str) -> dict[str, Part]:
    loops: dict[str, Part] = {}
    if command in {"worker", "all"}:
        loops |= parts.workers
    if command == "node":
        loops |= {name: part for name, part in parts.workers.items() if name in parts.node}
    if command in {"relay", "all"}:
        loops["relay"] = parts.relay
    return loops


def _server(app: FastAPI, settings: ServiceSettings) -> uvicorn.Server:
    config = uvicorn.Config(
        app,
        host=settings.api_host,
        port=settings.api_port,
        log_config=None,
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=3,
        ws_ping_interval=20,
        ws_per_message_deflate=False,  # video does not compress twice, and trying costs more than sending it
        proxy_headers=False,
    )
    return _Server(config)


class _Server(uvicorn.Server):
    """uvicorn without its own signal handlers: this module decides when to stop, for the api and the loops."""

    @contextmanager
    def capture_signals(self) -> Generator[None, None, None]:
        yield


def _watch(parts: ServiceParts, loops: Iterable[str], failing: dict[str, str]) -> None:
    """Let readiness tell how the loops of this process do; those of other processes are not its business."""

    async def check() -> str | None:
        return "; ".join(f"{name}: {reason}" for name, reason in failing.items()) or None

    health: Health | None = getattr(parts.app.state, "health", None)
    if health is None:
        return
    health.add("parts", check)
    for name in loops:
        if name in parts.checks:
            health.add(name, parts.checks[name])


async def keep_running(name: str, part: Part, failing: dict[str, str] | None = None) -> None:
    """Keep a loop running for ever: one that ends or raises is logged and started again with back-off.

    ``failing`` says by name why a loop is down, until it has been up for ten seconds.
    """
    failures = 0
    while True:
        if failing is not None and name in failing:
            asyncio.get_running_loop().call_later(_RESTART_SECONDS[-1], _forget, failing, name, failing[name])
        started = asyncio.get_running_loop().time()
        try:
            await part()
        except asyncio.CancelledError:
            raise
        except Exception as error:  # noqa: BLE001 - whatever it was, the other parts go on and this one starts again
            structlog.get_logger("service").exception("part failed", part=name)
            if failing is not None:
                failing[name] = f"failure {next(_FAILURES)}: {type(error).__name__}"
        task = asyncio.current_task()
        if task is not None and task.cancelling():  # a library took the cancellation for something else
            raise asyncio.CancelledError
        if asyncio.get_running_loop().time() - started > _RESTART_SECONDS[-1]:
            failures = 0
        await asyncio.sleep(_RESTART_SECONDS[min(failures, len(_RESTART_SECONDS) - 1)])
        failures += 1


async def end_loops(loops: Sequence[asyncio.Task[None]], *, again_after: float = 10.0) -> None:
    """Cancel loops and wait until they have ended; one that did not hear it is told again, after so many seconds.

    Before Python 3.12 ``asyncio.wait_for``, which the client of the bus is made with, swallows a cancellation that
    comes at the moment in which what it waits for arrives (cpython#86296).
    """
    going_on = [loop for loop in loops if not loop.done()]
    while going_on:
        for loop in going_on:
            loop.cancel()
        await asyncio.wait(going_on, timeout=again_after)
        going_on = [loop for loop in going_on if not loop.done()]


def _forget(failing: dict[str, str], name: str, reason: str) -> None:
    """Call a loop well again unless it failed anew meanwhile."""
    if failing.get(name) == reason:
        del failing[name]
