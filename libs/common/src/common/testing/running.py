"""Run a whole service inside a test: api, consumers, sweeps and relay, on real servers."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

from common.service import ServiceParts
from common.testing.serving import serving


@asynccontextmanager
async def running(parts: ServiceParts, *, loops: bool = True) -> AsyncGenerator[str, None]:
    """Yield the base URL of a service with all its parts running; ``loops=False`` serves the API alone."""
    await parts.open()
    loop_parts = [*parts.workers.values(), parts.relay] if loops else []
    tasks = [asyncio.create_task(part()) for part in loop_parts]
    try:
        async with serving(parts.app) as base_url:
            yield base_url
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await parts.close()
