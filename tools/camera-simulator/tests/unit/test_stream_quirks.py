"""Each habit does what its name says to packets and descriptions, and what is not known is refused."""

import math
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from camera_simulator.camera import HEVC_FILES, SCENE_FILES
from camera_simulator.clips import Codec, load_clip
from camera_simulator.rtp import PacketisedUnit, packetise, stamp
from camera_simulator.sdp import describe
from camera_simulator.simulator import media_folder
from camera_simulator.stream_quirks.events import StreamEvent, happening_from
from camera_simulator.stream_quirks.kinds import ORDINARY, StreamHabits, StreamQuirk, habits_from
from camera_simulator.stream_quirks.packets import wire_of
from camera_simulator.stream_quirks.sdp import ELSEWHERE, twisted

PICTURE = packetise([b"\x41" + bytes(500)], keyframe=True, max_payload=60)  # nine packets


def habits(*quirks: StreamQuirk, every: int = 4) -> StreamHabits:
    return StreamHabits(frozenset(quirks), every=every)


def sent(wanted: StreamHabits, pictures: int, codec: Codec = Codec.H264) -> list[bytes]:
    """The packets of some pictures as they leave, cut where they begin."""
    wire = wire_of(wanted, codec)
    assert wire is not None
    found: list[bytes] = []
    for picture in range(pictures):
        sequence = picture * len(PICTURE.offsets)
        stamped = stamp(PICTURE, channel=0, sequence=sequence, timestamp=picture, ssrc=7)
        left = wire.twist(PICTURE, stamped)
        assert left is not None
        found += cut(*left)
    return found


def cut(unit: PacketisedUnit, octets: bytes) -> list[bytes]:
    ends = (*unit.offsets[1:], len(octets))
    return [octets[start:end] for start, end in zip(unit.offsets, ends, strict=True)]


def sequences(packets: list[bytes]) -> list[int]:
    return [int.from_bytes(packet[6:8], "big") for packet in packets]


def test_an_ordinary_camera_has_no_hook() -> None:
    assert wire_of(ORDINARY, Codec.H264) is None
    assert wire_of(habits(StreamQuirk.BASIC_AUTH), Codec.H264) is None


@settings(deadline=None)
@given(st.integers(2, 40), st.integers(1, 12))
def test_losses_duplicates_and_order(every: int, pictures: int) -> None:
    count = pictures * len(PICTURE.offsets)
    whole = list(range(count))
    lost = sequences(sent(habits(StreamQuirk.LOSS, every=every), pictures))
    assert lost == [number for number in whole if (number + 1) % every]
    twice = sequences(sent(habits(StreamQuirk.DUPLICATE, every=every), pictures))
    assert sorted(set(twice)) == whole
    assert len(twice) == count + count // every
    mixed = sequences(sent(habits(StreamQuirk.REORDER, every=every), pictures))
    assert len(set(mixed)) == len(mixed) >= count - 1
    assert set(mixed) <= set(whole)
    assert all(abs(number - place) <= 1 for place, number in enumerate(mixed))
    assert (mixed == whole[: len(mixed)]) == (count <= every)


def test_no_marker_no_sense_no_frame() -> None:
    assert all(packet[5] < 0x80 for packet in sent(habits(StreamQuirk.NO_MARKER), 2))
    odd = sent(habits(StreamQuirk.GARBAGE), 1)
    assert sequences(odd) == list(range(len(PICTURE.offsets)))
    assert all(packet[16:] != true[16:] for packet, true in zip(odd, cut(PICTURE, PICTURE.template), strict=True))
    wire = wire_of(habits(StreamQuirk.NOISE), Codec.H264)
    assert wire is not None
    noise = wire.twist(PICTURE, PICTURE.template)
    assert noise is not None
    assert noise[0].offsets == ()
    assert b"$" not in noise[1]
    assert noise[1]


@pytest.mark.parametrize(("codec", "kind", "flags"), [(Codec.H264, 16, 17), (Codec.H265, 16, 18)])
def test_oversized_fragments_begin_once_and_never_end(codec: Codec, kind: int, flags: int) -> None:
    packets = sent(habits(StreamQuirk.OVERSIZED), 4, codec)
    assert {len(packet) for packet in packets} == {4 + 0xFFFF}
    assert [packet[flags] & 0xC0 for packet in packets] == [0x80, 0, 0, 0]
    fragment = packets[0][kind] & 0x1F if codec is Codec.H264 else packets[0][kind] >> 1
    assert fragment == (28 if codec is Codec.H264 else 49)


def test_false_lengths_claim_more_than_there_is() -> None:
    *honest, liar = sent(habits(StreamQuirk.FALSE_LENGTHS), 1)
    assert all(int.from_bytes(packet[2:4], "big") == len(packet) - 4 for packet in honest)
    assert int.from_bytes(liar[2:4], "big") == 0xFFFF
    assert len(liar) < 100


def test_a_mute_camera_sends_nothing() -> None:
    wire = wire_of(habits(StreamQuirk.MUTE), Codec.H264)
    assert wire is not None
    assert wire.twist(PICTURE, PICTURE.template) is None


@pytest.mark.parametrize("file", [SCENE_FILES["vtest"]["sub"], HEVC_FILES["sub"]])
def test_descriptions_that_say_something_else(file: str) -> None:
    clip = load_clip(media_folder() / file)
    true = describe(clip, camera="0001", quality="sub", host="127.0.0.1", session=1)
    assert twisted(true, clip.codec, ORDINARY) == true
    lying = twisted(true, clip.codec, habits(StreamQuirk.LYING_SDP))
    assert "sprop-" in lying
    assert [line for line in lying.split("\r\n") if "fmtp" not in line] == [
        line for line in true.split("\r\n") if "fmtp" not in line
    ]
    assert lying != true
    assert "sprop" not in twisted(true, clip.codec, habits(StreamQuirk.NO_SPROP))
    wrong = twisted(true, clip.codec, habits(StreamQuirk.WRONG_CODEC))
    assert "m=video 0 RTP/AVP 26\r\na=" not in true
    assert "m=video 0 RTP/AVP 26\r\n" in wrong
    assert "a=rtpmap:26 JPEG/90000\r\n" in wrong
    elsewhere = twisted(true, clip.codec, habits(StreamQuirk.REDIRECT_CONTROL))
    assert elsewhere.count(f"a=control:{ELSEWHERE}") == 2
    assert elsewhere.count("a=control:") == 2


def test_habits_are_read_from_a_list_or_an_object() -> None:
    assert habits_from([]) == ORDINARY
    assert habits_from(["loss"]) == StreamHabits(frozenset({StreamQuirk.LOSS}))
    wanted = habits_from({"quirks": ["loss", "stap"], "every": 9, "late_answer_s": 1})
    assert (wanted.quirks, wanted.every) == ({StreamQuirk.LOSS, StreamQuirk.STAP}, 9)


@pytest.mark.parametrize(
    "wanted",
    [
        None,
        "loss",
        ["melt"],
        {"quirks": "loss"},
        {"every": 3},
        {"quirks": [], "every": 1},
        {"quirks": [], "every": 2.5},
        {"quirks": [], "late_answer_s": math.nan},
        {"quirks": [], "late_answer_s": True},
        {"quirks": [], "quirk": 3},
    ],
)
def test_unknown_habits_are_refused(wanted: Any) -> None:
    with pytest.raises(ValueError, match=r"\w"):
        habits_from(wanted)


def test_events_are_read() -> None:
    assert happening_from({"event": "clock_step"}).seconds == 3_600
    assert happening_from({"event": "clock_backward", "seconds": 2}).seconds == -2
    assert happening_from({"event": "ssrc_change"}).event is StreamEvent.SSRC_CHANGE
    for wanted in ({}, [], {"event": "melt"}, {"event": "clock_step", "seconds": -1}):
        with pytest.raises(ValueError, match=r"\w"):
            happening_from(wanted)
