"""What this service needs of the outside: a media engine, a camera's motors, a camera's address, the index.

Every Protocol that has more than one possible implementation has one contract test suite in ``tests``.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import Protocol, Self

from stream_gateway.domain.fragments import Fragment, InitSegment
from stream_gateway.domain.replays import ReplaySegment


@dataclass(frozen=True, slots=True)
class Pull:
    """Where a stream comes from. The URL may hold a password: it never shows in a ``repr`` or a log."""

    url: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class CameraSource:
    """A camera's endpoints as the registry gives them to the media plane, and to nobody else."""

    main: Pull
    sub: Pull
    onvif_url: str | None = field(repr=False)
    username: str | None = field(repr=False)
    password: str | None = field(repr=False)


class SourceUnavailable(Exception):
    """The registry did not answer, or knows no source for this camera; try again later."""


class PullEnded(Exception):
    """A pull stopped giving media. ``reason`` is a French sentence without address or password."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(frozen=True, slots=True)
class MediaAdvanced:
    """Media came in: the position in the stream moved since the last time."""


@dataclass(frozen=True, slots=True)
class SegmentClosed:
    """A file is complete and nobody writes to it any more. Its name begins with ``YYYYmmddTHHMMSS`` (UTC)."""

    path: Path


class RecordingRun(Protocol):
    """One pull being written to files, from entering the context to leaving it."""

    async def __aenter__(self) -> Self: ...
    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...

    async def next_event(self) -> MediaAdvanced | SegmentClosed:
        """Wait for what happens next; raises PullEnded when the run is over."""
        ...

    def finish(self) -> None:
        """Ask for the last file to be closed; ``next_event`` gives it, then raises PullEnded."""
        ...


class LiveRun(Protocol):
    """One pull as fragments of one frame each."""

    async def __aenter__(self) -> Self: ...
    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...

    async def next_part(self) -> InitSegment | Fragment:
        """Wait for the init segment, then for each fragment; raises PullEnded when the run is over."""
        ...


class MediaEngine(Protocol):
    """Pulls cameras. No transcoding; no audio track ever passes (DOMAIN §3)."""

    def record(self, pull: Pull, *, folder: Path, segment_seconds: int) -> RecordingRun:
        """Prepare a recording of ``segment_seconds`` files, cut on key frames at multiples of the wall clock.

        A file killed in the middle must be readable up to its last complete group of pictures.
        """
        ...

    def live(self, pull: Pull) -> LiveRun:
        """Prepare a live pull; its decode times begin at 0."""
        ...

    async def picture(self, init: InitSegment, fragments: Sequence[Fragment]) -> bytes:
        """Decode a group of pictures and return its last frame as JPEG; raises PullEnded when it cannot."""
        ...


class PtzFailed(Exception):
    """The camera did not do the move. The text is a French sentence without address or password."""


@dataclass(frozen=True, slots=True)
class Velocity:
    """Speeds, each in −1…1 of the camera's own maximum."""

    pan: float
    tilt: float
    zoom: float


class PtzController(Protocol):
    """A camera's motors. Every call is bounded in time and raises PtzFailed."""

    async def move(self, camera_id: str, source: CameraSource, velocity: Velocity, *, seconds: float) -> None:
        """Move for ``seconds``, then stop; a new move replaces the present one."""
        ...

    async def go_to_preset(self, camera_id: str, source: CameraSource, preset: str) -> None:
        """Go to a stored position."""
        ...


class CameraSources(Protocol):
    """Tells where a camera's streams are."""

    async def get(self, camera_id: str, revision: int) -> CameraSource:
        """Return the endpoints as of a revision of the camera; raises SourceUnavailable."""
        ...

    def doubt(self, camera_id: str) -> None:
        """Ask again next time, because the endpoints did not work; the old ones remain as a fallback."""
        ...


class SegmentIndex(Protocol):
    """Knows which footage exists and may still be read."""

    async def find(self, camera_id: str, starts_at: datetime, ends_at: datetime) -> list[ReplaySegment]:
        """Return readable segments that touch the half-open window, in order."""
        ...
