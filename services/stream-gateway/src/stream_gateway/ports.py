"""What this service needs of the outside: a camera's motors, its address, its recording, the index. Pulls: ``media``.

Every Protocol that has more than one possible implementation has one contract test suite in ``tests``.
"""

from collections.abc import AsyncGenerator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from stream_gateway.domain.access_units import AccessUnit, ParameterSets
from stream_gateway.domain.backfill import EdgeRefusal
from stream_gateway.domain.intervals import Interval
from stream_gateway.domain.ptz.orders import Order, Pointing, StoredPreset
from stream_gateway.domain.replays import Recorded, ReplaySegment
from stream_gateway.masks_to_burn import NO_MASKS, MasksToBurn
from stream_gateway.media import Pull


@dataclass(frozen=True, slots=True)
class CameraSource:
    """A camera's endpoints as the registry gives them to the media plane, and to nobody else.

    ``masks`` are in both pulls already; kept besides to compare them with what the camera's state names.
    """

    main: Pull
    sub: Pull
    onvif_url: str | None = field(repr=False)
    username: str | None = field(repr=False)
    password: str | None = field(repr=False)
    masks: MasksToBurn = NO_MASKS


class SourceUnavailable(Exception):
    """The registry did not answer, or knows no source for this camera; try again later."""


class PtzFailed(Exception):
    """The camera did not do what it was told. The text is a French sentence without address or password."""


class PositionUntold(PtzFailed):
    """The camera obeys and does not tell where it points."""

    def __init__(self) -> None:
        super().__init__("La caméra ne dit pas où elle regarde.")


class Motor(Protocol):
    """One camera's motors. Every call is bounded in time and raises PtzFailed."""

    async def obey(self, order: Order) -> None:
        """Give one order, and return when the camera has taken it."""
        ...

    async def pointing(self) -> Pointing:
        """Return where the camera points now; raises PositionUntold where it does not tell."""
        ...

    async def presets(self) -> list[StoredPreset]:
        """Return the positions that the camera keeps."""
        ...

    async def set_preset(self, name: str, token: str | None) -> str:
        """Keep where it points now, as a new preset or in the place of one; return its token."""
        ...

    async def remove_preset(self, token: str) -> None:
        """Forget a position."""
        ...

    async def close(self) -> None:
        """Close connections; does not stop the camera."""
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

    async def find(self, camera_id: str, starts_at: datetime, ends_at: datetime) -> Recorded:
        """Return readable segments and declared gaps that touch the half-open window, in order."""
        ...


class EdgeRefused(Exception):
    """A camera does not give what it recorded itself; ``kind`` says why, its sentence is French."""

    def __init__(self, kind: EdgeRefusal) -> None:
        super().__init__(kind.sentence)
        self.kind = kind


@dataclass(frozen=True, slots=True)
class EdgePicture:
    """A picture of a camera's own recording. ``taken_at``: by the camera's clock; the unit's own time means nothing."""

    unit: AccessUnit
    taken_at: datetime


class EdgeArchive(Protocol):
    """What one camera has recorded on a card of its own. Every wait is bounded."""

    async def clock_offset(self) -> float:
        """Return the camera's clock minus ours in seconds, as well as the camera tells it; raises EdgeRefused."""
        ...

    def footage(self, window: Interval) -> AsyncGenerator[ParameterSets | EdgePicture, None]:
        """Yield what a live pull would have delivered in a window of the camera's clock, in order of decoding.

        Begins with parameter sets and the key frame at or before the window's begin, as far as the camera has it; sets
        come again whenever they change, and after a hole a key frame. May go on a little after the window's end; ends
        by itself where the recording does. Close it when enough has come. Raises EdgeRefused, also after some pictures.
        """
        ...

    async def close(self) -> None:
        """Close connections."""
        ...


class FilmGone(Exception):
    """The bytes are no longer where they were: destroyed, or moved from the spool to the store."""


class RecentFootage(Protocol):
    """Finds and reads what was recorded just now, wherever the recording node is."""

    async def find(self, camera_id: str, starts_at: datetime, ends_at: datetime) -> list[ReplaySegment]:
        """Return films that touch the half-open window, in order, as far as whole groups of pictures are written."""
        ...

    async def read(self, object_key: str, start: int, length: int) -> bytes:
        """Return a range of bytes of such a film; raises FilmGone."""
        ...
