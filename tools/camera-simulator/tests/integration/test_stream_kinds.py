"""H.265, UDP and counting cameras, seen by players that we did not write."""

import json
import subprocess
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

import av
import httpx
import imageio_ffmpeg
import numpy as np
import pytest
from av import error

from camera_simulator.testing import SimulatorError, SimulatorProcess, UnreadableCounterError, age_of, read_counter

pytestmark = pytest.mark.integration
TIMEOUT_SECONDS = 20
NUMBER_H264, NUMBER_COUNTER, NUMBER_H265 = 1, 2, 3


@pytest.fixture(scope="module")
def kinds() -> Iterator[SimulatorProcess]:
    """A moving H.264 camera, one that counts, and one of H.265, behind a password."""
    with SimulatorProcess(
        count=3, ptz_count=1, hevc_count=1, flash_count=1, username="admin", password="s3 cret/é"
    ) as process:
        yield process


def recorded(url: str, transport: str, file: Path, seconds: int) -> list[av.VideoFrame]:
    """What ffmpeg copies into a file, decoded."""
    command = [imageio_ffmpeg.get_ffmpeg_exe(), "-nostdin", "-loglevel", "error", "-fflags", "+genpts"]
    command += ["-rtsp_transport", transport, "-i", url, "-t", str(seconds), "-map", "0:v", "-c", "copy", str(file)]
    subprocess.run(command, check=True, timeout=60)
    with av.open(str(file)) as container:
        return list(container.decode(video=0))


@pytest.mark.parametrize("transport", ["tcp", "udp"])
@pytest.mark.parametrize(("quality", "size"), [("main", (1280, 720)), ("sub", (640, 360))])
def test_h265_plays(kinds: SimulatorProcess, transport: str, quality: str, size: tuple[int, int]) -> None:
    url = kinds.rtsp_url(NUMBER_H265, quality, with_credentials=True)
    with av.open(url, options={"rtsp_transport": transport}, timeout=TIMEOUT_SECONDS) as container:
        assert container.streams.video[0].codec_context.name == "hevc"
        seen = list(islice(container.decode(video=0), 30))
    assert {(picture.width, picture.height) for picture in seen} == {size}
    assert not any(picture.is_corrupt for picture in seen)
    first, last = (picture.to_ndarray(format="gray").astype(np.int16) for picture in (seen[0], seen[-1]))
    assert np.abs(first - last).max() > 40


def test_ffmpeg_records_h265_by_copying_over_the_end_of_a_gop(kinds: SimulatorProcess, tmp_path: Path) -> None:
    pictures = recorded(kinds.rtsp_url(NUMBER_H265, with_credentials=True), "tcp", tmp_path / "h265.mp4", 5)
    assert 60 <= len(pictures) <= 65
    assert not any(picture.is_corrupt for picture in pictures)


def test_ffmpeg_records_over_udp(kinds: SimulatorProcess, tmp_path: Path) -> None:
    kinds.set_stream_quirks(NUMBER_H264, "udp_only")
    url = kinds.rtsp_url(NUMBER_H264, with_credentials=True)
    pictures = recorded(url, "udp", tmp_path / "udp.mp4", 4)
    assert 48 <= len(pictures) <= 52
    assert not any(picture.is_corrupt for picture in pictures)
    with pytest.raises(error.FFmpegError):
        av.open(url, options={"rtsp_transport": "tcp"}, timeout=TIMEOUT_SECONDS)
    kinds.set_stream_quirks(NUMBER_H264)


def test_an_h265_camera_gives_snapshots_and_says_what_it_is(kinds: SimulatorProcess) -> None:
    addresses = kinds.addresses
    http = f"http://{addresses.host}:{addresses.onvif_port}"
    items = httpx.get(f"{http}/simulator/cameras", timeout=10).json()["items"]
    assert [item["codec"] for item in items] == ["h264", "h264", "hevc"]
    account = httpx.DigestAuth("admin", "s3 cret/é")
    answer = httpx.get(f"{http}/onvif/0003/snapshot/sub.jpg", auth=account, timeout=30)
    (picture,) = av.CodecContext.create("mjpeg", "r").decode(av.Packet(answer.content))
    assert (picture.width, picture.height) == (640, 360)
    sick = httpx.post(f"{http}/simulator/cameras/0003/faults", content=json.dumps({"picture": "black"}), timeout=10)
    assert sick.status_code == 409


def test_the_counter_counts_and_tells_an_age(kinds: SimulatorProcess) -> None:
    url = kinds.rtsp_url(NUMBER_COUNTER, with_credentials=True)
    with av.open(url, options={"rtsp_transport": "tcp"}, timeout=TIMEOUT_SECONDS) as container:
        counters: list[int] = []
        ages: list[float] = []
        for picture in islice(container.decode(video=0), 60):
            counters.append(read_counter(picture.to_ndarray(format="gray").astype(np.uint8)))
            ages.append(age_of(counters[-1]))
    assert counters == [(counters[0] + step) % 500 for step in range(60)]
    # Not a measure: an unaligned clip would be anywhere in 20 s, and seem a second old now and 19 s then.
    assert min(ages) < 10
    other = kinds.rtsp_url(NUMBER_H264, "sub", with_credentials=True)
    with av.open(other, options={"rtsp_transport": "tcp"}, timeout=TIMEOUT_SECONDS) as container:
        street = next(container.decode(video=0)).to_ndarray(format="gray").astype(np.uint8)
    with pytest.raises(UnreadableCounterError):
        read_counter(street)


def test_more_special_cameras_than_cameras_are_refused() -> None:
    with pytest.raises(SimulatorError, match="only one of these"):
        SimulatorProcess(count=2, ptz_count=1, hevc_count=2).start()
