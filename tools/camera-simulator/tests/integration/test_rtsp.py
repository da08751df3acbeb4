"""Independent RTSP clients (FFmpeg's libraries and program) play the simulated cameras."""

import re
import socket
import subprocess
from collections import deque
from collections.abc import Generator, Iterator
from contextlib import contextmanager, suppress
from itertools import islice, pairwise
from pathlib import Path

import av
import imageio_ffmpeg
import numpy as np
import pytest
from av import error
from av.container import InputContainer

from camera_simulator.rtsp_server import KERNEL_BUFFER_OCTETS, MAX_UNSENT_OCTETS
from camera_simulator.testing import SimulatorProcess

pytestmark = pytest.mark.integration
TIMEOUT_SECONDS = 10
OPTIONS = {"rtsp_transport": "tcp", "analyzeduration": "200000"}  # microseconds: the SDP says it all


@contextmanager
def playing(url: str, read_seconds: float = TIMEOUT_SECONDS) -> Generator[InputContainer]:
    timeout = (TIMEOUT_SECONDS, read_seconds)
    with av.open(url, options=OPTIONS, timeout=timeout) as container:
        yield container


def pictures(simulator: SimulatorProcess, number: int, quality: str, count: int) -> list[av.VideoFrame]:
    with playing(simulator.rtsp_url(number, quality, with_credentials=True)) as container:
        return list(islice(container.decode(video=0), count))


@pytest.mark.parametrize(
    ("number", "quality", "size"),
    [(1, "main", (1280, 720)), (1, "sub", (640, 360)), (3, "main", (1280, 536)), (3, "sub", (640, 360))],
)
def test_pictures_decode_and_move(
    simulator: SimulatorProcess, number: int, quality: str, size: tuple[int, int]
) -> None:
    seen = pictures(simulator, number, quality, 10)
    assert {(picture.width, picture.height) for picture in seen} == {size}
    assert not any(picture.is_corrupt for picture in seen)
    first, last = (picture.to_ndarray(format="gray").astype(np.int16) for picture in (seen[0], seen[-1]))
    assert np.abs(first - last).max() > 40


def test_two_cameras_of_one_scene_differ(simulator: SimulatorProcess) -> None:
    one, other = (
        pictures(simulator, number, "sub", 1)[0].to_ndarray(format="gray").astype(np.int16) for number in (1, 2)
    )
    assert np.abs(one - other).max() > 40


def test_the_end_of_the_loop_is_not_seen(simulator: SimulatorProcess) -> None:
    loop_and_more = 140  # pictures; the loop has 125
    with playing(simulator.rtsp_url(3, "sub", with_credentials=True)) as container:
        stamps: list[int] = []
        for picture in islice(container.decode(video=0), loop_and_more):
            assert not picture.is_corrupt
            if picture.pts is not None:
                stamps.append(picture.pts)
    assert {after - before for before, after in pairwise(stamps)} == {7_200}
    assert len(stamps) >= loop_and_more - 1


@pytest.mark.parametrize("account", ["", "admin:wrong@", "other:s3%20cret%2F%C3%A9@"])
def test_a_stranger_sees_nothing(simulator: SimulatorProcess, account: str) -> None:
    url = simulator.rtsp_url(1).replace("rtsp://", f"rtsp://{account}")
    with pytest.raises(error.HTTPUnauthorizedError), playing(url):
        pass


def test_an_unknown_camera_is_not_found(simulator: SimulatorProcess) -> None:
    url = simulator.rtsp_url(999, with_credentials=True)
    with pytest.raises(error.HTTPNotFoundError), playing(url):
        pass


def test_a_camera_may_refuse_udp(simulator: SimulatorProcess) -> None:
    url = simulator.rtsp_url(6, with_credentials=True)
    simulator.set_stream_quirks(6, "tcp_only")
    with pytest.raises(error.FFmpegError):
        av.open(url, options={"rtsp_transport": "udp"}, timeout=TIMEOUT_SECONDS)
    simulator.set_stream_quirks(6)


def test_ffmpeg_records_by_copying(simulator: SimulatorProcess, tmp_path: Path) -> None:
    file = tmp_path / "record.mp4"
    url = simulator.rtsp_url(1, with_credentials=True)
    command = [imageio_ffmpeg.get_ffmpeg_exe(), "-nostdin", "-loglevel", "error", "-fflags", "+genpts"]
    command += ["-rtsp_transport", "tcp", "-i", url, "-t", "6", "-map", "0:v", "-c", "copy", str(file)]
    subprocess.run(command, check=True, timeout=60)
    with av.open(str(file)) as container:
        recorded = list(container.decode(video=0))
    assert not any(picture.is_corrupt for picture in recorded)
    assert 73 <= len(recorded) <= 77


def until_cut(container: InputContainer) -> Iterator[av.VideoFrame]:
    """Pictures up to the loss of the connection, which some FFmpeg versions report as an end of file."""
    with suppress(error.ConnectionResetError, error.BrokenPipeError):
        yield from container.decode(video=0)


def test_an_offline_camera_cuts_and_refuses(simulator: SimulatorProcess) -> None:
    url = simulator.rtsp_url(4, "sub", with_credentials=True)
    with playing(url) as container:
        next(container.decode(video=0))
        simulator.set_faults(4, offline=True)
        assert all(not picture.is_corrupt for picture in until_cut(container))
    with pytest.raises(error.FFmpegError), playing(url):
        pass
    simulator.set_faults(4)
    assert pictures(simulator, 4, "sub", 1)


def test_a_frozen_camera_stays_connected_and_sends_nothing(simulator: SimulatorProcess) -> None:
    url = simulator.rtsp_url(5, "sub", with_credentials=True)
    with playing(url, read_seconds=4) as container:
        next(container.decode(video=0))
        simulator.set_faults(5, freeze=True)
        with pytest.raises(error.ExitError):  # FFmpeg's read deadline
            deque(container.decode(video=0), maxlen=0)
    simulator.set_faults(5)
    assert pictures(simulator, 5, "sub", 1)


def test_a_client_that_does_not_read_is_dropped_and_stalls_nobody() -> None:
    with SimulatorProcess(count=1) as simulator, stalled_client(simulator) as stalled:
        with playing(simulator.rtsp_url(1)) as container:
            seen = 0
            stamps: list[int] = []
            for packet in container.demux(video=0):
                seen += packet.size
                stamps += [packet.pts] if packet.pts is not None else []
                if seen > MAX_UNSENT_OCTETS + 2 * KERNEL_BUFFER_OCTETS:  # Linux doubles what it is asked
                    break
        assert {after - before for before, after in pairwise(stamps)} == {7_200}
        stalled.settimeout(TIMEOUT_SECONDS)
        leftovers = list(islice(iter(lambda: stalled.recv(1 << 16), b""), 1_000))
        assert len(leftovers) < 1_000, "the connection still gives pictures"


@contextmanager
def stalled_client(simulator: SimulatorProcess) -> Generator[socket.socket]:
    """A bare client that has asked for PLAY and has read nothing since."""
    url = simulator.rtsp_url(1)
    with socket.socket() as client:
        client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4_096)
        client.settimeout(TIMEOUT_SECONDS)
        client.connect((simulator.addresses.host, simulator.addresses.rtsp_port))
        transport = "Transport: RTP/AVP/TCP;interleaved=0-1\r\n"
        client.sendall(f"SETUP {url}/trackID=0 RTSP/1.0\r\nCSeq: 1\r\n{transport}\r\n".encode())
        found = re.search(rb"Session: (\w+)", client.recv(4_096))
        assert found is not None
        session = found.group(1).decode()
        client.sendall(f"PLAY {url} RTSP/1.0\r\nCSeq: 2\r\nSession: {session}\r\n\r\n".encode())
        assert b"RTP-Info" in client.recv(4_096)
        yield client
