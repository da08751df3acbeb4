"""The HTTP port: ONVIF services and snapshots, beside the control endpoint of the simulator."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from datetime import UTC, datetime, timedelta
from http import HTTPStatus

from aiohttp import web

from camera_simulator.camera import Camera
from camera_simulator.control import AUTHORITY, Control
from camera_simulator.digest import Credentials, DigestGate, Verdict
from camera_simulator.onvif import device, masks, media, ptz, recordings
from camera_simulator.onvif.events import EventService
from camera_simulator.onvif.operations import Call, Operation
from camera_simulator.onvif.quirks import ANSWERING, Quirk, answer, undeclared
from camera_simulator.onvif.soap import SoapFaultError, SoapRequest, UsernameTokenGate, envelope, parse
from camera_simulator.pictures import snapshot
from camera_simulator.ptz import HOME, window_at

MAX_REQUEST_OCTETS = 65_536
SOAP_CONTENT_TYPE = "application/soap+xml"
SLOW_PTZ_SECONDS = 0.3
SERVER = "Vigie camera simulator"
_ACTIONS = {
    "CreatePullPointSubscription": "EventPortType/CreatePullPointSubscriptionResponse",
    "PullMessages": "PullPointSubscription/PullMessagesResponse",
    "SetSynchronizationPoint": "PullPointSubscription/SetSynchronizationPointResponse",
}
_SUBSCRIPTION_MANAGER = "http://docs.oasis-open.org/wsn/bw-2/SubscriptionManager"


class HttpFace:
    """The routes of all cameras."""

    def __init__(
        self,
        cameras: Mapping[str, Camera],
        *,
        credentials: Credentials | None,
        gate: DigestGate,
        rtsp_port: int,
    ) -> None:
        self._cameras = cameras
        self._gate = gate
        self._token_gate = UsernameTokenGate(credentials, lambda: datetime.now(UTC))
        self._rtsp_port = rtsp_port
        self._events = EventService()
        self._control = Control(cameras, rtsp_port=rtsp_port, forget_subscriptions=self._events.forget_all)
        events = self._events.operations
        self._operations: dict[str, Mapping[str, Operation]] = {
            "tds": device.OPERATIONS,
            "trt": media.OPERATIONS,
            "tr2": masks.OPERATIONS,
            "tptz": ptz.OPERATIONS,
            "tse": recordings.SEARCH_OPERATIONS,
            "trp": recordings.REPLAY_OPERATIONS,
            "tev": events,
            "wsnt": events,
        }

    def application(self) -> web.Application:
        """The aiohttp application."""
        app = web.Application(client_max_size=MAX_REQUEST_OCTETS)
        service = "{service:(?:device|media|media2|ptz|event|search|replay)_service}"
        app.router.add_post(f"/onvif/{{camera}}/{service}", self._of_camera(self._soap))
        app.router.add_post("/onvif/{service:device_service}", self._of_camera(self._soap))  # the first camera's
        app.router.add_post("/onvif/{camera}/subscriptions/{subscription}", self._of_camera(self._soap))
        app.router.add_get("/onvif/{camera}/snapshot/{quality:main|sub}.jpg", self._of_camera(self._snapshot))
        self._control.add_routes(app)
        return app

    # Cameras

    def _of_camera(
        self, respond_as: Callable[[web.Request, Camera], Awaitable[web.StreamResponse]]
    ) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
        async def respond(request: web.Request) -> web.StreamResponse:
            camera = self._camera(request)
            if camera.offline:
                if request.transport is not None:
                    request.transport.abort()
                raise web.HTTPServiceUnavailable
            return await respond_as(request, camera)

        return respond

    def _camera(self, request: web.Request) -> Camera:
        camera = self._cameras.get(request.match_info.get("camera", next(iter(self._cameras))))
        if camera is None:
            raise web.HTTPNotFound(text="no such camera")
        return camera

    async def _soap(self, request: web.Request, camera: Camera) -> web.StreamResponse:
        for quirk in ANSWERING & camera.quirks:
            return await answer(quirk, request)
        received_at = asyncio.get_running_loop().time()
        status = HTTPStatus.OK
        try:
            document = await self._call(request, camera, parse(await request.read()), received_at)
        except SoapFaultError as fault:
            status, document = HTTPStatus(fault.status), fault.envelope()
        if Quirk.NO_NAMESPACES in camera.quirks:
            document = undeclared(document)
        headers = {"Server": SERVER}
        return web.Response(
            status=status, text=document, content_type=SOAP_CONTENT_TYPE, charset="utf-8", headers=headers
        )

    async def _call(self, request: web.Request, camera: Camera, soap: SoapRequest, received_at: float) -> str:
        operation = self._operations.get(soap.prefix, {}).get(soap.name)
        if operation is None:
            raise SoapFaultError(f"{soap.name} is not supported", "ter:ActionNotSupported", status=500)
        if soap.prefix in recordings.SERVICES:
            camera.card_calls[soap.name] += 1
        if soap.prefix in recordings.SERVICES and not camera.card_slot:
            raise SoapFaultError(f"{soap.name} is not supported", "ter:ActionNotSupported", status=500)
        if soap.name == "GetServices" and Quirk.NO_GET_SERVICES in camera.quirks:
            raise SoapFaultError("GetServices is not supported", "ter:ActionNotSupported", status=500)
        if not (soap.prefix == "tds" and soap.name in device.PRE_AUTH):
            self._judge(request, camera, soap)
        if soap.prefix == "tptz":
            camera.ptz_log.add(soap, received_at)
        host = AUTHORITY.fullmatch(request.host)
        if host is None:
            raise web.HTTPBadRequest(text="Host header")
        body = await operation(
            Call(
                camera=camera,
                request=soap,
                authority=request.host,
                rtsp_authority=f"{host['host']}:{self._rtsp_port}",
                now=asyncio.get_running_loop().time(),
                utc_now=datetime.now(UTC) + timedelta(seconds=camera.clock_error_s),
                subscription=request.match_info.get("subscription", ""),
            )
        )
        if soap.prefix == "tptz" and Quirk.SLOW_PTZ in camera.quirks:
            await asyncio.sleep(SLOW_PTZ_SECONDS)
        return envelope(body, action=_response_action(soap))

    def _judge(self, request: web.Request, camera: Camera, soap: SoapRequest) -> None:
        """Check the caller's token, or its HTTP Digest where the camera knows nothing else."""
        if Quirk.HTTP_DIGEST not in camera.quirks:
            self._token_gate.check(soap, ahead=timedelta(seconds=camera.clock_error_s))
            return
        verdict = self._gate.judge(request.headers.get("Authorization"), request.method)
        if verdict is not Verdict.ACCEPTED:
            challenge = self._gate.challenge(stale=verdict is Verdict.STALE)
            raise web.HTTPUnauthorized(headers={"WWW-Authenticate": challenge})

    async def _snapshot(self, request: web.Request, camera: Camera) -> web.Response:
        verdict = self._gate.judge(request.headers.get("Authorization"), request.method)
        if verdict is not Verdict.ACCEPTED:
            challenge = self._gate.challenge(stale=verdict is Verdict.STALE)
            raise web.HTTPUnauthorized(headers={"WWW-Authenticate": challenge})
        stream = camera.streams[request.match_info["quality"]]
        now = asyncio.get_running_loop().time()
        keyframe = stream.clip.keyframe_before(stream.index_now(now))
        window = window_at(camera.head.position(now) if camera.head else HOME)
        jpeg = await asyncio.to_thread(snapshot, stream.clip, keyframe, window)
        return web.Response(body=jpeg, content_type="image/jpeg", headers={"Cache-Control": "no-store"})


def _response_action(soap: SoapRequest) -> str | None:
    if soap.prefix == "wsnt":
        return f"{_SUBSCRIPTION_MANAGER}/{soap.name}Response"
    name = _ACTIONS.get(soap.name)
    return f"http://www.onvif.org/ver10/events/wsdl/{name}" if name else None


async def serve_http(face: HttpFace, *, host: str, port: int) -> tuple[web.AppRunner, int]:
    """Listen; port 0 takes a free one.

    Returns:
        The runner, to be cleaned up, and the port.
    """
    runner = web.AppRunner(face.application(), access_log=None, handle_signals=False, shutdown_timeout=1.0)
    await runner.setup()
    site = web.TCPSite(runner, host, port)
    await site.start()
    return runner, int(runner.addresses[0][1])
