"""An independent ONVIF client (onvif-zeep-async, official WSDLs) uses the simulated cameras."""

import asyncio
import re
import threading
from collections.abc import AsyncGenerator, Awaitable
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any, Self, TypeVar
from urllib.parse import urlsplit

import av
import httpx
import imageio_ffmpeg
import numpy as np
import pytest
from numpy.typing import NDArray
from onvif import ONVIFCamera
from onvif.exceptions import ONVIFError
from zeep.exceptions import Fault

from camera_simulator.testing import SimulatorProcess

pytestmark = pytest.mark.integration
TIMEOUT_SECONDS = 20  # python-onvif-zeep hangs without one
Answer = TypeVar("Answer")


class CameraAtPath(ONVIFCamera):
    """The client assumes one camera per port; the simulator's cameras share one."""

    path = ""

    def get_definition(self, name: str, port_type: str | None = None) -> tuple[str, str, str]:
        address, wsdl, binding = super().get_definition(name, port_type)
        if name == "devicemgmt":
            address = f"http://{self.host}:{self.port}{self.path}"
        return address, wsdl, binding


async def soon(call: Awaitable[Answer]) -> Answer:
    return await asyncio.wait_for(call, TIMEOUT_SECONDS)


@asynccontextmanager
async def client(simulator: SimulatorProcess, number: int, password: str | None = None) -> AsyncGenerator[ONVIFCamera]:
    url = urlsplit(simulator.onvif_url(number))
    assert url.hostname is not None
    assert url.port is not None
    camera = CameraAtPath(url.hostname, url.port, simulator.username, password or simulator.password)
    camera.path = url.path
    try:
        await soon(camera.update_xaddrs())
        yield camera
    finally:
        await camera.close()


async def test_device_tells_that_it_is_simulated(simulator: SimulatorProcess) -> None:
    async with client(simulator, 2) as camera:
        device = await camera.create_devicemgmt_service()
        about = await soon(device.GetDeviceInformation())
        clock = await soon(device.GetSystemDateAndTime())
        services = await soon(device.GetServices({"IncludeCapability": False}))
    assert (about.Manufacturer, about.Model, about.SerialNumber) == ("Vigie", "Simulated camera", "SIM-0002")
    assert clock.UTCDateTime.Date.Year >= 2024
    assert {urlsplit(service.XAddr).path for service in services} == {
        f"/onvif/0002/{name}_service" for name in ("device", "media", "event", "ptz")
    }


async def test_a_fixed_camera_offers_no_ptz(simulator: SimulatorProcess) -> None:
    async with client(simulator, 4) as camera:
        capabilities = await camera.get_capabilities()
        assert capabilities is not None
        assert capabilities["PTZ"] is None
        media = await camera.create_media_service()
        profiles = await soon(media.GetProfiles())
    assert [profile.PTZConfiguration for profile in profiles] == [None, None]


async def test_profiles_and_uris_lead_to_the_picture(simulator: SimulatorProcess) -> None:
    async with client(simulator, 1) as camera:
        media = await camera.create_media_service()
        profiles = await soon(media.GetProfiles())
        described = {
            profile.token: (
                profile.VideoEncoderConfiguration.Encoding,
                profile.VideoEncoderConfiguration.Resolution.Width,
                profile.VideoEncoderConfiguration.Resolution.Height,
                profile.VideoEncoderConfiguration.RateControl.FrameRateLimit,
            )
            for profile in profiles
        }
        assert described == {"main": ("H264", 1280, 720, 13), "sub": ("H264", 640, 360, 10)}
        stream_setup = {"Stream": "RTP-Unicast", "Transport": {"Protocol": "RTSP"}}
        uri = await soon(media.GetStreamUri({"StreamSetup": stream_setup, "ProfileToken": "sub"}))
        assert uri.Uri == simulator.rtsp_url(1, "sub")
        snapshot = await soon(media.GetSnapshotUri({"ProfileToken": "main"}))
    assert simulator.username is not None
    assert simulator.password is not None
    async with httpx.AsyncClient(timeout=TIMEOUT_SECONDS) as web:
        assert (await web.get(snapshot.Uri)).status_code == 401
        account = httpx.DigestAuth(simulator.username, simulator.password)
        answer = await web.get(snapshot.Uri, auth=account)
    assert answer.headers["Content-Type"] == "image/jpeg"
    (picture,) = av.CodecContext.create("mjpeg", "r").decode(av.Packet(answer.content))
    assert (picture.width, picture.height) == (1280, 720)


async def test_a_wrong_password_is_refused(simulator: SimulatorProcess) -> None:
    async with client(simulator, 1, password="wrong") as camera:
        device = await camera.create_devicemgmt_service()
        with pytest.raises((ONVIFError, Fault), match="authorization"):
            await soon(device.GetDeviceInformation())


class LiveLuma:
    """Plays a sub-stream in one RTSP session, always reading, and hands out what it shows as grey pictures."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._arrived = threading.Condition()
        self._count = 0
        self._newest = np.zeros((0, 0), np.int16)
        self._stopping = False
        self._thread = threading.Thread(target=self._play)
        self.faults: list[str] = []

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_exception: object) -> None:
        self._stopping = True
        self._thread.join()

    def _play(self) -> None:
        options = {"rtsp_transport": "tcp", "analyzeduration": "200000"}
        last_pts = -1
        with av.open(self._url, options=options, timeout=TIMEOUT_SECONDS) as container:
            for picture in container.decode(video=0):
                if picture.is_corrupt or (picture.width, picture.height) != (640, 360):
                    self.faults.append(f"bad picture {picture}")
                if picture.pts is not None and picture.pts <= last_pts:
                    self.faults.append(f"time went back from {last_pts} to {picture.pts}")
                last_pts = picture.pts or last_pts
                with self._arrived:
                    self._count += 1
                    self._newest = picture.to_ndarray(format="gray").astype(np.int16)
                    self._arrived.notify_all()
                if self._stopping:
                    return

    async def after(self, pictures: int) -> NDArray[np.int16]:
        """The picture shown once that many more have come."""
        return await asyncio.to_thread(self._wait, self._count + pictures)

    def _wait(self, count: int) -> NDArray[np.int16]:
        with self._arrived:
            assert self._arrived.wait_for(lambda: self._count >= count, TIMEOUT_SECONDS)
            return self._newest


def difference(one: NDArray[np.int16], other: NDArray[np.int16]) -> float:
    return float(np.abs(one - other).mean())


async def test_ptz_moves_the_picture_within_the_session(simulator: SimulatorProcess) -> None:
    with LiveLuma(simulator.rtsp_url(1, "sub", with_credentials=True)) as live:
        async with client(simulator, 1) as camera:
            ptz = await camera.create_ptz_service()
            home = await live.after(5)
            unmoved = difference(home, await live.after(10))
            velocity = {"PanTilt": {"x": -1.0, "y": 0.5}, "Zoom": {"x": 0.5}}
            duration = timedelta(seconds=1)
            await soon(ptz.ContinuousMove({"ProfileToken": "main", "Velocity": velocity, "Timeout": duration}))
            assert await at_rest(ptz) == pytest.approx((-0.6, 0.3, 0.15), abs=1e-3)
            moved = await live.after(5)
            assert difference(home, moved) > 4 * unmoved
            preset = await soon(ptz.SetPreset({"ProfileToken": "main", "PresetName": "Entrée <nord>"}))
            presets = await soon(ptz.GetPresets({"ProfileToken": "main"}))
            assert {"Accueil", "Entrée <nord>"} <= {known.Name for known in presets}
            await soon(ptz.GotoPreset({"ProfileToken": "main", "PresetToken": "1"}))
            assert await at_rest(ptz) == (0, 0, 0)
            back = await live.after(25)  # past the clip's next keyframe, at most 20 pictures away
            assert difference(home, back) < difference(moved, back) / 2
            await soon(ptz.GotoPreset({"ProfileToken": "main", "PresetToken": preset}))
            await at_rest(ptz)
            again = await live.after(5)
            assert difference(again, moved) < difference(again, home) / 2
            await soon(ptz.GotoHomePosition({"ProfileToken": "main"}))
    assert live.faults == []


async def test_a_recording_by_copy_goes_through_a_move(simulator: SimulatorProcess, tmp_path: Path) -> None:
    file = tmp_path / "record.mp4"
    url = simulator.rtsp_url(2, "main", with_credentials=True)
    command = [imageio_ffmpeg.get_ffmpeg_exe(), "-nostdin", "-loglevel", "error", "-fflags", "+genpts"]
    command += ["-rtsp_transport", "tcp", "-i", url, "-t", "8", "-map", "0:v", "-c", "copy", str(file)]
    async with client(simulator, 2) as camera:
        ptz = await camera.create_ptz_service()
        await soon(ptz.GotoHomePosition({"ProfileToken": "main"}))
        await at_rest(ptz)
        with LiveLuma(simulator.rtsp_url(2, "sub", with_credentials=True)) as live:
            recorder = await asyncio.create_subprocess_exec(*command)
            while not (file.exists() and file.stat().st_size):
                await live.after(1)
            target = {"PanTilt": {"x": 0.8, "y": 0.2}, "Zoom": {"x": 0.4}}
            await soon(ptz.AbsoluteMove({"ProfileToken": "main", "Position": target}))
            await at_rest(ptz)
            await live.after(12)
            await soon(ptz.GotoHomePosition({"ProfileToken": "main"}))
            assert await soon(recorder.wait()) == 0
    with av.open(str(file)) as container:
        recorded = list(container.decode(video=0))
    assert not any(picture.is_corrupt for picture in recorded)
    grey = [picture.reformat(320, 180, "gray").to_ndarray().astype(np.int16) for picture in recorded]
    assert max(difference(grey[0], picture) for picture in grey) > 4 * difference(grey[0], grey[5])


async def test_ptz_positions(simulator: SimulatorProcess) -> None:
    async with client(simulator, 2) as camera:
        ptz = await camera.create_ptz_service()
        (configuration,) = await soon(ptz.GetConfigurations())
        (node,) = await soon(ptz.GetNodes())
        assert configuration.NodeToken == node.token
        assert node.SupportedPTZSpaces.ContinuousPanTiltVelocitySpace[0].XRange.Min == -1
        target = {"PanTilt": {"x": 0.3, "y": 0.0}, "Zoom": {"x": 0.0}}
        await soon(ptz.AbsoluteMove({"ProfileToken": "main", "Position": target}))
        assert await at_rest(ptz) == pytest.approx((0.3, 0.0, 0.0), abs=1e-3)
        way = {"PanTilt": {"x": -0.1, "y": 0.2}, "Zoom": {"x": 0.1}}
        await soon(ptz.RelativeMove({"ProfileToken": "main", "Translation": way}))
        assert await at_rest(ptz) == pytest.approx((0.2, 0.2, 0.1), abs=1e-3)
        await soon(ptz.ContinuousMove({"ProfileToken": "main", "Velocity": {"PanTilt": {"x": 1.0, "y": 0.0}}}))
        await soon(ptz.Stop({"ProfileToken": "main", "PanTilt": True, "Zoom": True}))
        stopped = await at_rest(ptz)
        assert stopped == await at_rest(ptz)
        outside = {"PanTilt": {"x": 3.0, "y": 0.0}, "Zoom": {"x": 0.0}}
        with pytest.raises((ONVIFError, Fault), match="out of bounds"):
            await soon(ptz.AbsoluteMove({"ProfileToken": "main", "Position": outside}))
        with pytest.raises((ONVIFError, Fault), match="no such preset"):
            await soon(ptz.GotoPreset({"ProfileToken": "main", "PresetToken": "77"}))
        await soon(ptz.GotoHomePosition({"ProfileToken": "main"}))


async def at_rest(ptz: Any) -> tuple[float, float, float]:
    while True:
        status = await soon(ptz.GetStatus({"ProfileToken": "main"}))
        if status.MoveStatus.PanTilt == "IDLE":
            return status.Position.PanTilt.x, status.Position.PanTilt.y, status.Position.Zoom.x
        await asyncio.sleep(0.05)


async def test_pull_point_tells_of_motion(simulator: SimulatorProcess) -> None:
    async with client(simulator, 5) as camera:
        lost: list[str] = []
        manager = await soon(
            camera.create_pullpoint_manager(timedelta(seconds=60), lambda: lost.append("subscription"))
        )
        pull_point = manager.get_service()
        states: list[tuple[str, str]] = []
        async with asyncio.timeout(60):
            while len(states) < 2:
                pulled = await soon(pull_point.PullMessages({"Timeout": timedelta(seconds=10), "MessageLimit": 5}))
                states += [motion(message) for message in pulled.NotificationMessage]
        assert [operation for operation, _moving in states[:2]] == ["Initialized", "Changed"]
        assert {moving for _operation, moving in states[:2]} == {"true", "false"}
        await soon(manager.stop())
        assert lost == []
        with pytest.raises((ONVIFError, Fault), match="no such subscription"):
            await soon(pull_point.PullMessages({"Timeout": timedelta(seconds=1), "MessageLimit": 5}))


def motion(message: Any) -> tuple[str, str]:
    assert re.search("Motion$", message.Topic._value_1)
    event = message.Message._value_1
    (item,) = [item for item in event.Data.SimpleItem if item.Name == "IsMotion"]
    return event.PropertyOperation, item.Value
