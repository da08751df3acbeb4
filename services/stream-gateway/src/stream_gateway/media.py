"""The port of media engines: how a camera is pulled, and what it delivers while it is.

One pull of a stream serves everybody: recording, live viewers, stills and other media nodes. So an engine knows nothing
of them: it opens a pull and puts access units into a sink. It never opens one anew by itself: when to try again is
decided in one place (``ingest.hub``). Both engines that pull cameras, native and ffmpeg, pass the one contract suite in
``tests/integration/test_media_engine_contract.py``; the one that paints stands in front of them and has its own.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Protocol

from stream_gateway.domain.access_units import AccessUnit, ParameterSets
from stream_gateway.domain.moving_masks import MovingMasks


@dataclass(frozen=True, slots=True)
class MaskedArea:
    """One private area: corners ``(x, y)`` in fractions of the picture from its top left, 0 to 1; painted solid."""

    corners: tuple[tuple[float, float], ...]


@dataclass(frozen=True, slots=True)
class Pull:
    """Where a stream comes from, and what must be hidden in it before anybody sees or stores it.

    The URL may hold a password: it never shows in a ``repr`` or a log. ``masks`` is empty where nothing is private or
    the camera hides it by itself. ``moving``: what is private where a camera turns, hidden besides ``masks``.
    """

    url: str = field(repr=False)
    masks: tuple[MaskedArea, ...] = ()
    moving: MovingMasks | None = None

    @property
    def hides(self) -> bool:
        """Whether the media plane must burn something in: only an engine that does may open this pull."""
        return bool(self.masks) or self.moving is not None


class EndKind(StrEnum):
    """Why a pull ended, as far as the next try depends on it."""

    UNREACHABLE = "unreachable"
    REFUSED = "refused"
    """The camera refused the credentials: trying often locks accounts."""
    UNKNOWN_STREAM = "unknown_stream"
    SILENT = "silent"
    CLOSED = "closed"
    UNSUPPORTED = "unsupported"
    """This engine cannot do it, another one may: transport, codec, encryption."""
    MALFORMED = "malformed"
    """What the camera sent is not what it says it is."""
    OVER_BUDGET = "over_budget"
    """This node has no room to burn masks in: it serves nothing rather than something unmasked."""


class PullEnded(Exception):
    """A pull stopped giving media. ``reason`` is a French sentence without address or password."""

    def __init__(self, reason: str, kind: EndKind = EndKind.CLOSED) -> None:
        super().__init__(reason)
        self.reason = reason
        self.kind = kind


@dataclass(frozen=True, slots=True)
class PicturesLost:
    """Pictures went missing on the way and what could not be decoded without them was dropped; ``cause`` is French.

    ``packets``: how many are known to be missing, 0 where only their damage is known.
    """

    cause: str
    packets: int = 0


@dataclass(frozen=True, slots=True)
class ClockRead:
    """The camera says what its wall clock showed (``unix_time``, seconds) at a time of its pictures (RTCP)."""

    unix_time: float
    time: int


PullEvent = PicturesLost | ClockRead


class PullSink(Protocol):
    """Where a pull delivers. Called in the event loop, in order; returns at once and never raises."""

    def begin(self, parameters: ParameterSets) -> None:
        """Take what a decoder must know: before the first unit, and whenever it changes (codec, size)."""
        ...

    def take(self, units: Sequence[AccessUnit]) -> None:
        """Take access units in order of decoding; the first after ``begin`` or a loss is a key frame.

        Times are strictly increasing within a pull: a jump of the camera's clock has been mended by the engine.
        """
        ...

    def heard(self, *, anew: bool) -> None:
        """Take that pictures came which are kept unread while the pull rests.

        ``anew``: a later group of pictures than the one taken last has begun.
        """
        ...

    def report(self, event: PullEvent) -> None:
        """Take what happened besides."""
        ...

    def end(self, ended: PullEnded) -> None:
        """Take the end: the last call. Not called after ``OpenPull.close``."""
        ...


class OpenPull(Protocol):
    """A pull under way."""

    def hurry(self, *, wanted: bool) -> None:
        """Deliver each unit as it arrives because somebody watches, or in batches of a half a second."""
        ...

    def rest(self, *, wanted: bool) -> None:
        """Nobody takes units now: an engine may keep them unread from the last key frame on, and tell ``heard``.

        Wanted no more, all that it kept is delivered before this returns. An engine that gains nothing by it ignores
        the wish.
        """
        ...

    async def close(self) -> None:
        """End the pull: no call to the sink from now on, nothing left behind. Safe to call twice."""
        ...


class MediaEngine(Protocol):
    """Pulls cameras. No transcoding, except to burn masks in; no audio track ever passes (DOMAIN §3)."""

    @property
    def name(self) -> str:
        """Shown to supervisors: ``native``, ``ffmpeg``, ``masques``."""
        ...

    def open(self, pull: Pull, sink: PullSink) -> OpenPull:
        """Begin to pull; returns at once, everything else comes through the sink."""
        ...
