"""A gateway in its own process, so that a bench can weigh it alone."""

import asyncio
import json
import os
import socket
import sys
from asyncio.subprocess import Process
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
from pydantic import SecretStr

from common.testing.polling import eventually
from stream_gateway.ffmpeg.commands import dies_with_parent
from stream_gateway.settings import Settings

_START_SECONDS = 180.0
"""On a machine that is busy with other tests the imports alone take a minute."""


def free_port() -> int:
    """Return a TCP port that was free a moment ago."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


def environment_of(settings: Settings) -> dict[str, str]:
    """Return the environment that gives a new process these settings."""
    values: dict[str, Any] = {name: getattr(settings, name) for name in type(settings).model_fields}
    plain = {name: v.get_secret_value() if isinstance(v, SecretStr) else v for name, v in values.items()}
    texts = {name: str(v) if isinstance(v, str | Path) else json.dumps(v) for name, v in plain.items() if v is not None}
    named = {f"STREAM_GATEWAY_{name.upper()}": text for name, text in texts.items()}
    return {**os.environ, **named}


@asynccontextmanager
async def gateway_process(settings: Settings, part: str, log: Path) -> AsyncGenerator[Process, None]:
    """Run ``python -m stream_gateway <part>`` for the time of the context; its log goes to a file.

    With a server (``api``, ``node`` or ``all``) the context begins when it is ready.
    """
    with log.open("wb") as output:
        process = await asyncio.create_subprocess_exec(
            *(*dies_with_parent(), sys.executable, "-m", "stream_gateway", part),
            env=environment_of(settings),
            stdout=output,
            stderr=output,
        )
    try:
        if part in {"api", "node", "all"}:
            async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{settings.api_port}") as http:
                await eventually(lambda: _ready(http), within=_START_SECONDS)
        yield process
    finally:
        if process.returncode is None:
            process.terminate()
        await process.wait()


async def _ready(http: httpx.AsyncClient) -> bool:
    try:
        return (await http.get("/healthz/ready")).status_code == 200  # noqa: PLR2004
    except httpx.TransportError:
        return False
