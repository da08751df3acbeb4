"""A feed makes fragments that decode, in a time that only goes forward, in bounded memory."""

import asyncio
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stream_gateway.domain.access_units import CLOCK_HZ, AccessUnit, ParameterSets
from stream_gateway.domain.fragments import Fragment, InitSegment
from stream_gateway.ingest.line import Line
from stream_gateway.live.feed import FeedLimits, LiveFeed
from stream_gateway.live.viewer import FeedState, Part, Viewer
from stream_gateway.testing.filmed import MEDIA, filmed_groups
from stream_gateway.testing.films import frames_of

FILMS = [MEDIA / "vtest_sub_640x360_10fps.mp4", MEDIA / "vtest_hevc_sub_640x360_10fps.mp4"]
LINE = Line("native")


@pytest.fixture(scope="module")
def film() -> tuple[ParameterSets, list[AccessUnit]]:
    return filmed_groups(FILMS[0], groups=2)


async def waiting(viewer: Viewer) -> list[Part]:
    parts: list[Part] = []
    try:
        while True:
            async with asyncio.timeout(0):
                parts.append(await viewer.next_part())
    except TimeoutError:
        return parts


def film_in(parts: Sequence[Part]) -> list[bytes]:
    return [part.content for part in parts if not isinstance(part, FeedState)]


def fragments_in(parts: Sequence[Part]) -> list[Fragment]:
    return [part for part in parts if isinstance(part, Fragment)]


@pytest.mark.parametrize("path", FILMS, ids=lambda path: path.stem)
async def test_a_viewer_who_comes_late_decodes_from_the_kept_group(path: Path) -> None:
    parameters, units = filmed_groups(path, groups=1)
    feed = LiveFeed(FeedLimits())
    feed.begin(parameters, LINE)
    feed.take(units[:7])
    parts = await waiting(feed.join())
    assert parts[0] == FeedState("live", "")
    assert isinstance(parts[1], InitSegment)
    frames = frames_of(film_in(parts))
    assert len(frames) == 7
    assert frames[0].key_frame
    assert (frames[0].width, frames[0].height) == (640, 360)
    kept, group = await feed.present_group()
    assert (kept, list(group)) == (parameters, units[:7])


async def test_a_viewer_who_waits_for_a_camera_is_told_and_then_shown(
    film: tuple[ParameterSets, list[AccessUnit]],
) -> None:
    feed = LiveFeed(FeedLimits())
    viewer = feed.join()
    feed.take(film[1][:2])  # nobody said what a decoder must know: dropped
    feed.begin(film[0], LINE)
    feed.take(film[1][:3])
    parts = await waiting(viewer)
    assert [part.state for part in parts if isinstance(part, FeedState)] == ["reconnecting", "live"]
    assert len(frames_of(film_in(parts))) == 3
    feed.end("l'autorisation a pris fin")
    assert await waiting(viewer) == [FeedState("ended", "l'autorisation a pris fin")]


async def test_who_waits_for_a_camera_is_told_once_why(film: tuple[ParameterSets, list[AccessUnit]]) -> None:
    feed = LiveFeed(FeedLimits())
    viewer = feed.join()
    for reason in ("personne ne la tient", "personne ne la tient", "elle change de nœud", "personne ne la tient"):
        feed.broken(reason)
    feed.begin(film[0], LINE)
    feed.broken("personne ne la tient")
    states = [part.reason for part in await waiting(viewer) if isinstance(part, FeedState)][1:]
    assert states == ["personne ne la tient", "elle change de nœud", "personne ne la tient", "", "personne ne la tient"]


happenings = st.lists(
    st.tuples(st.sampled_from(["pictures", "begin", "lost", "broken"]), st.integers(1, 12), st.integers(0, 2**40)),
    max_size=20,
)


@settings(max_examples=60, deadline=None)
@given(happening=happenings)
def test_the_time_of_viewers_only_goes_forward_over_lines_and_losses(
    film: tuple[ParameterSets, list[AccessUnit]], happening: list[tuple[str, int, int]]
) -> None:
    """A line begins at any time; a break or a loss is followed by a key frame; what is seen decodes whole."""

    async def scenario() -> None:
        parameters, units = film
        feed = LiveFeed(FeedLimits())
        viewer, parts = feed.join(), list[Part]()
        number, begun, delivered, origin = 0, False, 0, 0
        for what, amount, time in [*happening, ("begin", 1, 7), ("pictures", 3, 0)]:
            if what == "begin":
                feed.begin(parameters, LINE)
                begun, number, origin = True, 0, time
            elif what == "lost":
                feed.lost("perdu")
                origin, number = origin + number * 9000, 0
            elif what == "broken":
                feed.broken("coupé")
                begun = False
            elif begun:
                for _ in range(amount):
                    unit = units[number % len(units)]._replace(time=origin + number * 9000)
                    feed.take([unit])
                    number, delivered = number + 1, delivered + 1
            parts += await waiting(viewer)
        made = fragments_in(parts)
        assert len(made) == delivered
        assert all(later.decode_time > earlier.decode_time for earlier, later in pairwise(made))
        assert made[0].decode_time == 0
        assert max(b.decode_time - a.decode_time for a, b in pairwise(made)) <= CLOCK_HZ, "no jump either"
        frames = frames_of(film_in(parts))
        assert len(frames) == delivered
        times = [frame.pts for frame in frames]
        assert times == sorted(times)  # pyright: ignore[reportArgumentType]

    asyncio.run(scenario())


async def test_a_slow_viewer_goes_on_at_a_key_frame_and_harms_nobody(
    film: tuple[ParameterSets, list[AccessUnit]],
) -> None:
    parameters, units = film
    whole = sum(len(unit.sample) for unit in units)
    feed = LiveFeed(FeedLimits(viewer_bytes=whole // 2))
    feed.begin(parameters, LINE)
    slow, quick = feed.join(), feed.join()
    seen: list[Part] = []
    for round_number in range(20):
        for number, unit in enumerate(units):
            feed.take([unit._replace(time=(round_number * len(units) + number) * 9000)])
            seen += await waiting(quick)
            assert slow.waiting_bytes <= whole // 2
    assert len(fragments_in(seen)) == 20 * len(units)
    late = await waiting(slow)
    assert fragments_in(late)[0].keyframe
    assert len(frames_of(film_in(late))) == len(fragments_in(late))
    assert len(fragments_in(late)) < len(units) * 2


async def test_a_viewer_who_reads_nothing_while_a_camera_comes_and_goes_costs_little(
    film: tuple[ParameterSets, list[AccessUnit]],
) -> None:
    feed = LiveFeed(FeedLimits())
    viewer = feed.join()
    for number in range(2000):
        feed.begin(film[0], LINE)
        feed.take([film[1][0]._replace(time=number)])
        feed.broken("la caméra ne répond plus")
    feed.begin(film[0], LINE)
    feed.take(film[1][:5])
    parts = await waiting(viewer)
    assert len(parts) < 100
    assert [part.state for part in parts if isinstance(part, FeedState)][-1] == "live"
    newest = max(index for index, part in enumerate(parts) if isinstance(part, InitSegment))
    assert len(frames_of(film_in(parts[newest:]))) == 5


async def test_a_group_that_outgrows_its_bound_is_not_kept_by_halves(
    film: tuple[ParameterSets, list[AccessUnit]],
) -> None:
    parameters, units = film
    feed = LiveFeed(FeedLimits(gop_fragments=5))
    feed.begin(parameters, LINE)
    watching = feed.join()
    feed.take(units[:10])
    assert len(fragments_in(await waiting(watching))) == 10, "who watches already loses nothing"
    assert fragments_in(await waiting(feed.join())) == []
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.05):
            await feed.present_group()
