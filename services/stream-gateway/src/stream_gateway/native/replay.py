"""Replays a camera's own recording over RTSP, as ONVIF's Streaming Specification tells: only as fast as told."""

import asyncio
import contextlib
import socket
from collections.abc import AsyncGenerator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from stream_gateway.domain.access_units import ParameterSets
from stream_gateway.media import EndKind, PullEnded
from stream_gateway.native.dialogue import MALFORMED, Address, Playing, connect, play
from stream_gateway.native.events import RtspText
from stream_gateway.native.replay_packets import ReplayedUnit, ReplayOver, ReplayReader
from stream_gateway.native.rtsp_headers import RtspMalformed
from stream_gateway.native.rtsp_messages import Method, RtspRequest, answer_to, parse_message

_REPLAY = {"Require": "onvif-replay"}
_READ_BYTES = 64 * 1024
_SILENCE_SECONDS = 8.0
_BEYOND = timedelta(seconds=5)
"""More is asked for than is wanted, so that a picture behind the end tells that nothing of it is missing."""


@dataclass(frozen=True, slots=True)
class Replay:
    """What to replay. ``url`` may hold an account; instants are the camera's; at most so many bytes a second."""

    url: str = field(repr=False)
    begin: datetime
    end: datetime
    bytes_per_second: float


async def replayed(asked: Replay) -> AsyncGenerator[ParameterSets | ReplayedUnit, None]:
    """Yield pictures until the recording has no more, falls silent, or the caller closes; raises PullEnded."""
    address = Address.of(asked.url)
    connection = await connect(address)
    try:
        what = {"Range": f"clock={_clock(asked.begin)}-{_clock(asked.end + _BEYOND)}", "Rate-Control": "no"}
        playing = await play(connection, address, what=what, always=_REPLAY)
        try:
            async with contextlib.aclosing(_pictures(connection, playing, asked.bytes_per_second)) as pictures:
                async for one in pictures:
                    yield one
        finally:
            _tear_down(connection, playing)
    finally:
        connection.close()


async def _pictures(
    connection: socket.socket, playing: Playing, bytes_per_second: float
) -> AsyncGenerator[ParameterSets | ReplayedUnit, None]:
    loop = asyncio.get_running_loop()
    reader = ReplayReader(
        codec=playing.track.codec,
        payload_type=playing.track.payload_type,
        channel=playing.transport.channel,
        rtcp_channel=playing.transport.rtcp_channel,
        declared=playing.track.parameter_sets,
    )
    octets, asked_at = playing.early, loop.time()
    while True:
        try:
            found = reader.feed(octets)
        except RtspMalformed:
            raise MALFORMED from None
        for one in found:
            if isinstance(one, ReplayOver):
                return
            if isinstance(one, RtspText):
                _answer(connection, one)
            else:
                yield one
        if loop.time() - asked_at > playing.keep_alive_seconds:
            asked_at = loop.time()
            _send(connection, _asked(playing, Method.GET_PARAMETER))
        await asyncio.sleep(len(octets) / bytes_per_second)
        try:
            async with asyncio.timeout(_SILENCE_SECONDS):
                octets = await loop.sock_recv(connection, _READ_BYTES)
        except (TimeoutError, OSError):
            octets = b""
        if not octets:  # silent or gone: most cameras say nothing when a recording ends
            return


def _answer(connection: socket.socket, text: RtspText) -> None:
    try:
        message = parse_message(text.content)
    except RtspMalformed:
        raise PullEnded(MALFORMED.reason, EndKind.MALFORMED) from None
    if isinstance(message, RtspRequest):
        _send(connection, answer_to(message))


def _asked(playing: Playing, method: Method) -> bytes:
    return playing.dialogue.request(method, playing.track.aggregate, {"Session": playing.session})


def _tear_down(connection: socket.socket, playing: Playing) -> None:
    with contextlib.suppress(ValueError):
        _send(connection, _asked(playing, Method.TEARDOWN))


def _send(connection: socket.socket, octets: bytes) -> None:
    """Send a few bytes; a camera whose window is full does not get them."""
    with contextlib.suppress(OSError):
        connection.send(octets)


def _clock(at: datetime) -> str:
    """Return an instant as a Range header tells it (RFC 2326 §3.7)."""
    return at.astimezone(UTC).strftime("%Y%m%dT%H%M%S.%f")[:-3] + "Z"
