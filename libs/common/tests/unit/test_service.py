"""A service stops when told to, whatever it is waiting for."""

import asyncio
import contextlib
import os
import signal
from pathlib import Path

from fastapi import FastAPI
from pydantic import SecretStr

from common.health import Health
from common.service import ServiceParts, end_loops, keep_running, run_until_stopped
from common.settings import ServiceSettings

SETTINGS = ServiceSettings(
    database_url=SecretStr("postgresql+asyncpg://nobody@127.0.0.1:1/none"),
    nats_url="nats://127.0.0.1:1",
    api_port=0,
    trusted_keys_dir=Path(),
    service_key_file=Path(),
)


class Waiting:
    """Parts that open only when allowed and that remember being closed."""

    def __init__(self, *, opens: bool) -> None:
        self.opens = opens
        self.opened = asyncio.Event()
        self.second_try = asyncio.Event()
        self.health = Health()
        self.loops = 0
        self.closed = False

    async def open(self) -> None:
        self.opened.set()
        if not self.opens:
            await asyncio.Event().wait()

    async def close(self) -> None:
        self.closed = True

    async def loop(self) -> None:
        self.loops += 1
        if self.loops == 1:
            raise RuntimeError("first try fails")
        self.second_try.set()
        await asyncio.Event().wait()

    def parts(self) -> ServiceParts:
        app = FastAPI()
        app.state.health = self.health
        return ServiceParts(app, self.open, self.close, self.loop, {"consumers": self.loop}, {"consumers": self.unwell})

    async def unwell(self) -> str | None:
        return "nothing is consumed"


async def stop_when(event: asyncio.Event) -> None:
    await event.wait()
    os.kill(os.getpid(), signal.SIGTERM)


async def test_a_service_that_still_waits_for_its_bus_obeys_sigterm() -> None:
    waiting = Waiting(opens=False)
    await asyncio.gather(run_until_stopped("test", SETTINGS, waiting.parts, "relay"), stop_when(waiting.opened))
    assert waiting.closed
    assert waiting.loops == 0


async def test_a_loop_that_fails_starts_again_and_ends_with_the_service() -> None:
    waiting = Waiting(opens=True)
    stopping = stop_when(waiting.second_try)
    await asyncio.gather(run_until_stopped("test", SETTINGS, waiting.parts, "relay"), stopping)
    assert waiting.closed
    assert waiting.loops == 2


async def test_readiness_asks_only_the_loops_that_this_process_runs() -> None:
    for command, expected in (("relay", {}), ("worker", {"consumers": "nothing is consumed"})):
        waiting = Waiting(opens=True)
        stopping = stop_when(waiting.second_try)
        await asyncio.gather(run_until_stopped("test", SETTINGS, waiting.parts, command), stopping)
        del waiting.health.checks["parts"]  # the loop fails once on purpose
        assert await waiting.health.reasons() == expected


class Deaf:
    """A loop that takes its first cancellation for the end of a wait, as ``asyncio.wait_for`` did."""

    def __init__(self) -> None:
        self.begun = asyncio.Event()
        self.rounds = 0

    async def round(self) -> None:
        self.rounds += 1
        self.begun.set()
        with contextlib.suppress(asyncio.CancelledError):
            await asyncio.Event().wait()

    async def loop(self) -> None:
        await self.round()
        await asyncio.Event().wait()


async def test_a_part_that_swallows_its_cancellation_is_not_started_again() -> None:
    deaf = Deaf()
    running = asyncio.create_task(keep_running("deaf", deaf.round))
    await deaf.begun.wait()
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    assert running.cancelled()
    assert deaf.rounds == 1


async def test_a_loop_that_did_not_hear_that_it_is_to_end_is_told_again() -> None:
    deaf = Deaf()
    loops = [asyncio.create_task(deaf.loop()), asyncio.create_task(stop_when(asyncio.Event()))]
    await deaf.begun.wait()
    await end_loops(loops, again_after=0.01)
    assert [loop.cancelled() for loop in loops] == [True, True]
