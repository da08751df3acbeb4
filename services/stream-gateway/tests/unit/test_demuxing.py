"""Out of what ffmpeg writes come the very pictures that were put in; out of garbage comes one error."""

import contextlib
import io
import itertools
from collections.abc import Callable
from pathlib import Path

import av
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stream_gateway.domain.access_units import AccessUnit, Codec, ParameterSets
from stream_gateway.domain.boxes import MalformedMedia
from stream_gateway.domain.demuxing import parameter_sets_of, unit_of, units_of_group
from stream_gateway.domain.fragments import Fragment, FragmentSplitter, InitSegment
from stream_gateway.domain.muxing import fragment, init_segment
from stream_gateway.testing.filmed import MEDIA, filmed_groups
from stream_gateway.testing.taking import muxed

FILMS = sorted(MEDIA.glob("*.mp4"))
_DELIMITERS = {Codec.H264: b"\x09\xf0", Codec.H265: b"\x46\x01\x50"}


def test_both_codecs_are_among_the_films() -> None:
    assert {filmed_groups(film, groups=1)[0].codec for film in FILMS} == {Codec.H264, Codec.H265}


@pytest.mark.parametrize("film", FILMS, ids=lambda path: path.stem)
def test_what_was_muxed_comes_out_the_same(film: Path) -> None:
    parameters, units = filmed_groups(film, groups=2)
    splitter = FragmentSplitter()
    content = b"".join(part.content for part in muxed(parameters, units))
    parts = [part for begin in range(0, len(content), 1000) for part in splitter.feed(content[begin : begin + 1000])]
    init, *fragments = parts
    assert isinstance(init, InitSegment)
    assert parameter_sets_of(init) == parameters
    read = [unit_of(one, parameters.codec, init.timescale) for one in fragments if isinstance(one, Fragment)]
    assert read == [unit._replace(time=unit.time - units[0].time) for unit in units]


@pytest.mark.parametrize("codec", ["libx264", "libx265"])
def test_a_film_of_ffmpeg_itself_is_read(film: Callable[..., bytes], codec: str) -> None:
    content = film(codec=codec, per_frame=True)
    init, *fragments = FragmentSplitter().feed(content)
    assert isinstance(init, InitSegment)
    parameters = parameter_sets_of(init)
    assert (parameters.width, parameters.height) == (128, 96)
    assert parameters.codec is (Codec.H264 if codec == "libx264" else Codec.H265)
    units = [unit_of(one, parameters.codec, init.timescale) for one in fragments if isinstance(one, Fragment)]
    with av.open(io.BytesIO(content), "r") as container:
        packets = [packet for packet in container.demux(video=0) if packet.size]
    assert [unit.keyframe for unit in units] == [packet.is_keyframe for packet in packets]
    assert len(units) == 12
    assert {later.time - earlier.time for earlier, later in itertools.pairwise(units)} == {22_500}


@pytest.mark.parametrize("codec", ["libx264", "libx265"])
def test_a_recorded_group_gives_the_same_pictures_as_its_fragments_one_by_one(
    film: Callable[..., bytes], codec: str
) -> None:
    init, *fragments = FragmentSplitter().feed(film(codec=codec, per_frame=True))
    assert isinstance(init, InitSegment)
    codes = Codec.H264 if codec == "libx264" else Codec.H265
    one_by_one = [unit_of(one, codes, init.timescale) for one in fragments if isinstance(one, Fragment)]
    spread = b"".join(one.content for one in fragments[:4])
    assert units_of_group(spread, codes, init.timescale) == (one_by_one[:4], one_by_one[4].time)
    _, whole, *_ = FragmentSplitter().feed(film(codec=codec))
    units, ends = units_of_group(whole.content, codes, init.timescale)
    assert [(unit.sample, unit.time) for unit in units] == [(unit.sample, unit.time) for unit in one_by_one[:4]]
    assert (units[0].keyframe, units[1].keyframe, ends) == (True, False, one_by_one[4].time)
    with pytest.raises(MalformedMedia):
        units_of_group(whole.content[:-9], codes, init.timescale)
    with pytest.raises(MalformedMedia):
        units_of_group(b"", codes, init.timescale)


@pytest.mark.parametrize("codec", list(Codec))
def test_delimiters_and_sets_inside_a_picture_are_taken_out(codec: Codec) -> None:
    parameters, units = _small(codec)
    sets = [*parameters.vps, *parameters.sps, *parameters.pps]
    extra = b"".join(len(nal).to_bytes(4, "big") + nal for nal in (_DELIMITERS[codec], *sets))
    swollen = units[0]._replace(sample=extra + units[0].sample)
    made = fragment((swollen,), swollen.time + 3600, sequence=1)
    assert unit_of(made, codec, 90_000) == units[0]


def _small(codec: Codec) -> tuple[ParameterSets, list[AccessUnit]]:
    name = "vtest_sub_640x360_10fps.mp4" if codec is Codec.H264 else "vtest_hevc_sub_640x360_10fps.mp4"
    return filmed_groups(MEDIA / name, groups=1)


def _spoiled(content: bytes, data: st.DataObject, *, within: int) -> bytes:
    """Return bytes of which some among the first ``within`` are others, or that end early."""
    changed = bytearray(content)
    for _ in range(data.draw(st.integers(1, 6))):
        changed[data.draw(st.integers(0, min(within, len(changed)) - 1))] = data.draw(st.integers(0, 255))
    return bytes(changed[: data.draw(st.integers(0, len(changed)) | st.just(len(changed)))])


@settings(max_examples=300, deadline=None)
@given(codec=st.sampled_from(Codec), data=st.data())
def test_a_spoiled_stream_is_read_or_refused_and_nothing_else(codec: Codec, data: st.DataObject) -> None:
    parameters, units = _small(codec)
    head = init_segment(parameters).content
    made = fragment(units[1:2], units[1].time + 3600, sequence=1, since=units[0].time).content
    content = _spoiled(head, data, within=len(head)) + _spoiled(made, data, within=200)
    splitter = FragmentSplitter()
    try:
        for part in splitter.feed(content):
            if isinstance(part, InitSegment):
                assert parameter_sets_of(part).sps
            else:
                assert unit_of(part, codec, 90_000).sample is not None
    except MalformedMedia:
        return


@settings(max_examples=300, deadline=None)
@given(codec=st.sampled_from(Codec), data=st.data())
def test_spoiled_parts_that_nobody_looked_at_before_are_refused_too(codec: Codec, data: st.DataObject) -> None:
    parameters, units = _small(codec)
    init = init_segment(parameters)
    made = fragment(units[1:2], units[1].time + 3600, sequence=1, since=units[0].time)
    head = _spoiled(init.content, data, within=len(init.content))
    with contextlib.suppress(MalformedMedia):
        parameter_sets_of(InitSegment(head, init.codec, 90_000))
    body = _spoiled(made.content, data, within=200)
    try:
        unit_of(Fragment(body, made.keyframe, made.decode_time, made.duration), codec, 90_000)
    except MalformedMedia:
        return


@given(st.sampled_from(Codec), st.binary(max_size=300))
def test_garbage_is_refused(codec: Codec, content: bytes) -> None:
    with pytest.raises(MalformedMedia):
        parameter_sets_of(InitSegment(content, "avc1.000000", 90_000))
    with pytest.raises(MalformedMedia):
        unit_of(Fragment(content, True, 0, 1), codec, 90_000)
