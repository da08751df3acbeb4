"""Where a stream's packets go: into the RTSP connection, or out of a pair of UDP ports."""

import logging
import socket
from asyncio import Transport
from collections.abc import Callable

MAX_UNSENT_OCTETS = 1 << 19  # some five seconds of a main stream: a slower client is dropped
UDP_BUFFER_OCTETS = 1 << 20  # a keyframe leaves at once
_FRAME_HEADER_OCTETS = 4
_PORT_ATTEMPTS = 64
log = logging.getLogger(__name__)


class TcpOutlet:
    """Interleaved in the connection; a client that does not read loses it."""

    def __init__(self, transport: Transport, channels: tuple[int, int], cut: Callable[[], None]) -> None:
        self.rtp_channel, self.rtcp_channel = channels
        self._transport = transport
        self._cut = cut

    def send(self, packets: bytes) -> None:
        self._transport.write(packets)
        if self._transport.get_write_buffer_size() > MAX_UNSENT_OCTETS:
            log.info("slow client dropped")
            self._cut()

    def drop(self) -> None:
        self._cut()

    def close(self) -> None:
        """Nothing: the connection goes on."""


class UdpOutlet:
    """RTP and RTCP out of two ports to the two ports of the client; what the kernel does not take is lost."""

    rtp_channel = 0
    rtcp_channel = 1

    def __init__(self, host: str, peer: str, client_ports: tuple[int, int], cut: Callable[[], None]) -> None:
        """Take two free ports of a local address.

        Raises:
            OSError: there are none.
        """
        self._sockets = _neighbouring_ports(host)
        self._targets = [(peer, port) for port in client_ports]
        self._cut = cut

    @property
    def ports(self) -> tuple[int, int]:
        """The server's RTP and RTCP ports."""
        rtp, rtcp = (int(sender.getsockname()[1]) for sender in self._sockets)
        return rtp, rtcp

    def send(self, packets: bytes) -> None:
        at = 0
        while at < len(packets):
            if packets[at : at + 1] != b"$":
                self._send_one(0, packets[at:])
                return
            channel = packets[at + 1]
            end = at + _FRAME_HEADER_OCTETS + int.from_bytes(packets[at + 2 : at + 4], "big")
            self._send_one(channel, packets[at + _FRAME_HEADER_OCTETS : end])
            at = end

    def drop(self) -> None:
        self._cut()

    def close(self) -> None:
        """Give the ports back."""
        for sender in self._sockets:
            sender.close()

    def _send_one(self, channel: int, datagram: bytes) -> None:
        try:
            self._sockets[channel].sendto(datagram, self._targets[channel])
        except OSError as error:  # full buffer, too large, or nobody there: lost, as on a network
            log.debug("datagram lost: %s", error)


def _neighbouring_ports(host: str) -> tuple[socket.socket, socket.socket]:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    for _ in range(_PORT_ATTEMPTS):
        rtp, rtcp = (socket.socket(family, socket.SOCK_DGRAM) for _ in range(2))
        for sender in (rtp, rtcp):
            sender.setblocking(False)
            sender.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, UDP_BUFFER_OCTETS)
        try:
            rtp.bind((host, 0))
            port = int(rtp.getsockname()[1])
            if port % 2 == 0:  # RTP even, RTCP the next one (RFC 3550 §11)
                rtcp.bind((host, port + 1))
                return rtp, rtcp
        except OSError as error:
            log.debug("port taken: %s", error)
        rtp.close()
        rtcp.close()
    raise OSError("no two neighbouring UDP ports are free")
