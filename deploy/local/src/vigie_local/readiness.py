"""Asking components whether they serve. Asked many times a second while the machine is busiest, so kept cheap."""

import asyncio
from pathlib import Path
from urllib.parse import urlsplit

from vigie_local.components import Ready

_TIMEOUT_SECONDS = 5.0


def http_ok(url: str) -> Ready:
    """Ready when the URL (plain HTTP, on the loopback) answers 200."""
    parts = urlsplit(url)
    host, port, path = parts.hostname or "", parts.port or 80, parts.path or "/"
    request = f"GET {path} HTTP/1.1\r\nHost: {host}:{port}\r\nConnection: close\r\n\r\n".encode("ascii")

    async def ready() -> bool:
        try:
            async with asyncio.timeout(_TIMEOUT_SECONDS):
                reader, writer = await asyncio.open_connection(host, port)
                try:
                    writer.write(request)
                    return b" 200 " in await reader.readline()
                finally:
                    writer.close()
        except (OSError, TimeoutError):
            return False

    return ready


def file_written(file: Path) -> Ready:
    """Ready when the component wrote its ready file (remove it in ``prepare``)."""

    async def ready() -> bool:
        return await asyncio.to_thread(file.exists)

    return ready
