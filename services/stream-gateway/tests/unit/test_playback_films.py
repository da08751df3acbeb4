"""What is where in a film, found without reading its pictures; films cut out of films decode to the same pictures."""

import asyncio
import random
from collections.abc import Callable
from itertools import accumulate, pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stream_gateway.domain.boxes import MalformedMedia, boxes
from stream_gateway.domain.films import (
    FilmIndex,
    cut_group,
    key_picture,
    mfra_length,
    random_access_box,
    random_access_points,
    sample_table,
)
from stream_gateway.playback.indexing import index_film
from stream_gateway.playback.thumbnails import HEIGHT, WIDTH, small_picture
from stream_gateway.testing.films import digests, frames_of

FRAMES, RATE, GROUP = 12, 4, 4
Film = Callable[..., bytes]


class Reader:
    """Counts what an index costs."""

    def __init__(self, film: bytes) -> None:
        self.film = film
        self.reads = 0

    async def __call__(self, start: int, length: int) -> bytes:
        self.reads += 1
        assert 0 <= start < len(self.film)
        return self.film[start : start + length]


def index_of(film: bytes) -> FilmIndex:
    return asyncio.run(index_film(Reader(film), len(film)))


def without_mfra(film: bytes) -> bytes:
    return film[: -(mfra_length(film) or 0)]


@pytest.mark.parametrize("per_frame", [False, True])
@pytest.mark.parametrize("codec", ["libx264", "libx265"])
def test_groups_and_their_bytes_are_found(film: Film, codec: str, *, per_frame: bool) -> None:
    content = film(codec=codec, per_frame=per_frame)
    index = index_of(content)
    keys = [number for number, frame in enumerate(frames_of(content)) if frame.key_frame]
    bounds = [*keys, FRAMES]
    seconds = [group.duration / index.timescale for group in index.groups]
    assert seconds == [(after - before) / RATE for before, after in pairwise(bounds)]
    first, *_, last = index.groups
    assert first.offset == len(index.init)
    assert last.offset + last.length == len(without_mfra(content))
    assert [group.decode_time for group in index.groups] == list(
        accumulate((group.duration for group in index.groups[:-1]), initial=first.decode_time)
    )
    whole = digests(content)
    for number, group in enumerate(index.groups):
        alone = index.init + content[group.offset : group.offset + group.length]
        assert digests(alone) == whole[bounds[number] : bounds[number + 1]]


def test_the_index_at_the_end_and_the_walk_agree(film: Film) -> None:
    content = film()
    assert mfra_length(content)
    assert index_of(content).groups == index_of(without_mfra(content)).groups


def test_a_well_closed_film_takes_few_reads_however_long(film: Film) -> None:
    """Groups far larger than a read, as a camera makes them."""
    content = without_mfra(film())
    index = index_of(content)
    padding = 100_000
    grown, points = bytearray(index.init), []
    for group in index.groups:
        moof = content[group.offset : group.offset + group.length]
        moof_length = int.from_bytes(moof[:4], "big")
        mdat = moof[moof_length + 8 :] + bytes(padding)
        points.append((group.decode_time, len(grown)))
        grown += moof[:moof_length] + (8 + len(mdat)).to_bytes(4, "big") + b"mdat" + mdat
    grown += random_access_box(points)
    reader = Reader(bytes(grown))
    found = asyncio.run(index_film(reader, len(grown)))
    assert [group.offset for group in found.groups] == [offset for _, offset in points]
    assert reader.reads <= 5
    assert digests(bytes(grown)) == digests(content), "a decoder does not mind"


def test_a_film_still_being_written_counts_up_to_its_last_whole_group(film: Film) -> None:
    content = film()
    index = index_of(content)
    cut = index.groups[2].offset + index.groups[2].length - 1
    assert index_of(content[:cut]).groups == index.groups[:2]


@given(points=st.lists(st.tuples(st.integers(0, 2**40), st.integers(0, 2**40)), max_size=50))
def test_a_random_access_index_reads_back(points: list[tuple[int, int]]) -> None:
    box = random_access_box(points)
    assert mfra_length(b"film" + box) == len(box)
    assert random_access_points(box) == points


@pytest.mark.parametrize("seed", range(300))
def test_a_damaged_film_is_refused_or_read_within_its_bytes(film: Film, seed: int) -> None:
    chance = random.Random(seed)  # noqa: S311 - damage, not secrets
    damaged = bytearray(film(per_frame=seed % 2 == 0))
    for _ in range(chance.randrange(1, 40)):
        damaged[chance.randrange(len(damaged))] = chance.randrange(256)
    del damaged[chance.randrange(1, len(damaged)) :]
    try:
        index = index_of(bytes(damaged))
    except MalformedMedia:
        return
    for group in index.groups:
        assert 0 < group.offset < group.offset + group.length <= len(damaged)
        part = bytes(damaged[group.offset : group.offset + group.length])
        try:
            assert len(cut_group(part, group.decode_time + group.duration // 2)) <= len(part) + 4096
            sample_table(part)
        except MalformedMedia:
            continue


@pytest.mark.parametrize("per_frame", [False, True])
@pytest.mark.parametrize("kept", [0, 1, 2, 3, 4])
def test_a_cut_group_shows_the_same_pictures_and_no_later_one(film: Film, kept: int, *, per_frame: bool) -> None:
    content = film(per_frame=per_frame)
    index = index_of(content)
    group = index.groups[1]
    part = content[group.offset : group.offset + group.length]
    cut = cut_group(part, group.decode_time + kept * group.duration // GROUP)
    assert (digests(index.init + cut) if cut else []) == digests(content)[GROUP : GROUP + kept]


def test_a_key_picture_lasts_as_long_as_its_group(film: Film) -> None:
    content = film()
    index = index_of(content)
    for number, group in enumerate(index.groups):
        part = content[group.offset : group.offset + group.length]
        table = sample_table(part[: next(boxes(part)).end])
        first = table.samples[0]
        fragment = key_picture(table, part[first.offset : first.offset + first.size], group.duration)
        assert digests(index.init + fragment) == [digests(content)[number * GROUP]]
        [sample] = sample_table(fragment[: next(boxes(fragment)).end]).samples
        assert sample.duration == group.duration


def test_a_thumbnail_is_small_and_keeps_its_shape(film: Film) -> None:
    picture = small_picture(film())
    [frame] = frames_of(picture)
    assert frame.width <= WIDTH
    assert frame.height <= HEIGHT
    assert frame.width / frame.height == pytest.approx(128 / 96, rel=0.05)
