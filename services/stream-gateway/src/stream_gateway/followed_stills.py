"""Stills without delay: in a pool of their own, and from a decoder that keeps up where a camera is looked at again.

A still is the newest picture and no other, so all that it is built on must be decoded: for 1080p and a group of
pictures that is four seconds old this takes longer than half a second. So a camera that is looked at twice within ten
seconds is *followed* until ten seconds after the last look: a decoder takes its pictures as they come, and a look finds
it a few of them behind. Nothing that it decodes is seen but by a look.
"""

import asyncio
import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from threading import Lock

import structlog
from av.error import FFmpegError
from av.video.codeccontext import VideoCodecContext
from av.video.frame import VideoFrame

from stream_gateway.domain.access_units import AccessUnit, Group, ParameterSets
from stream_gateway.domain.watermark import Stamp
from stream_gateway.stills import jpeg_of, opened, packets_of, still

_AGAIN_SECONDS = 10.0
_AT_MOST = max(1, min(4, (os.cpu_count() or 1) // 2))
"""Cameras that are followed at a time: each may cost half a core (1080p in H.265, 25 pictures a second)."""
_STEP_SECONDS = 0.04
_NEAR = 12
"""So many pictures behind, going on is as quick as beginning with the group in several threads."""
_FAR = 1_000_000
_POOL = 4
_LOG = structlog.get_logger("stream-gateway.stills")

AtHand = Callable[[str], tuple[ParameterSets, Group] | None]
"""What decodes to the present picture of a camera, if it is here without a wait."""


class KeepingUp:
    """A decoder that goes on as a group of pictures grows, for several threads.

    A group only grows until the next one begins, so its key frame names it. One whose pictures do not come out of the
    decoder as they go in, or that is damaged, is left alone.
    """

    def __init__(self) -> None:
        self._lock = Lock()
        self._parameters: ParameterSets | None = None
        self._key: AccessUnit | None = None
        self._decoder: VideoCodecContext | None = None
        self._decoded = 0
        self._newest: VideoFrame | None = None

    def behind(self, parameters: ParameterSets, group: Group) -> int:
        """Return how many pictures it would have to decode to reach the last one of a group."""
        if not self._is_at(parameters, group):
            return len(group)
        return max(0, len(group) - self._decoded) if self._decoder is not None else _FAR

    def keep_up(self, parameters: ParameterSets, group: Group) -> None:
        """Decode what it has not decoded of a group."""
        with self._lock:
            self._go_on(parameters, group)

    def still(self, parameters: ParameterSets, group: Group, stamp: Stamp | None) -> bytes | None:
        """Return the last picture of a group as JPEG, or a later one of it; None where it cannot tell."""
        with self._lock:
            self._go_on(parameters, group)
            frame = self._newest
            if stamp is not None:
                self._newest = None  # the stamp names one person, and may be written into the very frame
            return jpeg_of(frame, stamp) if frame is not None else None

    def _is_at(self, parameters: ParameterSets, group: Group) -> bool:
        return parameters == self._parameters and group[0] == self._key

    def _go_on(self, parameters: ParameterSets, group: Group) -> None:
        if not self._is_at(parameters, group):
            self._parameters, self._key, self._decoder = parameters, group[0], opened(parameters.codec)
            self._decoded, self._newest = 0, None
        if self._decoder is None:
            return
        units = group[self._decoded :]
        try:
            for unit, packet in zip(units, packets_of(units, None if self._decoded else parameters), strict=True):
                frames = self._decoder.decode(packet)
                if unit.shown_after or len(frames) != 1:
                    self._give_up()
                    return
                self._decoded, self._newest = self._decoded + 1, frames[0]
        except FFmpegError:
            self._give_up()

    def _give_up(self) -> None:
        self._decoder = self._newest = None


@dataclass(slots=True)
class _Followed:
    until: float
    decoder: KeepingUp = field(default_factory=KeepingUp)
    task: "asyncio.Task[None] | None" = None


class Stills:
    """Makes the stills of a process. Where ``at_most`` cameras are followed, others wait for their whole group."""

    def __init__(self, at_hand: AtHand, *, at_most: int = _AT_MOST, again_seconds: float = _AGAIN_SECONDS) -> None:
        self._at_hand = at_hand
        self._at_most = at_most
        self._again_seconds = again_seconds
        self._pool = ThreadPoolExecutor(_POOL, "still")
        self._looked: dict[str, float] = {}
        self._followed: dict[str, _Followed] = {}

    @property
    def followed(self) -> frozenset[str]:
        """Cameras whose pictures are decoded as they come."""
        return frozenset(self._followed)

    async def take(self, camera_id: str, parameters: ParameterSets, group: Group, stamp: Stamp | None = None) -> bytes:
        """Return the last picture of a camera's present group as JPEG, stamped if told; raises NoStill."""
        loop = asyncio.get_running_loop()
        followed = self._looked_at(camera_id, loop.time())
        if followed is not None and followed.decoder.behind(parameters, group) <= _NEAR:
            made = await loop.run_in_executor(self._pool, followed.decoder.still, parameters, group, stamp)
            if made is not None:
                return made
        return await loop.run_in_executor(self._pool, still, parameters, group, stamp)

    async def close(self) -> None:
        """Follow nothing any more."""
        tasks = [one.task for one in self._followed.values() if one.task is not None]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        self._pool.shutdown(wait=False, cancel_futures=True)

    def _looked_at(self, camera_id: str, at: float) -> _Followed | None:
        """Note a look; returns what follows the camera since an earlier one."""
        self._looked = {one: seen for one, seen in self._looked.items() if seen > at - self._again_seconds}
        again, self._looked[camera_id] = camera_id in self._looked, at
        followed, until = self._followed.get(camera_id), at + self._again_seconds
        if followed is not None:
            followed.until = until
        elif again and len(self._followed) < self._at_most:
            begun = self._followed[camera_id] = _Followed(until)
            begun.task = asyncio.create_task(self._follow(camera_id, begun), name=f"still {camera_id}")
        return followed

    async def _follow(self, camera_id: str, followed: _Followed) -> None:
        loop = asyncio.get_running_loop()
        try:
            while loop.time() < followed.until:
                present = self._at_hand(camera_id)
                if present is not None:
                    await loop.run_in_executor(self._pool, followed.decoder.keep_up, *present)
                await asyncio.sleep(_STEP_SECONDS)
        except Exception as error:  # noqa: BLE001 - whatever it was, the stills of this camera take longer, no more
            _LOG.error("camera is not followed any more", camera=camera_id, error=repr(error))
        finally:
            del self._followed[camera_id]
