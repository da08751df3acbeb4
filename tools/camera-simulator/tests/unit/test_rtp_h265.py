"""RTP packets carry H.265 access units, and aggregated H.264 ones, unchanged."""

from hypothesis import given, settings
from hypothesis import strategies as st

from camera_simulator.camera import HEVC_FILES
from camera_simulator.clips import Codec, load_clip
from camera_simulator.rtp import STAP_A, h264_aggregated_payloads
from camera_simulator.rtp_h265 import AGGREGATION, FRAGMENTATION, h265_payloads
from camera_simulator.sdp import describe
from camera_simulator.simulator import media_folder

MAX_PAYLOAD = 60
kinds = st.sampled_from([32, 33, 34, 39, 19, 20, 1, 0])
units = st.builds(lambda kind, body: bytes((kind << 1, 1)) + body, kinds, st.binary(max_size=500))
h264_units = st.builds(
    lambda header, body: bytes((header,)) + body, st.sampled_from([0x67, 0x68, 0x65, 0x41]), st.binary(max_size=500)
)


def split_sized(octets: bytes) -> list[bytes]:
    nals: list[bytes] = []
    while octets:
        size = int.from_bytes(octets[:2], "big")
        nals.append(octets[2 : 2 + size])
        octets = octets[2 + size :]
    return nals


def depacketise(payloads: list[bytes]) -> list[bytes]:
    """RFC 7798 without DONL, written independently of the packetiser."""
    nals: list[bytes] = []
    for payload in payloads:
        kind = payload[0] >> 1 & 0x3F
        if kind == AGGREGATION:
            nals += split_sized(payload[2:])
        elif kind == FRAGMENTATION:
            start, end, inner = payload[2] >> 7, payload[2] >> 6 & 1, payload[2] & 0x3F
            assert not (start and end), "a NAL unit in one fragment is forbidden"
            if start:
                nals.append(bytes((payload[0] & 0x81 | inner << 1, payload[1])))
            nals[-1] += payload[3:]
        else:
            nals.append(payload)
    return nals


@settings(deadline=None)
@given(st.lists(units, min_size=1, max_size=6))
def test_depacketised_units_are_the_original(nals: list[bytes]) -> None:
    payloads = h265_payloads(nals, MAX_PAYLOAD)
    assert depacketise(payloads) == nals
    assert all(len(payload) <= MAX_PAYLOAD for payload in payloads)


@settings(deadline=None)
@given(st.lists(h264_units, min_size=1, max_size=6))
def test_aggregated_h264_units_are_the_original(nals: list[bytes]) -> None:
    payloads = h264_aggregated_payloads(nals, MAX_PAYLOAD)
    found: list[bytes] = []
    for payload in payloads:
        kind = payload[0] & 0x1F
        if kind == STAP_A:
            found += split_sized(payload[1:])
        elif kind != 28:
            found.append(payload)  # too large for any company, small enough alone
        else:
            if payload[1] & 0x80:
                found.append(bytes((payload[0] & 0xE0 | payload[1] & 0x1F,)))
            found[-1] += payload[2:]
    assert found == nals
    assert all(len(payload) <= MAX_PAYLOAD for payload in payloads)


def test_clips_are_closed_gops_of_two_seconds_with_three_parameter_sets() -> None:
    for file in HEVC_FILES.values():
        clip = load_clip(media_folder() / file)
        keyframes = [index for index, unit in enumerate(clip.access_units) if unit.keyframe]
        assert clip.codec is Codec.H265
        assert keyframes == list(range(0, len(clip.access_units), clip.gop))
        assert clip.gop / clip.fps == 2
        assert all(clip.access_units[index].nals[:3] == (clip.vps, clip.sps, clip.pps) for index in keyframes)
        first = h265_payloads(clip.access_units[0].nals, 1_400)[0]
        assert depacketise([first]) == [clip.vps, clip.sps, clip.pps]


def test_sdp_names_the_three_parameter_sets() -> None:
    clip = load_clip(media_folder() / HEVC_FILES["sub"])
    description = describe(clip, camera="0007", quality="sub", host="127.0.0.1", session=1)
    assert "a=rtpmap:96 H265/90000" in description
    assert all(f"sprop-{name}=" in description for name in ("vps", "sps", "pps"))
