"""One child that paints: started, fed, read, and always gone at the end."""

import asyncio
import contextlib
import os
import sys
from asyncio.subprocess import DEVNULL, PIPE, Process

from stream_gateway.domain.access_units import AccessUnit
from stream_gateway.masking.wire import HEADER_BYTES, Coding, Kind, coding_message, header_of, unit_message

_PIPE_BYTES = 1024 * 1024
_GRACE_SECONDS = 2.0
_SILENT_SECONDS = 8.0
"""A child that was given a picture answers within this."""
_START_SECONDS = 30.0
"""Its first answer, for which it starts a Python of its own on a machine that may be busy."""
_COMMAND = (sys.executable, "-m", "stream_gateway.masking.worker")


class PaintingChild:
    """A process of ours. No camera's address or password ever reaches it."""

    def __init__(self, coding: Coding) -> None:
        self._coding = coding
        self._process: Process | None = None
        self._asked_since: float | None = None
        self._answered = False
        self._read = False
        """Somebody waits for an answer."""

    @property
    def pid(self) -> int | None:
        """Process id once it runs."""
        return self._process.pid if self._process else None

    @property
    def unwritten(self) -> int:
        """Bytes that wait because the child is slower than the camera."""
        stdin = self._process.stdin if self._process else None
        return stdin.transport.get_write_buffer_size() if stdin else 0

    @property
    def hangs(self) -> bool:
        """Whether it owes an answer for longer than any picture takes."""
        since, patience = self._asked_since, _SILENT_SECONDS if self._answered else _START_SECONDS
        return since is not None and asyncio.get_running_loop().time() - since > patience

    async def start(self) -> None:
        """Start the child and tell it how to code."""
        environment = {"PATH": os.environ.get("PATH", ""), "LC_ALL": "C", "OMP_NUM_THREADS": "1"}
        environment["OPENBLAS_NUM_THREADS"] = "1"
        self._process = await asyncio.create_subprocess_exec(
            *_COMMAND, stdin=PIPE, stdout=PIPE, stderr=DEVNULL, env=environment, limit=_PIPE_BYTES
        )
        self.write(coding_message(self._coding))

    def write(self, content: bytes) -> None:
        """Hand over a message; a child that is gone is noticed where its answers are read."""
        stdin = self._process.stdin if self._process else None
        if stdin is not None and not stdin.is_closing():
            stdin.write(content)

    def paint(self, unit: AccessUnit) -> None:
        """Hand over a picture; from now on the child owes an answer."""
        self.write(unit_message(unit))
        if self._asked_since is None:
            self._asked_since = asyncio.get_running_loop().time()

    async def drain(self) -> None:
        """Wait until the child has taken most of what was written."""
        stdin = self._process.stdin if self._process else None
        if stdin is not None:
            with contextlib.suppress(ConnectionError):
                await stdin.drain()

    def finish(self) -> None:
        """Tell the child that nothing more comes: it answers what it has and ends."""
        stdin = self._process.stdin if self._process else None
        if stdin is not None:
            with contextlib.suppress(OSError, RuntimeError):
                stdin.close()

    async def next(self) -> tuple[Kind, bytes] | None:
        """Wait for the next answer; None when the child has ended. Raises WireBroken."""
        stdout = self._process.stdout if self._process else None
        if stdout is None:
            return None
        self._read = True
        try:
            kind, length = header_of(await stdout.readexactly(HEADER_BYTES))
            content = await stdout.readexactly(length)
        except (asyncio.IncompleteReadError, ConnectionResetError):
            return None
        finally:
            self._read = False
        self._asked_since, self._answered = None, True
        return kind, content

    async def code(self) -> int | None:
        """Return the exit code of a child whose answers have ended; None when it does not end."""
        if self._process is None:
            return None
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_GRACE_SECONDS):
                return await self._process.wait()
        return None

    async def stop(self) -> None:
        """End the child at once: it holds nothing that anybody misses. Safe to call twice."""
        process = self._process
        if process is None:
            return
        if process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                process.kill()
        self.finish()
        while process.stdout is not None and not self._read and await process.stdout.read(_PIPE_BYTES):
            pass  # asyncio sees no end of a process as long as answers lie unread
        await process.wait()
