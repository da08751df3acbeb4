"""The control endpoint: what the simulator is, and what a test does to its cameras. It asks no password."""

import asyncio
import json
import math
import random
import re
from collections.abc import Callable, Mapping
from dataclasses import asdict, replace
from typing import Any, cast

from aiohttp import web

from camera_simulator.camera import Appearance, Camera
from camera_simulator.onvif.quirks import Quirk
from camera_simulator.onvif.reports import ReportKind
from camera_simulator.spoiled import Spoil
from camera_simulator.stream_quirks.events import StreamEvent, happening_from
from camera_simulator.stream_quirks.kinds import StreamHabits, StreamQuirk, habits_from

AUTHORITY = re.compile(r"(?P<host>[\w.-]+|\[[0-9A-Fa-f:.]+\])(?::\d+)?")
_CAMERA = "/simulator/cameras/{camera}"
_FAULTS = (
    'expected {"freeze": bool, "offline": bool, "picture": null | "still" | "black" | "blurred" | "shifted",'
    ' "clock_error_s": number}'
)


class Control:
    """The routes under `/simulator`."""

    def __init__(
        self, cameras: Mapping[str, Camera], *, rtsp_port: int, forget_subscriptions: Callable[[Camera], None]
    ) -> None:
        self._cameras = cameras
        self._rtsp_port = rtsp_port
        self._forget_subscriptions = forget_subscriptions
        self._encoding: dict[str, asyncio.Lock] = {name: asyncio.Lock() for name in cameras}
        self._chance = random.SystemRandom()

    def add_routes(self, app: web.Application) -> None:
        """Add them to an application."""
        app.router.add_get("/simulator/cameras", self._list)
        app.router.add_get(f"{_CAMERA}/card", self._get_card)
        app.router.add_put(f"{_CAMERA}/card", self._insert_card)
        app.router.add_delete(f"{_CAMERA}/card", self._remove_slot)
        app.router.add_put(f"{_CAMERA}/quirks", self._set_quirks)
        app.router.add_post(f"{_CAMERA}/reports", self._report)
        app.router.add_post(f"{_CAMERA}/reboot", self._reboot)
        app.router.add_get(f"{_CAMERA}/faults", self._get_faults)
        app.router.add_post(f"{_CAMERA}/faults", self._set_faults)
        app.router.add_get(f"{_CAMERA}/stream-quirks", self._get_stream_quirks)
        app.router.add_put(f"{_CAMERA}/stream-quirks", self._set_stream_quirks)
        app.router.add_post(f"{_CAMERA}/stream-events", self._let_happen)
        app.router.add_get(f"{_CAMERA}/ptz-log", self._get_ptz_log)
        app.router.add_delete(f"{_CAMERA}/ptz-log", self._clear_ptz_log)

    def _camera(self, request: web.Request) -> Camera:
        camera = self._cameras.get(request.match_info["camera"])
        if camera is None:
            raise web.HTTPNotFound(text="no such camera")
        return camera

    async def _list(self, request: web.Request) -> web.Response:
        host = AUTHORITY.fullmatch(request.host)
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
                        "codec": camera.streams["main"].clip.codec,
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

    async def _get_card(self, request: web.Request) -> web.Response:
        camera = self._camera(request)
        capacity = None if not camera.card_slot else camera.card.capacity_s if camera.card else 0
        return web.json_response({"capacity_s": capacity, "calls": dict(camera.card_calls)})

    async def _insert_card(self, request: web.Request) -> web.Response:
        camera = self._camera(request)
        try:
            capacity = float((await request.json())["capacity_s"])
        except (json.JSONDecodeError, ValueError, TypeError, KeyError) as error:
            raise web.HTTPBadRequest(text='expected {"capacity_s": seconds, 0 for an empty slot}') from error
        if not (math.isfinite(capacity) and capacity >= 0):
            raise web.HTTPBadRequest(text="capacity_s: from 0")
        camera.insert_card(asyncio.get_running_loop().time(), capacity)
        return web.json_response({"capacity_s": capacity})

    async def _remove_slot(self, request: web.Request) -> web.Response:
        self._camera(request).remove_slot()
        return web.json_response({})

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
        self._forget_subscriptions(self._camera(request))
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
        if how is not None and not camera.can_spoil:
            raise web.HTTPConflict(text="this camera cannot send sick pictures: not encoded as the others")
        await self._change(camera, lambda now: replace(now, picture=how))
        camera.set_clock_error(float(faults["clock_error_s"]))
        camera.set_faults(frozen=faults["freeze"], offline=faults["offline"])
        return web.json_response(_faults(camera))

    async def _get_stream_quirks(self, request: web.Request) -> web.Response:
        return web.json_response(_habits(self._camera(request).habits))

    async def _set_stream_quirks(self, request: web.Request) -> web.Response:
        camera = self._camera(request)
        try:
            habits = habits_from(await request.json())
        except ValueError as error:
            known = [quirk.value for quirk in StreamQuirk]
            raise web.HTTPBadRequest(text=f"{error}; expected a list of {known}, or quirks and parameters") from error
        await self._change(camera, lambda now: replace(now, habits=habits))
        return web.json_response(_habits(camera.habits))

    async def _let_happen(self, request: web.Request) -> web.Response:
        camera = self._camera(request)
        try:
            happening = happening_from(await request.json())
        except ValueError as error:
            raise web.HTTPBadRequest(text=f"{error}; known events: {[event.value for event in StreamEvent]}") from error
        match happening.event:
            case StreamEvent.CLOCK_STEP | StreamEvent.CLOCK_BACKWARD:
                camera.jump_clock(happening.seconds)
            case StreamEvent.SSRC_CHANGE:
                camera.change_sources(self._chance)
            case StreamEvent.RESOLUTION_SWITCH:
                await self._change(camera, lambda now: replace(now, smaller=not now.smaller))
        sizes = {quality: [stream.clip.width, stream.clip.height] for quality, stream in camera.streams.items()}
        return web.json_response({"sizes": sizes})

    async def _get_ptz_log(self, request: web.Request) -> web.Response:
        return web.json_response(self._camera(request).ptz_log.report(asyncio.get_running_loop().time()))

    async def _clear_ptz_log(self, request: web.Request) -> web.Response:
        self._camera(request).ptz_log.clear()
        return web.json_response({})

    async def _change(self, camera: Camera, change: Callable[[Appearance], Appearance]) -> None:
        """Change what a camera sends, one change at a time, and not before its pictures are encoded."""
        async with self._encoding[camera.name]:
            wanted = change(camera.appearance)
            renditions = await asyncio.to_thread(camera.prepare, wanted)
            camera.show(wanted, renditions)


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
        "picture": camera.appearance.picture,
        "clock_error_s": camera.clock_error_s,
    }


def _habits(habits: StreamHabits) -> dict[str, Any]:
    return {name: sorted(value) if name == "quirks" else value for name, value in asdict(habits).items()}
