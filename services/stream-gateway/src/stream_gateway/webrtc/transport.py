"""ICE, DTLS and SRTP to one peer, by aiortc: the only module that touches its inside.

Beyond aiortc's documented objects it uses four names with an underscore: the gatherer's ``_connection`` (to bind one
address only), and of the DTLS transport ``_register_rtp_sender``, ``_send_rtp`` and the ``_handle_rtcp_packet`` it
calls. ``tests/integration/webrtc`` notices when a release changes one of them; the version is bounded in pyproject.
"""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from aioice import Connection
from aiortc import (
    RTCCertificate,
    RTCDtlsFingerprint,
    RTCDtlsParameters,
    RTCDtlsTransport,
    RTCIceGatherer,
    RTCIceParameters,
    RTCIceTransport,
)
from aiortc.clock import current_ntp_time
from aiortc.rtcrtpparameters import RTCRtpSendParameters
from aiortc.rtp import (
    RTCP_PSFB_PLI,
    RTCP_RTPFB_NACK,
    RtcpByePacket,
    RtcpPsfbPacket,
    RtcpRtpfbPacket,
    RtcpSdesPacket,
    RtcpSenderInfo,
    RtcpSourceInfo,
    RtcpSrPacket,
)

from stream_gateway.webrtc.offer import Offer

_COMPONENT = 1
_COUNTER = 0xFFFF_FFFF
_SDES_CNAME = 1


class PeerLost(Exception):
    """The peer could not be reached, is not who its offer says, or went away."""


class _OneAddress(Connection):
    """An ICE agent that listens on one address; the library's own would take every interface but loopback."""

    def __init__(self, address: str) -> None:
        super().__init__(ice_controlling=False)
        self._address = address

    async def gather_candidates(self) -> None:
        if not self._local_candidates_start:
            self._local_candidates_start = True
            self._local_candidates = await self.get_component_candidates(_COMPONENT, [self._address])
            self._local_candidates_end = True


class _OneAddressGatherer(RTCIceGatherer):
    def __init__(self, address: str) -> None:
        super().__init__(iceServers=[])  # no STUN, no TURN
        self._connection = _OneAddress(address)


@dataclass(slots=True, eq=False)
class _Feedback:
    """What the DTLS transport hands RTCP of our stream to."""

    _ssrc: int
    lost: Callable[[list[int]], Awaitable[None]]
    keyframe_wanted: Callable[[], None]

    async def _handle_rtcp_packet(self, packet: object) -> None:
        if isinstance(packet, RtcpRtpfbPacket) and packet.fmt == RTCP_RTPFB_NACK:
            with contextlib.suppress(ConnectionError):
                await self.lost(packet.lost)
        elif isinstance(packet, RtcpPsfbPacket) and packet.fmt == RTCP_PSFB_PLI:
            self.keyframe_wanted()


class PeerTransport:
    """A way to one peer. ``gone`` is set when it ended from outside: ICE or DTLS failed, or the peer closed."""

    def __init__(self, address: str) -> None:
        self._certificate = RTCCertificate.generateCertificate()
        self._gatherer = _OneAddressGatherer(address)
        self._ice = RTCIceTransport(self._gatherer)
        self._dtls = RTCDtlsTransport(self._ice, [self._certificate])
        self.gone = asyncio.Event()
        self._dtls.on("statechange", self._look)
        self._ice.on("statechange", self._look)

    def _look(self) -> None:
        if self._dtls.state in {"closed", "failed"} or self._ice.state in {"closed", "failed"}:
            self.gone.set()

    async def gather(self) -> tuple[str, ...]:
        """Listen; return our candidates as values of ``a=candidate``.

        Raises:
            PeerLost: the configured address is not one of this machine.
        """
        await self._gatherer.gather()
        candidates = tuple(
            f"{c.foundation} {c.component} {c.protocol} {c.priority} {c.ip} {c.port} typ {c.type}"
            for c in self._gatherer.getLocalCandidates()
        )
        if not candidates:
            raise PeerLost("webrtc_host is no address of this machine")
        return candidates

    @property
    def credentials(self) -> tuple[str, str]:
        """Our ICE user fragment and password."""
        own = self._gatherer.getLocalParameters()
        return str(own.usernameFragment), str(own.password)

    @property
    def fingerprint(self) -> str:
        """SHA-256 of our certificate, as SDP writes it."""
        return next(f.value for f in self._certificate.getFingerprints() if f.algorithm == "sha-256")

    async def connect(self, offer: Offer, seconds: float) -> None:
        """Wait for the peer and shake hands; raises PeerLost after ``seconds``.

        No candidate of the offer is tried: the peer knocks with the password of our answer, and that address is
        answered. So nobody makes this server send packets to a third place, and no name is ever resolved.
        """
        ice = RTCIceParameters(usernameFragment=offer.ufrag, password=offer.password)
        prints = [RTCDtlsFingerprint(algorithm=name, value=value) for name, value in offer.fingerprints]
        try:
            async with asyncio.timeout(seconds):
                await self._ice.start(ice)
                if self._ice.state == "completed":
                    await self._dtls.start(RTCDtlsParameters(fingerprints=prints))
        except (TimeoutError, ConnectionError) as error:
            raise PeerLost("no handshake in time") from error
        if self._dtls.state != "connected":
            raise PeerLost(f"handshake ended with ICE {self._ice.state}, DTLS {self._dtls.state}")

    def listen(
        self, ssrc: int, lost: Callable[[list[int]], Awaitable[None]], keyframe_wanted: Callable[[], None]
    ) -> None:
        """Have the peer's reports on a stream handed on."""
        sender: Any = _Feedback(ssrc, lost, keyframe_wanted)
        self._dtls._register_rtp_sender(sender, RTCRtpSendParameters())  # noqa: SLF001 # pyright: ignore[reportPrivateUsage]

    async def send(self, packet: bytes) -> None:
        """Send an RTP or RTCP packet; raises ConnectionError when the peer is gone."""
        await self._dtls._send_rtp(packet)  # noqa: SLF001 # pyright: ignore[reportPrivateUsage]

    async def report(self, ssrc: int, cname: str, *, rtp_time: int, packets: int, payload_bytes: int) -> None:
        """Send a sender report (RFC 3550 §6.4.1)."""
        sent = RtcpSenderInfo(current_ntp_time(), rtp_time, packets & _COUNTER, payload_bytes & _COUNTER)
        name = RtcpSourceInfo(ssrc=ssrc, items=[(_SDES_CNAME, cname.encode())])
        await self.send(bytes(RtcpSrPacket(ssrc, sent)) + bytes(RtcpSdesPacket(chunks=[name])))

    async def farewell(self, ssrc: int) -> None:
        """Tell the peer that a stream is over (RFC 3550 §6.6)."""
        with contextlib.suppress(ConnectionError):
            await self.send(bytes(RtcpByePacket(sources=[ssrc])))

    async def close(self) -> None:
        """End both layers; nothing is sent afterwards."""
        await self._dtls.stop()
        await self._ice.stop()
        self.gone.set()
