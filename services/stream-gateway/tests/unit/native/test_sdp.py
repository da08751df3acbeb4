"""What cameras describe, in their many ways; what is not for us says so in French; no address leads elsewhere."""

import base64

import pytest

from camera_simulator.clips import load_clip
from camera_simulator.sdp import describe
from stream_gateway.domain.access_units import Codec
from stream_gateway.native.sdp import MAX_SDP_CHARACTERS, NotForNative, SdpMalformed, video_track
from stream_gateway.testing.coded_pictures import SETS
from stream_gateway.testing.filmed import MEDIA

URL = "rtsp://user:pw@camera:8554/live?x=1"
HOST = "rtsp://camera:8554"


def sdp(*media: str, session: tuple[str, ...] = ()) -> str:
    return "\r\n".join(("v=0", "o=- 1 1 IN IP4 0.0.0.0", "s=x", *session, "t=0 0", *media, ""))


def h264(*lines: str) -> tuple[str, ...]:
    return ("m=video 0 RTP/AVP 96", "a=rtpmap:96 H264/90000", *lines)


def b64(nal: bytes) -> str:
    return base64.b64encode(nal).decode()


def test_the_simulator_is_understood() -> None:
    clip = load_clip(MEDIA / "bikes_sub_640x360_12fps.mp4")
    text = describe(clip, camera="c", quality="main", host="127.0.0.1", session=4)
    track = video_track(text, URL, base="rtsp://127.0.0.1:9/c/main/")
    assert (track.codec, track.payload_type) == (Codec.H264, 96)
    assert (track.aggregate, track.control) == (f"{HOST}/c/main/", f"{HOST}/c/main/trackID=0")
    assert track.parameter_sets is not None
    assert (track.parameter_sets.sps, track.parameter_sets.pps) == ((clip.sps,), (clip.pps,))
    assert (track.parameter_sets.width, track.parameter_sets.height) == (640, 360)


@pytest.mark.parametrize("name", ["H265", "hevc"])
def test_h265(name: str) -> None:
    vps, sps, pps = SETS[Codec.H265]
    told = f"a=fmtp:98 sprop-vps={b64(vps)}; sprop-sps={b64(sps)};sprop-pps={b64(bytes((0, 0, 0, 1)) + pps)}"
    track = video_track(sdp("m=audio 0 RTP/AVP 0", "m=video 0 RTP/AVP 98", f"a=rtpmap:98 {name}/90000", told), URL)
    assert (track.codec, track.payload_type) == (Codec.H265, 98)
    assert track.parameter_sets is not None
    assert (track.parameter_sets.vps, track.parameter_sets.pps) == ((vps,), (pps,))


@pytest.mark.parametrize(
    ("session", "media", "base", "aggregate", "control"),
    [
        (None, None, None, "/live?x=1", "/live?x=1"),
        ("*", "trackID=1", None, "/live?x=1", "/live?x=1/trackID=1"),
        ("*", "trackID=1", "rtsp://other/base/", "/base/", "/base/trackID=1"),
        ("*", "trackID=1", "rtsp://10.0.0.1:554/base", "/base", "/base/trackID=1"),
        ("*", "*", "rtsp://other/base/", "/base/", "/base/"),
        ("rtsp://evil.example/s", "rtsp://evil.example:99/s/track?a=b#c", None, "/s", "/s/track?a=b"),
        ("RTSP://u:p@evil.example", "http://evil.example/s", None, "/", "/s"),
        ("*", "/other/track", "rtsp://other/base/", "/base/", "/other/track"),
        ("*", "//evil.example/track", "rtsp://other/base/", "/base/", "/evil.example/track"),
        ("*", "?ctype=video", None, "/live?x=1", "/live?ctype=video"),
        ("*", "@evil.example/track", "rtsp://other/", "/", "/@evil.example/track"),
    ],
)
def test_addresses_stay_on_the_camera(
    session: str | None, media: str | None, base: str | None, aggregate: str, control: str
) -> None:
    lines = () if session is None else (f"a=control:{session}",)
    track = video_track(sdp(*h264(*([f"a=control:{media}"] if media else [])), session=lines), URL, base=base)
    assert (track.aggregate, track.control) == (HOST + aggregate, HOST + control)


@pytest.mark.parametrize(
    ("media", "word"),
    [
        (("m=video 0 RTP/AVP 26",), "JPEG"),
        (("m=video 0 RTP/AVP 96", "a=rtpmap:96 MP4V-ES/90000"), "MP4V-ES"),
        (h264("a=fmtp:96 packetization-mode=2"), "entrelace"),
        (h264("a=fmtp:96 packetization-mode=1;sprop-interleaving-depth=3"), "entrelace"),
        (("m=video 0 RTP/SAVP 96", "a=rtpmap:96 H264/90000"), "RTP/SAVP"),
        (("m=video 0 RTP/AVP 96", "a=rtpmap:96 H264/8000"), "8000"),
        (("m=video 0 RTP/AVP 96", "a=rtpmap:96 H265/90000", "a=fmtp:96 sprop-max-don-diff=2"), "entrelace"),
        (("m=video 0 RTP/AVP 96", "a=rtpmap:96 H265/90000", "a=fmtp:96 tx-mode=MRMT"), "plusieurs flux"),
    ],
)
def test_what_only_ffmpeg_receives(media: tuple[str, ...], word: str) -> None:
    with pytest.raises(NotForNative) as refused:
        video_track(sdp(*media), URL)
    assert word in refused.value.reason
    assert refused.value.reason.startswith("La caméra ")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "\0" * 100,
        sdp("m=audio 0 RTP/AVP 0", "a=rtpmap:0 PCMU/8000"),
        sdp(*h264("a=control:track 1")),
        sdp(*h264("a=control:" + "x" * 5000)),
        "v=0\r\n" * 4000 + sdp(*h264()),
        "x" * (MAX_SDP_CHARACTERS + 1),
    ],
)
def test_what_describes_no_video(text: str) -> None:
    with pytest.raises(SdpMalformed):
        video_track(text, URL)


@pytest.mark.parametrize("url", ["http://camera/", "rtsp://", "rtsp://camera:99999/", "rtsp://[::1/", "rtsp://c/\r\nX"])
def test_addresses_that_are_none(url: str) -> None:
    with pytest.raises(SdpMalformed):
        video_track(sdp(*h264()), url)


def test_the_first_video_that_we_read_is_chosen() -> None:
    jpeg = ("m=video 0 RTP/AVP 26", "a=control:jpeg")
    track = video_track(sdp(*jpeg, *h264("a=control:good"), *h264("a=control:second")), "rtsp://[::1]/a")
    assert track.control == "rtsp://[::1]/a/good"
    two = ("m=video 0 RTP/AVP 97 96", "a=rtpmap:97 VP8/90000", "a=rtpmap:96 H264/90000")
    assert video_track(sdp(*two), URL).payload_type == 96


@pytest.mark.parametrize(
    "told",
    [
        "",
        "sprop-parameter-sets=!!",
        "sprop-parameter-sets=Z0IAHw==,aM4=",
        f"sprop-parameter-sets={b64(SETS[Codec.H264][1])}",
    ],
)
def test_sets_that_cannot_be_read_are_waited_for(told: str) -> None:
    assert video_track(sdp(*h264(f"a=fmtp:96 packetization-mode=1;{told}")), URL).parameter_sets is None
