"""``MediaEngine`` on ffmpeg.

Recording and live are two pulls on purpose. One ffmpeg could serve both, but a live output that is always on
costs 1.7 times the CPU of recording alone, for pictures that nobody watches most of the day: so the recorder
runs always and the live pull on demand, shared by all viewers and kept warm for a while after the last one.
"""

from collections import deque
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

from stream_gateway.domain.boxes import MalformedMedia
from stream_gateway.domain.fragments import Fragment, FragmentSplitter, InitSegment
from stream_gateway.ffmpeg.commands import (
    UnusableAddress,
    input_script,
    live_command,
    picture_command,
    record_command,
)
from stream_gateway.ffmpeg.process import ENDED, FfmpegProcess
from stream_gateway.ports import LiveRun, MediaAdvanced, Pull, PullEnded, RecordingRun, SegmentClosed

_READ_BYTES = 256 * 1024


class FfmpegEngine:
    """One ffmpeg child per run.

    Pulls are opened in a hurry; a camera whose stream cannot be read so is remembered and studied next time.
    """

    def __init__(self) -> None:
        self._needs_study: set[Pull] = set()

    def record(self, pull: Pull, *, folder: Path, segment_seconds: int) -> RecordingRun:
        return _Recording(pull, self._needs_study, folder, segment_seconds)

    def live(self, pull: Pull) -> LiveRun:
        return _Live(pull, self._needs_study)

    async def picture(self, init: InitSegment, fragments: Sequence[Fragment]) -> bytes:
        media = init.content + b"".join(fragment.content for fragment in fragments)
        process = FfmpegProcess(picture_command(len(fragments)), media)
        try:
            await process.start()
            jpeg = await process.output.read(-1)
            if not jpeg:
                raise await process.ended()
            return jpeg
        finally:
            await process.stop()


class _Run:
    """What the two kinds of runs share: start on entering, no child left on leaving."""

    def __init__(self, pull: Pull, needs_study: set[Pull], command: list[str], folder: Path | None) -> None:
        self._pull = pull
        self._needs_study = needs_study
        self._command = command
        self._folder = folder
        self._process: FfmpegProcess | None = None
        self._seen = False

    async def __aenter__(self) -> Self:
        try:
            script = input_script(self._pull, hurried=self._pull not in self._needs_study)
        except UnusableAddress:
            raise PullEnded("l'adresse de la caméra n'est pas utilisable") from None
        self._process = FfmpegProcess(self._command, script, folder=self._folder)
        try:
            await self._process.start()
        except BaseException:
            await self._process.stop()
            raise
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.process.stop()

    @property
    def process(self) -> FfmpegProcess:
        """The child; only inside the context."""
        if self._process is None:
            raise RuntimeError("a run is used inside its context")
        return self._process

    async def _ended(self) -> PullEnded:
        """Return why the child ended; one that died without a word of media is studied next time."""
        ended = await self.process.ended()
        if not self._seen and ended.reason == ENDED:
            self._needs_study.add(self._pull)
        return ended


class _Recording(_Run):
    def __init__(self, pull: Pull, needs_study: set[Pull], folder: Path, segment_seconds: int) -> None:
        super().__init__(pull, needs_study, record_command(segment_seconds), folder)
        self._written_to = folder
        self._unfinished = b""
        self._position = b"frame=0"  # the first report comes before any media
        self._events: deque[MediaAdvanced | SegmentClosed] = deque()

    async def next_event(self) -> MediaAdvanced | SegmentClosed:
        while not self._events:
            chunk = await self.process.output.read(_READ_BYTES)
            if not chunk:
                raise await self._ended()
            self._understand(chunk)
        return self._events.popleft()

    def _understand(self, chunk: bytes) -> None:
        """Read ffmpeg's words: ``key=value`` of its progress, and a CSV line for each closed file."""
        lines = (self._unfinished + chunk).split(b"\n")
        self._unfinished = lines.pop()
        for line in lines:
            if line.startswith(b"frame=") and line != self._position:
                self._position = line
                self._seen = True
                self._events.append(MediaAdvanced())
            elif b"," in line and b"=" not in line:
                self._events.append(SegmentClosed(self._written_to / line.split(b",", 1)[0].decode()))

    def finish(self) -> None:
        self.process.finish()


class _Live(_Run):
    def __init__(self, pull: Pull, needs_study: set[Pull]) -> None:
        super().__init__(pull, needs_study, live_command(), None)
        self._splitter = FragmentSplitter()
        self._ready: deque[InitSegment | Fragment] = deque()

    async def next_part(self) -> InitSegment | Fragment:
        while not self._ready:
            chunk = await self.process.output.read(_READ_BYTES)
            if not chunk:
                raise await self._ended()
            self._seen = True
            try:
                self._ready.extend(self._splitter.feed(chunk))
            except MalformedMedia as error:
                raise PullEnded("le flux de la caméra n'est pas lisible") from error
        return self._ready.popleft()
