"""Whether a camera gives a picture now, judged by a viewer's place in its feed."""

import asyncio
from datetime import datetime

from common.clock import Clock
from contracts.registry import CameraState
from guard import Guard
from stream_gateway.domain.fragments import Fragment
from stream_gateway.domain.recording_right import recording_terms
from stream_gateway.domain.ronde_runs import Picture
from stream_gateway.live.feeds import LiveFeeds
from stream_gateway.live.viewer import FeedState, Viewer

PATIENCE_SECONDS = 8.0
"""A cold camera has its first picture within a group of pictures and a connection."""

_NOTHING = "aucune image reçue"


class FeedPictures:
    """Joins the small stream's feed like any viewer, takes the first picture, and leaves."""

    def __init__(self, feeds: LiveFeeds, guard: Guard, clock: Clock, *, patience: float = PATIENCE_SECONDS) -> None:
        self._feeds = feeds
        self._guard = guard
        self._clock = clock
        self._patience = patience

    async def look(self, camera_id: str) -> tuple[Picture, str]:
        """Return the verdict and why; a camera without the right to be seen is not pulled at all."""
        refusal = refused_look(self._guard.cameras.get(camera_id), self._clock.now())
        if refusal is not None:
            return refusal
        async with self._feeds.watch(camera_id, "sub") as viewer:
            return await _first_picture(viewer, self._patience)


def refused_look(camera: CameraState | None, at: datetime) -> tuple[Picture, str] | None:
    """Return why a camera cannot be looked at, None when it can."""
    if camera is None:
        return Picture.IMAGE_KO, "caméra retirée du parc"
    if not camera.masks_in_force:
        return Picture.MASQUE_KO, "masques non signés ou non appliqués"
    if recording_terms(camera, at) is None:
        return Picture.IMAGE_KO, "caméra hors service, sans flux, ou sans arrêté en vigueur"
    return None


async def _first_picture(viewer: Viewer, patience: float) -> tuple[Picture, str]:
    reason = _NOTHING
    try:
        async with asyncio.timeout(patience):
            while True:
                part = await viewer.next_part()
                if isinstance(part, Fragment):
                    return Picture.OK, ""
                if isinstance(part, FeedState) and part.state != "live":
                    reason = part.reason or _NOTHING
    except TimeoutError:
        return Picture.IMAGE_KO, reason
