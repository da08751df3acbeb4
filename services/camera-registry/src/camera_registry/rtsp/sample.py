"""Takes a few seconds of a camera's stream: bytes, rate, keyframes, and what its clock says."""

import asyncio
import time
from dataclasses import dataclass

from camera_registry.domain.camera import Credentials
from camera_registry.domain.stream_quality import StreamQuality
from camera_registry.rtsp.client import RtspClient, RtspGarbled, RtspRefused
from camera_registry.rtsp.keyframes import KeyframeCollector, can_collect, sender_clock
from camera_registry.rtsp.probe import rtsp_reason, track_url, video_track


class NoStream(Exception):
    """The camera gave no picture; the text is French and says why."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """How much to take: until ``keyframes`` are whole and ``seconds`` have passed, ``at_most`` seconds in all.

    ``at_most`` bounds the conversation before the stream, too. ``basic_in_clear``: see `RtspClient`.
    """

    keyframes: int = 1
    seconds: float = 0.0
    at_most: float = 10.0
    basic_in_clear: bool = False


@dataclass(frozen=True, slots=True)
class StreamSample:
    """What came. ``quality`` has no size: that is known once a keyframe is decoded.

    ``keyframes`` are byte streams for a decoder, the oldest first; ``octets`` came in ``seconds``;
    ``clock_offset_s`` is positive for a camera that is ahead of us, None where it sent no report.
    """

    quality: StreamQuality
    keyframes: tuple[bytes, ...]
    octets: int
    seconds: float
    clock_offset_s: float | None


async def take_sample(url: str, credentials: Credentials | None, wanted: Wanted) -> StreamSample:
    """Describe, play and listen. Raises NoStream for whatever the camera does instead."""
    try:
        asked = RtspClient(url, credentials, basic_in_clear=wanted.basic_in_clear)
        async with asyncio.timeout(wanted.at_most) as limit, asked as client:
            return await _listen(client, wanted, limit.when() or 0.0)
    except (TimeoutError, RtspRefused, RtspGarbled, asyncio.IncompleteReadError, UnicodeError, OSError) as error:
        raise NoStream(rtsp_reason(error, wanted.at_most)) from error


async def answers(url: str, within: float) -> None:
    """Ask a camera for a sign of life, no picture. Raises NoStream."""
    try:
        async with asyncio.timeout(within), RtspClient(url, None) as client:
            await client.options()
    except (TimeoutError, RtspGarbled, asyncio.IncompleteReadError, UnicodeError, OSError) as error:
        raise NoStream(rtsp_reason(error, within)) from error


async def _listen(client: RtspClient, wanted: Wanted, give_up_at: float) -> StreamSample:
    description, base = await client.describe()
    track = video_track(description)
    if track is None:
        raise NoStream("Ce flux ne contient pas de vidéo.")
    if not can_collect(track.codec):
        raise NoStream(f"Le codec {track.codec} ne peut pas être contrôlé : passez ce flux en H.264 ou H.265.")
    await client.play(track_url(base, track.control), base)
    collector = KeyframeCollector(track.codec, track.parameter_sets)
    loop = asyncio.get_running_loop()
    began, offset = loop.time(), None
    try:
        async with asyncio.timeout_at(give_up_at - 0.2):
            while not collector.full and (
                len(collector.keyframes) < wanted.keyframes or loop.time() - began < wanted.seconds
            ):
                channel, packet = await client.packet()
                if channel == 0:
                    collector.add(packet)
                elif (said := sender_clock(packet)) is not None:
                    offset = said - time.time()
    except TimeoutError:
        if not collector.octets:
            raise NoStream("Le flux est décrit mais aucune image n'arrive.") from None
    seconds = max(loop.time() - began, 1e-3)
    await client.teardown(base)
    return StreamSample(
        quality=StreamQuality(
            codec=track.codec,
            fps=collector.rate,
            gop_s=collector.key_interval,
            bitrate_kbps=collector.octets * 8 / 1000 / seconds,
        ),
        keyframes=tuple(collector.keyframes),
        octets=collector.octets,
        seconds=seconds,
        clock_offset_s=offset,
    )
