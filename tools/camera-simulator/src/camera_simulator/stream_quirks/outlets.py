"""Outlets that differ from how a decent camera sends: too early, or drop by drop."""

import asyncio
from collections import deque
from collections.abc import Callable
from typing import Protocol

from camera_simulator.stream import Viewer

DRIP_SECONDS = 0.25


class Outlet(Viewer, Protocol):
    """A viewer that may hold ports."""

    def close(self) -> None:
        """Give back what it holds."""
        ...


class TellingFirst:
    """Sends, and says once that it has: after the first picture."""

    def __init__(self, outlet: Outlet, sent_first: Callable[[], None]) -> None:
        self.rtp_channel, self.rtcp_channel = outlet.rtp_channel, outlet.rtcp_channel
        self._outlet = outlet
        self._sent_first: Callable[[], None] | None = sent_first

    def send(self, packets: bytes) -> None:
        self._outlet.send(packets)
        tell, self._sent_first = self._sent_first, None
        if tell is not None:
            tell()

    def drop(self) -> None:
        self._outlet.drop()

    def close(self) -> None:
        self._outlet.close()


class Drip:
    """A few octets a second, with RTSP answers between the packets; a picture that finds others waiting is lost."""

    def __init__(self, outlet: Outlet, octets_per_second: int) -> None:
        self.rtp_channel, self.rtcp_channel = outlet.rtp_channel, outlet.rtcp_channel
        self._outlet = outlet
        self._octets = max(1, int(octets_per_second * DRIP_SECONDS))
        self._seconds = self._octets / octets_per_second
        self._queue: deque[int] = deque()
        self._timer: asyncio.TimerHandle | None = None

    def send(self, packets: bytes) -> None:
        if not self._queue:
            self.answer(packets)

    def answer(self, octets: bytes) -> None:
        """Queue an RTSP answer behind what is being sent."""
        self._queue.extend(octets)
        if self._timer is None:
            self._fall()

    def drop(self) -> None:
        self._outlet.drop()

    def close(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._queue.clear()
        self._outlet.close()

    def _fall(self) -> None:
        self._timer = None
        octets = bytes(self._queue.popleft() for _ in range(min(self._octets, len(self._queue))))
        if octets:
            self._outlet.send(octets)
            self._timer = asyncio.get_running_loop().call_later(self._seconds, self._fall)
