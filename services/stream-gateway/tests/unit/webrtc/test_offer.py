"""Offers as browsers write them, and everything that is not one."""

import pytest
from aiortc.sdp import SessionDescription
from hypothesis import given
from hypothesis import strategies as st

from stream_gateway.webrtc.answer import OwnSide, write_answer
from stream_gateway.webrtc.offer import UnusableOffer, read_offer

FINGERPRINT = ":".join(["AB"] * 32)
VIDEO = f"""m=video 9 UDP/TLS/RTP/SAVPF 96 97 102 103 104 105 106 107 45
c=IN IP4 0.0.0.0
a=rtcp:9 IN IP4 0.0.0.0
a=ice-ufrag:Xy1z
a=ice-pwd:abcdefghijklmnopqrstuvwx
a=ice-options:trickle
a=fingerprint:sha-256 {FINGERPRINT}
a=setup:actpass
a=mid:1
a=recvonly
a=rtcp-mux
a=rtcp-rsize
a=candidate:1 1 udp 2113937151 9b36eaac-bb2e-49bb-bb78-21c41c499900.local 60622 typ host
a=rtpmap:96 VP8/90000
a=rtcp-fb:96 nack
a=rtpmap:97 rtx/90000
a=fmtp:97 apt=96
a=rtpmap:102 H264/90000
a=rtcp-fb:102 nack
a=rtcp-fb:102 nack pli
a=fmtp:102 level-asymmetry-allowed=1;packetization-mode=1;profile-level-id=42001f
a=rtpmap:103 rtx/90000
a=fmtp:103 apt=102
a=rtpmap:104 H264/90000
a=rtcp-fb:104 nack pli
a=fmtp:104 level-asymmetry-allowed=1;packetization-mode=0;profile-level-id=42e01f
a=rtpmap:105 H264/90000
a=rtcp-fb:105 nack
a=rtcp-fb:105 nack pli
a=fmtp:105 level-asymmetry-allowed=1;packetization-mode=1;profile-level-id=42e01f
a=rtpmap:106 rtx/90000
a=fmtp:106 apt=105
a=rtpmap:107 H264/90000
a=fmtp:107 level-asymmetry-allowed=1;packetization-mode=1;profile-level-id=4d001f
a=rtpmap:45 AV1/90000
"""
AUDIO = """m=audio 9 UDP/TLS/RTP/SAVPF 111
c=IN IP4 0.0.0.0
a=mid:0
a=recvonly
a=rtcp-mux
a=rtpmap:111 opus/48000/2
"""
HEAD = """v=0
o=- 4611731400430051336 2 IN IP4 127.0.0.1
s=-
t=0 0
a=group:BUNDLE 0 1
"""
OFFER = (HEAD + AUDIO + VIDEO).replace("\n", "\r\n")
OWN = OwnSide(
    ufrag="abcd",
    password="p" * 22,
    fingerprint=FINGERPRINT,
    candidates=("f00 1 udp 2130706431 127.0.0.1 40000 typ host",),
    ssrc=1,
    rtx_ssrc=2,
    cname="here",
    session=7,
)


def test_a_browsers_offer_is_read() -> None:
    offer = read_offer(OFFER)
    assert (offer.video, offer.ufrag, offer.password) == (1, "Xy1z", "abcdefghijklmnopqrstuvwx")
    assert offer.fingerprints == (("sha-256", FINGERPRINT),)
    assert [codec.payload_type for codec in offer.codecs] == [102, 105, 107]


@pytest.mark.parametrize(
    ("profile", "payload", "rtx"),
    [
        ("42e0", 105, 106),
        ("42c0", 105, 106),  # constrained baseline by another name
        ("4200", 102, 103),
        ("4d00", 107, None),
        ("4d40", 105, 106),  # main with a constraint that nobody offers: browsers decode it all the same
        ("6400", 105, 106),
    ],
)
def test_the_codec_is_the_cameras_profile_or_constrained_baseline(profile: str, payload: int, rtx: int | None) -> None:
    codec = read_offer(OFFER).codec_for(profile)
    assert (codec.payload_type, codec.rtx) == (payload, rtx)


def test_the_answer_sends_video_and_refuses_the_rest_at_its_place() -> None:
    offer = read_offer(OFFER)
    answer = SessionDescription.parse(write_answer(offer, offer.codec_for("42e0"), OWN))  # read by aiortc
    audio, video = answer.media
    assert (audio.port, audio.rtp.muxId, audio.direction) == (0, "0", "inactive")
    assert (video.port, video.rtp.muxId, video.direction, video.rtcp_mux) == (9, "1", "sendonly", True)
    assert answer.group[0].items == ["1"]
    assert [codec.mimeType for codec in video.rtp.codecs] == ["video/H264", "video/rtx"]
    assert video.rtp.codecs[0].parameters["profile-level-id"] == "42e01f"
    assert [str(item.type) + (item.parameter or "") for item in video.rtp.codecs[0].rtcpFeedback] == ["nack", "nackpli"]
    assert [item.ssrc for item in video.ssrc] == [1, 2]
    assert video.ice_candidates[0].ip == "127.0.0.1"
    assert video.ice_candidates_complete
    assert video.dtls is not None
    assert video.dtls.role == "client"


def test_nothing_of_the_offer_is_repeated_but_names_that_were_checked() -> None:
    offer = read_offer(OFFER.replace("a=rtcp-rsize", "a=x-note:<script>"))
    answer = write_answer(offer, offer.codec_for("42e0"), OWN)
    assert "script" not in answer
    assert ".local" not in answer


@pytest.mark.parametrize(
    ("change", "by"),
    [
        ("m=video", "m=audio"),
        ("a=recvonly\r\na=rtcp-mux\r\na=rtcp-rsize", "a=sendonly\r\na=rtcp-mux"),
        ("a=rtcp-mux\r\na=rtcp-rsize", ""),
        ("H264/90000", "H265/90000"),
        ("packetization-mode=1", "packetization-mode=0"),
        ("a=setup:actpass", "a=setup:active"),
        ("a=setup:actpass", ""),
        ("a=ice-ufrag:Xy1z", "a=ice-ufrag:X"),
        ("a=ice-pwd:abcdefghijklmnopqrstuvwx", "a=ice-pwd:short"),
        ("a=fingerprint:sha-256", "a=fingerprint:sha-1"),
        (FINGERPRINT, "AB:CD"),
        ("a=mid:1", "a=mid:0"),
        ("a=mid:1", ""),
        ("v=0", "v=1"),
        ("profile-level-id=", "profile-level-id=zz"),
    ],
)
def test_what_cannot_be_answered_is_refused_with_a_sentence(change: str, by: str) -> None:
    assert change in OFFER
    with pytest.raises(UnusableOffer) as refused:
        read_offer(OFFER.replace(change, by))
    assert refused.value.detail.endswith(".") or refused.value.detail.endswith(").")


@given(st.text(max_size=2000))
def test_garbage_is_refused(text: str) -> None:
    with pytest.raises(UnusableOffer):
        read_offer(text)


@given(at=st.integers(0, len(OFFER) - 1), cut=st.integers(0, 40), put=st.text(max_size=20))
def test_a_damaged_offer_is_refused_or_answered_in_whole_lines(at: int, cut: int, put: str) -> None:
    try:
        offer = read_offer(OFFER[:at] + put + OFFER[at + cut :])
    except UnusableOffer:
        return
    lines = write_answer(offer, offer.codec_for("42e0"), OWN).split("\r\n")
    assert all(line[1:2] == "=" for line in lines[:-1])
    assert not any("\n" in line or "\r" in line for line in lines)
