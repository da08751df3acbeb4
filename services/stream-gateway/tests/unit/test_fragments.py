"""Cutting fragmented MP4 into parts, whatever the network does to it."""

import io
from collections.abc import Callable

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from stream_gateway.domain.boxes import MalformedMedia, box_length, read_fragment, read_init
from stream_gateway.domain.footage import read_footage
from stream_gateway.domain.fragments import Fragment, FragmentSplitter, GopCache, InitSegment
from stream_gateway.testing.films import frames_of

Film = Callable[..., bytes]
fixture_is_constant = settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)


def split(content: bytes, cuts: list[int] | None = None) -> list[InitSegment | Fragment]:
    splitter = FragmentSplitter()
    bounds = [0, *sorted(cuts or []), len(content)]
    parts: list[InitSegment | Fragment] = []
    for start, end in zip(bounds, bounds[1:], strict=False):  # noqa: RUF007 - pairs of a list we just made
        parts += splitter.feed(content[start:end])
    return parts


def fragments_of(content: bytes) -> list[Fragment]:
    return [part for part in split(content) if isinstance(part, Fragment)]


def test_one_fragment_per_frame_with_key_frames_marked(film: Film) -> None:
    init, *fragments = split(film(per_frame=True))
    assert isinstance(init, InitSegment)
    assert init.codec.startswith("avc1.")
    assert init.mime == f'video/mp4; codecs="{init.codec}"'
    keyframes = [part.keyframe for part in fragments if isinstance(part, Fragment)]
    assert keyframes == [index % 4 == 0 for index in range(12)]


def test_hevc_has_the_codec_string_of_its_standard(film: Film) -> None:
    init = split(film(codec="libx265"))[0]
    assert isinstance(init, InitSegment)
    kind, profile, compatibility, tier_and_level, *_ = init.codec.split(".")
    assert kind == "hev1"
    assert profile == "1"
    assert int(compatibility, 16) & 0b10  # compatible with Main
    assert tier_and_level.startswith("L")


@fixture_is_constant
@given(data=st.data())
def test_the_way_the_network_cuts_does_not_matter(film: Film, data: st.DataObject) -> None:
    content = film(per_frame=True)
    cuts = data.draw(st.lists(st.integers(0, len(content)), max_size=40))
    assert split(content, cuts) == split(content)


@given(st.binary(max_size=400))
def test_noise_is_refused_or_awaited_never_anything_else(noise: bytes) -> None:
    for read in (read_init, read_fragment, box_length, FragmentSplitter().feed):
        try:
            read(noise)
        except MalformedMedia:
            continue


@fixture_is_constant
@given(data=st.data())
def test_a_flipped_byte_is_refused_or_harmless(film: Film, data: st.DataObject) -> None:
    content = bytearray(film(per_frame=True))
    at = data.draw(st.integers(0, len(content) - 1))
    content[at] ^= data.draw(st.integers(1, 255))
    try:
        FragmentSplitter().feed(bytes(content))
        read_footage(io.BytesIO(content), len(content))
    except MalformedMedia:
        return


def test_a_box_that_claims_gigabytes_is_refused() -> None:
    with pytest.raises(MalformedMedia):
        FragmentSplitter().feed((2**31).to_bytes(4, "big") + b"mdat" + bytes(8))


def test_footage_is_read_from_the_boxes(film: Film) -> None:
    content = film()
    footage = read_footage(io.BytesIO(content), len(content))
    assert footage.duration_ms == 3000
    assert footage.fragments == 3
    assert not footage.truncated
    assert footage.codec.startswith("avc1.")


@fixture_is_constant
@given(data=st.data())
def test_truncated_footage_ends_with_its_last_whole_fragment(film: Film, data: st.DataObject) -> None:
    content = film()
    size = data.draw(st.integers(0, len(content)))
    try:
        footage = read_footage(io.BytesIO(content[:size]), size)
    except MalformedMedia:
        assert len(fragments_of(content[:size])) == 0
        return
    whole = content[: footage.complete_bytes]
    assert footage.complete_bytes <= size
    assert len(fragments_of(whole)) == footage.fragments == len(fragments_of(content[:size]))
    assert footage.duration_ms == footage.fragments * 1000
    assert len(frames_of(whole)) == footage.fragments * 4


def fragment(size: int, *, keyframe: bool) -> Fragment:
    return Fragment(bytes(size), keyframe, 0, 1)


@given(st.lists(st.tuples(st.integers(1, 50), st.booleans()), max_size=60))
def test_the_cache_is_bounded_and_always_begins_with_a_key_frame(pieces: list[tuple[int, bool]]) -> None:
    cache = GopCache(max_bytes=200, max_fragments=8)
    for size, keyframe in pieces:
        cache.add(fragment(size, keyframe=keyframe))
        held = cache.fragments
        assert cache.size == sum(len(part.content) for part in held) <= 200
        assert len(held) <= 8
        assert [part.keyframe for part in held] == [True] + [False] * (len(held) - 1) if held else True
