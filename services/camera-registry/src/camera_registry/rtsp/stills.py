"""Stills to draw masks on: taken from the camera's own stream, and burnt over once the masks are signed."""

import asyncio
import io
from collections.abc import Sequence

import av
from av.error import FFmpegError
from av.video.frame import VideoFrame
from PIL import Image, ImageDraw, UnidentifiedImageError

from camera_registry.domain.camera import Credentials
from camera_registry.domain.masks import MaskPolygon
from camera_registry.ports import StillPicture, StillUnavailable
from camera_registry.rtsp.keyframe_decoder import decoder_for
from camera_registry.rtsp.sample import NoStream, Wanted, take_sample

_QUALITY = 85
_HIDDEN = (0, 0, 0)


class StreamStills:
    """Implements `ports.StillTaker` with one keyframe of a stream. ``within`` bounds the whole, in seconds."""

    def __init__(self, within: float) -> None:
        self._wanted = Wanted(keyframes=1, seconds=0.0, at_most=within)

    async def take(self, url: str, credentials: Credentials | None) -> StillPicture:
        """Return what the camera shows now; raises StillUnavailable."""
        try:
            sample = await take_sample(url, credentials, self._wanted)
        except NoStream as error:
            raise StillUnavailable(str(error)) from error
        if not sample.keyframes:
            raise StillUnavailable("Aucune image complète n'est arrivée à temps.")
        return await asyncio.to_thread(_decoded, sample.quality.codec, sample.keyframes[-1])

    async def burn(self, jpeg: bytes, polygons: Sequence[MaskPolygon]) -> bytes:
        """Return the picture with solid polygons over what is private: the pixels below are gone."""
        return await asyncio.to_thread(burnt, jpeg, polygons)


def burnt(jpeg: bytes, polygons: Sequence[MaskPolygon]) -> bytes:
    """Paint the polygons black on a JPEG; raises StillUnavailable when it is none."""
    try:
        picture = Image.open(io.BytesIO(jpeg)).convert("RGB")
    except (UnidentifiedImageError, OSError, Image.DecompressionBombError) as error:
        raise StillUnavailable("Cette image est illisible : prenez-en une nouvelle.") from error
    pen = ImageDraw.Draw(picture)
    for polygon in polygons:
        pen.polygon(
            [(x * picture.width, y * picture.height) for x, y in polygon.corners], fill=_HIDDEN, outline=_HIDDEN
        )
    return _jpeg(picture)


def _decoded(codec: str, keyframe: bytes) -> StillPicture:
    decoder = decoder_for(codec)
    try:
        frames: list[VideoFrame] = [*decoder.decode(av.Packet(keyframe)), *decoder.decode(None)]
    except FFmpegError as error:
        raise StillUnavailable("L'image de la caméra est illisible.") from error
    if not frames:
        raise StillUnavailable("L'image de la caméra est illisible.")
    picture = frames[0].to_image()
    return StillPicture(_jpeg(picture), picture.width, picture.height)


def _jpeg(picture: Image.Image) -> bytes:
    written = io.BytesIO()
    picture.save(written, "JPEG", quality=_QUALITY)
    return written.getvalue()
