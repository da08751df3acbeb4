"""The simulator as one object: cameras, and the ports that show them."""

import asyncio
import json
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

from camera_simulator.camera import make_cameras
from camera_simulator.digest import Credentials, DigestGate
from camera_simulator.http_server import HttpFace, serve_http
from camera_simulator.rtsp_server import serve_rtsp
from camera_simulator.stream_quirks.auth import Gates


@dataclass(frozen=True, slots=True)
class Addresses:
    """Where a running simulator listens; written as JSON to the ready file."""

    host: str
    rtsp_port: int
    onvif_port: int
    count: int
    ptz_count: int
    hevc_count: int = 0
    flash_count: int = 0

    def write(self, path: Path) -> None:
        """Write the file in one step, so that a reader never sees half of it."""
        partial = path.with_name(path.name + ".partial")
        partial.write_text(json.dumps(asdict(self)), encoding="utf-8")
        partial.replace(path)


def media_folder() -> Path:
    """The clips: inside the installed package, or beside `src` in the source tree."""
    package = Path(__file__).parent
    installed = package / "media"
    return installed if installed.is_dir() else package.parents[1] / "media"


@asynccontextmanager
async def running_simulator(
    *,
    count: int,
    ptz_count: int,
    host: str,
    rtsp_port: int,
    onvif_port: int,
    credentials: Credentials | None,
    hevc_count: int = 0,
    flash_count: int = 0,
    media: Path | None = None,
) -> AsyncGenerator[Addresses]:
    """Serve `count` cameras while the context lasts; port 0 takes a free one. `media`: a folder with other clips.

    Raises:
        UnusableClipError: a clip of the media folder cannot be looped.
        OSError: a port is taken.
        ValueError: more special cameras than cameras.
    """
    cameras = await asyncio.to_thread(
        make_cameras,
        count=count,
        ptz_count=ptz_count,
        media=media or media_folder(),
        hevc_count=hevc_count,
        flash_count=flash_count,
    )
    gate = DigestGate(credentials)
    rtsp = await serve_rtsp(cameras, Gates(credentials, gate), host=host, port=rtsp_port)
    try:
        bound_rtsp_port = int(rtsp.sockets[0].getsockname()[1])
        face = HttpFace(cameras, credentials=credentials, gate=gate, rtsp_port=bound_rtsp_port)
        runner, bound_onvif_port = await serve_http(face, host=host, port=onvif_port)
        try:
            yield Addresses(
                host, bound_rtsp_port, bound_onvif_port, count, min(count, ptz_count), hevc_count, flash_count
            )
        finally:
            await runner.cleanup()
    finally:
        rtsp.close()
        for camera in cameras.values():
            for stream in camera.streams.values():
                stream.drop_viewers()
