"""Free TCP ports on the loopback, chosen so that neighbours on the same machine do not collide.

Asking the kernel for port 0 and closing the socket leaves a gap in which anybody may take the port. Ports here
come from below the ephemeral range (so that no outgoing connection lands on them) and each is marked by a
lock file that this process holds until it ends.
"""

import fcntl
import os
import random
import socket
import tempfile
from pathlib import Path

LOOPBACK = "127.0.0.1"
_LOWEST = 12_000
_HIGHEST = 32_000
_ATTEMPTS = 2_000
_held: dict[int, int] = {}


class NoFreePort(RuntimeError):
    """No free port was found after many attempts."""

    def __init__(self, attempts: int) -> None:
        super().__init__(f"no free port on {LOOPBACK} between {_LOWEST} and {_HIGHEST} after {attempts} attempts")


def is_free(port: int, host: str = LOOPBACK) -> bool:
    """Tell whether a server could listen on the port now."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError:
            return False
    return True


def reserve_port(*, also_offset: int = 0) -> int:
    """Return a free port that no other caller of this function on the machine will be given.

    Args:
        also_offset: a second port at this distance is reserved too (SeaweedFS puts gRPC at port + 10 000).

    Raises:
        NoFreePort: the range is exhausted.
    """
    chooser = random.SystemRandom()
    for _ in range(_ATTEMPTS):
        port = chooser.randrange(_LOWEST, _HIGHEST - also_offset)
        if hold_port(port, also_offset=also_offset):
            return port
    raise NoFreePort(_ATTEMPTS)


def hold_port(port: int, *, also_offset: int = 0) -> bool:
    """Reserve one given port (and its pair); False when somebody has it."""
    if not _claim(port):
        return False
    if also_offset == 0 or _claim(port + also_offset):
        return True
    release_port(port)
    return False


def release_port(port: int) -> None:
    """Give a reserved port back, for another program to take. No effect on a port that is not held."""
    lock = _held.pop(port, None)
    if lock is not None:
        os.close(lock)


def _claim(port: int) -> bool:
    """Hold the port's lock file and check that nobody listens."""
    if port in _held:
        return False
    folder = Path(tempfile.gettempdir()) / f"vigie-ports-{os.getuid()}"
    folder.mkdir(mode=0o700, exist_ok=True)
    lock = os.open(folder / str(port), os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(lock)
        return False
    if not is_free(port):
        os.close(lock)
        return False
    _held[port] = lock
    return True
