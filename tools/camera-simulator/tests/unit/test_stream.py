"""A stream counts on over the end of its loop, and begins each viewer at a keyframe."""

import struct
from dataclasses import dataclass, field
from fractions import Fraction
from itertools import pairwise

import pytest

from camera_simulator.camera import SCENE_FILES
from camera_simulator.clips import load_clip
from camera_simulator.pacing import Pacer
from camera_simulator.rtp import packetise
from camera_simulator.simulator import media_folder
from camera_simulator.stream import CameraStream, Rendition, StreamIdentity


@dataclass(eq=False)
class RecordingViewer:
    """A viewer that keeps what it is sent."""

    rtp_channel: int = 0
    rtcp_channel: int = 1
    octets: bytearray = field(default_factory=bytearray)
    dropped: bool = False

    def send(self, packets: bytes) -> None:
        self.octets += packets

    def drop(self) -> None:
        self.dropped = True

    def packets(self) -> list[tuple[int, int, bytes]]:
        """Sequence, timestamp and payload of each RTP packet."""
        found: list[tuple[int, int, bytes]] = []
        at = 0
        while at < len(self.octets):
            channel, length = struct.unpack_from("!xBH", self.octets, at)
            if channel == self.rtp_channel:
                sequence, timestamp = struct.unpack_from("!HI", self.octets, at + 6)
                found.append((sequence, timestamp, bytes(self.octets[at + 16 : at + 4 + length])))
            at += 4 + length
        return found


@pytest.fixture(scope="module")
def rendition() -> Rendition:
    return Rendition(load_clip(media_folder() / SCENE_FILES["bikes"]["sub"]))


def make_stream(rendition: Rendition) -> CameraStream:
    return CameraStream(
        rendition=rendition,
        pacer=Pacer(rendition.clip.fps, Fraction(0)),
        phase=0,
        identity=StreamIdentity("camera", ssrc=1, first_timestamp=0xFFFFF000, first_sequence=0xFFF0),
        head=None,
    )


async def test_numbers_go_on_over_the_end_of_the_loop(rendition: Rendition) -> None:
    stream, viewer = make_stream(rendition), RecordingViewer()
    frames, gop = len(rendition.clip.access_units), rendition.clip.gop
    stream.add_viewer(viewer)
    for tick in range(frames - gop, frames + gop):
        stream.on_tick(tick, 0.0)
    stream.remove_viewer(viewer)
    packets = viewer.packets()
    assert all((b[0] - a[0]) % 65_536 == 1 for a, b in pairwise(packets))
    steps = [(b[1] - a[1]) % 2**32 for a, b in pairwise(packets)]
    assert set(steps) == {0, rendition.clip.timestamp_step}
    assert steps.count(rendition.clip.timestamp_step) == 2 * gop - 1


async def test_a_viewer_begins_at_a_keyframe(rendition: Rendition) -> None:
    stream, early, late = make_stream(rendition), RecordingViewer(), RecordingViewer(4, 5)
    gop = rendition.clip.gop
    stream.add_viewer(early)
    for tick in range(3, gop + 5):
        stream.on_tick(tick, 0.0)
    stream.add_viewer(late)
    for tick in range(gop + 5, 2 * gop + 2):
        stream.on_tick(tick, 0.0)
    for viewer in (early, late):
        assert viewer.packets()[0][2] == rendition.clip.sps
        stream.remove_viewer(viewer)
    assert len({timestamp for _, timestamp, _ in early.packets()}) == gop + 2
    assert len({timestamp for _, timestamp, _ in late.packets()}) == 2
    assert late.packets() == early.packets()[-len(late.packets()) :]


async def test_a_frozen_stream_goes_on_at_a_keyframe(rendition: Rendition) -> None:
    stream, viewer = make_stream(rendition), RecordingViewer()
    gop = rendition.clip.gop
    stream.add_viewer(viewer)
    stream.on_tick(0, 0.0)
    sent = len(viewer.octets)
    stream.frozen = True
    stream.on_tick(1, 0.0)
    assert len(viewer.octets) == sent
    stream.frozen = False
    for tick in range(2, gop + 1):
        stream.on_tick(tick, 0.0)
    stream.remove_viewer(viewer)
    first = len(packetise(rendition.clip.access_units[0].nals, keyframe=True).offsets)
    assert viewer.packets()[first][2] == rendition.clip.sps
    steps = {(b[1] - a[1]) % 2**32 for a, b in pairwise(viewer.packets())}
    assert steps == {0, gop * rendition.clip.timestamp_step}


async def test_streams_that_nobody_watches_do_not_tick(rendition: Rendition) -> None:
    stream, viewer = make_stream(rendition), RecordingViewer()
    stream.add_viewer(viewer)
    stream.drop_viewers()
    assert viewer.dropped
    assert stream.viewers == 0
    stream.on_tick(0, 0.0)
    assert not viewer.octets


async def test_the_clock_jumps_and_the_source_changes_on_command(rendition: Rendition) -> None:
    stream, viewer = make_stream(rendition), RecordingViewer()
    stream.add_viewer(viewer)
    stream.on_tick(0, 0.0)
    stream.jump_clock(3_600)
    stream.on_tick(1, 0.0)
    stream.jump_clock(-5)
    stream.on_tick(2, 0.0)
    step = rendition.clip.timestamp_step
    stamps = list(dict.fromkeys(timestamp for _, timestamp, _ in viewer.packets()))
    assert [(b - a) % 2**32 for a, b in pairwise(stamps)] == [step + 3_600 * 90_000, (step - 5 * 90_000) % 2**32]
    sent = len(viewer.packets())
    stream.change_source(ssrc=7, first_sequence=40_000)
    stream.on_tick(3, 0.0)
    stream.remove_viewer(viewer)
    assert viewer.packets()[sent][0] == 40_000
    assert stream.ssrc == 7
