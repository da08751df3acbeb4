"""Plays a card to a client by RTSP, as ONVIF's Streaming Specification tells (§6, replay)."""

import asyncio
import re
import struct
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime

from camera_simulator.card import Card, FilmedUnit
from camera_simulator.rtp import NTP_EPOCH_OFFSET, stamp
from camera_simulator.rtsp_wire import RtspRequest
from camera_simulator.stream import CameraStream

REPLAY_FEATURE = "onvif-replay"
EXTENSION_PROFILE = 0xABAC
_EXTENSION = struct.Struct("!HHIIBBH")
_CLEAN, _END, _DISCONTINUITY, _TERMINAL = 0x80, 0x40, 0x20, 0x10
_MOST_UNSENT_OCTETS = 1 << 17
_BREATH_SECONDS = 0.01
_INSTANT = r"(\d{8}T\d{6}(?:\.\d{1,6})?)Z"
_CLOCK_RANGE = re.compile(rf"clock={_INSTANT}-(?:{_INSTANT})?")


@dataclass(frozen=True, slots=True)
class Asked:
    """What a PLAY asks of a card; instants are unix times by the camera's clock, ``paced``: at the film's own pace."""

    begin: float | None
    end: float | None
    paced: bool
    sequence: int


def asked_of(request: RtspRequest) -> Asked | None:
    """Read a PLAY: None for a clock range that is none; one in other units, or none, begins with the oldest picture."""
    told = request.headers.get("range", "")
    begin = end = None
    if told.startswith("clock="):
        found = _CLOCK_RANGE.fullmatch(told)
        if found is None:
            return None
        try:
            begin = _instant(found[1])
            end = _instant(found[2]) if found[2] else None
        except ValueError:
            return None
    paced = request.headers.get("rate-control", "yes").lower() != "no"
    sequence = request.headers.get("cseq", "0")
    return Asked(begin, end, paced, int(sequence) if sequence.isdecimal() else 0)


def clock_text(unix_time: float) -> str:
    """An instant as it stands in a Range header (RFC 2326 §3.7)."""
    return datetime.fromtimestamp(unix_time, UTC).strftime("%Y%m%dT%H%M%S.%f")[:-3] + "Z"


class CardPlayer:
    """Sends what a PLAY asked for; nothing follows the last picture, as with most cameras."""

    def __init__(self, card: Card, stream: CameraStream, asked: Asked, clock_error_s: float) -> None:
        loop = asyncio.get_running_loop()
        self._loop = loop
        self._card = card
        self._stream = stream
        self._asked = asked
        self._ahead = time.time() - loop.time() + clock_error_s
        kept = card.kept(loop.time())
        self.kept = None if kept is None else (kept[0] + self._ahead, kept[1] + self._ahead)
        self._task: asyncio.Task[None] | None = None

    @property
    def known(self) -> bool:
        """Whether the card has anything of what is asked."""
        return next(self._film(), None) is not None

    @property
    def range(self) -> str:
        """What the answer to PLAY tells of the range."""
        first = next(self._film())
        end = clock_text(self._asked.end) if self._asked.end is not None else ""
        return f"clock={clock_text(first.at + self._ahead)}-{end}"

    def start(self, transport: asyncio.Transport, channel: int) -> None:
        """Begin to send."""
        self._task = self._loop.create_task(self._play(transport, channel))

    def stop(self) -> None:
        """Send no more."""
        if self._task is not None:
            self._task.cancel()

    def _film(self) -> Iterator[FilmedUnit]:
        begin = self._asked.begin - self._ahead if self._asked.begin is not None else 0.0
        end = self._asked.end - self._ahead if self._asked.end is not None else float("inf")
        return self._card.film(begin, end, self._loop.time())

    async def _play(self, transport: asyncio.Transport, channel: int) -> None:
        identity = self._stream.identity
        sequence = identity.first_sequence
        film = self._film()
        present = next(film, None)
        begun, first_at = self._loop.time(), present.at if present else 0.0
        flags = _DISCONTINUITY
        while present is not None:
            following = next(film, None)
            if following is None and not self._ends_by_range(present):
                flags |= _END | _TERMINAL
            while transport.get_write_buffer_size() > _MOST_UNSENT_OCTETS:  # noqa: ASYNC110 the transport tells no event
                await asyncio.sleep(_BREATH_SECONDS)
            if self._asked.paced:
                await asyncio.sleep(begun + present.at - first_at - self._loop.time())
            if transport.is_closing():
                return
            packets = stamp(
                present.unit,
                channel=channel,
                sequence=sequence,
                timestamp=identity.first_timestamp + present.tick * self._stream.clip.timestamp_step & 0xFFFFFFFF,
                ssrc=self._stream.ssrc,
            )
            transport.write(_extended(packets, self._extension(present, flags)))
            sequence = sequence + len(present.unit.offsets) & 0xFFFF
            flags, present = 0, following

    def _ends_by_range(self, last: FilmedUnit) -> bool:
        end = self._asked.end
        return end is not None and self.kept is not None and last.at + self._ahead < self.kept[1]

    def _extension(self, filmed: FilmedUnit, flags: int) -> bytes:
        unix_time = filmed.at + self._ahead
        seconds = int(unix_time)
        fraction = int((unix_time - seconds) * (1 << 32))
        flags |= _CLEAN if filmed.unit.keyframe else 0
        ntp = seconds + NTP_EPOCH_OFFSET & 0xFFFFFFFF
        return _EXTENSION.pack(EXTENSION_PROFILE, 3, ntp, fraction, flags, self._asked.sequence & 0xFF, 0)


def _extended(packets: bytes, extension: bytes) -> bytes:
    """The interleaved packets of a picture, the first of them with an extension of its RTP header."""
    length = int.from_bytes(packets[2:4], "big") + len(extension)
    head = packets[:2] + length.to_bytes(2, "big") + bytes((packets[4] | 0x10,)) + packets[5:16]
    return head + extension + packets[16:]


def _instant(text: str) -> float:
    whole, _, fraction = text.partition(".")
    at = datetime.strptime(whole, "%Y%m%dT%H%M%S").replace(tzinfo=UTC).timestamp()
    return at + (float(f"0.{fraction}") if fraction else 0.0)
