"""The registry is the truth, this applies it: which recorders run, checked every second and at each legal instant."""

import asyncio
from collections import Counter
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

import structlog
from sqlalchemy.exc import SQLAlchemyError

from common.clock import Clock
from common.database import Database
from contracts.registry import CameraState
from stream_gateway.domain.coverage import Coverage
from stream_gateway.domain.recording_right import next_change, recording_terms
from stream_gateway.domain.segments import RecordingTerms
from stream_gateway.metrics import RECORDERS
from stream_gateway.recording.ledger import OutboxLedger
from stream_gateway.recording.recorder import Recorder, RecorderState, RecorderTools
from stream_gateway.recording.uploads import Uploads
from stream_gateway.repository import recording as rows

_TICK_SECONDS = 1.0
_REPORT_SECONDS = 5.0
_STARTS_PER_TICK = 20
_LAST_UPLOADS_SECONDS = 5.0
_SERVICE_WAS_STOPPED = "le service d'enregistrement était arrêté"
_LOG = structlog.get_logger("stream-gateway.recording")


class Recording:
    """Owns the recorders, the spool, the uploads and the ledger of this process."""

    def __init__(
        self,
        *,
        tools: RecorderTools,
        uploads: Uploads,
        ledger: OutboxLedger,
        database: Database,
        clock: Clock,
        cameras: Callable[[], Sequence[CameraState]],
    ) -> None:
        self._tools = tools
        self._uploads = uploads
        self._ledger = ledger
        self._database = database
        self._clock = clock
        self._cameras = cameras
        self._recorders: dict[str, tuple[Recorder, asyncio.Task[None]]] = {}
        self._stopping: set[asyncio.Task[None]] = set()
        self._covered: dict[str, datetime] = {}

    async def run(self) -> None:
        """Record until cancelled; then close every file properly and upload what can be uploaded at once."""
        spool = self._tools.spool
        spool.claim()
        loops: list[asyncio.Task[None]] = []
        try:
            async with self._database.transaction() as connection:
                self._covered = await rows.covered_until(connection)
            await asyncio.to_thread(spool.recover)
            for ready in await asyncio.to_thread(lambda: list(spool.ready())):
                self._remember(ready.segment.camera_id, ready.segment.ended_at)
                self._uploads.offer(ready)
            loops = [
                asyncio.create_task(self._uploads.run()),
                asyncio.create_task(self._ledger.run()),
                asyncio.create_task(self._report_for_ever()),
                asyncio.create_task(self._reconcile_for_ever()),
            ]
            done, _ = await asyncio.wait(loops, return_when=asyncio.FIRST_COMPLETED)
            for loop in done:
                loop.result()
        finally:
            try:
                await self._shut_down(loops)
            finally:
                spool.release()  # else this very process would find its spool taken at the next try

    async def _shut_down(self, loops: list[asyncio.Task[None]]) -> None:
        for task in loops:
            task.cancel()
        for camera_id in list(self._recorders):
            self._stop(camera_id)
        await asyncio.gather(*loops, *self._stopping, return_exceptions=True)
        try:
            async with asyncio.timeout(_LAST_UPLOADS_SECONDS):
                await self._ledger.flush()
                await self._uploads.drain_now()
        except (SQLAlchemyError, OSError, TimeoutError) as error:
            _LOG.info("the spool keeps what is not uploaded yet", cause=type(error).__name__)

    async def _reconcile_for_ever(self) -> None:
        while True:
            now = self._clock.now()
            cameras = self._cameras()
            self.reconcile(cameras, now)
            await asyncio.sleep(self._until_next(cameras, now))

    def _until_next(self, cameras: Sequence[CameraState], now: datetime) -> float:
        """Return the pause: one second, or less when an authorisation begins or ends before that."""
        instant = next_change(cameras, now)
        if instant is None:
            return _TICK_SECONDS
        return min(max((instant - self._clock.now()).total_seconds(), 0.0), _TICK_SECONDS)

    def reconcile(self, cameras: Sequence[CameraState], now: datetime) -> None:
        """Start, stop and update recorders so that they are what the law and the registry say at ``now``."""
        desired = {
            camera.camera_id: (camera, terms)
            for camera in cameras
            if (terms := recording_terms(camera, now)) is not None
        }
        for camera_id in self._recorders.keys() - desired.keys():
            self._stop(camera_id)
            self._covered.pop(camera_id, None)  # from here on nothing is expected, so nothing is missing
        starts = _STARTS_PER_TICK
        for camera_id, (camera, terms) in desired.items():
            running = self._recorders.get(camera_id)
            if running is not None and not running[1].done():
                running[0].terms, running[0].revision = terms, camera.revision
            elif starts > 0:
                starts -= 1
                self._start(camera, terms)

    def _start(self, camera: CameraState, terms: RecordingTerms) -> None:
        previous = self._recorders.get(camera.camera_id)
        if previous is not None:
            _LOG.error("recorder failed", error=repr(previous[1].exception()))
        recorder = Recorder(self._tools, camera.camera_id, terms, camera.revision, self._coverage_of(camera))
        self._recorders[camera.camera_id] = (recorder, asyncio.create_task(recorder.run()))

    def _coverage_of(self, camera: CameraState) -> Coverage:
        """Return where the ledger stands; time before the authorisation began was never expected."""
        covered = self._covered.pop(camera.camera_id, None)
        if covered is None or camera.authorisation is None:
            return Coverage(None, "")
        return Coverage(max(covered, camera.authorisation.valid_from), _SERVICE_WAS_STOPPED)

    def _remember(self, camera_id: str, until: datetime) -> None:
        self._covered[camera_id] = max(self._covered.get(camera_id, until), until)

    def _stop(self, camera_id: str) -> None:
        _, task = self._recorders.pop(camera_id)
        task.cancel()
        self._stopping.add(task)
        task.add_done_callback(self._stopping.discard)

    async def _report_for_ever(self) -> None:
        while True:
            states = Counter(recorder.status.state for recorder, _ in self._recorders.values())
            for state in RecorderState:
                RECORDERS.labels(state.value).set(states[state])
            try:
                async with self._database.transaction() as connection:
                    await rows.save_recorders(connection, self._rows())
            except (SQLAlchemyError, OSError, TimeoutError) as error:
                _LOG.warning("recorder report not written", cause=type(error).__name__)
            await asyncio.sleep(_REPORT_SECONDS)

    def _rows(self) -> list[dict[str, Any]]:
        now = self._clock.now()
        return [
            {
                "camera_id": camera_id,
                "insee": recorder.terms.insee,
                "state": recorder.status.state.value,
                "reason": recorder.status.reason,
                "last_byte_at": recorder.status.last_byte_at,
                "last_segment_at": recorder.status.last_segment_at,
                "restarts": recorder.status.restarts,
                "seen_at": now,
            }
            for camera_id, (recorder, _) in self._recorders.items()
        ]
