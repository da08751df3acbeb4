"""Reading what a stream says of itself: parameter sets of a real encoder, session descriptions."""

from fractions import Fraction

import av
import pytest
from av.codec.context import Flags
from hypothesis import given
from hypothesis import strategies as st

from camera_registry.domain.camera import Credentials
from camera_registry.rtsp.client import RtspGarbled, authorization
from camera_registry.rtsp.h264_sps import SpsUnreadable, read_sps
from camera_registry.rtsp.probe import video_track

DESCRIPTION = (
    "v=0\r\no=- 0 0 IN IP4 127.0.0.1\r\ns=x\r\nt=0 0\r\n"
    "m=audio 0 RTP/AVP 0\r\na=control:a\r\n"
    "m=video 0 RTP/AVP 96\r\na=rtpmap:96 H265/90000\r\na=framerate:12.5\r\na=control:track1\r\n"
)


def parameter_set(width: int, height: int, fps: int, profile: str) -> bytes:
    """Return the SPS that x264 writes for these parameters."""
    encoder = av.CodecContext.create("libx264", "w")
    assert isinstance(encoder, av.VideoCodecContext)
    encoder.width, encoder.height = width, height
    encoder.time_base, encoder.framerate = Fraction(1, fps), Fraction(fps)
    encoder.pix_fmt = "yuv444p" if profile == "high444" else "yuv420p"
    encoder.options = {"profile": profile, "preset": "ultrafast"}
    encoder.flags |= Flags.global_header
    encoder.open()
    units = (encoder.extradata or b"").replace(b"\x00\x00\x00\x01", b"\x00\x00\x01").split(b"\x00\x00\x01")
    return next(unit for unit in units if unit and unit[0] & 0x1F == 7)


@pytest.mark.parametrize("profile", ["baseline", "main", "high", "high444"])
@pytest.mark.parametrize(
    ("width", "height", "fps"), [(1280, 720, 12), (640, 360, 10), (1920, 1080, 25), (1280, 536, 30), (352, 288, 6)]
)
def test_size_and_rate_are_those_the_encoder_was_told(width: int, height: int, fps: int, profile: str) -> None:
    picture = read_sps(parameter_set(width, height, fps, profile))
    assert (picture.width, picture.height) == (width, height)
    assert picture.fps == pytest.approx(fps)


@given(content=st.binary(max_size=40))
def test_what_is_no_parameter_set_is_refused_or_has_a_size(content: bytes) -> None:
    try:
        picture = read_sps(b"\x67" + content)
    except SpsUnreadable:
        return
    assert picture.width > 0
    assert picture.height > 0


def test_the_video_track_is_found_among_others() -> None:
    track = video_track(DESCRIPTION)
    assert track is not None
    assert (track.codec, track.control, track.fps) == ("H.265", "track1", 12.5)


@pytest.mark.parametrize("description", ["", "v=0\r\n", "m=video", "v=0\nm=audio 0 RTP/AVP 0\n"])
def test_a_description_without_video_has_no_track(description: str) -> None:
    assert video_track(description) is None


def test_the_digest_is_that_of_the_standard() -> None:
    """RFC 2617 §3.5's account and nonce, without qop (RFC 2069 form): MD5(HA1:nonce:HA2)."""
    challenge = 'Digest realm="testrealm@host.com", nonce="dcd98b7102dd2f0e8b11d0f600bfb0c093", opaque="5ccc"'
    header = authorization(challenge, Credentials("Mufasa", "Circle Of Life"), "GET", "/dir/index.html")
    assert 'response="670fd8c2df070c60b045671b8b24ff02"' in header
    assert 'opaque="5ccc"' in header
    assert "Circle" not in header


def test_a_challenge_of_an_unknown_kind_is_refused() -> None:
    with pytest.raises(RtspGarbled):
        authorization('Digest realm="r", nonce="n", algorithm=SHA-999', Credentials("u", "p"), "DESCRIBE", "rtsp://h/")
