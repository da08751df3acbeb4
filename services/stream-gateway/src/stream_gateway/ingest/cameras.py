"""The hubs of the cameras that this node holds: main and sub of each, always warm, until it is not ours."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field

import structlog

from common.service import keep_running
from stream_gateway.domain.sessions import Quality
from stream_gateway.ingest.account import CameraAccount
from stream_gateway.ingest.hub import HubTools, StreamHub
from stream_gateway.media import EndKind, Pull, PullEnded
from stream_gateway.ports import CameraSource, CameraSources, SourceUnavailable

_WATCH_SECONDS = 0.5
_ASK_AGAIN_SECONDS = (0.5, 1.0, 2.0, 5.0, 10.0)
_MOVED = PullEnded("l'adresse de la caméra a changé", EndKind.CLOSED)
_MASKS = PullEnded("les masques de la caméra ont changé", EndKind.CLOSED)
_LOG = structlog.get_logger("stream-gateway.hubs")


@dataclass(slots=True)
class _Camera:
    main: StreamHub
    sub: StreamHub
    tasks: list[asyncio.Task[None]]
    changed: asyncio.Event = field(default_factory=asyncio.Event)
    source: CameraSource | None = None

    @property
    def hubs(self) -> list[StreamHub]:
        """One for each stream."""
        return [self.main] if self.sub is self.main else [self.main, self.sub]


class CameraHubs:
    """Keeps hubs open between ``open`` and ``close``.

    ``revision_of`` tells the present revision of a camera, so that a changed address is asked for again; ``stands``
    whether pulls from a source still hide what the camera's newest state says.
    """

    def __init__(
        self,
        tools: HubTools,
        sources: CameraSources,
        revision_of: Callable[[str], int],
        stands: Callable[[str, CameraSource], bool] = lambda _camera_id, _source: True,
    ) -> None:
        self._stands = stands
        self._tools = tools
        self._sources = sources
        self._revision_of = revision_of
        self._cameras: dict[str, _Camera] = {}

    @property
    def cameras(self) -> frozenset[str]:
        """Cameras whose hubs are open."""
        return frozenset(self._cameras)

    def hub(self, camera_id: str, quality: Quality) -> StreamHub | None:
        """Return the hub of a stream; a camera without a sub-stream has one hub for both. None: not ours."""
        camera = self._cameras.get(camera_id)
        if camera is None:
            return None
        return camera.main if quality == "main" else camera.sub

    def open(self, camera_id: str) -> StreamHub:
        """Begin to pull a camera; returns the hub of its main stream."""
        if camera_id in self._cameras:
            return self._cameras[camera_id].main

        async def find(quality: Quality) -> Pull:
            source = await self._sources.get(camera_id, self._revision_of(camera_id))
            return source.main if quality == "main" else source.sub

        account = CameraAccount()
        main = StreamHub(self._tools, lambda: find("main"), account)
        sub = StreamHub(self._tools, lambda: find("sub"), account)
        camera = _Camera(main, sub, [])
        self._cameras[camera_id] = camera
        camera.tasks.append(asyncio.create_task(self._keep(camera_id, camera), name=f"hubs {camera_id}"))
        return main

    def changed(self, camera_id: str) -> None:
        """Look at the camera's address again: the registry says that something about it changed.

        Pulls that do not hide what they should by now end here: not one picture more is taken from them.
        """
        camera = self._cameras.get(camera_id)
        if camera is None:
            return
        if camera.source is not None and not self._stands(camera_id, camera.source):
            for hub in camera.hubs:
                hub.anew(_MASKS)
        camera.changed.set()

    async def close(self, camera_id: str) -> None:
        """End both pulls of a camera; one that is not open is no error."""
        camera = self._cameras.pop(camera_id, None)
        if camera is not None:
            for task in camera.tasks:
                task.cancel()
            await asyncio.gather(*camera.tasks, return_exceptions=True)

    async def close_all(self) -> None:
        """End every pull."""
        await asyncio.gather(*(self.close(camera_id) for camera_id in list(self._cameras)))

    async def run(self) -> None:
        """Watch over silence until cancelled."""
        loop = asyncio.get_running_loop()
        while True:
            at = loop.time()
            for camera in self._cameras.values():
                camera.main.watch(at)
                if camera.sub is not camera.main:
                    camera.sub.watch(at)
            await asyncio.sleep(_WATCH_SECONDS)

    async def _keep(self, camera_id: str, camera: _Camera) -> None:
        """Start the hubs once the source is known, then follow its changes."""
        camera.source = await self._source(camera_id)
        if camera.source.sub == camera.source.main:
            camera.sub = camera.main
        camera.tasks += [
            asyncio.create_task(keep_running("hub", hub.run), name=f"hub {camera_id}") for hub in camera.hubs
        ]
        while True:
            await camera.changed.wait()
            camera.changed.clear()
            source = await self._source(camera_id)
            before, camera.source = camera.source, source
            for hub, old, new in ((camera.main, before.main, source.main), (camera.sub, before.sub, source.sub)):
                if old != new:
                    hub.anew(_MOVED)
                    hub.again_now()

    async def _source(self, camera_id: str) -> CameraSource:
        failures = 0
        while True:
            try:
                return await self._sources.get(camera_id, self._revision_of(camera_id))
            except SourceUnavailable as error:
                _LOG.info("no source yet", camera=camera_id, reason=str(error))
                await asyncio.sleep(_ASK_AGAIN_SECONDS[min(failures, len(_ASK_AGAIN_SECONDS) - 1)])
                failures += 1
