"""The HTTP port: ONVIF services, snapshots, and the control endpoint of the simulator."""

import asyncio
import json
import math
import re
from collections.abc import Awaitable, Callable, Mapping
from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from typing import Any, cast

from aiohttp import web

from camera_simulator.camera import Camera
from camera_simulator.digest import Credentials, DigestGate, Verdict
from camera_simulator.onvif import device, masks, media, ptz
from camera_simulator.onvif.events import EventService
from camera_simulator.onvif.operations import Call, Operation
from camera_simulator.onvif.quirks import ANSWERING, Quirk, answer, undeclared
from camera_simulator.onvif.reports import ReportKind
from camera_simulator.onvif.soap import SoapFaultError, SoapRequest, UsernameTokenGate, envelope, parse
from camera_simulator.pictures import snapshot
from camera_simulator.ptz import HOME, window_at
from camera_simulator.spoiled import Spoil

MAX_REQUEST_OCTETS = 65_536
SOAP_CONTENT_TYPE = "application/soap+xml"
SERVER = "Vigie camera simulator"
_AUTHORITY = re.compile(r"(?P<host>[\w.-]+|\[[0-9A-Fa-f:.]+\])(?::\d+)?")
_FAULTS = (
    'expected {"freeze": bool, "offline": bool, "picture": null | "still" | "black" | "blurred" | "shifted",'
    ' "clock_error_s": number}'
)
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
        events = self._events.operations
        self._operations: dict[str, Mapping[str, Operation]] = {
            "tds": device.OPERATIONS,
            "trt": media.OPERATIONS,
            "tr2": masks.OPERATIONS,
            "tptz": ptz.OPERATIONS,
            "tev": events,
            "wsnt": events,
        }

    def application(self) -> web.Application:
        """The aiohttp application."""
        app = web.Application(client_max_size=MAX_REQUEST_OCTETS)
        service = "{service:(?:device|media|media2|ptz|event)_service}"
        app.router.add_post(f"/onvif/{{camera}}/{service}", self._of_camera(self._soap))
        app.router.add_post("/onvif/{service:device_service}", self._of_camera(self._soap))  # the first camera's
        app.router.add_post("/onvif/{camera}/subscriptions/{subscription}", self._of_camera(self._soap))
        app.router.add_get("/onvif/{camera}/snapshot/{quality:main|sub}.jpg", self._of_camera(self._snapshot))
        app.router.add_get("/simulator/cameras", self._list)
        app.router.add_put("/simulator/cameras/{camera}/quirks", self._set_quirks)
        app.router.add_post("/simulator/cameras/{camera}/reports", self._report)
        app.router.add_post("/simulator/cameras/{camera}/reboot", self._reboot)
        app.router.add_get("/simulator/cameras/{camera}/faults", self._get_faults)
        app.router.add_post("/simulator/cameras/{camera}/faults", self._set_faults)
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
        status = HTTPStatus.OK
        try:
            document = await self._call(request, camera, parse(await request.read()))
        except SoapFaultError as fault:
            status, document = HTTPStatus(fault.status), fault.envelope()
        if Quirk.NO_NAMESPACES in camera.quirks:
            document = undeclared(document)
        headers = {"Server": SERVER}
        return web.Response(
            status=status, text=document, content_type=SOAP_CONTENT_TYPE, charset="utf-8", headers=headers
        )

    async def _call(self, request: web.Request, camera: Camera, soap: SoapRequest) -> str:
        operation = self._operations.get(soap.prefix, {}).get(soap.name)
        if operation is None:
            raise SoapFaultError(f"{soap.name} is not supported", "ter:ActionNotSupported", status=500)
        if soap.name == "GetServices" and Quirk.NO_GET_SERVICES in camera.quirks:
            raise SoapFaultError("GetServices is not supported", "ter:ActionNotSupported", status=500)
        if not (soap.prefix == "tds" and soap.name in device.PRE_AUTH):
            self._judge(request, camera, soap)
        host = _AUTHORITY.fullmatch(request.host)
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

    # The simulator itself

    async def _list(self, request: web.Request) -> web.Response:
        host = _AUTHORITY.fullmatch(request.host)
        rtsp = f"rtsp://{host['host'] if host else '127.0.0.1'}:{self._rtsp_port}"
        return web.json_response(
            {
                "items": [
                    {
                        "camera": camera.name,
                        "main_url": f"{rtsp}/cam/{camera.name}/main",
                        "sub_url": f"{rtsp}/cam/{camera.name}/sub",
                        "onvif_url": f"http://{request.host}/onvif/{camera.name}/device_service",
                        "has_ptz": camera.head is not None,
                        **_faults(camera),
                    }
                    for camera in self._cameras.values()
                ]
            }
        )

    async def _set_quirks(self, request: web.Request) -> web.Response:
        camera = self._camera(request)
        try:
            wanted: list[str] = await request.json()
            camera.quirks = frozenset(Quirk(name) for name in wanted)
        except (json.JSONDecodeError, ValueError, TypeError) as error:
            raise web.HTTPBadRequest(text=f"expected a list of {[quirk.value for quirk in Quirk]}") from error
        return web.json_response(sorted(camera.quirks))

    async def _report(self, request: web.Request) -> web.Response:
        camera = self._camera(request)
        try:
            wanted: dict[str, Any] = await request.json()
            kind, active = ReportKind(wanted["kind"]), wanted.get("active")
        except (json.JSONDecodeError, ValueError, TypeError, KeyError) as error:
            raise web.HTTPBadRequest(text='expected {"kind": "tamper"|"line"|"contact", "active": bool}') from error
        lasting = None if kind is ReportKind.LINE else active is not False
        camera.reports.add(kind, asyncio.get_running_loop().time(), active=lasting)
        return web.json_response({"count": camera.reports.count})

    async def _reboot(self, request: web.Request) -> web.Response:
        self._events.forget_all(self._camera(request))
        return web.json_response({})

    async def _get_faults(self, request: web.Request) -> web.Response:
        return web.json_response(_faults(self._camera(request)))

    async def _set_faults(self, request: web.Request) -> web.Response:
        camera = self._camera(request)
        try:
            wanted: object = await request.json()
        except json.JSONDecodeError as error:
            raise web.HTTPBadRequest(text="not JSON") from error
        faults = _faults(camera)
        if not isinstance(wanted, dict) or not all(
            name in faults and _fits(name, value) for name, value in cast("dict[str, object]", wanted).items()
        ):
            raise web.HTTPBadRequest(text=_FAULTS)
        faults |= cast("dict[str, Any]", wanted)
        how = Spoil(faults["picture"]) if faults["picture"] else None
        if how is not camera.picture:
            await asyncio.to_thread(camera.prepare_picture, how)
            camera.show_picture(how)
        camera.set_clock_error(float(faults["clock_error_s"]))
        camera.set_faults(frozen=faults["freeze"], offline=faults["offline"])
        return web.json_response(_faults(camera))


def _fits(name: str, value: object) -> bool:
    if name == "picture":
        return value is None or value in list(Spoil)
    if name == "clock_error_s":
        return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
    return isinstance(value, bool)


def _faults(camera: Camera) -> dict[str, Any]:
    return {
        "freeze": camera.frozen,
        "offline": camera.offline,
        "picture": camera.picture,
        "clock_error_s": camera.clock_error_s,
    }


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
