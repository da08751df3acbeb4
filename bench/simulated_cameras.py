"""CPU that simulated cameras cost: 200 main streams, one client each, read over loopback by another process.

    python bench/simulated_cameras.py [--json] [--cameras 200] [--seconds 10]

`cpu_core_share_…` is CPU time of the simulator over wall time: 0.15 is 15 % of one core.
"""

import argparse
import json
import selectors
import socket
import subprocess
import sys
import time
from collections.abc import Generator
from contextlib import contextmanager
from urllib.parse import urlsplit

import httpx
import psutil

from camera_simulator.testing import SimulatorProcess

GOAL_CORE_SHARE = 0.15
WARM_UP_SECONDS = 4.0  # every client has passed its first keyframe (GOP of 2 s)
RECEIVE_OCTETS = 1 << 18

ABSOLUTE_MOVE = (
    '<s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope"><s:Body>'
    '<AbsoluteMove xmlns="http://www.onvif.org/ver20/ptz/wsdl"><ProfileToken>main</ProfileToken><Position>'
    '<PanTilt xmlns="http://www.onvif.org/ver10/schema" x="0.5" y="0.2"/></Position></AbsoluteMove>'
    "</s:Body></s:Envelope>"
)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--cameras", type=int, default=200)
    parser.add_argument("--seconds", type=float, default=10.0)
    parser.add_argument("--read", nargs="+", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.read:
        _read(options.read)
        return
    figures = _measure(options.cameras, options.seconds)
    if options.json:
        print(json.dumps(figures))
        return
    for name, value in figures.items():
        print(f"{name:34} {value}")


def _measure(cameras: int, seconds: float) -> dict[str, float]:
    with SimulatorProcess(count=cameras) as simulator:
        process = psutil.Process(simulator.pid)
        idle = _cpu_share(process, 2.0)
        urls = [simulator.rtsp_url(number) for number in range(1, cameras + 1)]
        with _clients(urls) as clients:
            time.sleep(WARM_UP_SECONDS)
            before = _read_octets(clients)
            busy = _cpu_share(process, seconds)
            after = _read_octets(clients)
        resident = process.memory_info().rss
    moved = _moved_camera_share(seconds / 2)
    received = [last - first for first, last in zip(before, after, strict=True)]
    silent = sum(octets == 0 for octets in received)
    assert silent == 0, f"{silent} cameras sent nothing"
    return {
        f"cpu_core_share_{cameras}_cameras": round(busy, 4),
        "cpu_core_share_moved_ptz_camera": round(moved, 4),
        "cpu_core_share_idle": round(idle, 4),
        "goal_core_share": GOAL_CORE_SHARE,
        "clients_served": len(received),
        "megabits_per_second": round(sum(received) * 8 / seconds / 1e6, 1),
        "memory_megabytes": round(resident / 1e6, 1),
    }


def _moved_camera_share(seconds: float) -> float:
    """Share of a core for one viewer of the main stream (720p) of a PTZ camera that is not at home."""
    with SimulatorProcess(count=1, ptz_count=1) as simulator, _clients([simulator.rtsp_url(1)]):
        ptz_service = simulator.onvif_url(1).replace("device_service", "ptz_service")
        httpx.post(ptz_service, content=ABSOLUTE_MOVE, timeout=10).raise_for_status()
        time.sleep(WARM_UP_SECONDS)
        return _cpu_share(psutil.Process(simulator.pid), seconds)


def _cpu_share(process: psutil.Process, seconds: float) -> float:
    cpu, wall = process.cpu_times(), time.perf_counter()
    time.sleep(seconds)
    cpu_after, wall_after = process.cpu_times(), time.perf_counter()
    return (cpu_after.user + cpu_after.system - cpu.user - cpu.system) / (wall_after - wall)


@contextmanager
def _clients(urls: list[str]) -> Generator[subprocess.Popen[str]]:
    """Another process that plays every URL and answers each line on its input with the octets read so far."""
    with subprocess.Popen(
        [sys.executable, __file__, "--read", *urls],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as clients:
        try:
            _read_octets(clients)
            yield clients
        finally:
            clients.terminate()


def _read_octets(clients: subprocess.Popen[str]) -> list[int]:
    assert clients.stdin is not None
    assert clients.stdout is not None
    clients.stdin.write("\n")
    clients.stdin.flush()
    return json.loads(clients.stdout.readline())


def _read(urls: list[str]) -> None:
    selector = selectors.DefaultSelector()
    octets = [0] * len(urls)
    for number, url in enumerate(urls):
        selector.register(_play(url), selectors.EVENT_READ, number)
    selector.register(sys.stdin, selectors.EVENT_READ, None)
    buffer = bytearray(RECEIVE_OCTETS)
    while True:
        for key, _events in selector.select():
            if key.data is None:
                if not sys.stdin.readline():
                    return
                print(json.dumps(octets), flush=True)
            elif isinstance(key.fileobj, socket.socket):
                got = key.fileobj.recv_into(buffer)
                assert got, "a camera closed the connection"
                octets[key.data] = octets[key.data] + got
        time.sleep(0.005)  # the reader leaves the core to the simulator that is measured


def _play(url: str) -> socket.socket:
    parts = urlsplit(url)
    connection = socket.create_connection((parts.hostname, parts.port), timeout=10)
    transport = "Transport: RTP/AVP/TCP;unicast;interleaved=0-1\r\n"
    answer = _ask(connection, f"SETUP {url}/trackID=0 RTSP/1.0\r\nCSeq: 1\r\n{transport}\r\n")
    session = answer.split("Session: ")[1].split(";")[0]
    _ask(connection, f"PLAY {url} RTSP/1.0\r\nCSeq: 2\r\nSession: {session}\r\n\r\n")
    connection.setblocking(False)
    return connection


def _ask(connection: socket.socket, request: str) -> str:
    connection.sendall(request.encode())
    answer = connection.recv(65_536).decode("latin-1")
    assert answer.startswith("RTSP/1.0 200"), answer
    return answer


if __name__ == "__main__":
    main()
