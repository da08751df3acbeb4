"""The recorders of this node: one for each camera that must be recorded and that placement gave to this node."""

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

import structlog
from sqlalchemy.exc import SQLAlchemyError

from common.clock import Clock
from common.database import Database
from contracts.registry import CameraState
from stream_gateway.domain.holdings import Holding
from stream_gateway.domain.segments import RecordingTerms
from stream_gateway.ingest.cameras import CameraHubs
from stream_gateway.ingest.hub import HubStatus
from stream_gateway.media import EndKind, PullEnded
from stream_gateway.placement.service import Placement
from stream_gateway.recording.demand import Wanted
from stream_gateway.recording.recorder import Recorder, RecorderTools
from stream_gateway.repository.ledger import covered_until

_STOPPED = "le service d'enregistrement était arrêté"
_RETRY_SECONDS = 2.0
_NOTHING_WRITTEN_SECONDS = 20.0
_NOTHING_WRITTEN = PullEnded("des images arrivent mais rien ne s'écrit", EndKind.MALFORMED)
_LOG = structlog.get_logger("stream-gateway.recording")


@dataclass(slots=True)
class Post:
    """A camera that this node records. ``idle_since``: the loop's time since when nothing was written."""

    recorder: Recorder
    holding: Holding
    revision: int
    anchoring: asyncio.Task[None]
    idle_since: float
    confirmed: bool = False


class Crew:
    """Starts and stops recorders so that they are what the law, the registry and placement say."""

    def __init__(
        self, *, tools: RecorderTools, hubs: CameraHubs, placement: Placement, database: Database, clock: Clock
    ) -> None:
        self._tools = tools
        self._hubs = hubs
        self._placement = placement
        self._database = database
        self._clock = clock
        self._posts: dict[str, Post] = {}
        self._closing: set[asyncio.Task[None]] = set()
        self._anchored: dict[str, int] = {}
        self._over = False

    def reports(self) -> Iterator[tuple[str, Post, HubStatus | None]]:
        """Yield each camera with what its recorder and its main stream do."""
        for camera_id, post in self._posts.items():
            hub = self._hubs.hub(camera_id, "main")
            yield camera_id, post, hub.status if hub else None

    def follow(self, wanted: Wanted) -> None:
        """Start, stop and update recorders; called every second and at each legal instant."""
        if self._over:
            return
        mine = self._placement.mine
        for camera_id in [one for one in self._posts if one not in wanted or one not in mine]:
            self._stop(camera_id)
        for camera_id, holding in mine.items():
            if camera_id in wanted:
                camera, terms = wanted[camera_id]
                self._keep(camera, terms, holding)

    def look(self) -> None:
        """Confirm hand-overs that have begun, declare long outages, end pulls that deliver and write nothing."""
        at = asyncio.get_running_loop().time()
        for camera_id, post in self._posts.items():
            status = post.recorder.status
            written = status.last_byte_at is not None
            if post.holding.handing_over and written and not post.confirmed:
                post.confirmed = True
                self._placement.confirm(camera_id)
            post.recorder.look()
            self._watch_writing(camera_id, post, at)

    def _watch_writing(self, camera_id: str, post: Post, at: float) -> None:
        hub = self._hubs.hub(camera_id, "main")
        last = post.recorder.status.last_byte_at
        fresh = last is not None and (self._clock.now() - last).total_seconds() < _NOTHING_WRITTEN_SECONDS
        if hub is None or hub.status.state != "live" or fresh or post.recorder.waits_outside:
            post.idle_since = at
        elif at - post.idle_since > _NOTHING_WRITTEN_SECONDS:
            post.idle_since = at
            hub.anew(_NOTHING_WRITTEN)

    def _keep(self, camera: CameraState, terms: RecordingTerms, holding: Holding) -> None:
        post = self._posts.get(camera.camera_id)
        if post is None:
            self._start(camera, terms, holding)
            return
        post.recorder.terms = terms
        if post.holding != holding:
            post.holding, post.confirmed = holding, False
        if post.revision != camera.revision:
            post.revision = camera.revision
            self._hubs.changed(camera.camera_id)

    def _start(self, camera: CameraState, terms: RecordingTerms, holding: Holding) -> None:
        recorder = Recorder(self._tools, camera.camera_id, terms)
        hub = self._hubs.open(camera.camera_id)
        hub.join(recorder)
        anchoring = asyncio.create_task(self._anchor(recorder, camera, holding))
        at = asyncio.get_running_loop().time()
        self._posts[camera.camera_id] = Post(recorder, holding, camera.revision, anchoring, at)

    async def _anchor(self, recorder: Recorder, camera: CameraState, holding: Holding) -> None:
        """Find out up to when the camera is accounted for; time before its arrêté began was never expected.

        Nor was the time in which this very holding had nothing to record: out of service, or masked anew.
        """
        if self._anchored.get(camera.camera_id) == holding.epoch:
            return
        previous = holding.previous
        if holding.handing_over or (previous is not None and previous.unseen_since is None):
            self._anchored[camera.camera_id] = holding.epoch
            return  # the one before records until this one does: no time is missing between them
        covered: datetime | None = None
        while True:
            try:
                async with self._database.transaction() as connection:
                    covered = (await covered_until(connection, [camera.camera_id])).get(camera.camera_id)
            except (SQLAlchemyError, OSError, TimeoutError) as error:
                _LOG.info("ledger not read yet", cause=type(error).__name__)
                await asyncio.sleep(_RETRY_SECONDS)
            else:
                break
        self._anchored[camera.camera_id] = holding.epoch
        authorisation = camera.authorisation
        if covered is None or authorisation is None:
            return
        seen = previous.unseen_since if previous is not None and previous.unseen_since is not None else covered
        cause = previous.cause if previous is not None else _STOPPED
        recorder.anchor(max(covered, seen, authorisation.valid_from), cause)

    def _stop(self, camera_id: str) -> None:
        """Close the file first: a hand-over leaves some seconds for that; then let go of the camera."""
        post = self._posts.pop(camera_id)
        post.anchoring.cancel()
        hub = self._hubs.hub(camera_id, "main")
        if hub is not None:
            hub.leave(post.recorder)
        post.recorder.finish()
        task = asyncio.create_task(self._hubs.close(camera_id))
        self._closing.add(task)
        task.add_done_callback(self._closing.discard)

    async def stop_all(self) -> None:
        """Close every file and every pull; nothing is started any more."""
        self._over = True
        for camera_id in list(self._posts):
            self._stop(camera_id)
        await asyncio.gather(*self._closing, return_exceptions=True)
        await self._hubs.close_all()
