"""A TCP connection that can be cut: for what happens to one node alone when its network goes."""

import asyncio
import contextlib
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

_CHUNK = 65_536


class CuttableWire:
    """Passes bytes to a port of the loopback until it is cut."""

    def __init__(self, target: int) -> None:
        self._target = target
        self._open: set[asyncio.StreamWriter] = set()
        self._is_cut = False
        self.port = 0

    async def connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Serve one connection."""
        if self._is_cut:
            writer.close()
            return
        far_reader, far_writer = await asyncio.open_connection("127.0.0.1", self._target)
        both = {writer, far_writer}
        self._open |= both
        await asyncio.gather(_pass(reader, far_writer), _pass(far_reader, writer))
        self._open -= both

    def cut(self) -> None:
        """End every connection and refuse new ones."""
        self._is_cut = True
        for writer in self._open:
            writer.close()

    def mend(self) -> None:
        """Let connections through again."""
        self._is_cut = False


async def _pass(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with contextlib.suppress(OSError):
        while received := await reader.read(_CHUNK):
            writer.write(received)
            await writer.drain()
    writer.close()


@asynccontextmanager
async def cuttable(target: int) -> AsyncGenerator[CuttableWire, None]:
    """Yield a wire to a port; all its connections end with the context."""
    wire = CuttableWire(target)
    server = await asyncio.start_server(wire.connected, "127.0.0.1", 0)
    wire.port = server.sockets[0].getsockname()[1]
    try:
        yield wire
    finally:
        wire.cut()
        server.close()
