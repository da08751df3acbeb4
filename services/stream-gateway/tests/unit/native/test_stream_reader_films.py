"""Real films through the simulator's packetiser and ours: bit for bit what PyAV reads out of the file."""

import io
import itertools
from fractions import Fraction
from functools import cache

import av
import numpy as np
import pytest
from av.video.stream import VideoStream

from camera_simulator.clips import load_clip
from camera_simulator.rtp import packetise, stamp
from stream_gateway.domain.access_units import AccessUnit, Codec, ParameterSets
from stream_gateway.domain.parameter_sets import MalformedParameterSets, h264_sequence, h265_sequence, parameter_sets
from stream_gateway.native.events import Found
from stream_gateway.native.interleaved import StreamReader
from stream_gateway.testing.coded_pictures import SETS
from stream_gateway.testing.filmed import MEDIA
from stream_gateway.testing.rtp_wire import numbered, unit_packets

FILMS = ("vtest_main_1280x720_12fps", "vtest_sub_640x360_10fps", "bikes_main_1280x536_25fps", "bikes_sub_640x360_12fps")
PARAMETER_SETS = {Codec.H264: (7, 8), Codec.H265: (32, 33, 34)}


def split(octets: bytes, *, start_codes: bool) -> list[bytes]:
    """NAL units of a packet of PyAV, behind start codes or lengths."""
    if start_codes:
        return [nal.rstrip(b"\0") for nal in octets.split(b"\0\0\1") if nal.rstrip(b"\0")]
    nals: list[bytes] = []
    at = 0
    while at < len(octets):
        end = at + 4 + int.from_bytes(octets[at : at + 4], "big")
        nals.append(octets[at + 4 : end])
        at = end
    return nals


def kind(codec: Codec, nal: bytes) -> int:
    return nal[0] & 0x1F if codec is Codec.H264 else nal[0] >> 1 & 0x3F


def read(codec: Codec, octets: bytes, *, at_once: int) -> list[Found]:
    reader = StreamReader(codec=codec, payload_type=96, channel=2, rtcp_channel=3)
    for at in range(0, len(octets), at_once):
        reader.feed(memoryview(octets)[at : at + at_once])
    return reader.found


@pytest.mark.parametrize("name", FILMS)
def test_a_film_of_the_simulator_arrives_as_pyav_reads_it(name: str) -> None:
    clip = load_clip(MEDIA / f"{name}.mp4")
    octets = b""
    sequence = 65_000
    parts: list[bytes] = []
    for number, unit in enumerate(clip.access_units):
        packets = packetise(unit.nals, keyframe=unit.keyframe)
        time = (4_294_000_000 + number * clip.timestamp_step) & 0xFFFF_FFFF
        parts.append(stamp(packets, channel=2, sequence=sequence, timestamp=time, ssrc=0xFFFF_FFFF))
        sequence = (sequence + len(packets.offsets)) & 0xFFFF
    octets = b"".join(parts)
    with av.open(str(MEDIA / f"{name}.mp4")) as film:
        stream = film.streams.video[0]
        size = (stream.width, stream.height)
        original = [(bytes(packet), packet.is_keyframe) for packet in film.demux(stream) if packet.size]
    for at_once in (65_536, 5_003):
        sets, *units = read(Codec.H264, octets, at_once=at_once)
        assert isinstance(sets, ParameterSets)
        assert (sets.width, sets.height, sets.reorders) == (*size, False)
        assert all(isinstance(one, AccessUnit) for one in units)
        told = [(one.sample, one.keyframe) for one in units if isinstance(one, AccessUnit)]
        assert told == original[: len(clip.access_units)]
        times = [one.time for one in units if isinstance(one, AccessUnit)]
        assert {after - before for before, after in itertools.pairwise(times)} == {clip.timestamp_step}


@cache
def encoded(
    encoder: str, width: int, height: int, options: tuple[tuple[str, str], ...]
) -> list[tuple[bytes, bool, int]]:
    """A moving picture, coded: packet, key frame, presentation in ticks, in order of decoding."""
    context = av.CodecContext.create(encoder, "w")
    assert isinstance(context, av.VideoCodecContext)
    context.width, context.height, context.pix_fmt = width, height, "yuv420p"
    context.framerate, context.time_base = Fraction(25), Fraction(1, 25)
    context.options = dict(options)
    coded: list[tuple[bytes, bool, int]] = []
    noise = np.random.default_rng(4).integers(0, 255, (height * 3 // 2, width * 2), dtype=np.uint8)
    for number in range(25):
        frame = av.VideoFrame.from_ndarray(np.ascontiguousarray(noise[:, number : number + width]), format="yuv420p")
        frame.pts, frame.time_base = number, Fraction(1, 25)
        coded += [(bytes(p), p.is_keyframe, (p.pts or 0) * 3600) for p in context.encode(frame)]
    return coded + [(bytes(p), p.is_keyframe, (p.pts or 0) * 3600) for p in context.encode(None)]


X265 = (("preset", "ultrafast"), ("x265-params", "bframes=0:keyint=10:log-level=none:slices=2:repeat-headers=1"))
X265_B = (("preset", "ultrafast"), ("x265-params", "bframes=3:keyint=10:open-gop=1:log-level=none:repeat-headers=1"))
X264_B = (("preset", "veryfast"), ("x264-params", "bframes=3:keyint=10:slices=3"))


@pytest.mark.parametrize(
    ("codec", "encoder", "options", "reorders"),
    [
        (Codec.H265, "libx265", X265, False),
        (Codec.H265, "libx265", X265_B, True),
        (Codec.H264, "libx264", X264_B, True),
    ],
)
@pytest.mark.parametrize("limit", [1400, 200])
def test_a_coded_film_arrives_unchanged(
    codec: Codec,
    encoder: str,
    options: tuple[tuple[str, str], ...],
    reorders: bool,  # noqa: FBT001 a parameter of the test
    limit: int,
) -> None:
    coded = encoded(encoder, 320, 240, options)
    packets = [
        packet
        for number, (octets, _, time) in enumerate(coded)
        for packet in unit_packets(
            codec,
            split(octets, start_codes=True),
            stamp=4_294_960_000 + time,
            unit=number,
            limit=limit,
            aggregate=True,
            marked=number % 5 != 2 or number == len(coded) - 1,
        )
    ]
    octets = b"".join(packet.frame(2) for packet in numbered(packets, 65_530))
    sets, *units = read(codec, octets, at_once=4000)
    assert isinstance(sets, ParameterSets)
    assert (sets.width, sets.height, sets.reorders) == (320, 240, reorders)
    told = [one for one in units if isinstance(one, AccessUnit)]
    assert len(told) == len(units) == len(coded)
    assert [one.keyframe for one in told] == [keyframe for _, keyframe, _ in coded]
    assert [one.time - told[0].time for one in told] == [time - coded[0][2] for _, _, time in coded]
    for one, (octets, _, _) in zip(told, coded, strict=True):
        kept = [
            nal for nal in split(octets, start_codes=True) if kind(codec, nal) not in (*PARAMETER_SETS[codec], 9, 35)
        ]
        assert split(one.sample, start_codes=False) == kept


@pytest.mark.parametrize(
    ("width", "height"), [(176, 144), (322, 242), (638, 358), (1280, 720), (1270, 534), (1922, 1082)]
)
@pytest.mark.parametrize(
    ("codec", "encoder", "options"),
    [
        (Codec.H264, "libx264", (("preset", "ultrafast"),)),
        (
            Codec.H264,
            "libx264",
            (("preset", "ultrafast"), ("profile", "high"), ("x264-params", "cqm=jvt")),
        ),
        (Codec.H265, "libx265", (("preset", "ultrafast"), ("x265-params", "log-level=none"))),
    ],
)
def test_sizes_are_those_of_the_encoder(
    codec: Codec, encoder: str, options: tuple[tuple[str, str], ...], width: int, height: int
) -> None:
    context = av.CodecContext.create(encoder, "w")
    assert isinstance(context, av.VideoCodecContext)
    context.width, context.height, context.pix_fmt = width, height, "yuv420p"
    context.framerate, context.time_base = Fraction(25), Fraction(1, 25)
    interlaced = len(options) > 1 and codec is Codec.H264 and height % 4 == 0  # x264 interlaces no other height
    context.options = dict(options) | ({"x264-params": "interlaced=1:cqm=jvt"} if interlaced else {})
    frame = av.VideoFrame.from_ndarray(np.zeros((height * 3 // 2, width), dtype=np.uint8), format="yuv420p")
    frame.pts = 0
    nals = [nal for p in [*context.encode(frame), *context.encode(None)] for nal in split(bytes(p), start_codes=True)]
    by_kind = [[nal for nal in nals if kind(codec, nal) == one] for one in PARAMETER_SETS[codec]]
    vps, sps, pps = by_kind if codec is Codec.H265 else [[], *by_kind]
    sets = parameter_sets(codec, vps, sps, pps)
    assert (sets.width, sets.height) == (width, height)
    if codec is Codec.H264:
        read_sps = h264_sequence(sps[0])
        assert read_sps.interlaced == interlaced
        assert bytes((read_sps.profile, read_sps.compatibility, read_sps.level)) == sps[0][1:4]
        assert read_sps.has_chroma_extension == (len(options) > 1)


def hvcc(encoder: str, pixels: str) -> bytes:
    """The hvcC or avcC box that ffmpeg writes."""
    target = io.BytesIO()
    with av.open(target, "w", format="mp4") as container:
        stream = container.add_stream(encoder, rate=25)
        assert isinstance(stream, VideoStream)
        stream.width, stream.height, stream.pix_fmt = 322, 242, pixels
        stream.options = {"preset": "ultrafast", "x265-params": "log-level=none"} if encoder == "libx265" else {}
        grey = np.full((242 * 3 // 2, 322), 128, dtype=np.uint8)
        frame = av.VideoFrame.from_ndarray(grey, format="yuv420p").reformat(format=pixels)
        frame.pts = 0
        container.mux([*stream.encode(frame), *stream.encode(None)])
    octets = target.getvalue()
    at = octets.index(b"hvcC" if encoder == "libx265" else b"avcC")
    return octets[at + 4 : at - 4 + int.from_bytes(octets[at - 4 : at], "big")]


@pytest.mark.parametrize("pixels", ["yuv420p", "yuv422p", "yuv444p", "yuv420p10le"])
def test_what_a_box_needs_is_what_ffmpeg_writes(pixels: str) -> None:
    box = hvcc("libx265", pixels)
    sps = box[box.index(b"\x42\x01") :][
        : int.from_bytes(box[box.index(b"\x42\x01") - 2 : box.index(b"\x42\x01")], "big")
    ]
    told = h265_sequence(sps)
    assert (told.general_profile_space << 6 | told.general_tier << 5 | told.general_profile) == box[1]
    assert told.general_compatibility == int.from_bytes(box[2:6], "big")
    assert told.general_constraints == int.from_bytes(box[6:12], "big")
    assert told.general_level == box[12]
    assert told.chroma_format == box[16] & 3
    assert (told.bit_depth_luma - 8, told.bit_depth_chroma - 8) == (box[17] & 7, box[18] & 7)
    assert (told.temporal_layers, told.temporal_nesting) == (box[21] >> 3 & 7, bool(box[21] >> 2 & 1))
    assert (told.width, told.height) == (322, 242)

    box = hvcc("libx264", pixels)
    length = int.from_bytes(box[6:8], "big")
    avc = h264_sequence(box[8 : 8 + length])
    assert bytes((avc.profile, avc.compatibility, avc.level)) == box[1:4]
    assert avc.has_chroma_extension
    assert (avc.chroma_format, avc.bit_depth_luma - 8, avc.bit_depth_chroma - 8) == tuple(
        value & mask for value, mask in zip(box[-4:-1], (3, 7, 7), strict=True)
    )
    assert (avc.width, avc.height) == (322, 242)


def test_sets_that_do_not_belong_together_are_refused() -> None:
    (sps, pps), (vps, sps5, pps5) = SETS[Codec.H264], SETS[Codec.H265]
    for codec, wrong in (
        (Codec.H264, ((), (), (pps,))),
        (Codec.H264, ((), (sps,), ())),
        (Codec.H264, ((vps,), (sps,), (pps,))),
        (Codec.H264, ((), (pps,), (sps,))),
        (Codec.H264, ((), (sps[:5],), (pps,))),
        (Codec.H264, ((), (sps + bytes(5000),), (pps,))),
        (Codec.H264, ((), (sps,), (pps,) * 40)),
        (Codec.H265, ((), (sps5,), (pps5,))),
        (Codec.H265, ((vps,), (sps5[:12],), (pps5,))),
    ):
        with pytest.raises(MalformedParameterSets):
            parameter_sets(codec, *wrong)
