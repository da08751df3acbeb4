"""Outside systems: a camera as RTSP and ONVIF show it, and the safe where its password lies."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from camera_registry.domain.camera import Credentials
from camera_registry.domain.masks import MaskPolygon


@dataclass(frozen=True, slots=True)
class RtspFindings:
    """What an RTSP address answered. ``ok``: video frames arrived. ``error`` is French, without any secret.

    ``width``/``height`` in pixels and ``fps`` are None where the stream does not say.
    """

    ok: bool
    codec: str | None = None
    width: int | None = None
    height: int | None = None
    fps: float | None = None
    error: str | None = None


@dataclass(frozen=True, slots=True)
class ProfileFound:
    """One media profile of a device. ``width``/``height`` in pixels, ``gop_s`` seconds between keyframes.

    ``uri`` is its RTSP address on the host that we know, without user name or password: never for a browser.
    """

    token: str
    name: str
    codec: str | None = None
    width: int | None = None
    height: int | None = None
    fps: float | None = None
    gop_s: float | None = None
    bitrate_kbps: int | None = None
    moves: bool = False
    uri: str | None = None


@dataclass(frozen=True, slots=True)
class PresetFound:
    """A position that is stored in the camera."""

    token: str
    name: str


@dataclass(frozen=True, slots=True)
class OnvifFindings:
    """What an ONVIF device said of itself. ``error`` is French, without any secret; None where nobody could tell.

    ``ok``: it told who it is. ``remarks`` are French, of what it did not tell. ``clock_offset_ms`` is the device's
    clock minus ours, true within half of ``clock_round_trip_ms`` plus half a second (devices tell whole seconds).
    ``hosts`` are the names and addresses the device believes it has. ``has_masks``: it takes masks by Media2.
    """

    ok: bool
    manufacturer: str | None = None
    model: str | None = None
    firmware: str | None = None
    profiles: tuple[str, ...] = ()
    has_ptz: bool | None = None
    error: str | None = None
    serial: str | None = None
    hardware: str | None = None
    services: tuple[str, ...] = ()
    streams: tuple[ProfileFound, ...] = ()
    presets: tuple[PresetFound, ...] = ()
    has_masks: bool | None = None
    has_events: bool | None = None
    alarm_kinds: tuple[str, ...] = ()
    clock_offset_ms: int | None = None
    clock_round_trip_ms: int | None = None
    hosts: tuple[str, ...] = ()
    snapshot: tuple[int, int] | None = None
    remarks: tuple[str, ...] = ()


class RtspProbe(Protocol):
    """Looks at a stream. Never raises for what a camera does: that is a finding."""

    async def look(self, url: str, credentials: Credentials | None) -> RtspFindings: ...


class OnvifProbe(Protocol):
    """Asks a device what it is. Never raises for what a camera does: that is a finding."""

    async def ask(self, url: str, credentials: Credentials | None) -> OnvifFindings: ...


class CredentialVault(Protocol):
    """Seals camera credentials for storage; ``camera_id`` binds a sealed value to its camera."""

    def seal(self, camera_id: str, credentials: Credentials) -> bytes: ...

    def unseal(self, camera_id: str, sealed: bytes) -> Credentials: ...


class StillUnavailable(Exception):
    """No picture to draw on; the text is French and says why, without address and without secret."""


@dataclass(frozen=True, slots=True)
class StillPicture:
    """What a camera shows: JPEG bytes, width and height in pixels."""

    jpeg: bytes
    width: int
    height: int


class StillTaker(Protocol):
    """Takes the pictures that masks are drawn on, and paints over what they hide."""

    async def take(self, url: str, credentials: Credentials | None) -> StillPicture:
        """Return what the camera shows now; raises StillUnavailable."""
        ...

    async def burn(self, jpeg: bytes, polygons: Sequence[MaskPolygon]) -> bytes:
        """Return the picture with solid polygons over what is private; raises StillUnavailable."""
        ...


class MasksNotBorne(Exception):
    """The camera does not hide these areas by itself; the text is French and says why.

    ``silent``: it could not be asked, so that nothing is known.
    """

    def __init__(self, message: str, *, silent: bool = False) -> None:
        super().__init__(message)
        self.silent = silent


class MaskBearer(Protocol):
    """Puts masks on a camera and makes sure that they are there."""

    async def apply(self, url: str, credentials: Credentials | None, polygons: Sequence[MaskPolygon]) -> None:
        """Return once the camera itself confirmed that it hides these areas; raises MasksNotBorne."""
        ...

    async def confirm(self, url: str, credentials: Credentials | None, polygons: Sequence[MaskPolygon]) -> None:
        """Return if the camera says that it still hides these areas; raises MasksNotBorne."""
        ...
