"""A bare RTSP client for tests that must see what no player shows: every answer and every octet, in their order."""

import re
import socket
from collections.abc import Mapping
from dataclasses import dataclass
from types import TracebackType
from typing import Self
from urllib.parse import urlsplit

TIMEOUT_SECONDS = 20.0
_FRAME_HEADER_OCTETS = 4
_RECEIVE_OCTETS = 1 << 16


@dataclass(frozen=True, slots=True)
class Answer:
    """An RTSP answer; header names in lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True, slots=True)
class Frame:
    """An interleaved frame; the fields are those of RTP, where it is RTP."""

    channel: int
    octets: bytes

    @property
    def marker(self) -> bool:
        return self.octets[1] & 0x80 != 0

    @property
    def sequence(self) -> int:
        return int.from_bytes(self.octets[2:4], "big")

    @property
    def timestamp(self) -> int:
        return int.from_bytes(self.octets[4:8], "big")

    @property
    def ssrc(self) -> int:
        return int.from_bytes(self.octets[8:12], "big")

    @property
    def payload(self) -> bytes:
        """What follows the RTP header."""
        return self.octets[12:]


class ConnectionEndedError(Exception):
    """The camera closed the connection."""


class BareClient:
    """One connection to the stream of an open camera (no password); a context manager."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.session = ""
        self._cseq = 0
        self._buffer = bytearray()
        parts = urlsplit(url)
        self._socket = socket.create_connection((parts.hostname, parts.port), TIMEOUT_SECONDS)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        exception_type: type[BaseException] | None,
        exception: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._socket.close()

    def send(self, method: str, url: str | None = None, **headers: str) -> None:
        """Send a request; `_` in the name of a header stands for `-`."""
        self._cseq += 1
        named = {"CSeq": str(self._cseq), **{name.replace("_", "-"): value for name, value in headers.items()}}
        if self.session:
            named["Session"] = self.session
        lines = [f"{method} {url or self.url} RTSP/1.0", *(f"{name}: {value}" for name, value in named.items())]
        self._socket.sendall("\r\n".join([*lines, "", ""]).encode())

    def read(self) -> Answer | Frame:
        """The next answer or frame.

        Raises:
            ConnectionEndedError: there is none any more.
            TimeoutError: nothing came for 20 s.
        """
        self._need(1)
        if self._buffer[0] == ord("$"):
            self._need(_FRAME_HEADER_OCTETS)
            length = int.from_bytes(self._buffer[2:4], "big")
            frame = self._take(_FRAME_HEADER_OCTETS + length)
            return Frame(frame[1], frame[_FRAME_HEADER_OCTETS:])
        while b"\r\n\r\n" not in self._buffer:
            self._receive()
        head = self._take(self._buffer.index(b"\r\n\r\n") + 4).decode()
        first, *lines = head.strip().split("\r\n")
        headers = {name.lower(): value for name, _, value in (line.partition(": ") for line in lines)}
        return Answer(int(first.split(" ")[1]), headers, self._take(int(headers.get("content-length", "0"))))

    def ask(self, method: str, url: str | None = None, **headers: str) -> Answer:
        """Send a request and read up to its answer; frames before it are lost."""
        self.send(method, url, **headers)
        while not isinstance(answer := self.read(), Answer):
            pass
        return answer

    def set_up(self, transport: str = "RTP/AVP/TCP;unicast;interleaved=0-1") -> Answer:
        """SETUP of the one track; keeps the session."""
        answer = self.ask("SETUP", f"{self.url}/trackID=0", Transport=transport)
        self.session = re.sub(";.*", "", answer.headers.get("session", ""))
        return answer

    def frames(self, count: int) -> list[Frame]:
        """The next RTP frames."""
        found: list[Frame] = []
        while len(found) < count:
            frame = self.read()
            if isinstance(frame, Frame) and frame.channel == 0:
                found.append(frame)
        return found

    def raw(self, octets: int) -> bytes:
        """The next octets, whatever they are."""
        return self._take(octets)

    def _take(self, octets: int) -> bytes:
        self._need(octets)
        taken = bytes(self._buffer[:octets])
        del self._buffer[:octets]
        return taken

    def _need(self, octets: int) -> None:
        while len(self._buffer) < octets:
            self._receive()

    def _receive(self) -> None:
        try:
            received = self._socket.recv(_RECEIVE_OCTETS)
        except ConnectionError as error:
            raise ConnectionEndedError from error
        if not received:
            raise ConnectionEndedError
        self._buffer += received
