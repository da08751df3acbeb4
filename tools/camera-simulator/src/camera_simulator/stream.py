"""One stream of one camera: turns ticks into RTP packets for all its viewers."""

import asyncio
import logging
import time
from dataclasses import dataclass
from functools import cached_property
from typing import Protocol

from camera_simulator.clips import RTP_CLOCK_HZ, Clip, Codec
from camera_simulator.pacing import Pacer
from camera_simulator.pictures import WindowEncoder
from camera_simulator.ptz import PtzHead, window_at
from camera_simulator.rtp import (
    PacketisedUnit,
    Payloads,
    h264_payloads,
    packetise,
    put_on_channel,
    sender_report,
    stamp,
)
from camera_simulator.rtp_h265 import h265_payloads

REPORT_SECONDS = 5
log = logging.getLogger(__name__)


class Viewer(Protocol):
    """A client that plays the stream."""

    rtp_channel: int
    rtcp_channel: int

    def send(self, packets: bytes) -> None:
        """Take interleaved packets; must not block."""
        ...

    def drop(self) -> None:
        """Lose the connection at once."""
        ...


class Wire(Protocol):
    """What an odd camera does to its packets (`stream_quirks.packets`)."""

    def twist(self, unit: PacketisedUnit, packets: bytes) -> tuple[PacketisedUnit, bytes] | None:
        """The stamped packets of a picture as they leave; None when nothing does."""
        ...


class Rendition:
    """A clip and its packets, shared by every stream that shows it."""

    def __init__(self, clip: Clip, payloads_of: Payloads | None = None) -> None:
        self.clip = clip
        self._payloads_of = payloads_of or (h265_payloads if clip.codec is Codec.H265 else h264_payloads)

    @cached_property
    def units(self) -> tuple[PacketisedUnit, ...]:
        """The packets of each picture of the loop, cut on first use."""
        return tuple(
            packetise(
                unit.nals,
                keyframe=unit.keyframe,
                payloads_of=self._payloads_of,
                display_shift=unit.display_shift,
            )
            for unit in self.clip.access_units
        )


@dataclass(frozen=True, slots=True)
class StreamIdentity:
    """What tells a stream from another one on the wire."""

    cname: str
    ssrc: int
    first_timestamp: int
    first_sequence: int


class CameraStream:
    """A looped clip, seen at its own phase, through the camera's PTZ head if it has one.

    At home the packets of the shared rendition are sent. A head that points elsewhere makes a live encoding, which
    lasts while somebody watches and ends at the first keyframe of the clip after the head has come home.
    """

    def __init__(
        self,
        *,
        rendition: Rendition,
        pacer: Pacer,
        phase: int,
        identity: StreamIdentity,
        head: PtzHead | None,
    ) -> None:
        """Make a stream without viewers.

        Args:
            rendition: the clip and its packets.
            pacer: the clock of the clip's rate.
            phase: pictures by which this camera is ahead in the loop.
            identity: RTP and RTCP identifiers.
            head: the camera's PTZ head, shared by its streams, or None.
        """
        self.rendition = rendition
        self.identity = identity
        self.frozen = False
        self.clock_error_s = 0.0
        self.ssrc = identity.ssrc
        self.wire: Wire | None = None
        self._timestamp_shift = 0
        self._pacer = pacer
        self._phase = phase
        self._head = head
        self._viewers: dict[Viewer, bool] = {}  # True once it has had a keyframe
        self._sequence = identity.first_sequence
        self._packets_sent = 0
        self._octets_sent = 0
        self._last_report_tick: int | None = None
        self._live: asyncio.Task[None] | None = None
        self._live_tick = 0
        self._live_wake = asyncio.Event()
        self._keyframe_wanted = False

    @property
    def clip(self) -> Clip:
        return self.rendition.clip

    @property
    def viewers(self) -> int:
        return len(self._viewers)

    def has_viewer(self, viewer: Viewer | None) -> bool:
        return viewer in self._viewers

    @property
    def encoding(self) -> bool:
        """Whether the pictures are encoded live now (a moved PTZ head with a viewer)."""
        return self._live is not None

    def show(self, rendition: Rendition) -> None:
        """Send other pictures of the same rate, to each viewer from the next keyframe on."""
        self._stop_live()
        self.rendition = rendition
        self.on_gap()

    def jump_clock(self, seconds: float) -> None:
        """Let the RTP timestamps of the pictures to come jump, while pictures come as before."""
        self._timestamp_shift += int(seconds * RTP_CLOCK_HZ)

    def change_source(self, *, ssrc: int, first_sequence: int) -> None:
        """Go on as another synchronisation source, as after a restart of the encoder."""
        self.ssrc = ssrc
        self._sequence = first_sequence

    def add_viewer(self, viewer: Viewer) -> None:
        """Send to a viewer from the next keyframe on."""
        self._viewers[viewer] = False
        self._keyframe_wanted = True
        self._pacer.add(self)

    def remove_viewer(self, viewer: Viewer) -> None:
        self._viewers.pop(viewer, None)
        if not self._viewers:
            self._pacer.discard(self)
            self._stop_live()

    def drop_viewers(self) -> None:
        """Cut every connection, as a camera that loses its power."""
        for viewer in tuple(self._viewers):
            viewer.drop()
            self.remove_viewer(viewer)

    def index_at(self, tick: int) -> int:
        """Picture of the loop shown at a tick."""
        return (tick + self._phase) % len(self.clip.access_units)

    def tick_at(self, now: float) -> int:
        """The last tick up to an instant of the event loop's clock."""
        return self._pacer.tick_at(now)

    def time_of(self, tick: int) -> float:
        """When the picture of a tick is filmed, on the event loop's clock."""
        return self._pacer.time_of(tick)

    def unit_at(self, tick: int) -> PacketisedUnit:
        """The picture of a tick, as a fixed camera films it."""
        return self.rendition.units[self.index_at(tick)]

    def index_now(self, now: float) -> int:
        return self.index_at(self._pacer.tick_at(now))

    def next_keyframe_timestamp(self, now: float) -> int:
        """RTP timestamp of the first picture that a viewer who comes at `now` gets."""
        tick = self._pacer.tick_at(now) + 1
        if not self.encoding:
            tick += -self.index_at(tick) % self.clip.gop
        return self._timestamp(tick)

    def on_gap(self) -> None:
        for viewer in self._viewers:
            self._viewers[viewer] = False

    def on_tick(self, tick: int, now: float) -> None:
        if self.frozen:
            self.on_gap()
            return
        if self._live is None and self._head is not None and self._head_shows(self._head, now):
            self._keyframe_wanted = True
            self._live = asyncio.create_task(self._send_live(self._head))
        if self._live is not None:
            self._live_tick = tick
            self._live_wake.set()
            return
        self._send(self.unit_at(tick), tick)

    def _head_shows(self, head: PtzHead, now: float) -> bool:
        """Whether the pictures must be encoded for where the head points, and can be."""
        return not head.rests_at_home(now) and self.clip.encoder is not None

    async def _send_live(self, head: PtzHead) -> None:
        try:
            encoder = await asyncio.to_thread(WindowEncoder, self.clip)
            while await self._send_one_live(encoder, head):
                pass
        except asyncio.CancelledError:
            raise
        except Exception:
            log.exception("live encoding of %s failed", self.identity.cname)
            self._live = None
            self.drop_viewers()
        self._live = None

    async def _send_one_live(self, encoder: WindowEncoder, head: PtzHead) -> bool:
        """Send the newest picture; a machine that cannot follow skips pictures. False once the clip takes over."""
        await self._live_wake.wait()
        self._live_wake.clear()
        tick = self._live_tick
        now = self._pacer.time_of(tick)
        index = self.index_at(tick)
        if head.rests_at_home(now) and self.rendition.units[index].keyframe:
            self._send(self.rendition.units[index], tick)
            return False
        wanted, self._keyframe_wanted = self._keyframe_wanted, False
        window = window_at(head.position(now))
        nals, keyframe = await asyncio.to_thread(encoder.encode, index, window, keyframe=wanted)
        self._send(packetise(nals, keyframe=keyframe), tick)
        return True

    def _stop_live(self) -> None:
        if self._live is not None:
            self._live.cancel()
            self._live = None

    def _timestamp(self, tick: int) -> int:
        return self.identity.first_timestamp + self._timestamp_shift + tick * self.clip.timestamp_step & 0xFFFFFFFF

    def _send(self, unit: PacketisedUnit, tick: int) -> None:
        packets = stamp(
            unit,
            channel=0,
            sequence=self._sequence,
            timestamp=self._timestamp(tick + unit.display_shift),
            ssrc=self.ssrc,
        )
        self._sequence = self._sequence + len(unit.offsets) & 0xFFFF
        self._packets_sent += len(unit.offsets)
        self._octets_sent += unit.payload_octets
        if self.wire is not None:
            twisted = self.wire.twist(unit, packets)
            if twisted is None:
                return
            unit, packets = twisted
        for viewer, started in tuple(self._viewers.items()):
            if not (started or unit.keyframe):
                continue
            self._viewers[viewer] = True
            viewer.send(packets if viewer.rtp_channel == 0 else _moved(packets, unit, viewer.rtp_channel))
            if not started:
                self._report(viewer, tick)
        if self._last_report_tick is None or tick - self._last_report_tick >= REPORT_SECONDS * self.clip.fps:
            self._last_report_tick = tick
            for viewer in tuple(self._viewers):
                self._report(viewer, tick)

    def _report(self, viewer: Viewer, tick: int) -> None:
        late = asyncio.get_running_loop().time() - self._pacer.time_of(tick)
        report = sender_report(
            channel=viewer.rtcp_channel,
            ssrc=self.ssrc,
            unix_time=time.time() + self.clock_error_s,
            timestamp=self._timestamp(tick) + int(late * RTP_CLOCK_HZ) & 0xFFFFFFFF,
            packets=self._packets_sent,
            octets=self._octets_sent,
            cname=self.identity.cname,
        )
        viewer.send(report)


def _moved(packets: bytes, unit: PacketisedUnit, channel: int) -> bytes:
    other = bytearray(packets)
    put_on_channel(other, unit, channel)
    return bytes(other)
