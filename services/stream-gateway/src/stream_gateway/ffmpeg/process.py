"""One ffmpeg child: started with a script on its input, watched on its output, always reaped."""

import asyncio
import os
import re
from asyncio.subprocess import PIPE, Process
from collections import deque
from collections.abc import Sequence

import structlog

from common.telemetry import redact
from stream_gateway.media import EndKind, PullEnded

_KEPT_LINES = 20
_GRACE_SECONDS = 3.0
_PIPE_BYTES = 1024 * 1024
_LOG = structlog.get_logger("stream-gateway.ffmpeg")

_REASONS: tuple[tuple[re.Pattern[str], str, EndKind], ...] = (
    (re.compile(r"\b40[13]\b|Unauthorized|Forbidden"), "la caméra refuse les identifiants", EndKind.REFUSED),
    (re.compile(r"\b404\b|Not Found"), "la caméra ne connaît pas ce flux", EndKind.UNKNOWN_STREAM),
    (re.compile(r"\b461\b|Nonmatching transport"), "la caméra n'envoie pas ses images sur TCP", EndKind.UNSUPPORTED),
    (re.compile(r"Connection refused"), "la caméra refuse la connexion", EndKind.UNREACHABLE),
    (re.compile(r"timed out|Connection timed"), "la caméra ne répond pas", EndKind.SILENT),
    (
        re.compile(r"unreachable|No route|resolve|Name or service"),
        "la caméra est injoignable sur le réseau",
        EndKind.UNREACHABLE,
    ),
)
ENDED = "la caméra a cessé d'émettre"
_ADDRESS = re.compile(r"[a-z]+://\S+", re.IGNORECASE)


def end_told(said: str) -> PullEnded:
    """Return why a pull ended, from what ffmpeg said last; its words hold addresses of memory, digits and all."""
    told = (PullEnded(text, kind) for pattern, text, kind in _REASONS if pattern.search(said))
    return next(told, PullEnded(ENDED))


class FfmpegProcess:
    """One run of ffmpeg, from ``start`` to ``stop``."""

    def __init__(self, command: Sequence[str], script: bytes) -> None:
        self._command = command
        self._script = script
        self._process: Process | None = None
        self._complaints: deque[str] = deque(maxlen=_KEPT_LINES)
        self._listener: asyncio.Task[None] | None = None

    @property
    def pid(self) -> int | None:
        """Process id while it runs."""
        return self._process.pid if self._process else None

    @property
    def output(self) -> asyncio.StreamReader:
        """Standard output; once started."""
        if self._process is None or self._process.stdout is None:
            raise RuntimeError("ffmpeg was not started")
        return self._process.stdout

    async def start(self) -> None:
        """Start the child, with nothing of our environment."""
        environment = {"PATH": os.environ.get("PATH", ""), "TZ": "UTC", "LC_ALL": "C"}
        self._process = await asyncio.create_subprocess_exec(
            *self._command,
            stdin=PIPE,
            stdout=PIPE,
            stderr=PIPE,
            env=environment,
            limit=_PIPE_BYTES,
        )
        self._listener = asyncio.create_task(self._listen())
        await self.write_input(self._script)

    async def write_input(self, content: bytes) -> None:
        """Give ffmpeg its whole input and close it; a child that is already dead is no error here."""
        if self._process is None or self._process.stdin is None:
            raise RuntimeError("ffmpeg was not started")
        try:
            self._process.stdin.write(content)
            await self._process.stdin.drain()
            self._process.stdin.close()
        except (BrokenPipeError, ConnectionResetError):
            pass  # what it said on its error output tells why

    async def _listen(self) -> None:
        if self._process is None or self._process.stderr is None:
            return
        while line := await self._process.stderr.readline():
            self._complaints.append(str(redact(line.decode(errors="replace").strip())))

    def finish(self) -> None:
        """Ask ffmpeg to close its files and end."""
        if self._process is not None and self._process.returncode is None:
            self._process.terminate()

    async def ended(self) -> PullEnded:
        """Wait for the child and return why it ended, in words without an address."""
        if self._process is None:
            return PullEnded(ENDED)
        if self._listener is not None:
            await self._listener
        code = await self._process.wait()
        said = "\n".join(self._complaints)
        end = end_told(said)
        _LOG.info("ffmpeg ended", code=code, reason=end.reason, said=_ADDRESS.sub("***", said[-500:]))
        return end

    async def stop(self) -> None:
        """End the child: politely, then not. Safe to call twice."""
        process = self._process
        if process is None:
            return
        if process.returncode is None:
            self.finish()
            try:
                async with asyncio.timeout(_GRACE_SECONDS):
                    await self._drained(process)
            except TimeoutError:
                process.kill()
        await process.wait()
        if self._listener is not None:
            self._listener.cancel()

    async def _drained(self, process: Process) -> None:
        """Read the output away while waiting: a child blocked on a full pipe never ends."""
        while process.stdout is not None and await process.stdout.read(_PIPE_BYTES):
            pass
        await process.wait()
