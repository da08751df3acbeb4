"""Pictures as an RTP stream to one peer: sent evenly, repeated where packets were lost (RFC 4585, RFC 4588)."""

import asyncio
import random
import struct
from collections.abc import Awaitable, Callable
from typing import NamedTuple

from stream_gateway.domain.access_units import CLOCK_HZ, AccessUnit, ParameterSets
from stream_gateway.metrics import LIVE_BYTES, WEBRTC_RESENT_PACKETS
from stream_gateway.webrtc.offer import OfferedCodec
from stream_gateway.webrtc.payloads import BrokenPicture, SharedPayloads, together
from stream_gateway.webrtc.timeline import Timeline

_HISTORY_PACKETS = 1024
"""What can be sent again; references to payloads that all viewers share."""
_BYTES_PER_SECOND = 6_250_000
"""Pace of a group of pictures that goes out at once (50 Mbit/s): a burst would overrun buffers on the way."""
_BURST_BYTES = 32_768
"""May go out without waiting: any ordinary picture, half of a browser's default receive buffer."""
_RESENT_BYTES_PER_SECOND = 1_250_000
"""Repetitions of one peer: an honest one at 5 % loss of 8 Mbit/s needs a twentieth of it."""
_MARKER = 0x80
_VERSION = 0x80
_HEADER = struct.Struct("!BBHLL")
_SEQUENCES = 1 << 16
_TIMES = 1 << 32

SendPacket = Callable[[bytes], Awaitable[None]]
"""Protects and sends one RTP packet; raises ConnectionError when the peer is gone."""


class _Sent(NamedTuple):
    sequence: int
    timestamp: int
    marker: int
    payload: bytes


class _Allowance:
    """Bytes that may go out: grows with time, up to a burst. One picture may overdraw it, the next one waits."""

    def __init__(self, per_second: int, burst: int, now: float) -> None:
        self._per_second, self._burst = per_second, burst
        self._left, self._at = float(burst), now

    def take(self, count: int, now: float) -> float:
        """Take bytes; return the seconds to wait until the debt is paid, 0 without one."""
        self._left = min(self._burst, self._left + (now - self._at) * self._per_second) - count
        self._at = now
        return max(0.0, -self._left / self._per_second)

    def affords(self, count: int, now: float) -> bool:
        """Take bytes if they are there."""
        self._left = min(self._burst, self._left + (now - self._at) * self._per_second)
        self._at = now
        if self._left < count:
            return False
        self._left -= count
        return True


class PictureStream:
    """Packets of one peer. ``now`` tells seconds of a clock that never goes back."""

    def __init__(
        self, codec: OfferedCodec, *, send: SendPacket, shared: SharedPayloads, now: Callable[[], float], seed: int
    ) -> None:
        numbers = random.Random(seed)  # noqa: S311 - numbers that tell streams apart; the secrets are DTLS's
        self.ssrc, self.rtx_ssrc = numbers.getrandbits(32), numbers.getrandbits(32)
        self._codec, self._send, self._shared, self._now = codec, send, shared, now
        # in the lower half, so that no early loss at a wrap leaves the two ends with different rollover counters
        self._sequence, self._rtx_sequence = numbers.getrandbits(15), numbers.getrandbits(15)
        self._origin = numbers.getrandbits(32)
        self._timeline = Timeline()
        self._sets: tuple[bytes, ...] = ()
        self._begun = False
        self._history: list[_Sent | None] = [None] * _HISTORY_PACKETS
        self._pace = _Allowance(_BYTES_PER_SECOND, _BURST_BYTES, now())
        self._again = _Allowance(_RESENT_BYTES_PER_SECOND, _RESENT_BYTES_PER_SECOND, now())
        self.packets = 0
        self.payload_bytes = 0
        self._last: tuple[int, float] | None = None

    def begin(self, sets: ParameterSets) -> None:
        """Take what the next pictures are decoded with; it travels before each key frame."""
        self._sets = together((*sets.sps, *sets.pps))
        self._begun = False

    async def show(self, picture: AccessUnit) -> None:
        """Send one picture; what nothing can be decoded from is left out.

        Raises:
            ConnectionError: the peer is gone.
        """
        if not self._begun and not picture.keyframe:
            return
        try:
            payloads = self._shared.of(picture.sample)
        except BrokenPicture:
            self._begun = False  # what follows refers to it: wait for the next key frame
            return
        if picture.keyframe:
            payloads = self._sets + payloads
        self._begun = True
        now = self._now()
        time = (self._origin + self._timeline.stamp(picture.time, now)) % _TIMES
        self._last = (time, now)
        await self._send_all(payloads, time)

    def rtp_time(self) -> int | None:
        """Return the RTP time of this instant, None before the first picture."""
        if self._last is None:
            return None
        time, sent_at = self._last
        return (time + round((self._now() - sent_at) * CLOCK_HZ)) % _TIMES

    async def repeat(self, sequences: list[int]) -> None:
        """Send packets again that the peer reports as lost, as far as they are remembered and the allowance goes."""
        for sequence in sequences:
            sent = self._history[sequence % _HISTORY_PACKETS]
            if sent is None or sent.sequence != sequence or not self._again.affords(len(sent.payload), self._now()):
                continue
            WEBRTC_RESENT_PACKETS.inc()
            if self._codec.rtx is None:
                await self._send(self._packet(sent))
                continue
            original = sent.sequence.to_bytes(2, "big")
            header = self._header(self._codec.rtx, sent.marker, self._rtx_sequence, sent.timestamp, self.rtx_ssrc)
            self._rtx_sequence = (self._rtx_sequence + 1) % _SEQUENCES
            await self._send(header + original + sent.payload)

    async def _send_all(self, payloads: tuple[bytes, ...], time: int) -> None:
        size = sum(map(len, payloads))
        unpaced = self._pace.affords(size, self._now())
        last, history, ssrc = len(payloads) - 1, self._history, self.ssrc
        for number, payload in enumerate(payloads):
            sequence, marker = self._sequence, _MARKER if number == last else 0
            self._sequence = (sequence + 1) % _SEQUENCES
            history[sequence % _HISTORY_PACKETS] = _Sent(sequence, time, marker, payload)
            await self._send(_HEADER.pack(_VERSION, marker | self._codec.payload_type, sequence, time, ssrc) + payload)
            if not unpaced and (wait := self._pace.take(len(payload), self._now())) > 0:
                await asyncio.sleep(wait)
        self.packets += len(payloads)
        self.payload_bytes += size
        LIVE_BYTES.inc(size)

    def _packet(self, sent: _Sent) -> bytes:
        codec = self._codec
        return self._header(codec.payload_type, sent.marker, sent.sequence, sent.timestamp, self.ssrc) + sent.payload

    @staticmethod
    def _header(payload_type: int, marker: int, sequence: int, timestamp: int, ssrc: int) -> bytes:
        return _HEADER.pack(_VERSION, marker | payload_type, sequence, timestamp, ssrc)
