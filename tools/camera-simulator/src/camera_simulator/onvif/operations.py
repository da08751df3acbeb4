"""What an ONVIF operation is given, and the shape of one."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime

from camera_simulator.camera import Camera
from camera_simulator.onvif.quirks import INNER_HOST, Quirk
from camera_simulator.onvif.soap import SoapFaultError, SoapRequest
from camera_simulator.stream import CameraStream

VIDEO_SOURCE = "VideoSource"
VIDEO_SOURCE_CONFIGURATION = "VideoSourceConfiguration"
PTZ_NODE = "PtzNode"
PTZ_CONFIGURATION = "PtzConfiguration"


@dataclass(frozen=True, slots=True)
class Call:
    """One call of an operation on a camera.

    Attributes:
        camera: the camera called.
        request: the SOAP request.
        authority: `host:port` by which the client reached the ONVIF port.
        rtsp_authority: `host:port` of the RTSP port for the same client.
        now: instant of the event loop's clock, in seconds.
        utc_now: the same instant by the wall clock.
        subscription: subscription named by the request's address, or "".
    """

    camera: Camera
    request: SoapRequest
    authority: str
    rtsp_authority: str
    now: float
    utc_now: datetime
    subscription: str = ""

    def service_url(self, service: str) -> str:
        """Address of a service of this camera, e.g. `media_service`."""
        authority = INNER_HOST if Quirk.WRONG_XADDR in self.camera.quirks else self.authority
        return f"http://{authority}/onvif/{self.camera.name}/{service}"


Operation = Callable[[Call], Awaitable[str]]


def stream_of_profile(call: Call, token: str) -> tuple[str, CameraStream]:
    """Quality and stream of a media profile (`main` or `sub`).

    Raises:
        SoapFaultError: there is no such profile.
    """
    stream = call.camera.streams.get(token)
    if stream is None:
        raise SoapFaultError(f"no profile {token}", "ter:InvalidArgVal", "ter:NoProfile")
    return token, stream
