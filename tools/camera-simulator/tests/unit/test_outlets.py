"""Packets leave by UDP one by one, by drops in their order, and a first picture is told."""

import asyncio
import socket
from collections.abc import Iterator
from itertools import pairwise

import pytest

from camera_simulator.outlets import UdpOutlet
from camera_simulator.rtp import packetise
from camera_simulator.rtsp_wire import client_ports
from camera_simulator.stream_quirks.outlets import Drip, TellingFirst
from camera_simulator.stream_quirks.session_watch import SessionWatch


class Kept:
    """An outlet that keeps what it is sent."""

    rtp_channel = 0
    rtcp_channel = 1

    def __init__(self) -> None:
        self.octets = b""
        self.closed = False

    def send(self, packets: bytes) -> None:
        self.octets += packets

    def drop(self) -> None:
        self.closed = True

    def close(self) -> None:
        self.closed = True


@pytest.fixture
def receivers() -> Iterator[tuple[socket.socket, socket.socket]]:
    with (
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as rtp,
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as rtcp,
    ):
        for receiver in (rtp, rtcp):
            receiver.bind(("127.0.0.1", 0))
            receiver.settimeout(10)
        yield rtp, rtcp


def test_each_packet_is_a_datagram(receivers: tuple[socket.socket, socket.socket]) -> None:
    ports = receivers[0].getsockname()[1], receivers[1].getsockname()[1]
    outlet = UdpOutlet("127.0.0.1", "127.0.0.1", ports, lambda: None)
    rtp_port, rtcp_port = outlet.ports
    assert rtp_port % 2 == 0
    assert rtcp_port == rtp_port + 1
    unit = packetise([b"\x41" + bytes(200)], keyframe=True, max_payload=60)
    outlet.send(unit.template + b"$\x01\x00\x03abc")
    starts = (*unit.offsets, len(unit.template))
    for start, end in pairwise(starts):
        datagram, sender = receivers[0].recvfrom(2_000)
        assert datagram == unit.template[start + 4 : end]
        assert sender == ("127.0.0.1", rtp_port)
    assert receivers[1].recvfrom(2_000) == (b"abc", ("127.0.0.1", rtcp_port))
    outlet.close()
    outlet.send(unit.template)  # lost, and nobody is hurt


@pytest.mark.parametrize(
    ("offered", "ports"),
    [
        ("RTP/AVP;unicast;client_port=5000-5001", (5000, 5001)),
        ("RTP/AVP/TCP;interleaved=0-1,RTP/AVP/UDP;unicast;client_port=7000", (7000, 7001)),
        ("RTP/AVP;multicast;client_port=5000-5001", None),
        ("RTP/AVP;unicast", None),
        ("RTP/AVP;unicast;client_port=0-1", None),
        ("RTP/AVP;unicast;client_port=65535", None),
        ("RTP/AVP;unicast;client_port=²-5", None),
        ("", None),
    ],
)
def test_client_ports(offered: str, ports: tuple[int, int] | None) -> None:
    assert client_ports(offered) == ports


async def test_drops_fall_in_order_and_pictures_wait_for_none() -> None:
    kept = Kept()
    drip = Drip(kept, octets_per_second=4_000)
    drip.send(b"picture" * 200)
    drip.answer(b"answer")
    drip.send(b"lost")
    whole = b"picture" * 200 + b"answer"
    async with asyncio.timeout(20):
        while len(kept.octets) < len(whole):
            assert whole.startswith(kept.octets)
            await asyncio.sleep(0.01)
    assert kept.octets == whole
    drip.send(b"next" * 1_000)
    drip.close()
    assert kept.closed


def test_the_first_picture_is_told_once() -> None:
    kept, told = Kept(), list[bytes]()
    outlet = TellingFirst(kept, lambda: told.append(kept.octets))
    outlet.send(b"first")
    outlet.send(b"second")
    assert told == [b"first"]


async def test_a_silent_session_dies_and_a_touched_one_lives() -> None:
    died = asyncio.Event()
    watch = SessionWatch(0.01, died.set)
    watch.touch()
    async with asyncio.timeout(20):
        await died.wait()
    lives = asyncio.Event()
    other = SessionWatch(3_600, lives.set)
    other.touch()
    other.touch()
    other.stop()
    assert not lives.is_set()
