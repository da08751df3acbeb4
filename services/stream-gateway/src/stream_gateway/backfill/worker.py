"""Asks the cameras of this node for what they kept themselves, one camera at a time, slowly."""

import asyncio
import contextlib
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import structlog
from sqlalchemy.exc import SQLAlchemyError

from common.clock import Clock
from common.database import Database
from contracts.registry import CameraState
from stream_gateway.backfill.film_writer import Fetch, FilmWriter, WriterTools
from stream_gateway.domain.access_units import ParameterSets
from stream_gateway.domain.backfill import (
    BackfillRules,
    EdgeAnswer,
    EdgeRefusal,
    Known,
    Plan,
    answered,
    plan,
    refusal_of,
    refused_for_good,
)
from stream_gateway.domain.intervals import seconds
from stream_gateway.domain.parameter_sets import MalformedParameterSets
from stream_gateway.domain.recording_right import recording_terms
from stream_gateway.ingest.hub import HubState, StreamHub
from stream_gateway.masks_to_burn import MasksDiffer
from stream_gateway.metrics import BACKFILL_REFUSALS, BACKFILLED_SECONDS
from stream_gateway.ports import CameraSource, CameraSources, EdgeArchive, EdgeRefused, SourceUnavailable
from stream_gateway.repository.backfill import (
    GapsOf,
    cameras_with_gaps,
    clock_offset_before,
    known_of,
    note_asked,
)

CLOCK_DOUBT = timedelta(seconds=2)
"""A camera's clock that differs by more before the gap and now was set in between."""

_LONGEST_RETENTION = timedelta(days=30)
_START_SECONDS = 60.0
_LOG = structlog.get_logger("stream-gateway.backfill")


@dataclass(frozen=True, slots=True)
class BackfillTools:
    """What the worker is given.

    ``held``: cameras that this node holds, with their epochs. ``hub``: the main stream of one. ``camera``: its newest
    state. ``room``: why nothing may be written now, None when it may. ``archive``: raises EdgeRefused.
    """

    database: Database
    clock: Clock
    sources: CameraSources
    writer: WriterTools
    held: Callable[[], dict[str, int]]
    hub: Callable[[str], StreamHub | None]
    camera: Callable[[str], CameraState | None]
    room: Callable[[str], str | None]
    archive: Callable[[CameraSource], EdgeArchive]
    rules: BackfillRules
    look_seconds: float = 15.0


class Backfill:
    """``run`` goes on until cancelled; a database or a camera that is away is asked again later."""

    def __init__(self, tools: BackfillTools) -> None:
        self._tools = tools
        self._quiet: dict[str, tuple[GapsOf, datetime | None]] = {}

    async def run(self) -> None:
        """Ask for ever."""
        while True:
            try:
                await self.look()
            except (SQLAlchemyError, OSError, TimeoutError) as error:
                _LOG.info("missing time not looked at yet", cause=type(error).__name__)
            await asyncio.sleep(self._tools.look_seconds)

    async def look(self) -> None:
        """Ask each camera that misses something for one window of it."""
        tools = self._tools
        live = [camera_id for camera_id in tools.held() if self._is_live(camera_id)]
        since = tools.clock.now() - _LONGEST_RETENTION
        async with tools.database.transaction() as connection:
            found = await cameras_with_gaps(connection, live, since=since)
        self._quiet = {one.camera_id: self._quiet[one.camera_id] for one in found if one.camera_id in self._quiet}
        for gaps in found:
            if self._is_due(gaps):
                await self._serve(gaps, since)

    def _is_live(self, camera_id: str) -> bool:
        hub = self._tools.hub(camera_id)
        return hub is not None and hub.status.state is HubState.LIVE

    def _is_due(self, gaps: GapsOf) -> bool:
        if gaps.camera_id not in self._quiet:
            return True
        seen, next_at = self._quiet[gaps.camera_id]
        return seen != gaps or (next_at is not None and next_at <= self._tools.clock.now())

    async def _serve(self, gaps: GapsOf, since: datetime) -> None:
        tools, camera_id = self._tools, gaps.camera_id
        now = tools.clock.now()
        camera, epoch = tools.camera(camera_id), tools.held().get(camera_id)
        terms = recording_terms(camera, now) if camera is not None else None
        if camera is None or epoch is None or terms is None or tools.room(camera_id) is not None:
            return
        async with tools.database.transaction() as connection:
            known = await known_of(connection, camera_id, (since, now))
            todo = plan(camera, known, now, tools.rules)
            await note_asked(connection, camera_id, refused_for_good(todo.refused, now, tools.rules))
        for window, kind in todo.refused:
            _told(camera_id, kind, seconds([window]))
        self._quiet[camera_id] = (gaps, todo.next_at)
        if todo.window is None or todo.earliest is None:
            return
        fetch = Fetch(
            camera_id=camera_id,
            terms=terms,
            window=todo.window,
            earliest=todo.earliest,
            offset=timedelta(0),
            epoch=epoch,
            fetched_ms=int(now.timestamp() * 1000),
        )
        notes = await self._ask(camera, fetch, known, todo)
        async with tools.database.transaction() as connection:
            await note_asked(connection, camera_id, notes)

    async def _ask(self, camera: CameraState, fetch: Fetch, known: Known, todo: Plan) -> list[EdgeAnswer]:
        """Fetch a window; returns what to remember of it."""
        tools, refused = self._tools, EdgeRefusal.UNKNOWN_TIME
        stored = list[tuple[datetime, datetime]]()
        try:
            source = await tools.sources.get(camera.camera_id, camera.revision)
            source.masks.check(camera)
            archive = tools.archive(source)
        except (SourceUnavailable, MasksDiffer):
            return []  # nobody was asked
        except EdgeRefused as error:
            refused = error.kind
        else:
            try:
                async with asyncio.timeout(_START_SECONDS + 2 * seconds([fetch.window])):
                    await self._fetch(camera, archive, fetch, stored)
            except EdgeRefused as error:
                refused = error.kind
            except MalformedParameterSets:
                refused = EdgeRefusal.UNSUPPORTED
            except (OSError, TimeoutError):
                refused = EdgeRefusal.INTERRUPTED
            finally:
                await archive.close()
        windows = todo.missing if refused.of_camera and not stored else (fetch.window,)
        notes = answered(known, windows, stored, refused.sentence, tools.clock.now())
        if stored:
            BACKFILLED_SECONDS.inc(seconds(stored))
            _LOG.info("missing time fetched from the camera", camera=camera.camera_id, seconds=round(seconds(stored)))
        for one in notes:
            if one.reason:
                _told(camera.camera_id, refused, seconds([one.window]))
        return notes

    async def _fetch(
        self, camera: CameraState, archive: EdgeArchive, fetch: Fetch, stored: list[tuple[datetime, datetime]]
    ) -> None:
        """Write what the camera has of a window; ``stored`` is what became of it, whatever happens."""
        offset = await self._offset(archive, fetch)
        there = fetch.window[0] + offset, fetch.window[1] + offset
        writer = FilmWriter(self._tools.writer, replace(fetch, offset=offset))
        try:
            async with contextlib.aclosing(archive.footage(there)) as film:
                async for one in film:
                    if not self._still_allowed(camera):
                        raise EdgeRefused(EdgeRefusal.CHANGED_SINCE)
                    if isinstance(one, ParameterSets):
                        writer.begin(one)
                    elif not writer.take(one):
                        break
            writer.finish()
        finally:
            writer.close()
            stored += writer.stored

    async def _offset(self, archive: EdgeArchive, fetch: Fetch) -> timedelta:
        """Return the camera's clock minus ours as it was when the camera was lost; raises EdgeRefused."""
        tools = self._tools
        async with tools.database.transaction() as connection:
            before_ms = await clock_offset_before(connection, fetch.camera_id, fetch.window[0])
        hub = tools.hub(fetch.camera_id)
        told = hub.status.clock_offset if hub is not None else None
        now = timedelta(seconds=await archive.clock_offset() if told is None else told)
        before = now if before_ms is None else timedelta(milliseconds=before_ms)
        if abs(before - now) > CLOCK_DOUBT:
            raise EdgeRefused(EdgeRefusal.CLOCK_UNSURE)
        return before

    def _still_allowed(self, camera: CameraState) -> bool:
        """Whether nothing about the camera changed since the window was judged."""
        newest = self._tools.camera(camera.camera_id)
        if newest is None or newest.revision != camera.revision or refusal_of(newest) is not None:
            return False
        return recording_terms(newest, self._tools.clock.now()) is not None


def _told(camera_id: str, kind: EdgeRefusal, missing: float) -> None:
    BACKFILL_REFUSALS.labels(kind.value).inc()
    _LOG.info("missing time does not come from the camera", camera=camera_id, reason=kind.value, seconds=round(missing))
