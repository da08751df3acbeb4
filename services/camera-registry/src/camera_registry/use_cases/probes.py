"""Looking at a camera through its own protocols; no database is held meanwhile."""

import asyncio

from camera_registry.domain.camera import Camera
from camera_registry.ports import OnvifFindings, OnvifProbe, RtspFindings, RtspProbe


async def probe_camera(*, camera: Camera, rtsp: RtspProbe, onvif: OnvifProbe) -> tuple[RtspFindings, OnvifFindings]:
    """Ask the camera's stream and its ONVIF device at the same time."""
    return await asyncio.gather(_stream(camera, rtsp), _device(camera, onvif))


async def _stream(camera: Camera, rtsp: RtspProbe) -> RtspFindings:
    if camera.endpoints.main_url is None:
        return RtspFindings(ok=False, error="Aucune adresse RTSP n'est enregistrée pour cette caméra.")
    return await rtsp.look(camera.endpoints.main_url, camera.credentials)


async def _device(camera: Camera, onvif: OnvifProbe) -> OnvifFindings:
    if camera.endpoints.onvif_url is None:
        return OnvifFindings(ok=False, error="Aucune adresse ONVIF n'est enregistrée pour cette caméra.")
    return await onvif.ask(camera.endpoints.onvif_url, camera.credentials)
