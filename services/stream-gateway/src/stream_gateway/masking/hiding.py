"""What to hide in a picture that arrived at some instant; for a camera that turns, once it is known where it looked."""

from collections import deque
from contextlib import AbstractAsyncContextManager
from datetime import datetime, timedelta
from typing import Protocol

from common.clock import Clock
from stream_gateway.domain.moving_masks import BLACK, LONGEST_UNKNOWN, Area, HeadPosition, MovingMasks, track_for
from stream_gateway.media import Pull

_KEPT = timedelta(seconds=3)


class HeadReading(Protocol):
    """A reading of a head, see ``moving_masks.HeadPosition``."""

    @property
    def pan(self) -> float: ...
    @property
    def tilt(self) -> float: ...
    @property
    def zoom(self) -> float: ...
    @property
    def at(self) -> datetime: ...


class Heads(Protocol):
    """Knows where heads point. A followed one must be asked at least four times a second, standing or not."""

    def current(self, camera_id: str) -> HeadReading | None:
        """Return the newest reading, None where there is none; ``at`` is never later than when it was true."""
        ...

    def followed(self, camera_id: str) -> AbstractAsyncContextManager[None]:
        """Keep asking a head for as long as the context lasts."""
        ...


class Hiding:
    """What one pull hides. Areas of a camera that does not turn are the same at any time."""

    def __init__(self, pull: Pull, clock: Clock, heads: Heads) -> None:
        self._fixed = tuple(area.corners for area in pull.masks)
        self._moving = pull.moving
        self._clock = clock
        self._heads = heads
        self._readings: deque[HeadPosition] = deque()

    @property
    def now(self) -> datetime:
        """The present instant, by the clock that arrivals are told in."""
        return self._clock.now()

    @property
    def moving(self) -> MovingMasks | None:
        """What moves, None where nothing does."""
        return self._moving

    def areas(self, arrived: datetime) -> tuple[Area, ...] | None:
        """Return what to hide in a picture that arrived then; None: wait for where the head was.

        Never waits for longer than half a second: then the picture is black.
        """
        if self._moving is None:
            return self._fixed
        self._read(self._moving.camera_id)
        track = track_for(tuple(self._readings), arrived)
        if track is None:
            return BLACK if self.now - arrived > LONGEST_UNKNOWN else None
        return (*self._fixed, *self._moving.areas(track))

    def _read(self, camera_id: str) -> None:
        reading = self._heads.current(camera_id)
        if reading is None or (self._readings and reading.at <= self._readings[-1].at):
            return
        self._readings.append(HeadPosition(reading.pan, reading.tilt, reading.zoom, reading.at))
        while reading.at - self._readings[0].at > _KEPT:
            self._readings.popleft()

    def followed(self) -> AbstractAsyncContextManager[None]:
        """Keep the head asked while the pull lasts."""
        return self._heads.followed(self._moving.camera_id) if self._moving is not None else _Nothing()


class _Nothing(AbstractAsyncContextManager[None]):
    async def __aenter__(self) -> None:
        return None

    async def __aexit__(self, *_: object) -> None:
        return None
