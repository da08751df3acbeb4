"""A bad line on loopback: UDP relayed between one viewer and one server, with packets lost as a seed says."""

import asyncio
import random
import re
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

Address = tuple[str, int]
_CANDIDATE = re.compile(r"^(a=candidate:\S+ 1 udp \d+ 127\.0\.0\.1) (\d+) typ host", re.MULTILINE)


@dataclass
class LossyLink:
    """Stands between; ``loss`` is the share of packets that is dropped, each way, from 0 to 1."""

    random: random.Random
    loss: float = 0.0
    server: Address | None = None
    viewer: Address | None = None
    passed: int = 0
    dropped: int = 0
    _near: Any = field(default=None, repr=False)
    _far: Any = field(default=None, repr=False)

    def through(self, answer: str) -> str:
        """Return an SDP answer whose candidate leads through this link."""
        match = _CANDIDATE.search(answer)
        assert match is not None
        self.server = ("127.0.0.1", int(match[2]))
        port = self._near.get_extra_info("sockname")[1]
        return _CANDIDATE.sub(rf"\g<1> {port} typ host", answer)

    def lets_pass(self) -> bool:
        """Cast lots for one packet."""
        if self.random.random() < self.loss:
            self.dropped += 1
            return False
        self.passed += 1
        return True


class _Near(asyncio.DatagramProtocol):
    """Faces the viewer."""

    def __init__(self, link: LossyLink) -> None:
        self._link = link

    def datagram_received(self, data: bytes, addr: Any) -> None:
        self._link.viewer = addr
        if self._link.lets_pass():
            self._link._far.sendto(data, self._link.server)  # noqa: SLF001 # pyright: ignore[reportPrivateUsage]


class _Far(asyncio.DatagramProtocol):
    """Faces the server."""

    def __init__(self, link: LossyLink) -> None:
        self._link = link

    def datagram_received(self, data: bytes, addr: Any) -> None:  # noqa: ARG002 - asyncio's signature
        if self._link.viewer is not None and self._link.lets_pass():
            self._link._near.sendto(data, self._link.viewer)  # noqa: SLF001 # pyright: ignore[reportPrivateUsage]


@asynccontextmanager
async def lossy_link(seed: int) -> AsyncGenerator[LossyLink, None]:
    """Open a link that loses nothing until its ``loss`` is set."""
    loop = asyncio.get_running_loop()
    link = LossyLink(random.Random(seed))  # noqa: S311 - lots of a test
    link._near, _ = await loop.create_datagram_endpoint(lambda: _Near(link), local_addr=("127.0.0.1", 0))  # noqa: SLF001 # pyright: ignore[reportPrivateUsage]
    link._far, _ = await loop.create_datagram_endpoint(lambda: _Far(link), local_addr=("127.0.0.1", 0))  # noqa: SLF001 # pyright: ignore[reportPrivateUsage]
    try:
        yield link
    finally:
        link._near.close()  # noqa: SLF001 # pyright: ignore[reportPrivateUsage]
        link._far.close()  # noqa: SLF001 # pyright: ignore[reportPrivateUsage]
