"""A slow viewer drops to the next key frame and never grows memory."""

import asyncio

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stream_gateway.domain.fragments import Fragment
from stream_gateway.live.viewer import FeedState, Part, Viewer

LIMIT = 100


def fragment(number: int, *, keyframe: bool, size: int = 10) -> Fragment:
    return Fragment(number.to_bytes(4, "big") + bytes(size), keyframe, number, 1)


async def drain(viewer: Viewer) -> list[Part]:
    parts: list[Part] = []
    try:
        while True:
            async with asyncio.timeout(0):
                parts.append(await viewer.next_part())
    except TimeoutError:
        return parts


@given(st.lists(st.booleans(), max_size=80))
def test_what_a_slow_viewer_gets_always_decodes(keyframes: list[bool]) -> None:
    """After a drop the next fragment is a key frame; within a run no number is missing."""

    async def scenario() -> None:
        viewer = Viewer(max_bytes=LIMIT)
        for number, keyframe in enumerate([True, *keyframes]):
            viewer.offer([fragment(number, keyframe=keyframe)])
            assert viewer.waiting_bytes <= LIMIT
        received = [part for part in await drain(viewer) if isinstance(part, Fragment)]
        previous: int | None = None
        for part in received:
            assert part.keyframe or part.decode_time == (previous or 0) + 1
            previous = part.decode_time

    asyncio.run(scenario())


async def test_states_survive_a_drop() -> None:
    viewer = Viewer(max_bytes=LIMIT)
    lost = FeedState("reconnecting", "la caméra ne répond pas")
    viewer.offer([fragment(0, keyframe=True), lost])
    viewer.offer([fragment(number, keyframe=False, size=60) for number in range(1, 9)])
    assert lost in await drain(viewer)


async def test_a_waiting_viewer_is_woken() -> None:
    viewer = Viewer(max_bytes=LIMIT)
    waiting = asyncio.create_task(viewer.next_part())
    await asyncio.sleep(0)
    viewer.offer([fragment(1, keyframe=True)])
    assert await waiting == fragment(1, keyframe=True)


async def test_one_fragment_larger_than_the_limit_still_passes() -> None:
    viewer = Viewer(max_bytes=LIMIT)
    viewer.offer([fragment(1, keyframe=True, size=5 * LIMIT)])
    assert isinstance(await viewer.next_part(), Fragment)
    assert viewer.waiting_bytes == 0


@pytest.mark.parametrize("keyframe", [True, False])
async def test_after_a_drop_only_a_key_frame_goes_on(keyframe: bool) -> None:  # noqa: FBT001
    viewer = Viewer(max_bytes=LIMIT)
    viewer.offer([fragment(0, keyframe=True, size=90)])
    viewer.offer([fragment(1, keyframe=False, size=90)])
    viewer.offer([fragment(2, keyframe=keyframe)])
    received = [part.decode_time for part in await drain(viewer) if isinstance(part, Fragment)]
    assert received == ([2] if keyframe else [])
