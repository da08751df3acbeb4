"""Outside systems: a camera as RTSP and ONVIF show it, and the safe where its password lies."""

from dataclasses import dataclass
from typing import Protocol

from camera_registry.domain.camera import Credentials


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
class OnvifFindings:
    """What an ONVIF device said of itself. ``error`` is French, without any secret."""

    ok: bool
    manufacturer: str | None = None
    model: str | None = None
    firmware: str | None = None
    profiles: tuple[str, ...] = ()
    has_ptz: bool | None = None
    error: str | None = None


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
