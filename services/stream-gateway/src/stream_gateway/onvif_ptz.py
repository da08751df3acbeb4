"""A camera's motors through ONVIF. Every operation has its own time limit: cameras are known to hang mid-answer.

Source: ONVIF PTZ Service Specification, ContinuousMove, Stop and GotoPreset.
"""

import asyncio
from collections.abc import Awaitable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, TypeVar
from urllib.parse import urlsplit

import aiohttp
import httpx
import structlog
from lxml.etree import LxmlError
from onvif import ONVIFCamera
from onvif.exceptions import ONVIFAuthError, ONVIFError
from zeep.exceptions import Error as ZeepError

from stream_gateway.ports import CameraSource, PtzFailed, Velocity

_T = TypeVar("_T")
_LOG = structlog.get_logger("stream-gateway.ptz")


class _Device(ONVIFCamera):
    """A camera whose device service stands where its address says, not under a fixed path."""

    def __init__(self, url: str, username: str | None, password: str | None) -> None:
        parts = urlsplit(url)
        self._device_url = url
        port = parts.port or (443 if parts.scheme == "https" else 80)
        super().__init__(parts.hostname or "", port, username, password)

    def get_definition(self, name: str, port_type: str | None = None) -> tuple[str, str, str]:
        xaddr, wsdl, binding = super().get_definition(name, port_type)
        return (self._device_url if name == "devicemgmt" else xaddr), wsdl, binding


@dataclass(slots=True)
class _Head:
    """An open PTZ service of one camera and the profile its motors belong to."""

    source: CameraSource
    device: _Device
    service: Any
    profile: str
    stopping: asyncio.Task[None] | None = None


class OnvifPtz:
    """``PtzController``. Connections are kept, so that a joystick pays for the first command only.

    ``within`` bounds each operation, in seconds.
    """

    def __init__(self, within: float) -> None:
        self._within = within
        self._heads: dict[str, _Head] = {}

    async def move(self, camera_id: str, source: CameraSource, velocity: Velocity, *, seconds: float) -> None:
        head = await self._head(camera_id, source)
        if head.stopping is not None:
            head.stopping.cancel()
        request = {
            "ProfileToken": head.profile,
            "Velocity": {"PanTilt": {"x": velocity.pan, "y": velocity.tilt}, "Zoom": {"x": velocity.zoom}},
            # the camera's own limit, should our stop get lost
            "Timeout": timedelta(seconds=seconds),
        }
        await self._do(camera_id, head.service.ContinuousMove(request))
        head.stopping = asyncio.create_task(self._stop_after(camera_id, head, seconds))

    async def go_to_preset(self, camera_id: str, source: CameraSource, preset: str) -> None:
        head = await self._head(camera_id, source)
        if head.stopping is not None:
            head.stopping.cancel()
        request = {"ProfileToken": head.profile, "PresetToken": preset}
        await self._do(camera_id, head.service.GotoPreset(request))

    async def close(self) -> None:
        """Stop what still moves and close every connection."""
        for camera_id, head in list(self._heads.items()):
            if head.stopping is not None and not head.stopping.done():
                head.stopping.cancel()
                await self._stop(camera_id, head)
            await head.device.close()
        self._heads.clear()

    async def _stop_after(self, camera_id: str, head: _Head, seconds: float) -> None:
        await asyncio.sleep(seconds)
        await self._stop(camera_id, head)

    async def _stop(self, camera_id: str, head: _Head) -> None:
        request = {"ProfileToken": head.profile, "PanTilt": True, "Zoom": True}
        try:
            await self._do(camera_id, head.service.Stop(request))
        except PtzFailed as error:
            _LOG.warning("camera not stopped, its own time limit does it", cause=str(error))

    async def _head(self, camera_id: str, source: CameraSource) -> _Head:
        known = self._heads.get(camera_id)
        if known is not None and known.source == source:
            return known
        if source.onvif_url is None:
            raise PtzFailed("Cette caméra n'a pas d'adresse de commande.")
        device = _Device(source.onvif_url, source.username, source.password)
        try:
            head = await self._do(camera_id, self._open(source, device))
        except BaseException:
            await device.close()
            raise
        self._heads[camera_id] = head
        return head

    async def _open(self, source: CameraSource, device: _Device) -> _Head:
        await device.update_xaddrs()
        media: Any = await device.create_media_service()
        profiles: Any = await media.GetProfiles()
        profile = next((item for item in profiles if getattr(item, "PTZConfiguration", None) is not None), None)
        if profile is None:
            raise PtzFailed("Cette caméra ne se commande pas.")
        return _Head(source, device, await device.create_ptz_service(), str(profile.token))

    async def _do(self, camera_id: str, operation: Awaitable[_T]) -> _T:
        """Run one exchange; after a failure the connection is opened anew next time."""
        try:
            return await asyncio.wait_for(operation, self._within)
        except TimeoutError:
            reason = "La caméra ne répond pas à la commande."
        except ONVIFAuthError:
            reason = "La caméra refuse les identifiants de commande."
        except (aiohttp.ClientError, httpx.HTTPError, OSError):
            reason = "La caméra est injoignable."
        except (ONVIFError, ZeepError, LxmlError, AttributeError, ValueError):
            reason = "La caméra a refusé la commande."
        self._heads.pop(camera_id, None)
        raise PtzFailed(reason)
