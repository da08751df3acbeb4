"""One camera's recorder: keeps a pull running, settles its files, tells the ledger what is missing."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from pathlib import Path
from typing import Protocol

from common.clock import Clock
from stream_gateway.domain.coverage import Coverage, Gap
from stream_gateway.domain.segments import RecordingTerms
from stream_gateway.metrics import RECORDER_RESTARTS
from stream_gateway.ports import (
    CameraSources,
    MediaEngine,
    Pull,
    PullEnded,
    RecordingRun,
    SegmentClosed,
    SourceUnavailable,
)
from stream_gateway.recording.spool import ReadyFile, Spool

_RETRY_SECONDS = (0.5, 1.0, 2.0, 5.0, 10.0)
_FINISH_SECONDS = 4.0


class RecorderState(StrEnum):
    """What a recorder does at this moment."""

    STARTING = "starting"
    RECORDING = "recording"
    LOST = "lost"
    STOPPED = "stopped"


@dataclass(slots=True)
class RecorderStatus:
    """What a supervisor wants to know of a recorder."""

    state: RecorderState
    reason: str = ""
    last_byte_at: datetime | None = None
    last_segment_at: datetime | None = None
    restarts: int = 0


class Ledger(Protocol):
    """Where a recorder reports. Never waits and never fails: a database that is away must not stop a camera."""

    def reachability(self, camera_id: str, insee: str, *, online: bool, reason: str) -> None:
        """Bytes started or stopped coming."""
        ...

    def gap(self, camera_id: str, insee: str, gap: Gap) -> None:
        """Expected seconds are missing."""
        ...


@dataclass(frozen=True, slots=True)
class RecorderTools:
    """What every recorder of a process shares. Durations in seconds.

    ``silence_seconds``: no new media for so long ends a run (5 s; detection of a lost camera).
    ``gap_slice_seconds``: an outage longer than this is declared in slices, not only at its end.
    """

    engine: MediaEngine
    sources: CameraSources
    spool: Spool
    ledger: Ledger
    offer: Callable[[ReadyFile], None]
    clock: Clock
    segment_seconds: int = 60
    silence_seconds: float = 5.0
    start_seconds: float = 10.0
    gap_slice_seconds: float = 600.0


class Recorder:
    """Records one camera until cancelled. ``terms`` and ``revision`` may change while it runs."""

    def __init__(
        self,
        tools: RecorderTools,
        camera_id: str,
        terms: RecordingTerms,
        revision: int,
        coverage: Coverage,
    ) -> None:
        self._tools = tools
        self._camera_id = camera_id
        self._coverage = coverage
        self._online: bool | None = None
        self._follows: datetime | None = None
        self.terms = terms
        self.revision = revision
        self.status = RecorderStatus(RecorderState.STARTING)

    async def run(self) -> None:
        """Record until cancelled; on the way out the last file is closed and offered for upload."""
        failures = 0
        while True:
            before = self.status.last_byte_at
            try:
                revision = self.revision
                source = await self._tools.sources.get(self._camera_id, revision)
                await self._run_once(source.main, revision)
            except (PullEnded, SourceUnavailable) as error:
                self._lost(str(error))
            failures = 0 if self.status.last_byte_at != before else failures
            await asyncio.sleep(_RETRY_SECONDS[min(failures, len(_RETRY_SECONDS) - 1)])
            failures += 1
            self.status.restarts += 1
            RECORDER_RESTARTS.inc()

    async def _run_once(self, pull: Pull, revision: int) -> None:
        folder = self._tools.spool.open_run(self._camera_id, self.terms, self._tools.clock.now())
        self._follows = None
        try:
            async with self._tools.engine.record(
                pull, folder=folder, segment_seconds=self._tools.segment_seconds
            ) as run:
                try:
                    await self._follow(run, pull, revision)
                except asyncio.CancelledError:
                    await self._finish(run)
                    raise
        finally:
            self._collect(folder)

    async def _follow(self, run: RecordingRun, pull: Pull, revision: int) -> None:
        patience = self._tools.start_seconds
        while True:
            try:
                async with asyncio.timeout(patience):
                    event = await run.next_event()
            except TimeoutError:
                raise PullEnded("aucune image de la caméra") from None
            patience = self._tools.silence_seconds
            self.status.last_byte_at = self._tools.clock.now()
            self._alive()
            if isinstance(event, SegmentClosed):
                self._settle(event.path)
                if self.revision != revision and await self._moved(pull):
                    await self._finish(run)
                    raise PullEnded("l'adresse de la caméra a changé")

    async def _finish(self, run: RecordingRun) -> None:
        """Have the last file closed properly, but do not wait for ever."""
        run.finish()
        try:
            async with asyncio.timeout(_FINISH_SECONDS):
                while True:
                    event = await run.next_event()
                    if isinstance(event, SegmentClosed):
                        self._settle(event.path)
        except (PullEnded, TimeoutError):
            return

    async def _moved(self, pull: Pull) -> bool:
        try:
            source = await self._tools.sources.get(self._camera_id, self.revision)
        except SourceUnavailable:
            return False
        return source.main != pull

    def _settle(self, path: Path) -> None:
        now = self._tools.clock.now()
        ready = self._tools.spool.settle(path, self._camera_id, self.terms, follows=self._follows, closed_at=now)
        if ready is None:
            return
        self._follows = now
        self._account(ready)

    def _collect(self, folder: Path) -> None:
        """Settle what the run left open: ffmpeg was killed or died."""
        for ready in self._tools.spool.recover_run(folder):
            self._account(ready)

    def _account(self, ready: ReadyFile) -> None:
        segment = ready.segment
        self.status.last_segment_at = segment.ended_at
        gap = self._coverage.footage(segment.started_at, segment.ended_at)
        self._tools.offer(ready)
        self._declare(gap)

    def _alive(self) -> None:
        self.status.state, self.status.reason = RecorderState.RECORDING, ""
        if self._online is not True:
            self._online = True
            self._report(online=True, reason="")

    def _lost(self, reason: str) -> None:
        self.status.state, self.status.reason = RecorderState.LOST, reason
        self._tools.sources.doubt(self._camera_id)
        self._coverage.outage(reason)
        if self._online is not False:
            self._online = False
            self._report(online=False, reason=reason)
        after = timedelta(seconds=self._tools.gap_slice_seconds)
        self._declare(self._coverage.still_missing(self._tools.clock.now(), after=after))

    def _report(self, *, online: bool, reason: str) -> None:
        self._tools.ledger.reachability(self._camera_id, self.terms.insee, online=online, reason=reason)

    def _declare(self, gap: Gap | None) -> None:
        if gap is not None:
            self._tools.ledger.gap(self._camera_id, self.terms.insee, gap)
