"""Odd and hostile habits, as FFmpeg's players see them and, where they show nothing, as a bare client does."""

import subprocess
from collections.abc import Callable, Iterator
from itertools import islice, pairwise

import av
import httpx
import imageio_ffmpeg
import pytest
from av import error

from camera_simulator.bare_client import Answer, BareClient, ConnectionEndedError, Frame
from camera_simulator.stream_quirks.sdp import ELSEWHERE
from camera_simulator.testing import SimulatorProcess

pytestmark = pytest.mark.integration
TIMEOUT_SECONDS = 20
ANALYSIS = {"rtsp_transport": "tcp", "analyzeduration": "200000"}


@pytest.fixture(scope="module")
def odd() -> Iterator[SimulatorProcess]:
    """One open camera."""
    with SimulatorProcess(count=1, ptz_count=1) as process:
        yield process


@pytest.fixture(scope="module")
def closed() -> Iterator[SimulatorProcess]:
    """One camera behind a password."""
    with SimulatorProcess(count=1, username="admin", password="s3 cret/é") as process:
        yield process


@pytest.fixture(autouse=True)
def ordinary(odd: SimulatorProcess) -> Iterator[None]:
    yield
    odd.set_stream_quirks(1)


def seen(url: str, count: int, **options: str) -> list[av.VideoFrame]:
    with av.open(url, options=ANALYSIS | options, timeout=TIMEOUT_SECONDS) as container:
        return list(islice(container.decode(video=0), count))


def warnings_of_ffmpeg(url: str) -> str:
    """What ffmpeg warns of while it copies two seconds of a stream over UDP."""
    command = [imageio_ffmpeg.get_ffmpeg_exe(), "-nostdin", "-loglevel", "warning", "-rtsp_transport", "udp"]
    command += ["-i", url, "-t", "2", "-map", "0:v", "-c", "copy", "-f", "null", "-"]
    return subprocess.run(command, check=False, capture_output=True, text=True, timeout=60).stderr


def read_to_the_end(client: BareClient) -> None:
    while client.read():
        pass


# Who may look


@pytest.mark.parametrize("quirk", ["basic_auth", "stale_nonce"])
def test_ffmpeg_passes_odd_gates(closed: SimulatorProcess, quirk: str) -> None:
    closed.set_stream_quirks(1, quirk, **({"nonce_requests": 1} if quirk == "stale_nonce" else {}))
    assert seen(closed.rtsp_url(1, "sub", with_credentials=True), 3)
    with pytest.raises(error.HTTPUnauthorizedError):
        seen(closed.rtsp_url(1, "sub"), 1)


def test_sha256_is_asked_for(closed: SimulatorProcess) -> None:
    closed.set_stream_quirks(1, "sha256_digest")
    with BareClient(closed.rtsp_url(1, "sub")) as client:
        refused = client.ask("DESCRIBE")
        assert refused.status == 401
        flow = httpx.DigestAuth("admin", "s3 cret/é").sync_auth_flow(httpx.Request("DESCRIBE", "http://camera/cam"))
        challenge = httpx.Response(
            401, headers={"WWW-Authenticate": refused.headers["www-authenticate"]}, request=next(flow)
        )
        authorization = flow.send(challenge).headers["Authorization"]
        assert "SHA-256" in authorization
        assert client.ask("DESCRIBE", Authorization=authorization).status == 200


# How it speaks RTSP


def test_the_first_picture_comes_before_the_answer(odd: SimulatorProcess) -> None:
    odd.set_stream_quirks(1, "rtp_before_play_answer")
    with BareClient(odd.rtsp_url(1, "sub")) as client:
        client.set_up()
        client.send("PLAY")
        first = client.read()
        assert isinstance(first, Frame)
        while isinstance(answer := client.read(), Frame):
            pass
        assert answer.status == 200
        assert client.frames(3)


def test_late_answers_come_in_order(odd: SimulatorProcess) -> None:
    odd.set_stream_quirks(1, "late_answer", late_answer_s=0.3)
    assert seen(odd.rtsp_url(1, "sub"), 2)
    with BareClient(odd.rtsp_url(1, "sub")) as client:
        for _ in range(3):
            client.send("OPTIONS")
        answers = [client.read() for _ in range(3)]
    assert [answer.headers["cseq"] for answer in answers if isinstance(answer, Answer)] == ["1", "2", "3"]


def test_no_keepalive_but_options(odd: SimulatorProcess) -> None:
    odd.set_stream_quirks(1, "no_keepalive")
    with BareClient(odd.rtsp_url(1, "sub")) as client:
        assert "GET_PARAMETER" not in client.ask("OPTIONS").headers["public"]
        client.set_up()
        assert client.ask("GET_PARAMETER").status == 501
        assert client.ask("OPTIONS").status == 200


def test_a_silent_session_dies_and_ffmpeg_keeps_its_own(odd: SimulatorProcess) -> None:
    odd.set_stream_quirks(1, "session_dies", session_timeout_s=1)
    with BareClient(odd.rtsp_url(1, "sub")) as client:
        assert client.set_up().headers["session"].endswith(";timeout=1")
        client.ask("PLAY")
        with pytest.raises(ConnectionEndedError):
            read_to_the_end(client)
    odd.set_stream_quirks(1, "session_dies", session_timeout_s=4)
    assert len(seen(odd.rtsp_url(1, "sub"), 60)) == 60  # 6 s at 10 pictures/s


def test_one_client_at_a_time(odd: SimulatorProcess) -> None:
    odd.set_stream_quirks(1, "one_client")
    url = odd.rtsp_url(1, "sub")
    with BareClient(url) as first, BareClient(url) as second:
        first.set_up()
        assert first.ask("PLAY").status == 200
        assert second.set_up().status == 453
        with pytest.raises(error.FFmpegError):
            seen(url, 1)
        assert first.ask("TEARDOWN").status == 200
        assert second.set_up().status == 200


def test_drops_are_the_true_octets(odd: SimulatorProcess) -> None:
    odd.set_stream_quirks(1, "drip", drip_octets_per_s=2_000)
    with BareClient(odd.rtsp_url(1, "sub")) as client:
        client.set_up()
        client.ask("PLAY")
        (frame,) = client.frames(1)
        assert frame.payload[0] & 0x1F == 7  # the SPS begins the keyframe


# What it describes


def test_descriptions(odd: SimulatorProcess) -> None:
    url = odd.rtsp_url(1, "sub")

    def described(*quirks: str) -> str:
        odd.set_stream_quirks(1, *quirks)
        with BareClient(url) as client:
            return client.ask("DESCRIBE").body.decode()

    assert "sprop-parameter-sets=Z0LAC9oL" in described("lying_sdp")
    assert "sprop" not in described("no_sprop")
    assert "JPEG/90000" in described("wrong_codec")
    assert ELSEWHERE in described("redirect_control")
    for quirk in ("lying_sdp", "no_sprop"):
        odd.set_stream_quirks(1, quirk)
        assert {(picture.width, picture.height) for picture in seen(url, 12)[5:]} == {(640, 360)}
    odd.set_stream_quirks(1, "oversized_sdp")
    with BareClient(url) as client:
        client.send("DESCRIBE")
        assert b"Content-Length: 4294967296" in client.raw(1_000_000)


# What it encodes and sends


@pytest.mark.parametrize("quirk", ["stap", "b_frames", "big_gop", "no_marker"])
def test_ffmpeg_shows_whole_pictures_of(odd: SimulatorProcess, quirk: str) -> None:
    odd.set_stream_quirks(1, quirk)
    pictures = seen(odd.rtsp_url(1, "sub"), 30)
    assert len(pictures) == 30
    assert not any(picture.is_corrupt for picture in pictures)
    stamps = [picture.pts for picture in pictures if picture.pts is not None]
    assert all(before < after for before, after in pairwise(stamps))


def test_losses_are_counted_by_ffmpeg(odd: SimulatorProcess) -> None:
    odd.set_stream_quirks(1, "loss", every=5)
    assert "RTP: missed" in warnings_of_ffmpeg(odd.rtsp_url(1))
    odd.set_stream_quirks(1, "reorder", every=5)
    with BareClient(odd.rtsp_url(1, "sub")) as client:
        client.set_up()
        client.ask("PLAY")
        numbers = [frame.sequence for frame in client.frames(40)]
    steps = {(after - before) % 65_536 for before, after in pairwise(numbers)}
    assert steps >= {2, 65_535}


def test_a_mute_camera_says_that_it_plays(odd: SimulatorProcess) -> None:
    odd.set_stream_quirks(1, "mute")
    with BareClient(odd.rtsp_url(1, "sub")) as client:
        client.set_up()
        assert client.ask("PLAY").status == 200
        client.send("OPTIONS")
        assert isinstance(client.read(), Answer)
    with pytest.raises(error.FFmpegError), av.open(odd.rtsp_url(1, "sub"), options=ANALYSIS, timeout=4) as container:
        next(container.decode(video=0))


@pytest.mark.parametrize("quirk", ["garbage", "noise", "false_lengths", "oversized"])
def test_hostile_octets_end_or_spoil_a_player_and_not_the_simulator(odd: SimulatorProcess, quirk: str) -> None:
    url = odd.rtsp_url(1, "sub")
    odd.set_stream_quirks(1, quirk)
    with BareClient(url) as client:
        client.set_up()
        client.ask("PLAY")
        if quirk == "noise":
            assert client.raw(40_960).count(b"$") < 20  # of the reports; random octets would have eight times as many
        elif quirk == "oversized":
            assert {len(frame.octets) for frame in client.frames(3)} == {0xFFFF}
        elif quirk == "garbage":
            assert len({frame.payload for frame in client.frames(5)}) == 5
        else:
            while len(client.frames(1)[0].octets) != 0xFFFF:
                pass
    odd.set_stream_quirks(1)
    assert not any(picture.is_corrupt for picture in seen(url, 3))


# What happens at a moment


def playing(client: BareClient) -> list[Frame]:
    client.set_up()
    client.ask("PLAY")
    return client.frames(20)


def first_frame(client: BareClient, wanted: Callable[[Frame], bool]) -> Frame:
    """The first packet of its kind; what was sent before the event may still wait in the connection."""
    for _ in range(20_000):
        (frame,) = client.frames(1)
        if wanted(frame):
            return frame
    raise AssertionError("no such packet")


def test_the_clock_steps_and_the_source_changes(odd: SimulatorProcess) -> None:
    with BareClient(odd.rtsp_url(1, "sub")) as client:
        before = playing(client)[-1]

        def hours_on(frame: Frame) -> int:
            """Hours from the first pictures to a packet on the camera's clock, to the nearest."""
            return round((frame.timestamp - before.timestamp) % 2**32 / 90_000 / 3_600)

        odd.stream_event(1, "clock_step")
        assert hours_on(first_frame(client, lambda frame: hours_on(frame) != 0)) == 1
        odd.stream_event(1, "clock_backward", seconds=3_600)
        back = first_frame(client, lambda frame: hours_on(frame) != 1)
        assert hours_on(back) == 0
        assert back.ssrc == before.ssrc
        odd.stream_event(1, "ssrc_change")
        assert first_frame(client, lambda frame: frame.ssrc != back.ssrc)


def test_the_resolution_switches_in_mid_stream_and_back(odd: SimulatorProcess) -> None:
    sizes: list[tuple[int, int]] = []
    with av.open(odd.rtsp_url(1, "sub"), options=ANALYSIS, timeout=TIMEOUT_SECONDS) as container:
        for picture in islice(container.decode(video=0), 400):
            size = (picture.width, picture.height)
            if not sizes or sizes[-1] != size:
                sizes.append(size)
                if len(sizes) == 3:
                    break
                odd.stream_event(1, "resolution_switch")
    assert sizes == [(640, 360), (320, 180), (640, 360)]


def test_what_the_simulator_does_not_know_is_refused(odd: SimulatorProcess) -> None:
    addresses = odd.addresses
    url = f"http://{addresses.host}:{addresses.onvif_port}/simulator/cameras/0001"
    assert httpx.put(f"{url}/stream-quirks", json=["melt"], timeout=10).status_code == 400
    assert httpx.put(f"{url}/stream-quirks", content="{", timeout=10).status_code == 400
    assert httpx.post(f"{url}/stream-events", json={"event": "melt"}, timeout=10).status_code == 400
    assert httpx.get(f"{url}/stream-quirks", timeout=10).json()["quirks"] == []
